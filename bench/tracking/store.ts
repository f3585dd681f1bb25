/**
 * What the embedded time series store takes per point, and how fast it answers:
 *   bun bench/tracking/store.ts [--live 2000] [--hours 26] [--influencers 1000] [--days 365] [--plain 1] [--queries 300]
 *     [--seed 11] [--no-gate]
 * First `live` influencers are tracked every minute for `hours`, in batches of 500, with upkeep every minute of that time:
 * CPU per point, bytes per point, and growth ranked over all. Then a store of its own gets the hourly history of `influencers` over `days`, and
 * answers queries in the shape of TSBS; with `--plain 1` the same points also stand in a plain SQLite table with the
 * queries in SQL, one asked after the other. Prints the figures and writes bench/results/tracking-store.json.
 */
import { Database } from "bun:sqlite"
import { join } from "node:path"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Retention } from "@influscope/domain/tracking/Retention"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { makeRandom, rounded, spreadOf } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"

const { gate, numbers } = readArguments({
  live: 2_000,
  hours: 26,
  influencers: 1_000,
  days: 365,
  plain: 1,
  queries: 300,
  seed: 11
})

const minute = 60
const hour = 3_600
const day = 86_400
const begin = Date.UTC(2025, 0, 1) / 1_000
const batchSize = 500
const forever: Retention = { raw: null, hour: null, day: null, week: null, month: null }

const random = makeRandom(numbers.seed)
const below = (bound: number): number => Math.floor(random() * bound)

/** An account whose figures go on as real ones do: a trend with noise, rare posts, likes in between. */
interface Account {
  readonly id: InfluencerId
  followers: number
  following: number
  posts: number
  totalLikes: number
}

const makeAccounts = (count: number): ReadonlyArray<Account> =>
  Array.from({ length: count }, (_, at) => ({
    id: InfluencerId.make(`mockstagram:${at + 1}`),
    followers: Math.floor(1_000 * 10 ** (4 * random())),
    following: below(2_000),
    posts: below(3_000),
    totalLikes: below(10_000_000)
  }))

/** The next figures of an account after some seconds. */
const observe = (account: Account, time: number, seconds: number): DataPoint => {
  const growth = (account.followers * seconds) / (400 * day)
  account.followers += Math.round(growth + (random() - 0.5) * (2 + growth))
  if (random() < seconds / (2 * day)) account.posts++
  if (random() < seconds / (5 * day)) account.following++
  account.totalLikes += below(Math.ceil((account.followers * seconds) / day) + 2)
  const { followers, following, id, posts, totalLikes } = account
  return { id, time, observedAt: time + 1 + below(4), followers, following, posts, totalLikes }
}

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

const milliseconds = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(effect, () => performance.now() - started)
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

