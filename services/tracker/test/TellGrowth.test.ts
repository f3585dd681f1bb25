import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { Publisher } from "@influscope/pipeline/Publisher"
import { StateStore } from "@influscope/ports/StateStore"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { account } from "@influscope/testing/TrackedAccounts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { TellGrowth } from "../src/TellGrowth.ts"
import { Recorder, stateOf } from "./Recorder.ts"

const day = 86_400
/** 2026-03-01T00:00:00Z in epoch seconds. */
const march = 1_772_323_200

const id = (text: string): InfluencerId => InfluencerId.make(text)

/** A point at noon of a day after (or before) the first of March. */
const point = (influencer: InfluencerId, days: number, followers: number): DataPoint => {
  const time = march + days * day + day / 2
  return { id: influencer, time, observedAt: time, followers }
}

const idsOf = (points: ReadonlyArray<DataPoint>) => points.map(({ id }) => id)

/** Stores that outlive the processes built on them, on a clock that shows the end of March 1st. */
const world = Effect.gen(function* () {
  yield* TestClock.setTime((march + day - 1) * 1_000)
  const directory = yield* temporaryDirectory
  const stores = yield* Layer.build(
    Layer.merge(stateOf(directory), SqliteTimeSeries.layer(join(directory, "series.db")))
  )
  const recorder = new Recorder()
  const process = () =>
    TellGrowth.Default.pipe(
      Layer.provide(Publisher.Default),
      Layer.provide(recorder.layer),
      Layer.provide(Layer.succeedContext(stores)),
      Layer.fresh
    )
  return {
    recorder,
    process,
    series: Context.get(stores, TimeSeries),
    state: Context.get(stores, StateStore)
  }
})

const round = Effect.flatMap(TellGrowth, (tell) => tell.round)

/** All that was told, as account and growth, in the order it was. */
const toldTo = (recorder: Recorder): ReadonlyArray<readonly [string, number | null | undefined]> =>
  recorder.told.flatMap(({ observations }) => observations.map(({ fields, id }) => [id, fields.growth30]))

