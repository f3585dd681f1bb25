/**
 * What the embedded time series store takes per point, and how fast it answers:
 *   bun bench/tracking/store.ts [--live 2000] [--hours 26] [--influencers 1000] [--days 365] [--plain 1] [--queries 300]
 *     [--seed 11] [--reuse 0] [--no-gate]
 * First `live` influencers are tracked every minute for `hours`, in batches of 500, with upkeep every minute of that time:
 * CPU per point, bytes per point, and growth ranked over all. Then a store of its own gets the hourly history of `influencers` over `days`, and
 * answers queries in the shape of TSBS. With `--plain 1` the same points are also inserted into a plain SQLite table, in
 * transactions of the same size, and the queries asked of it in SQL, one after the other. 11,416 influencers make 100
 * million points; with `--reuse 1` their store stays in the directory of temporary files, and the next run takes it from
 * there. Prints the figures and writes bench/results/tracking-store.json.
 */
import { Database } from "bun:sqlite"
import { existsSync, mkdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { keyOf } from "@influscope/domain/tracking/InfluencerId"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
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
  hour,
  makeWorld,
  milliseconds,
  minute,
  type Plain
} from "./History.ts"

const { gate, numbers } = readArguments({
  live: 2_000,
  hours: 26,
  influencers: 1_000,
  days: 365,
  plain: 1,
  queries: 300,
  seed: 11,
  reuse: 0
})

const batchSize = 500
const world = makeWorld(numbers.seed)

const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

/** CPU microseconds of this process that an effect takes, and its answer. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const cpu = cpuMicros()
    return Effect.map(effect, (answer) => ({ answer, cpu: cpuMicros() - cpu }))
  })

/** Lets timers have their turn. */
const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** How late timers come, in ms: what everything else in the process would have to wait. */
const watchTurns = () => {
  const gaps: Array<number> = []
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    gaps.push(Math.max(0, now - last - 1))
    last = now
  }, 1)
  return () => {
    clearInterval(timer)
    return gaps
  }
}

type Synchronous = "FULL" | "NORMAL"

const openPlain = (path: string, synchronous: Synchronous): Database | undefined => {
  if (numbers.plain === 0) return undefined
  const db = new Database(path, { create: true, readwrite: true, strict: true })
  db.run("PRAGMA journal_mode = WAL")
  db.run(`PRAGMA synchronous = ${synchronous}`)
  db.run("PRAGMA cache_size = -65536")
  db.run(
    `CREATE TABLE IF NOT EXISTS points (id INTEGER, time INTEGER, observed_at INTEGER, followers INTEGER,
       following INTEGER, posts INTEGER, total_likes INTEGER, PRIMARY KEY (id, time)) STRICT, WITHOUT ROWID`
  )
  return db
}

/** Inserts a batch in one transaction. */
const insertPlain = (db: Database, batch: ReadonlyArray<DataPoint>): void => {
  const insert = db.query<never, [number, number, number, number, number, number, number]>(
    "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?)"
  )
  db.transaction(() => {
    for (const point of batch)
      insert.run(
        Number(keyOf(point.id)),
        point.time,
        point.observedAt,
        point.followers ?? 0,
        point.following ?? 0,
        point.posts ?? 0,
        point.totalLikes ?? 0
      )
  })()
}

const track = Effect.fnUntraced(function* (plain: Database | undefined) {
  const store = yield* TimeSeries
  const accounts = world.makeAccounts(numbers.live)
  const turns = watchTurns()
  let writing = 0
  let writingMs = 0
  let upkeep = 0
  let plainWriting = 0
  let plainMs = 0
  for (let time = begin; time < begin + numbers.hours * hour; time += minute) {
    for (let first = 0; first < accounts.length; first += batchSize) {
      const batch = accounts
        .slice(first, first + batchSize)
        .map((account) => world.observe(account, time, minute))
      const ours = yield* timed(milliseconds(store.write(batch)))
      writing += ours.cpu
      writingMs += ours.answer
      if (plain !== undefined) {
        const theirs = yield* timed(milliseconds(Effect.sync(() => insertPlain(plain, batch))))
        plainWriting += theirs.cpu
        plainMs += theirs.answer
      }
      yield* turn
    }
    upkeep += (yield* timed(store.maintain(time, forever))).cpu
  }
  const gaps = turns()
  const recent = yield* store.stats
  const growthTurns = watchTurns()
  const growth: Array<number> = []
  for (let round = 0; round < 5; round++)
    growth.push(yield* milliseconds(store.topGrowth("followers", begin, begin + numbers.hours * hour, 20)))
  const growthGaps = growthTurns()
  upkeep += (yield* timed(store.maintain(begin + (numbers.hours + 48) * hour, forever))).cpu
  const { bytes, points } = yield* store.stats
  return {
    points,
    writeMicros: rounded(writing / points),
    upkeepMicros: rounded(upkeep / points),
    plainWriteMicros: plain && rounded(plainWriting / points),
    /** Time of plain inserts over that of writes, waiting for the disk included. */
    timesAsFastAsPlain: plain && rounded(plainMs / writingMs),
    bytesPerPoint: rounded(bytes / points),
    bytesPerPointBeforeTheEnd: rounded(recent.bytes / points),
    turnMs: spreadOf(gaps),
    topGrowthMs: spreadOf(growth),
    topGrowthTurnMs: spreadOf(growthGaps)
  }
})

