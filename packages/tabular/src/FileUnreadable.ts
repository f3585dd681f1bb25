import * as Data from "effect/Data"

/**
 * Why a file as a whole cannot be read. `empty`: no rows; `format`: not a text table; `damaged`: broken off or corrupt part
 * way, what stood before was read; `identity`: no column says whose figures they are; `time`: no column of a history says
 * when its figures were true; `platform`: nothing says which platform they are from; `mapping`: the caller's own column
 * mapping does not fit; `size`: it unpacks to too much, what stood before was read.
 */
export type UnreadableReason =
  | "empty"
  | "format"
  | "damaged"
  | "identity"
  | "time"
  | "platform"
  | "mapping"
  | "size"

/** A file that cannot be read (any further). `message` says what is wrong, `hint` what to do; both are whole sentences. */
export class FileUnreadable extends Data.TaggedError("FileUnreadable")<{
  readonly reason: UnreadableReason
  readonly message: string
  readonly hint: string
}> {}
