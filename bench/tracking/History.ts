import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Retention } from "@influscope/domain/tracking/Retention"
import type { StorageError } from "@influscope/ports/StorageError"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import { makeRandom, rounded, type Spread, spreadOf } from "../support/Numbers.ts"

export const minute = 60
export const hour = 3_600
export const day = 86_400
/** When every history begins. */
export const begin = Date.UTC(2025, 0, 1) / 1_000
export const forever: Retention = { raw: null, hour: null, day: null, week: null, month: null }

export const idOf = (key: number): InfluencerId => InfluencerId.make(`mockstagram:${key}`)

/** An account whose figures go on as real ones do: a trend with noise, rare posts, likes in between. */
export interface Account {
  readonly id: InfluencerId
  followers: number
  following: number
  posts: number
  totalLikes: number
}

/** Accounts and what happens to them, the same for the same seed. */
export const makeWorld = (seed: number) => {
  const random = makeRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)

  const makeAccounts = (count: number): ReadonlyArray<Account> =>
    Array.from({ length: count }, (_, at) => ({
      id: idOf(at + 1),
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

  return { below, makeAccounts, observe }
}

export type World = ReturnType<typeof makeWorld>

/** Influencers with a point every hour. */
export interface Size {
  readonly influencers: number
  readonly days: number
}

export const endOf = ({ days }: Size): number => begin + days * day

/** Influencers and hours of one write: as an importer that reads a few accounts at a time. */
const importAccounts = 32
const importHours = 312

export function* batchesOf(world: World, size: Size): Generator<ReadonlyArray<DataPoint>> {
  const accounts = world.makeAccounts(size.influencers)
  for (let first = 0; first < accounts.length; first += importAccounts)
    for (let from = begin; from < endOf(size); from += importHours * hour) {
      const batch: Array<DataPoint> = []
      for (const account of accounts.slice(first, first + importAccounts))
        for (let time = from; time < Math.min(endOf(size), from + importHours * hour); time += hour)
          batch.push(world.observe(account, time, hour))
      yield batch
    }
}

export const milliseconds = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(effect, () => performance.now() - started)
  })

interface Statement {
  readonly text: string
  readonly parameters: ReadonlyArray<number>
}

/** A table with all points, to be asked in SQL. */
export interface Plain {
  readonly table: string
  /** Of influencers, and of one of them by its key (from 1). */
  readonly column: string
  readonly numberOf: (key: number) => number
  readonly run: (statement: Statement) => Effect.Effect<unknown, StorageError>
}

interface Query {
  readonly name: string
  /** Of the store, and as SQL of a plain table: for an influencer by its key and a time of the history. */
  readonly ask: (key: number, time: number) => Effect.Effect<unknown, StorageError, TimeSeries>
  readonly statements: (plain: Plain, key: number, time: number) => ReadonlyArray<Statement>
  /** Share of the queries of the others that this one, as it takes long, is asked. */
  readonly share: number
}

const columns = ["followers", "following", "posts", "total_likes"]
/** What a chart shows. */
const oneColumn = ["followers"]

/** What a rollup is for, of one influencer; first and last, which the store has too, would make it twice as slow. */
const rollup = (
  { column, numberOf, table }: Plain,
  seconds: number,
  key: number,
  from: number,
  to: number,
  metrics = columns
) => ({
  text: `SELECT time - time % ${seconds} AS start, ${metrics
    .map((name) => `min(${name}), max(${name}), sum(${name}), count(${name})`)
    .join(", ")}
    FROM ${table} WHERE ${column} = $1 AND time >= $2 AND time < $3 GROUP BY 1 ORDER BY 1`,
  parameters: [numberOf(key), from, to]
})

