/**
 * Writes points to the PostgreSQL time series, and the same rows to the same table by COPY, in turns:
 *   bun bench/tracking/sink.ts [--influencers 10000] [--minutes 20] [--batch 500] [--writers 16] [--rounds 5] [--seed 5]
 *     [--ratio 0.7] [--no-gate]
 * All influencers have a point every minute, in batches as the collector's sink writes them, six figures each as mockstagram tells them. COPY is psql
 * with all rows from a file and one commit; the store numbers influencers, marks what is to be rolled up, counts, passes
 * over what it has, and commits every batch. Prints the ratio of speeds and the bytes per point, and writes
 * bench/results/tracking-sink.json.
 */
import { join } from "node:path"
import { Database } from "@influscope/adapters/postgres/Database"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { makeRandom, median, rounded } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { onPostgres, type Reached } from "./OnPostgres.ts"

const { gate, numbers } = readArguments({
  influencers: 10_000,
  minutes: 20,
  batch: 500,
  writers: 16,
  rounds: 5,
  seed: 5,
  ratio: 0.7
})

const begin = Date.UTC(2026, 2, 2) / 1_000
const count = numbers.influencers * numbers.minutes

const makePoints = (): ReadonlyArray<DataPoint> => {
  const random = makeRandom(numbers.seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  const accounts = Array.from({ length: numbers.influencers }, (_, at) => ({
    id: InfluencerId.make(`mockstagram:${at + 1}`),
    followers: Math.floor(1_000 * 10 ** (4 * random())),
    following: below(2_000),
    posts: below(3_000),
    totalLikes: below(10_000_000),
    avgLikes: below(10_000),
    avgComments: below(500)
  }))
  return Array.from({ length: numbers.minutes }, (_, minute) =>
    accounts.map((account): DataPoint => {
      const time = begin + minute * 60
      return { ...account, time, observedAt: time + below(5), followers: account.followers + below(50) }
    })
  ).flat()
}

const copied = [
  "time",
  "series",
  "late",
  "followers",
  "following",
  "posts",
  "total_likes",
  "avg_likes",
  "avg_comments"
]

const rowsOf = (points: ReadonlyArray<DataPoint>, series: ReadonlyMap<string, number>): string =>
  points
    .map((point) =>
      [
        point.time,
        series.get(point.id),
        point.observedAt - point.time,
        point.followers,
        point.following,
        point.posts,
        point.totalLikes,
        point.avgLikes,
        point.avgComments
      ].join("\t")
    )
    .join("\n")

const secondsOf = <E, R>(work: Effect.Effect<unknown, E, R>): Effect.Effect<number, E, R> =>
  Effect.map(Effect.timed(work), ([duration]) => Duration.toSeconds(duration))

const sizes = `
SELECT sum(pg_relation_size(inhrelid))::float8 AS heap, sum(pg_indexes_size(inhrelid))::float8 AS indices
FROM pg_inherits WHERE inhparent = 'influscope.points'::regclass`

const compare = ({ psql, url }: Reached, file: string) =>
  Effect.gen(function* () {
    const { query } = yield* Database
    const store = yield* TimeSeries
    const points = makePoints()
    const batches = Array.from({ length: Math.ceil(count / numbers.batch) }, (_, at) =>
      points.slice(at * numbers.batch, (at + 1) * numbers.batch)
    )
    const write = Effect.forEach(batches, store.write, { concurrency: numbers.writers })
    const copy = Effect.promise(async () => {
      const child = Bun.spawn(
        [psql, url, "-q", "-c", `COPY influscope.points (${copied.join(", ")}) FROM STDIN`],
        { stdin: Bun.file(file), stderr: "inherit" }
      )
      if ((await child.exited) !== 0) throw new Error("COPY failed")
    })
    const empty = Effect.zipRight(
      query("empty", "TRUNCATE influscope.points, influscope.series_dirty, influscope.series_counts", []),
      query("empty", "CHECKPOINT", [])
    )
    const measured = <E>(work: Effect.Effect<unknown, E>) => Effect.zipRight(empty, secondsOf(work))

    // Makes series and partitions, and fills caches.
    yield* write
    const series = yield* query<{ id: string; number: number }>(
      "list series",
      "SELECT id, number FROM influscope.series",
      []
    )
    const rows = rowsOf(points, new Map(series.map(({ id, number }) => [id, number])))
    yield* Effect.promise(() => Bun.write(file, `${rows}\n`))

    const rounds = []
    for (let round = 0; round < numbers.rounds; round++) {
      const loadBefore = load()[0]
      const copyFirst = round % 2 === 0 ? yield* measured(copy) : undefined
      const storeSeconds = yield* measured(write)
      const { points: stored } = yield* store.stats
      if (stored !== count) throw new Error(`The store has ${stored} of ${count} points`)
      const copySeconds = copyFirst ?? (yield* measured(copy))
      rounds.push({ storeSeconds, copySeconds, ratio: rounded(copySeconds / storeSeconds), loadBefore })
    }
    const [size] = yield* query<{ heap: number; indices: number }>("read sizes", sizes, [])
    return {
      rounds,
      heapBytesPerPoint: rounded((size?.heap ?? 0) / count, 1),
      indexBytesPerPoint: rounded((size?.indices ?? 0) / count, 1)
    }
  })

printMachine()
const { rounds, ...bytes } = await inDirectory((directory) =>
  onPostgres(directory, (reached) => compare(reached, join(directory, "rows.tsv")))
)
const rate = (seconds: number): number => Math.round(count / seconds)
print(`${count} points, batches of ${numbers.batch}, ${numbers.writers} at a time\n`)
table(
  ["round", "load", "store s", "points/s", "COPY s", "rows/s", "ratio"],
  rounds.map(({ copySeconds, loadBefore, ratio, storeSeconds }, round) => [
    String(round + 1),
    loadBefore,
    rounded(storeSeconds),
    rate(storeSeconds),
    rounded(copySeconds),
    rate(copySeconds),
    ratio
  ])
)
const ratio = rounded(median(rounds.map((round) => round.ratio)))
print(
  `\nmedian ratio ${ratio}; bytes per point: ${bytes.heapBytesPerPoint} in the table, ${bytes.indexBytesPerPoint} in its indices`
)
await conclude(
  "tracking-sink",
  { arguments: numbers, points: count, rounds, ratio, ...bytes },
  [
    {
      what: "speed of the store over that of COPY",
      required: `>= ${numbers.ratio}`,
      measured: ratio,
      met: ratio >= numbers.ratio
    }
  ],
  gate
)