describe("telling how accounts grow", () => {
  it.scoped("tells of everybody on a platform once a day, and of nothing else", () =>
    Effect.gen(function* () {
      const { process, recorder, series } = yield* world
      yield* series.write([
        point(id("youtube:ana"), -30, 1_001),
        point(id("youtube:ana"), 0, 1_101),
        point(id("youtube:new"), 0, 5),
        point(id("instagram:lost"), -29, 2_001),
        point(id("instagram:lost"), -31, 2_001),
        point(id("instagram:lost"), -1, 1_001),
        point(account(7), -30, 10),
        point(account(7), 0, 20)
      ])
      yield* Effect.provide(Effect.zipRight(round, round), process())
      const expected: ReturnType<typeof toldTo> = [
        ["instagram:lost", (-1_000 / 2_001) * 100],
        ["youtube:ana", (100 / 1_001) * 100],
        ["youtube:new", null]
      ]
      assert.deepStrictEqual(toldTo(recorder), expected)
      const [ana] = recorder.told.flatMap(({ observations }) =>
        observations.filter(({ handle }) => handle === "ana")
      )
      assert.deepInclude(ana, { source: "tracking", observedAt: march * 1_000 })
      assert.deepStrictEqual(Object.keys(ana?.fields ?? {}), ["growth30"])

      yield* TestClock.adjust("1 day")
      yield* series.write([point(id("youtube:ana"), 1, 2_002)])
      yield* Effect.provide(round, process())
      assert.deepStrictEqual(toldTo(recorder).slice(3), [
        ["instagram:lost", (-1_000 / 2_001) * 100],
        ["youtube:ana", 100],
        ["youtube:new", null]
      ])
    })
  )

  it.scoped("goes on where it was, and a page that was told already is not told again", () =>
    Effect.gen(function* () {
      const { process, recorder, series, state } = yield* world
      const names = Array.from({ length: 3_200 }, (_, place) => id(`x:user${String(place).padStart(5, "0")}`))
      for (let first = 0; first < names.length; first += 1_000)
        yield* series.write(names.slice(first, first + 1_000).map((name) => point(name, 0, 10)))
      yield* Effect.provide(round, process())
      assert.strictEqual(toldTo(recorder).length, 1_000)
      const noted = yield* state.get("tracking/growth-told")
      for (let rounds = 0; rounds < 4; rounds++) yield* Effect.provide(round, process())
      assert.strictEqual(toldTo(recorder).length, 3_200)
      // As if the process had ended before it noted how far it was.
      yield* state.set("tracking/growth-told", noted._tag === "Some" ? noted.value.value : "")
      yield* Effect.provide(Effect.zipRight(round, round), process())
      assert.deepStrictEqual(new Set(toldTo(recorder).map(([name]) => name)), new Set<string>(names))
      assert.strictEqual(toldTo(recorder).length, 3_200)
    })
  )

  it.scoped("tells of given history soon, and again that day only when it changed notably", () =>
    Effect.gen(function* () {
      const { process, recorder, series } = yield* world
      const give = (...points: ReadonlyArray<DataPoint>) =>
        Effect.gen(function* () {
          yield* series.write(points)
          const tell = yield* TellGrowth
          tell.noteGiven(idsOf(points))
          yield* tell.round
        })
      yield* Effect.gen(function* () {
        yield* round
        yield* give(point(id("tiktok:bo"), 0, 1_999))
        assert.deepStrictEqual(toldTo(recorder), [["tiktok:bo", null]])
        yield* give(point(id("tiktok:bo"), -30, 1_001), point(id("tiktok:bo"), -1, 1_500))
        assert.deepStrictEqual(toldTo(recorder).slice(1), [["tiktok:bo", (998 / 1_001) * 100]])
        // An hour later half a percent more.
        yield* give({ ...point(id("tiktok:bo"), 0, 2_004), time: march + day / 2 + 3_600 })
        assert.strictEqual(recorder.told.length, 2)
        yield* TestClock.adjust("1 day")
        yield* give(point(id("tiktok:bo"), 1, 2_005))
      }).pipe(Effect.provide(process()))
      // The next day: as one of those with history, and as one of everybody.
      const growth = ((2_005 - 1_001) / 1_001) * 100
      assert.deepStrictEqual(toldTo(recorder).slice(2), [
        ["tiktok:bo", growth],
        ["tiktok:bo", growth]
      ])
    })
  )

  it.scoped("tells of everybody again when more were given history than could be named", () =>
    Effect.gen(function* () {
      const { process, recorder, series } = yield* world
      yield* series.write([point(id("x:cy"), 0, 5), point(id("x:di"), 0, 5)])
      yield* Effect.gen(function* () {
        yield* round
        ;(yield* TellGrowth).noteMoreGiven()
        yield* round
      }).pipe(Effect.provide(process()))
      const everybody = ["x:cy", "x:di"]
      assert.deepStrictEqual(
        toldTo(recorder).map(([name]) => name),
        [...everybody, ...everybody]
      )
    })
  )

  it.scoped("leaves those it did not get to tell of to the next process", () =>
    Effect.gen(function* () {
      const { process, recorder, series } = yield* world
      yield* Effect.provide(round, process())
      const points = [point(id("x:cy"), -30, 1_001), point(id("x:cy"), 0, 2_002)]
      yield* Effect.provide(
        Effect.zipRight(
          series.write(points),
          Effect.map(TellGrowth, (tell) => tell.noteGiven(idsOf(points)))
        ),
        process()
      )
      assert.deepStrictEqual(toldTo(recorder), [])
      yield* Effect.provide(Effect.zipRight(round, round), process())
      assert.deepStrictEqual(toldTo(recorder), [["x:cy", 100]])
    })
  )
})
