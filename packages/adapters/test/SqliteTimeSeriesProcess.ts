/**
 * Run by SqliteTimeSeries.test.ts, which kills it: `bun SqliteTimeSeriesProcess.ts MODE FILE FIRST`. Writes batches number
 * FIRST and up for ever, while upkeep goes on all the time, and says so: a line with the number when a batch is durable.
 * In mode `boast` it says so before the commit, as no store may.
 */
import { writeSync } from "node:fs"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as SqliteTimeSeries from "../src/sqlite/timeseries/TimeSeries.ts"

export const trackedIds = Array.from({ length: 40 }, (_, at) => InfluencerId.make(`mockstagram:${at + 1}`))

const begin = Date.UTC(2026, 1, 27) / 1_000
const timeOf = (batch: number): number => begin + batch * 600

/** Batch by batch: everybody at one time, and some who missed theirs a while ago. */
export const batchOf = (batch: number): ReadonlyArray<DataPoint> => {
  const point = (id: InfluencerId, time: number): DataPoint => ({
    id,
    time,
    observedAt: time + 1,
    followers: 1_000 + (time % 777)
  })
  return [
    ...trackedIds.filter((_, at) => (at + batch) % 7 !== 0).map((id) => point(id, timeOf(batch))),
    ...trackedIds.filter((_, at) => (at + batch) % 7 === 3).map((id) => point(id, timeOf(batch - 200) + 5))
  ]
}

const run = Effect.fnUntraced(function* (boasts: boolean, first: number) {
  const store = yield* TimeSeries
  const forever = { raw: null, hour: null, day: null, week: null, month: null }
  let batch = first
  // As of a later time, so that the head is compacted at once.
  const upkeep = Effect.suspend(() => store.maintain(timeOf(batch) + 3 * 86_400, forever))
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(upkeep, Effect.sleep("3 millis"))))
  for (; ; batch++) {
    // Past every buffer of this process, so that a line that was written outlives it.
    const say = Effect.sync(() => writeSync(1, `${batch}\n`))
    if (boasts) {
      yield* say
      yield* Effect.forkScoped(Effect.delay(store.write(batchOf(batch)), "500 millis"))
    } else {
      yield* store.write(batchOf(batch))
      yield* say
    }
    yield* Effect.sleep("1 millis")
  }
})

if (import.meta.main) {
  const [mode, path = "", first = "0"] = process.argv.slice(2)
  await Effect.runPromise(
    run(mode === "boast", Number(first)).pipe(Effect.scoped, Effect.provide(SqliteTimeSeries.layer(path)))
  )
}
