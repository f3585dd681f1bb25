import * as Schema from "effect/Schema"
import { Observation } from "./Observation.ts"

/** A topic: its name on the broker and the shape of one message, which always carries a batch. */
export interface Topic<A, I> {
  readonly name: string
  readonly schema: Schema.Schema<A, I>
}

/** Most items of one message; a message is also kept below `maxBatchBytes`. */
export const maxBatchItems = 500
export const maxBatchBytes = 512 * 1024

/** A batch of observations on its way to the index. `id` is the same on every delivery of the same batch. */
export const ProfilesDiscovered = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  /** The import or discovery this batch belongs to; its outcome is counted there. */
  job: Schema.NullOr(Schema.String),
  observations: Schema.NonEmptyArray(Observation).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "ProfilesDiscovered" })
export type ProfilesDiscovered = typeof ProfilesDiscovered.Type

export const profilesDiscovered: Topic<ProfilesDiscovered, typeof ProfilesDiscovered.Encoded> = {
  name: "profiles.discovered",
  schema: ProfilesDiscovered
}