const track = Effect.gen(function* () {
  const store = yield* TimeSeries
  const accounts = makeAccounts(numbers.live)
  const turns = watchTurns()
  let writing = 0
  let upkeep = 0
  for (let time = begin; time < begin + numbers.hours * hour; time += minute) {
    for (let first = 0; first < accounts.length; first += batchSize) {
      const batch = accounts.slice(first, first + batchSize).map((account) => observe(account, time, minute))
      writing += (yield* timed(store.write(batch))).cpu
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
    bytesPerPoint: rounded(bytes / points),
    bytesPerPointBeforeTheEnd: rounded(recent.bytes / points),
    turnMs: spreadOf(gaps),
    topGrowthMs: spreadOf(growth),
    topGrowthTurnMs: spreadOf(growthGaps)
  }
})

const historyEnd = begin + numbers.days * day
/** Influencers and hours of one write: as an importer that reads a few accounts at a time. */
const importAccounts = 32
const importHours = 312

const load = Effect.fnUntraced(function* (plain: Database | undefined) {
  const store = yield* TimeSeries
  const insert = plain?.query<never, [number, number, number, number, number, number, number]>(
    "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?)"
  )
  const accounts = makeAccounts(numbers.influencers)
  let cpu = 0
  for (let first = 0; first < accounts.length; first += importAccounts)
    for (let from = begin; from < historyEnd; from += importHours * hour) {
      const batch: Array<DataPoint> = []
      for (const account of accounts.slice(first, first + importAccounts))
        for (let time = from; time < Math.min(historyEnd, from + importHours * hour); time += hour)
          batch.push(observe(account, time, hour))
      cpu += (yield* timed(store.write(batch))).cpu
      plain?.transaction(() => {
        for (const point of batch)
          insert?.run(
            Number(point.id.slice(point.id.indexOf(":") + 1)),
            point.time,
            point.observedAt,
            point.followers ?? 0,
            point.following ?? 0,
            point.posts ?? 0,
            point.totalLikes ?? 0
          )
      })()
    }
  cpu += (yield* timed(store.maintain(historyEnd + 2 * day, forever))).cpu
  const { bytes, points } = yield* store.stats
  return { points, importMicros: rounded(cpu / points), bytesPerPoint: rounded(bytes / points) }
})

interface Query {
  readonly name: string
  /** Seconds of one answer, for an influencer and a time of the history. */
  readonly ask: (key: number, time: number) => Effect.Effect<unknown, unknown, TimeSeries>
  readonly sql: (db: Database, key: number, time: number) => unknown
  /** Share of the queries of the others that this one, as it takes long, is asked. */
  readonly share: number
}

const idOf = (key: number): InfluencerId => InfluencerId.make(`mockstagram:${key}`)
const keysFrom = (key: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, at) => 1 + ((key + at * 37) % numbers.influencers))

const rollupSql = (seconds: number): string =>
  `SELECT time - time % ${seconds} AS start, min(followers), max(followers), sum(followers), count(*)
   FROM points WHERE id = ? AND time >= ? AND time < ? GROUP BY start ORDER BY start`

const queries: ReadonlyArray<Query> = [
  {
    name: "one influencer, the whole time by hour",
    ask: (key) =>
      Effect.flatMap(TimeSeries, (store) =>
        store.rollups(idOf(key), "hour", { from: begin, to: historyEnd, limit: 100_000 })
      ),
    sql: (db, key) => db.query(rollupSql(hour)).all(key, begin, historyEnd),
    share: 1
  },
  {
    name: "one influencer, the whole time by day",
    ask: (key) =>
      Effect.flatMap(TimeSeries, (store) =>
        store.rollups(idOf(key), "day", { from: begin, to: historyEnd, limit: 100_000 })
      ),
    sql: (db, key) => db.query(rollupSql(day)).all(key, begin, historyEnd),
    share: 1
  },
  {
    name: "one influencer, single points of 7 days",
    ask: (key, time) =>
      Effect.flatMap(TimeSeries, (store) =>
        store.points(idOf(key), { from: time, to: time + 7 * day, limit: 10_000 })
      ),
    sql: (db, key, time) =>
      db.query("SELECT * FROM points WHERE id = ? AND time >= ? AND time < ?").all(key, time, time + 7 * day),
    share: 1
  },
  {
    name: "8 influencers, 30 days by day",
    ask: (key, time) =>
      Effect.flatMap(TimeSeries, (store) =>
        Effect.forEach(keysFrom(key, 8), (each) =>
          store.rollups(idOf(each), "day", { from: time, to: time + 30 * day, limit: 1_000 })
        )
      ),
    sql: (db, key, time) =>
      keysFrom(key, 8).map((each) => db.query(rollupSql(day)).all(each, time, time + 30 * day)),
    share: 1
  },
  {
    name: "last point of 100 influencers",
    ask: (key, time) => Effect.flatMap(TimeSeries, (store) => store.last(keysFrom(key, 100).map(idOf), time)),
    sql: (db, key, time) =>
      keysFrom(key, 100).map((each) =>
        db.query("SELECT * FROM points WHERE id = ? AND time <= ? ORDER BY time DESC LIMIT 1").get(each, time)
      ),
    share: 1
  },
  {
    name: "top growth of 30 days, all influencers",
    ask: (_, time) =>
      Effect.flatMap(TimeSeries, (store) => store.topGrowth("followers", time, time + 30 * day, 20)),
    sql: (db, _, time) =>
      db
        .query(
          `WITH ids AS (SELECT DISTINCT id FROM points), changes AS (
             SELECT id,
               (SELECT followers FROM points AS p WHERE p.id = ids.id AND time < ?1 ORDER BY time DESC LIMIT 1) AS a,
               (SELECT followers FROM points AS p WHERE p.id = ids.id AND time < ?2 ORDER BY time DESC LIMIT 1) AS b
             FROM ids)
           SELECT id, a, b FROM changes WHERE a > 0 ORDER BY 1.0 * b / a DESC LIMIT 20`
        )
        .all(time - (time % day) + day, time - (time % day) + 31 * day),
    share: 0.05
  }
]

