/**
 * How fast the PostgreSQL time series answers:
 *   bun bench/tracking/postgres.ts [--influencers 500] [--days 365] [--queries 200] [--ranked 0] [--seed 11] [--no-gate]
 * Loads the hourly history of `influencers` over `days`, rolls it up, and asks queries in the shape of TSBS: of the store,
 * and in plain SQL of the table of its points, one after the other. Then `ranked` more influencers get two days with a
 * point, and growth is ranked over all of them. Prints the figures and writes bench/results/tracking-postgres.json.
 */
import { Database } from "@influscope/adapters/postgres/Database"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { rounded, spreadOf } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import {
  answerRow,
  answerTitles,
  askAll,
  batchesOf,
  begin,
  day,
  endOf,
  forever,
  idOf,
  makeWorld,
  milliseconds
} from "./History.ts"
import { onPostgres } from "./OnPostgres.ts"

const { gate, numbers } = readArguments({
  influencers: 500,
  days: 365,
  queries: 200,
  ranked: 0,
  seed: 11
})
const world = makeWorld(numbers.seed)
const batchSize = 10_000

const load = Effect.gen(function* () {
  const store = yield* TimeSeries
  const writing = yield* milliseconds(
    Effect.forEach(batchesOf(world, numbers), store.write, { concurrency: 2, discard: true })
  )
  const rolling = yield* milliseconds(store.maintain(endOf(numbers) + 2 * day, forever))
  const { bytes, points } = yield* store.stats
  return {
    points,
    pointsPerSecond: Math.round((1_000 * points) / writing),
    rolledUpPerSecond: Math.round((1_000 * points) / rolling),
    bytesPerPoint: rounded(bytes / points)
  }
})

const rank = Effect.gen(function* () {
  const store = yield* TimeSeries
  const keys = Array.from({ length: numbers.ranked }, (_, at) => numbers.influencers + at + 1)
  const days = [endOf(numbers) - 31 * day, endOf(numbers) - day]
  for (const time of days)
    for (let first = 0; first < keys.length; first += batchSize)
      yield* store.write(
        keys.slice(first, first + batchSize).map((key) => ({
          id: idOf(key),
          time,
          observedAt: time,
          followers: 1_000 + world.below(1_000)
        }))
      )
  yield* store.maintain(endOf(numbers) + 2 * day, forever)
  const times: Array<number> = []
  for (let round = 0; round < 5; round++)
    times.push(yield* milliseconds(store.topGrowth("followers", days[0] ?? begin, days[1] ?? begin, 20)))
  return { influencers: (yield* store.stats).series, ms: spreadOf(times) }
})

const measure = Effect.gen(function* () {
  const { query } = yield* Database
  const loaded = yield* load
  print(
    `${loaded.points.toLocaleString("en-US")} points, written at ${loaded.pointsPerSecond} a second, rolled up at ` +
      `${loaded.rolledUpPerSecond} a second; ${loaded.bytesPerPoint} bytes a point\n`
  )
  yield* query("settle", "ANALYZE", [])
  const series = yield* query<{ id: string; number: number }>(
    "list series",
    "SELECT id, number FROM influscope.series",
    []
  )
  const numberOfId = new Map(series.map(({ id, number }) => [id, number]))
  const answers = yield* askAll(numbers, numbers.queries, world, {
    table: "influscope.points",
    column: "series",
    numberOf: (key) => numberOfId.get(idOf(key)) ?? 0,
    run: ({ parameters, text }) => query("ask", text, parameters)
  })
  return { ...loaded, answers, ranked: numbers.ranked > 0 ? yield* rank : undefined }
})

printMachine()
const result = await inDirectory((directory) => onPostgres(directory, () => measure))
table(answerTitles, result.answers.map(answerRow))
if (result.ranked !== undefined)
  print(
    `\ngrowth of ${result.ranked.influencers.toLocaleString("en-US")} influencers ranked in ${result.ranked.ms.p50} ms`
  )

const yearByHour = result.answers[0]?.ms.p95 ?? Number.NaN
await conclude(
  "tracking-postgres",
  { arguments: numbers, ...result },
  [
    {
      what: "one influencer, the whole time by hour, p95 ms",
      required: "below 20",
      measured: yearByHour,
      met: yearByHour < 20
    }
  ],
  gate
)
