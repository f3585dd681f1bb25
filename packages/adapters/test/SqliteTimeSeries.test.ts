import { Database as BunDatabase } from "bun:sqlite"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { rollupLevels } from "@influscope/domain/tracking/Resolution"
import { timeSeriesConformance } from "@influscope/ports/conformance/TimeSeriesConformance"
import { TimeSeriesModel } from "@influscope/ports/conformance/TimeSeriesModel"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqliteTimeSeries from "../src/sqlite/timeseries/TimeSeries.ts"
import { batchOf, trackedIds } from "./SqliteTimeSeriesProcess.ts"

const temporaryFile = Effect.map(temporaryDirectory, (path) => join(path, "series.db"))
const restartable = Effect.map(temporaryFile, SqliteTimeSeries.layer)

timeSeriesConformance("sqlite", Layer.unwrapScoped(restartable), { restartable })

const program = fileURLToPath(new URL("./SqliteTimeSeriesProcess.ts", import.meta.url))
const everything = { from: 0, to: 2 ** 32, limit: 1_000_000 }
const forever = { raw: null, hour: null, day: null, week: null, month: null }
const day = 86_400

/** Starts a writer and kills it, without warning, once it has said `lines` numbers; answers those. */
const runAndKill = (mode: "honest" | "boast", path: string, first: number, lines: number) =>
  Effect.async<ReadonlyArray<number>>((resume) => {
    const child = spawn(process.execPath, [program, mode, path, String(first)], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let said = ""
    child.stdout.setEncoding("utf8")
    child.stdout.on("data", (text: string) => {
      said += text
      if (said.split("\n").length > lines) child.kill("SIGKILL")
    })
    // What stands after the last line end was cut off.
    child.on("close", () => resume(Effect.succeed(said.split("\n").slice(0, -1).map(Number))))
  })

/** Points of acknowledged batches that are not there; everything else that is answered must follow from the points. */
const lostOf = Effect.fnUntraced(function* (batches: ReadonlyArray<number>) {
  const store = yield* TimeSeries
  const model = new TimeSeriesModel()
  const found = new Set<string>()
  for (const id of trackedIds) {
    const points = yield* store.points(id, everything)
    for (const { time } of points) found.add(`${id} ${time}`)
    assert.strictEqual(model.write(points), points.length)
    for (const level of rollupLevels)
      assert.deepStrictEqual(
        yield* store.rollups(id, level, everything),
        model.rollups(id, level, everything),
        level
      )
  }
  const { points, series } = yield* store.stats
  assert.deepStrictEqual({ series, points }, model.stats())
  const last = yield* store.last(trackedIds, 2 ** 32 - 1)
  assert.deepStrictEqual(
    last.map(Option.getOrUndefined),
    trackedIds.map((id) => model.last(id, 2 ** 32 - 1))
  )
  const newest = Math.max(...Option.toArray(last[0] ?? Option.none()).map((point) => point.time))
  for (const to of [newest, newest - 2 * day]) {
    const changes = yield* store.topGrowth("followers", newest - 4 * day, to, 100)
    assert.sameDeepMembers([...changes], [...model.growth("followers", newest - 4 * day, to)])
  }
  return batches.flatMap(batchOf).filter(({ id, time }) => !found.has(`${id} ${time}`))
})

const killed = Effect.fnUntraced(function* (mode: "honest" | "boast", times: number) {
  const path = yield* temporaryFile
  const said: Array<number> = []
  for (let round = 0; round < times; round++)
    said.push(...(yield* runAndKill(mode, path, (said.at(-1) ?? -1) + 1, 120)))
  const lost = yield* Effect.provide(lostOf(said), SqliteTimeSeries.layer(path))
  yield* Effect.logInfo(`${mode}: ${said.length} batches acknowledged, ${lost.length} points lost`)
  return { said, lost }
})

describe("SQLite time series under kill -9", () => {
  it.scopedLive(
    "lose no acknowledged point, and agree with their points in all they answer",
    () =>
      Effect.gen(function* () {
        const { lost, said } = yield* killed("honest", 4)
        assert.isAtLeast(said.length, 400)
        assert.deepStrictEqual(lost, [])
      }),
    120_000
  )

  it.scopedLive(
    "would be seen to lose, if success were reported before the commit",
    () =>
      Effect.gen(function* () {
        const { lost } = yield* killed("boast", 1)
        assert.isAtLeast(lost.length, 1)
      }),
    120_000
  )
})

const ids = Array.from({ length: 3 }, (_, at) => InfluencerId.make(`mockstagram:${at + 1}`))
const begin = Date.UTC(2026, 2, 1) / 1_000

/** A store with something in each of its tables. */
const filled = Effect.gen(function* () {
  const path = yield* temporaryFile
  yield* Effect.gen(function* () {
    const store = yield* TimeSeries
    const points = ids.flatMap((id) =>
      Array.from(
        { length: 100 },
        (_, at): DataPoint => ({
          id,
          time: begin + at * 3_600,
          observedAt: begin + at * 3_600,
          followers: 1_000 + at
        })
      )
    )
    yield* store.write(points)
    yield* store.write(
      ids.map((id) => ({ id, time: begin + 40 * day, observedAt: begin + 40 * day, followers: 1 }))
    )
  }).pipe(Effect.provide(SqliteTimeSeries.layer(path)))
  return path
})

const blobs = [
  { table: "head", column: "points" },
  { table: "chunks", column: "points" },
  { table: "hours", column: "buckets" },
  { table: "days", column: "buckets" },
  { table: "closes", column: "figures" }
] as const

/** What reads the table, of an influencer that has all in it. */
const reading = (table: (typeof blobs)[number]["table"]) =>
  Effect.gen(function* () {
    const store = yield* TimeSeries
    const [id] = ids
    if (id === undefined) return
    switch (table) {
      case "head":
      case "chunks":
        return yield* store.points(id, everything)
      case "hours":
        return yield* store.rollups(id, "hour", everything)
      case "days":
        return yield* store.rollups(id, "month", everything)
      case "closes":
        return yield* store.topGrowth("followers", begin, begin + 2 * day, 10)
    }
  })

describe("SQLite time series", () => {
  for (const { column, table } of blobs)
    it.scopedLive(`says so when what it reads of ${table} is damaged or from elsewhere`, () =>
      Effect.gen(function* () {
        const damages = [
          // The last byte: a figure of one of the series.
          `UPDATE ${table} SET ${column} = CAST(substr(${column}, 1, length(${column}) - 1) || x'7f' AS BLOB)`,
          `UPDATE ${table} SET ${column} = substr(${column}, 1, length(${column}) - 1)`,
          `UPDATE ${table} SET ${column} = x''`,
          `UPDATE ${table} SET key = key + 3600`
        ]
        for (const damage of damages) {
          const path = yield* filled
          yield* Effect.sync(() => {
            const db = new BunDatabase(path, { readwrite: true })
            assert.isAbove(db.run(damage).changes, 0)
            db.close()
          })
          const error = yield* reading(table).pipe(Effect.provide(SqliteTimeSeries.layer(path)), Effect.flip)
          assert.strictEqual(error.reason, "corrupt", damage)
        }
      })
    )

  it.scopedLive("goes on with the numbers of the others after one was forgotten and came back", () =>
    Effect.gen(function* () {
      const store = yield* TimeSeries
      const batch = (time: number): ReadonlyArray<DataPoint> =>
        ids.map((id, at) => ({ id, time, observedAt: time, followers: at }))
      yield* store.write(batch(begin))
      yield* store.write(batch(begin + 60))
      const [first, second] = ids
      if (first === undefined || second === undefined) return
      yield* store.forget(first)
      yield* store.write(batch(begin + 120))
      const times = (id: InfluencerId) =>
        Effect.map(store.points(id, everything), (points) => points.map(({ time }) => time - begin))
      assert.deepStrictEqual(yield* times(first), [120])
      assert.deepStrictEqual(yield* times(second), [0, 60, 120])
      yield* store.maintain(begin + 10 * day, forever)
      assert.deepStrictEqual(yield* times(first), [120])
    }).pipe(Effect.provide(Layer.unwrapScoped(restartable)))
  )

  it.scopedLive("lets everybody else have their turn while it compacts and drops what is old", () =>
    Effect.gen(function* () {
      const store = yield* TimeSeries
      const blocks = 20
      const many = Array.from({ length: blocks * 32 }, (_, at) => InfluencerId.make(`mockstagram:${at + 1}`))
      const batch = (time: number): ReadonlyArray<DataPoint> =>
        many.map((id, at) => ({ id, time, observedAt: time, followers: at }))
      yield* store.write(batch(begin))
      yield* store.write(batch(begin + 20 * day))
      const upkeep = yield* Effect.fork(store.maintain(begin + 30 * day, { ...forever, raw: 15 }))
      const [first] = many
      if (first === undefined) return
      let written = 0
      while (upkeep.unsafePoll() === null) {
        // What a timer or a socket would do.
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        const time = begin + 29 * day + written
        written += yield* store.write([{ id: first, time, observedAt: time, followers: 1 }])
      }
      yield* Fiber.join(upkeep)
      assert.isAtLeast(written, 2 * blocks)
      assert.strictEqual((yield* store.stats).points, many.length + written)
    }).pipe(Effect.provide(Layer.unwrapScoped(restartable)))
  )
})
