import { profilesDiscovered } from "@influscope/domain/Events"
import { consume } from "@influscope/pipeline/Consumer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { indexerConfig } from "./Config.ts"
import { IndexProfiles } from "./IndexProfiles.ts"

const feeding = (usualConcurrency: number) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const options = yield* indexerConfig(usualConcurrency)
      const indexer = yield* IndexProfiles
      yield* consume(profilesDiscovered, options, (batch) => indexer.apply(batch))
    })
  ).pipe(Layer.provide(IndexProfiles.Default))

/** Feeds the index of this process from `profiles.discovered` for as long as the layer lives. */
export const IndexerLive = feeding(2)

/** As `IndexerLive`, for an index behind a network: others are merged while one is written. */
export const RemoteIndexerLive = feeding(4)