const queriesOf = (size: Size): ReadonlyArray<Query> => {
  const keysFrom = (key: number, count: number): ReadonlyArray<number> =>
    Array.from({ length: count }, (_, at) => 1 + ((key + at * 37) % size.influencers))
  const whole = { from: begin, to: endOf(size), limit: 100_000 }
  const month = (time: number) => ({ from: time, to: time + 30 * day, limit: 1_000 })
  return [
    {
      name: "one influencer, the whole time by hour",
      ask: (key) => Effect.flatMap(TimeSeries, (store) => store.rollups(idOf(key), "hour", whole)),
      statements: (plain, key) => [rollup(plain, hour, key, whole.from, whole.to)],
      share: 1
    },
    {
      name: "followers of one influencer, the whole time by hour",
      ask: (key) =>
        Effect.flatMap(TimeSeries, (store) => store.rollups(idOf(key), "hour", whole, ["followers"])),
      statements: (plain, key) => [rollup(plain, hour, key, whole.from, whole.to, oneColumn)],
      share: 1
    },
    {
      name: "one influencer, the whole time by day",
      ask: (key) => Effect.flatMap(TimeSeries, (store) => store.rollups(idOf(key), "day", whole)),
      statements: (plain, key) => [rollup(plain, day, key, whole.from, whole.to)],
      share: 1
    },
    {
      name: "one influencer, single points of 7 days",
      ask: (key, time) =>
        Effect.flatMap(TimeSeries, (store) =>
          store.points(idOf(key), { from: time, to: time + 7 * day, limit: 10_000 })
        ),
      statements: ({ column, numberOf, table }, key, time) => [
        {
          text: `SELECT * FROM ${table} WHERE ${column} = $1 AND time >= $2 AND time < $3 ORDER BY time`,
          parameters: [numberOf(key), time, time + 7 * day]
        }
      ],
      share: 1
    },
    {
      name: "8 influencers, 30 days by day",
      ask: (key, time) =>
        Effect.flatMap(TimeSeries, (store) =>
          Effect.forEach(keysFrom(key, 8), (each) => store.rollups(idOf(each), "day", month(time)))
        ),
      statements: (plain, key, time) =>
        keysFrom(key, 8).map((each) => rollup(plain, day, each, time, time + 30 * day)),
      share: 1
    },
    {
      name: "last point of 100 influencers",
      ask: (key, time) =>
        Effect.flatMap(TimeSeries, (store) => store.last(keysFrom(key, 100).map(idOf), time)),
      statements: ({ column, numberOf, table }, key, time) =>
        keysFrom(key, 100).map((each) => ({
          text: `SELECT * FROM ${table} WHERE ${column} = $1 AND time <= $2 ORDER BY time DESC LIMIT 1`,
          parameters: [numberOf(each), time]
        })),
      share: 1
    },
    {
      name: "top growth of 30 days, all influencers",
      ask: (_, time) =>
        Effect.flatMap(TimeSeries, (store) => store.topGrowth("followers", time, time + 30 * day, 20)),
      statements: ({ column, table }, _, time) => [
        {
          text: `WITH ids AS (SELECT DISTINCT ${column} AS id FROM ${table}), changes AS (
              SELECT id,
                (SELECT followers FROM ${table} WHERE ${column} = id AND time < $1 ORDER BY time DESC LIMIT 1) AS a,
                (SELECT followers FROM ${table} WHERE ${column} = id AND time < $2 ORDER BY time DESC LIMIT 1) AS b
              FROM ids)
            SELECT id, a, b FROM changes WHERE a > 0 ORDER BY 1.0 * b / a DESC LIMIT 20`,
          parameters: [time - (time % day) + day, time - (time % day) + 31 * day]
        }
      ],
      share: 0.05
    }
  ]
}

export interface Answer {
  readonly name: string
  readonly ms: Spread
  readonly plainMs: Spread | undefined
  /** Median of the plain table over that of the store. */
  readonly timesFaster: number | undefined
}

/** Asks the store and, where there is one, the plain table: the same, one after the other. */
export const askAll = (
  size: Size,
  count: number,
  { below }: World,
  plain: Plain | undefined
): Effect.Effect<ReadonlyArray<Answer>, StorageError, TimeSeries> =>
  Effect.forEach(queriesOf(size), (query) =>
    Effect.gen(function* () {
      const ours: Array<number> = []
      const theirs: Array<number> = []
      for (let turn = 0; turn < Math.max(5, count * query.share); turn++) {
        const key = 1 + below(size.influencers)
        const time = begin + below(Math.max(1, size.days - 31)) * day
        ours.push(yield* milliseconds(query.ask(key, time)))
        if (plain === undefined) continue
        const statements = query.statements(plain, key, time)
        theirs.push(yield* milliseconds(Effect.forEach(statements, plain.run, { discard: true })))
      }
      const ms = spreadOf(ours)
      const plainMs = plain === undefined ? undefined : spreadOf(theirs)
      return { name: query.name, ms, plainMs, timesFaster: plainMs && rounded(plainMs.p50 / ms.p50) }
    })
  )

export const answerTitles = ["query", "p50 ms", "p95 ms", "p99 ms", "plain p50", "plain p95", "times faster"]

export const answerRow = ({ ms, name, plainMs, timesFaster }: Answer) => [
  name,
  ms.p50,
  ms.p95,
  ms.p99,
  plainMs?.p50,
  plainMs?.p95,
  timesFaster
]