const ask = Effect.fnUntraced(function* (query: Query, plain: Database | undefined) {
  const ours: Array<number> = []
  const theirs: Array<number> = []
  for (let turn = 0; turn < Math.max(5, numbers.queries * query.share); turn++) {
    const key = 1 + below(numbers.influencers)
    const time = begin + below(Math.max(1, numbers.days - 31)) * day
    ours.push(yield* milliseconds(query.ask(key, time)))
    if (plain !== undefined) theirs.push(yield* milliseconds(Effect.sync(() => query.sql(plain, key, time))))
  }
  const latency = spreadOf(ours)
  const plainLatency = plain === undefined ? undefined : spreadOf(theirs)
  return {
    name: query.name,
    ms: latency,
    plainMs: plainLatency,
    timesFaster: plainLatency === undefined ? undefined : rounded(plainLatency.p50 / latency.p50)
  }
})

const openPlain = (directory: string): Database | undefined => {
  if (numbers.plain === 0) return undefined
  const db = new Database(join(directory, "plain.db"), { create: true, readwrite: true, strict: true })
  db.run("PRAGMA journal_mode = WAL")
  db.run("PRAGMA synchronous = NORMAL")
  db.run("PRAGMA cache_size = -65536")
  db.run(
    `CREATE TABLE points (id INTEGER, time INTEGER, observed_at INTEGER, followers INTEGER, following INTEGER,
       posts INTEGER, total_likes INTEGER, PRIMARY KEY (id, time)) STRICT, WITHOUT ROWID`
  )
  return db
}

const plainBytes = (db: Database): number =>
  db
    .query<{ bytes: number }, []>(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
    )
    .get()?.bytes ?? 0

printMachine()

const live = await inDirectory((directory) =>
  Effect.runPromise(track.pipe(Effect.provide(SqliteTimeSeries.layer(join(directory, "series.db")))))
)
print(
  `${live.points.toLocaleString("en-US")} points every minute: ${live.writeMicros} us CPU a point to write, ` +
    `${live.upkeepMicros} us to compact and roll up, ${live.bytesPerPoint} bytes a point; ` +
    `turns p50 ${live.turnMs.p50} ms, p99 ${live.turnMs.p99} ms, max ${live.turnMs.max} ms; ` +
    `top growth of all ${live.topGrowthMs.p50} ms, turns of it p99 ${live.topGrowthTurnMs.p99} ms`
)

const history = await inDirectory((directory) => {
  const plain = openPlain(directory)
  return Effect.runPromise(
    Effect.gen(function* () {
      const loaded = yield* load(plain)
      print(
        `${loaded.points.toLocaleString("en-US")} points of history: ${loaded.importMicros} us CPU a point, ` +
          `${loaded.bytesPerPoint} bytes a point` +
          (plain === undefined ? "" : ` (plain table ${rounded(plainBytes(plain) / loaded.points)})`)
      )
      const answers = yield* Effect.forEach(queries, (query) => ask(query, plain))
      return { ...loaded, plainBytesPerPoint: plain && rounded(plainBytes(plain) / loaded.points), answers }
    }).pipe(Effect.provide(SqliteTimeSeries.layer(join(directory, "series.db"))))
  )
})

print()
table(
  ["query", "p50 ms", "p95 ms", "p99 ms", "plain p50", "plain p95", "times faster"],
  history.answers.map(({ ms, name, plainMs, timesFaster }) => [
    name,
    ms.p50,
    ms.p95,
    ms.p99,
    plainMs?.p50,
    plainMs?.p95,
    timesFaster
  ])
)

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
