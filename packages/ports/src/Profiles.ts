import type { BatchAccepted, GivenProfiles } from "@influscope/domain/api/ProfilesApi"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StorageError } from "./StorageError.ts"

/** The handle at `place` (from 0) cannot be one; nothing of the batch was accepted. */
export class InvalidHandle extends Schema.TaggedError<InvalidHandle>()("InvalidHandle", {
  place: Schema.Number,
  detail: Schema.String
}) {}

/** The pipeline is full: nothing was accepted, send it again later. */
export class PipelineBusy extends Schema.TaggedError<PipelineBusy>()("PipelineBusy", {}) {}

/** Statements about accounts that callers make directly. Accepted means durable and on its way to the index. */
export class Profiles extends Context.Tag("@influscope/ports/Profiles")<
  Profiles,
  {
    readonly state: (
      given: typeof GivenProfiles.Type
    ) => Effect.Effect<typeof BatchAccepted.Type, InvalidHandle | PipelineBusy | StorageError>
  }
>() {}
