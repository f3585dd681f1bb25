import { profilesDiscovered } from "@influscope/domain/Events"
import { consume } from "@influscope/pipeline/Consumer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { indexerConfig } from "./Config.ts"
import { IndexProfiles } from "./IndexProfiles.ts"

/** Feeds the index from `profiles.discovered` for as long as the layer lives. */
export const IndexerLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const options = yield* indexerConfig
    const indexer = yield* IndexProfiles
    yield* consume(profilesDiscovered, options, (batch) => indexer.apply(batch))
  })
).pipe(Layer.provide(IndexProfiles.Default))
