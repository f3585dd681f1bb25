import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Retention } from "@influscope/domain/tracking/Retention"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import { makeRandom } from "../support/Numbers.ts"

const batchSize = 500
const influencers = 10_000

/** So many points of 10,000 influencers a minute apart, up to now, six figures each; in batches as the collector's sink has them. */
export function* pointBatches(count: number, seed: number): Generator<ReadonlyArray<DataPoint>, void> {
  const random = makeRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  const minutes = Math.ceil(count / influencers)
  const begin = Math.floor(Date.now() / 60_000 - minutes) * 60
  const accounts = Array.from({ length: influencers }, (_, at) => ({
    id: InfluencerId.make(`mockstagram:${at + 1}`),
    followers: Math.floor(1_000 * 10 ** (4 * random())),
    following: below(2_000),
    posts: below(3_000),
    totalLikes: below(10_000_000),
    avgLikes: below(10_000),
    avgComments: below(500)
  }))
  for (let minute = 0; minute < minutes; minute++) {
    const time = begin + minute * 60
    for (let first = 0; first < influencers; first += batchSize)
      yield accounts.slice(first, first + batchSize).map((account) => ({
        ...account,
        time,
        observedAt: time + 1,
        followers: account.followers + below(50)
      }))
  }
}

const forever: Retention = { raw: null, hour: null, day: null, week: null, month: null }

/** With their rollups. */
export const writePoints = (count: number, seed: number) =>
  Effect.gen(function* () {
    const { maintain, write } = yield* TimeSeries
    yield* Effect.forEach(pointBatches(count, seed), write, { concurrency: 16, discard: true })
    yield* maintain(Math.floor(Date.now() / 1_000) + 2 * 86_400, forever)
  })
