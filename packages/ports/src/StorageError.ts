import * as Data from "effect/Data"

/** Why a store could not do what it was asked: what a caller can decide on. */
export type StorageReason = "full" | "unavailable" | "conflict" | "corrupt"

/**
 * A store failed. `full`: free space and retry; `unavailable`: retry later; `conflict`: somebody else wrote first, read
 * again; `corrupt`: stop, an operator must look.
 */
export class StorageError extends Data.TaggedError("StorageError")<{
  readonly reason: StorageReason
  readonly operation: string
  readonly cause: unknown
}> {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `${this.operation} failed (${this.reason}): ${cause}`
  }
}
