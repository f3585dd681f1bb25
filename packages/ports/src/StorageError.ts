import * as Schema from "effect/Schema"

/** Why a store could not do what it was asked: what a caller can decide on. */
export const StorageReason = Schema.Literal("full", "unavailable", "conflict", "corrupt")
export type StorageReason = typeof StorageReason.Type

/**
 * A store failed. `full`: free space and retry; `unavailable`: retry later; `conflict`: somebody else wrote first, read
 * again; `corrupt`: stop, an operator must look.
 */
export class StorageError extends Schema.TaggedError<StorageError>()("StorageError", {
  reason: StorageReason,
  operation: Schema.String,
  cause: Schema.Defect
}) {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `${this.operation} failed (${this.reason}): ${cause}`
  }
}
