import { errors } from "@elastic/elasticsearch"
import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** What Elasticsearch says of an error, of a whole request or of one item. */
export interface Complaint {
  readonly status: number
  readonly type: string
  readonly reason: string
}

const ErrorBody = Schema.Struct({
  error: Schema.Struct({
    type: Schema.String,
    reason: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null })
  })
})
const decodeBody = Schema.decodeUnknownOption(ErrorBody)

/** The error of an answer; undefined when there was no answer. */
export const complaintOf = (cause: unknown): Complaint | undefined => {
  if (!(cause instanceof errors.ResponseError)) return undefined
  const body = Option.getOrUndefined(decodeBody(cause.meta.body))
  return {
    status: cause.meta.statusCode ?? 0,
    type: body?.error.type ?? "unknown",
    reason: body?.error.reason ?? cause.message
  }
}

/** The node protects its disk: nothing is written before space is freed. */
const isDiskFull = ({ reason }: Complaint): boolean => /disk usage exceeded|No space left/i.test(reason)

/** Writes are blocked while a reindex comes to its end. */
export const isWriteBlock = ({ type, reason }: Complaint): boolean =>
  type === "cluster_block_exception" && reason.includes("FORBIDDEN/8/")

/**
 * What a caller can do. `corrupt`: the document or request itself is refused and would be every time. Everything else,
 * wrong credentials and a missing index included, can come right without the data being changed.
 */
export const reasonOf = (complaint: Complaint): StorageReason => {
  if (isDiskFull(complaint)) return "full"
  if (complaint.status === 409) return "conflict"
  return complaint.status === 400 || complaint.status === 413 ? "corrupt" : "unavailable"
}

export const describe = ({ status, type, reason }: Complaint): string => `${status} ${type}: ${reason}`

/** A failed request as an error of the port. */
export const failureOf = (operation: string, cause: unknown): StorageError => {
  const complaint = complaintOf(cause)
  if (complaint !== undefined)
    return new StorageError({ reason: reasonOf(complaint), operation, cause: describe(complaint) })
  if (cause instanceof errors.ProductNotSupportedError || cause instanceof errors.DeserializationError)
    return new StorageError({ reason: "corrupt", operation, cause })
  return new StorageError({ reason: "unavailable", operation, cause })
}
