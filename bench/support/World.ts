import * as DirectAnalytics from "@influscope/analytics/DirectAnalytics"
import type { ProfilesDiscovered } from "@influscope/domain/Events"
import type { Observation } from "@influscope/domain/Observation"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { IndexProfiles } from "@influscope/indexer/IndexProfiles"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { generateProfile } from "@influscope/scraper/synthetic/Profiles"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Seed of the synthetic world: that of the first start, whose profiles are the first of it. */
export const worldSeed = 1

const batchSize = 500
/** Epoch ms, the same in every run. */
const observedAt = Date.UTC(2026, 0, 1)

const observationOf = (place: number): Observation => {
  const { fields, handle, platform } = generateProfile(worldSeed, place)
  return {
    id: makeProfileId(platform, handle),
    platform,
    handle,
    source: "synthetic",
    observedAt,
    ingestedAt: observedAt,
    ordinal: place,
    // Nobody looks at the picture, but what is stored and answered is as long as with one.
    fields: { ...fields, avatarKey: `avatars/${platform}/${handle}` }
  }
}

const batchFrom = (first: number, count: number): ProfilesDiscovered => ({
  version: 1,
  id: `world:${first}`,
  job: null,
  observations: Arr.makeBy(Math.min(batchSize, count - first), (at) => observationOf(first + at))
})

/** Fills an index with the first `count` profiles of the world, as the indexer does: without queue, outbox and avatars. */
export const fillIndex = (count: number): Effect.Effect<void, never, SearchIndex> =>
  Effect.gen(function* () {
    const { apply } = yield* IndexProfiles
    yield* Effect.forEach(
      Arr.range(0, Math.ceil(count / batchSize) - 1),
      (batch) =>
        apply(batchFrom(batch * batchSize, count)).pipe(
          // A busy index, as the queue would have it; a batch can be applied again.
          Effect.retry({ while: ({ _tag }) => _tag === "Retry", times: 5 }),
          Effect.catchAll(({ reason }) => Effect.dieMessage(`The index cannot be filled: ${reason}`))
        ),
      { concurrency: 2, discard: true }
    )
    // So that searches and counts know all of it.
    yield* Effect.orDie(Effect.flatMap(SearchIndex, ({ refresh }) => refresh))
  }).pipe(Effect.provide(Layer.provide(IndexProfiles.Default, DirectAnalytics.layer)))
