import { assert } from "@effect/vitest"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { suite } from "@influscope/ports/conformance/Conformance"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PostgresTimeSeries from "../../src/postgres/timeseries/TimeSeries.ts"
import { deadlocks } from "./Invariants.ts"
import { emptyDatabase } from "./Server.ts"

const connections = 6
const day = 86_400
const begin = Date.UTC(2026, 2, 1) / 1_000
const days = 4
const forever = { raw: null, hour: null, day: null, week: null, month: null }
const everything = { from: 0, to: 2 ** 32, limit: 100_000 }
const ids = Array.from({ length: 150 }, (_, at) => InfluencerId.make(`mockstagram:${at + 1}`))

/** Every influencer has a point every 20 minutes; a batch has one time of all, from the last to the first. */
const batches = Array.from({ length: days * 72 }, (_, at) => {
  const time = begin + at * 1_200
  return ids.map((id): DataPoint => ({ id, time, observedAt: time, followers: at })).reverse()
})

suite("TimeSeries: postgres with six processes", Layer.empty, (test) => {
  test("counts every point once, in rollups too, while all write the same and roll up", () =>
    Effect.gen(function* () {
      const { database } = yield* emptyDatabase
      const open = Layer.build(
        Layer.fresh(Layer.provideMerge(PostgresTimeSeries.layer, database({ DATABASE_POOL_SIZE: "2" })))
      )
      const all = yield* Effect.replicateEffect(open, connections, { concurrency: connections })
      const counts = yield* Effect.forEach(
        all,
        (services, process) => {
          const store = Context.get(services, TimeSeries)
          // Two processes have each batch, and most meet it at about the same time.
          const own = batches.filter((_, at) => at % 3 === process % 3)
          return Effect.forEach(
            own,
            (batch, at) =>
              at % 24 === 23
                ? Effect.zipRight(store.maintain(begin + (days + 1) * day, forever), store.write(batch))
                : store.write(batch),
            { concurrency: 2 }
          )
        },
        { concurrency: connections }
      )
      assert.strictEqual(
        counts.flat().reduce((sum, count) => sum + count, 0),
        batches.length * ids.length
      )
      const [first] = all
      if (first === undefined) return assert.fail("no process")
      const store = Context.get(first, TimeSeries)
      const check = Effect.forEach(
        [ids[0], ids[70], ids[149]],
        (id) =>
          Effect.gen(function* () {
            if (id === undefined) return
            const rollups = yield* store.rollups(id, "day", everything)
            assert.deepStrictEqual(
              rollups.map(({ metrics }) => [metrics.followers?.first, metrics.followers?.count]),
              Array.from({ length: days }, (_, at) => [72 * at, 72])
            )
            assert.strictEqual((yield* store.rollups(id, "hour", everything)).length, 24 * days)
          }),
        { concurrency: 1 }
      )
      yield* check
      yield* store.maintain(begin + (days + 1) * day, forever)
      yield* check
      const { points, series } = yield* store.stats
      assert.deepStrictEqual([series, points], [ids.length, batches.length * ids.length])
      assert.strictEqual(yield* Effect.provide(deadlocks, first), 0)
    }))
})
