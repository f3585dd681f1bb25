import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"

const reasons: { readonly [code: string]: StorageReason } = {
  ENOSPC: "full",
  EDQUOT: "full",
  EFBIG: "full",
  EACCES: "unavailable",
  EPERM: "unavailable",
  EROFS: "unavailable",
  ENOENT: "unavailable",
  ENOTDIR: "unavailable",
  EISDIR: "unavailable",
  EEXIST: "unavailable",
  ELOOP: "unavailable",
  EBUSY: "unavailable",
  EIO: "unavailable",
  EMFILE: "unavailable",
  ENFILE: "unavailable",
  ESTALE: "unavailable",
  ETXTBSY: "unavailable"
}

/** The `code` of a system error such as `ENOENT`; undefined for anything else. */
export const fileErrorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

/** What a failed file operation means to the caller of a port; an error that is not a system error is a defect. */
export const fileFailure = (operation: string, cause: unknown): Effect.Effect<never, StorageError> => {
  const reason = reasons[fileErrorCode(cause) ?? ""]
  return reason === undefined
    ? Effect.die(cause)
    : Effect.fail(new StorageError({ reason, operation, cause }))
}