const load = Effect.fnUntraced(function* (plain: Database | undefined) {
  const store = yield* TimeSeries
  let cpu = 0
  for (const batch of batchesOf(world, numbers)) {
    cpu += (yield* timed(store.write(batch))).cpu
    if (plain !== undefined) insertPlain(plain, batch)
  }
  cpu += (yield* timed(store.maintain(endOf(numbers) + 2 * day, forever))).cpu
  const { bytes, points } = yield* store.stats
  return { points, importMicros: rounded(cpu / points), bytesPerPoint: rounded(bytes / points) }
})

const asked = (db: Database): Plain => ({
  table: "points",
  column: "id",
  numberOf: (key) => key,
  run: ({ parameters, text }) => Effect.sync(() => db.query(text.replaceAll("$", "?")).all(...parameters))
})

const plainBytes = (db: Database): number =>
  db
    .query<{ bytes: number }, []>(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
    )
    .get()?.bytes ?? 0

printMachine()

const live = await inDirectory((directory) =>
  track(openPlain(join(directory, "plain.db"), "FULL")).pipe(
    Effect.provide(SqliteTimeSeries.layer(join(directory, "series.db"))),
    Effect.runPromise
  )
)
print(
  `${live.points.toLocaleString("en-US")} points every minute: ${live.writeMicros} us CPU a point to write, ` +
    `${live.upkeepMicros} us to compact and roll up, ${live.bytesPerPoint} bytes a point; ` +
    `turns p50 ${live.turnMs.p50} ms, p99 ${live.turnMs.p99} ms, max ${live.turnMs.max} ms; ` +
    `top growth of all ${live.topGrowthMs.p50} ms, turns of it p99 ${live.topGrowthTurnMs.p99} ms`
)
if (live.timesAsFastAsPlain !== undefined)
  print(
    `${live.timesAsFastAsPlain} times as fast as plain inserts, which take ${live.plainWriteMicros} us CPU a point`
  )

/** What was loaded, noted beside it when all of it is there. */
const Loaded = Schema.parseJson(
  Schema.Struct({ points: Schema.Number, importMicros: Schema.Number, bytesPerPoint: Schema.Number })
)

const noteOf = (directory: string): string => join(directory, "loaded.json")

const loadOrReuse = Effect.fnUntraced(function* (directory: string, plain: Database | undefined) {
  const note = noteOf(directory)
  if (existsSync(note))
    return yield* Schema.decode(Loaded)(yield* Effect.promise(() => Bun.file(note).text()))
  const loaded = yield* load(plain)
  const text = yield* Schema.encode(Loaded)(loaded)
  yield* Effect.promise(() => Bun.write(note, text))
  return loaded
})

const loadAndAsk = (directory: string) => {
  const plain = openPlain(join(directory, "plain.db"), "NORMAL")
  return Effect.gen(function* () {
    const loaded = yield* loadOrReuse(directory, plain)
    print(
      `${loaded.points.toLocaleString("en-US")} points of history: ${loaded.importMicros} us CPU a point, ` +
        `${loaded.bytesPerPoint} bytes a point` +
        (plain === undefined ? "" : ` (plain table ${rounded(plainBytes(plain) / loaded.points)})`)
    )
    const answers = yield* askAll(numbers, numbers.queries, world, plain && asked(plain))
    return { ...loaded, plainBytesPerPoint: plain && rounded(plainBytes(plain) / loaded.points), answers }
  }).pipe(Effect.provide(SqliteTimeSeries.layer(join(directory, "series.db"))), Effect.runPromise)
}

const kept = join(
  tmpdir(),
  `influscope-history-${numbers.influencers}-${numbers.days}-${numbers.seed}-${numbers.plain}`
)
// A part of a history is of no use.
if (!existsSync(noteOf(kept))) rmSync(kept, { recursive: true, force: true })
if (numbers.reuse > 0) mkdirSync(kept, { recursive: true })
const history = numbers.reuse > 0 ? await loadAndAsk(kept) : await inDirectory(loadAndAsk)

print()
table(answerTitles, history.answers.map(answerRow))

const yearByHour = history.answers[0]?.ms.p95 ?? Number.NaN
await conclude(
  "tracking-store",
  { arguments: numbers, live, history },
  [
    {
      what: "CPU microseconds a point, written, compacted and rolled up",
      required: "at most 5",
      measured: rounded(live.writeMicros + live.upkeepMicros),
      met: live.writeMicros + live.upkeepMicros <= 5
    },
    {
      what: "bytes a point, rollups included",
      required: "at most 8",
      measured: live.bytesPerPoint,
      met: live.bytesPerPoint <= 8
    },
    {
      what: "one influencer, the whole time by hour, p95 ms",
      required: "below 20",
      measured: yearByHour,
      met: yearByHour < 20
    }
  ],
  gate
)
