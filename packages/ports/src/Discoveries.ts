import type { DiscoveryJob, DiscoveryParams } from "@influscope/domain/api/OperationsApi"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { StorageError } from "./StorageError.ts"

export class UnknownSource extends Schema.TaggedError<UnknownSource>()("UnknownSource", {
  source: Schema.String,
  known: Schema.Array(Schema.String)
}) {}

/** More runs are waiting than this instance holds: start it again later. */
export class DiscoveriesBusy extends Schema.TaggedError<DiscoveriesBusy>()("DiscoveriesBusy", {
  waiting: Schema.Number
}) {}

/** Runs of sources that find profiles. A run that `start` has answered for goes on after a restart. */
export class Discoveries extends Context.Tag("@influscope/ports/Discoveries")<
  Discoveries,
  {
    readonly start: (
      params: DiscoveryParams
    ) => Effect.Effect<DiscoveryJob, UnknownSource | DiscoveriesBusy | StorageError>
    readonly get: (id: string) => Effect.Effect<Option.Option<DiscoveryJob>, StorageError>
  }
>() {}
