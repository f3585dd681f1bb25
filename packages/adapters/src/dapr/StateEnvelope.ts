import type { StateEntry } from "@influscope/ports/StateStore"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * What is kept under a key. The value is text within it, because stores behind Dapr re-encode JSON (numbers lose digits)
 * or quote a bare string as Go does; numbers are text for the same reason.
 */
const StateEnvelope = Schema.Struct({
  /** The JSON text; absent in a mark that the key was deleted, or that it is being created. */
  v: Schema.optional(Schema.String),
  /** Of this very version, never used again: the tag that callers see. */
  n: Schema.String,
  /** When it expires, in epoch milliseconds; stores sweep late and count in seconds. */
  x: Schema.optional(Schema.NumberFromString),
  /** Held for a transaction: by whom, and until when, in epoch milliseconds. */
  l: Schema.optional(Schema.Struct({ id: Schema.String, until: Schema.NumberFromString }))
})
export type StateEnvelope = typeof StateEnvelope.Type

export const decodeEnvelope: (text: string) => Option.Option<StateEnvelope> = Schema.decodeOption(
  Schema.parseJson(StateEnvelope)
)

/** JSON object to be written. */
export const encodeEnvelope: (envelope: StateEnvelope) => typeof StateEnvelope.Encoded =
  Schema.encodeSync(StateEnvelope)

/** What a reader sees of it now; undefined when the key counts as absent. */
export const entryOf = (envelope: StateEnvelope | undefined, now: number): StateEntry | undefined =>
  envelope?.v === undefined || (envelope.x !== undefined && envelope.x <= now)
    ? undefined
    : { value: envelope.v, etag: envelope.n }
