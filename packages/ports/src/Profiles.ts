import type { BatchAccepted, GivenProfiles } from "@influscope/domain/api/ProfilesApi"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { StorageError } from "./StorageError.ts"

/** The handle at `place` (from 0) cannot be one; nothing of the batch was accepted. */
export class InvalidHandle extends Data.TaggedError("InvalidHandle")<{
  readonly place: number
  readonly detail: string
}> {}

/** The pipeline is full: nothing was accepted, send it again later. */
export class PipelineBusy extends Data.TaggedError("PipelineBusy") {}

/** Statements about accounts that callers make directly. Accepted means durable and on its way to the index. */
export class Profiles extends Context.Tag("@influscope/ports/Profiles")<
  Profiles,
  {
    readonly state: (
      given: typeof GivenProfiles.Type
    ) => Effect.Effect<typeof BatchAccepted.Type, InvalidHandle | PipelineBusy | StorageError>
  }
>() {}
