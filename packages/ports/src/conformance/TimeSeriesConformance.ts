import { assert, describe, it } from "@effect/vitest"
import { type DataPoint, metricNames } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { rollupLevels } from "@influscope/domain/tracking/Resolution"
import type { Retention } from "@influscope/domain/tracking/Retention"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Struct from "effect/Struct"
import { type Change, type Range, TimeSeries } from "../TimeSeries.ts"
import { type Restartable, suite, unique } from "./Conformance.ts"
import { TimeSeriesModel } from "./TimeSeriesModel.ts"

export interface TimeSeriesConformanceOptions<E> {
  /** Left out, the tests of restarts do not run. */
  readonly restartable?: Restartable<TimeSeries, E>
  /** How many sequences are compared with the model; fewer for stores that are slow. */
  readonly sequences?: number
}

const minute = 60
const hour = 3_600
const day = 24 * hour
/** A Sunday and the first of a month: weeks, months and days end at different times around it. */
const march = Date.UTC(2026, 2, 1) / 1_000

const forever: Retention = { raw: null, hour: null, day: null, week: null, month: null }
const everything: Range = { from: 0, to: 2 ** 32, limit: 1_000_000 }

const newId = (): InfluencerId => InfluencerId.make(unique("instagram:u"))

type Figures = Omit<DataPoint, "id" | "time" | "observedAt">

const pointOf = (
  id: InfluencerId,
  time: number,
  figures: Figures = { followers: time % 1_000 }
): DataPoint => ({
  id,
  time,
  observedAt: time + 2,
  ...figures
})

/** Points at steady distances whose followers count up from 1,000. */
const run = (id: InfluencerId, start: number, step: number, count: number): ReadonlyArray<DataPoint> =>
  Array.from({ length: count }, (_, at) => pointOf(id, start + at * step, { followers: 1_000 + at }))

const single = (value: number) => ({
  first: value,
  last: value,
  min: value,
  max: value,
  sum: value,
  count: 1
})

const growthOf = ({ end, start }: Change): number => end / start

const byId = (a: Change, b: Change): number => (a.id < b.id ? -1 : 1)

// What the model is compared by: writes of several shapes, upkeep at any time, and removals.

type Step =
  | { readonly _tag: "Write"; readonly points: ReadonlyArray<DataPoint> }
  | { readonly _tag: "Maintain"; readonly now: number; readonly retention: Retention }
  | { readonly _tag: "Forget"; readonly id: InfluencerId }

const ids = ["instagram:ada", "tiktok:bob", "youtube:cyd", "mockstagram:7", "mockstagram:42"].map((id) =>
  InfluencerId.make(id)
)
const someId = FastCheck.constantFrom(...ids)

/** Minutes of two days, and hours of a hundred days. */
const someTime = FastCheck.oneof(
  FastCheck.nat(2 * 24 * 60).map((minutes) => march + 40 * day + minutes * minute),
  FastCheck.nat(100 * 24).map((hours) => march + hours * hour)
)

const figure = FastCheck.oneof(
  FastCheck.nat(5),
  FastCheck.integer({ min: 1_000_000, max: 1_000_100 }),
  FastCheck.maxSafeNat().map((value) => Math.floor(value / 2 ** 12))
)

const someFigures = FastCheck.record(Object.fromEntries(metricNames.map((name) => [name, figure])), {
  requiredKeys: []
})

const somePoint = FastCheck.record({
  id: someId,
  time: someTime,
  late: FastCheck.nat(600),
  figures: someFigures
}).map(({ figures, id, late, time }): DataPoint => ({ id, time, observedAt: time + late, ...figures }))

/** Some of them told twice, with other figures. */
const somePoints = FastCheck.array(somePoint, { maxLength: 60 }).map((points) => [
  ...points,
  ...points.slice(0, 5).map((point) => ({ ...point, followers: 7 }))
])

/** Many points of one influencer, as in an import; from the newest to the oldest half of the time. */
const someRun = FastCheck.record({
  id: someId,
  start: someTime,
  step: FastCheck.constantFrom(minute, 7 * minute, hour, day),
  count: FastCheck.integer({ min: 1, max: 700 }),
  reversed: FastCheck.boolean()
}).map(({ count, id, reversed, start, step }) => {
  const points = run(id, start, step, Math.min(count, Math.ceil((100 * day) / step)))
  return reversed ? [...points].reverse() : points
})

/** All influencers at the same time, as they are tracked. */
const someRounds = FastCheck.record({
  start: someTime,
  step: FastCheck.constantFrom(minute, hour),
  count: FastCheck.integer({ min: 1, max: 30 }),
  figures: someFigures
}).map(({ count, figures, start, step }) =>
  Array.from({ length: count }, (_, at) => ids.map((id) => pointOf(id, start + at * step, figures))).flat()
)

const someRetention: FastCheck.Arbitrary<Retention> = FastCheck.constantFrom(
  forever,
  forever,
  { raw: 30, hour: 60, day: null, week: null, month: null },
  { raw: 2, hour: 10, day: 20, week: null, month: null },
  { raw: 1, hour: 1, day: 40, week: 50, month: null },
  { raw: 20, hour: 5, day: 5, week: 5, month: 90 }
)

const someStep: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  {
    weight: 6,
    arbitrary: FastCheck.oneof(somePoints, someRun, someRounds).map((points) => ({
      _tag: "Write" as const,
      points
    }))
  },
  {
    weight: 3,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Maintain" as const),
      now: FastCheck.nat(110).map((days) => march + days * day + 5 * hour),
      retention: someRetention
    })
  },
  { weight: 1, arbitrary: someId.map((id) => ({ _tag: "Forget" as const, id })) }
)

const someSteps = FastCheck.array(someStep, { minLength: 3, maxLength: 14 })

const take = Effect.fnUntraced(function* (model: TimeSeriesModel, step: Step) {
  const store = yield* TimeSeries
  switch (step._tag) {
    case "Write":
      return assert.strictEqual(yield* store.write(step.points), model.write(step.points))
    case "Maintain":
      yield* store.maintain(step.now, step.retention)
      model.maintain(step.now, step.retention)
      {
        const { points, series } = yield* store.stats
        return assert.deepStrictEqual({ series, points }, model.stats())
      }
    case "Forget":
      yield* store.forget(step.id)
      return model.forget(step.id)
  }
})

const someMetrics = ["totalLikes", "followers"] as const

const assertModel = Effect.fnUntraced(function* (model: TimeSeriesModel, times: ReadonlyArray<number>) {
  const store = yield* TimeSeries
  assert.deepStrictEqual(yield* store.ids(undefined, 100), model.ids())
  const [a = march, b = march + day, at = march] = times
  const ranges = [everything, { from: Math.min(a, b), to: Math.max(a, b), limit: 50 }]
  for (const [place, id] of ids.entries()) {
    for (const range of ranges) {
      assert.deepStrictEqual(yield* store.points(id, range), model.points(id, range))
      for (const level of rollupLevels)
        assert.deepStrictEqual(yield* store.rollups(id, level, range), model.rollups(id, level, range), level)
    }
    const level = rollupLevels[place % rollupLevels.length] ?? "hour"
    assert.deepStrictEqual(
      yield* store.rollups(id, level, everything, someMetrics),
      model
        .rollups(id, level, everything)
        .map(({ metrics, time }) => ({ time, metrics: Struct.pick(metrics, ...someMetrics) })),
      level
    )
  }
  for (const time of [at, 2 ** 32 - 1])
    assert.deepStrictEqual(
      (yield* store.last(ids, time)).map(Option.getOrUndefined),
      ids.map((id) => model.last(id, time))
    )
  for (const metric of metricNames)
    for (const [from, to] of [[a, b] as const, [at, 2 ** 32 - 1] as const]) {
      const expected = model.growth(metric, from, to)
      const found = yield* store.topGrowth(metric, from, to, 100)
      assert.deepStrictEqual(found.map(growthOf), expected.map(growthOf))
      assert.deepStrictEqual([...found].sort(byId), [...expected].sort(byId))
      const two = yield* store.topGrowth(metric, from, to, 2)
      assert.deepStrictEqual(two.map(growthOf), expected.slice(0, 2).map(growthOf))
    }
})

/**
 * What every TimeSeries must do. Each build of the layer has to be an empty store of its own: one is shared by the tests,
 * and the comparison with the model makes many.
 */
export const timeSeriesConformance = <E>(
  name: string,
  layer: Layer.Layer<TimeSeries, E>,
  options: TimeSeriesConformanceOptions<E> = {}
): void => {
  suite(`TimeSeries: ${name}`, layer, (test) => {
    test("answers the points of a range, oldest first and page by page", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const [id, other] = [newId(), newId()]
        const points = run(id, march, minute, 10)
        assert.strictEqual(yield* store.write([...points].reverse()), 10)
        yield* store.write(run(other, march, minute, 10))
        assert.deepStrictEqual(yield* store.points(id, everything), points)
        const range = { from: march + 2 * minute, to: march + 7 * minute, limit: 3 }
        assert.deepStrictEqual(yield* store.points(id, range), points.slice(2, 5))
        const rest = { ...range, from: march + 4 * minute + 1 }
        assert.deepStrictEqual(yield* store.points(id, rest), points.slice(5, 7))
        assert.deepStrictEqual(yield* store.points(id, { ...range, to: range.from }), [])
      }))

    test("answers nothing of influencers it does not know, and takes nothing for an answer", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const id = newId()
        assert.strictEqual(yield* store.write([]), 0)
        assert.deepStrictEqual(yield* store.points(id, everything), [])
        assert.deepStrictEqual(yield* store.rollups(id, "day", everything), [])
        assert.deepStrictEqual(yield* store.last([id, id], march), [Option.none(), Option.none()])
        assert.deepStrictEqual(yield* store.last([], march), [])
        yield* store.forget(id)
        assert.notInclude(yield* store.ids(undefined, 1_000), id)
      }))

    test("keeps figures as they are: absent, zero, and the greatest there is", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const id = newId()
        const all = Object.fromEntries(
          metricNames.map((metric, at) => [metric, Number.MAX_SAFE_INTEGER - at])
        )
        const points: ReadonlyArray<DataPoint> = [
          pointOf(id, march, {}),
          pointOf(id, march + 1, { followers: 0 }),
          pointOf(id, march + 2, all),
          { id, time: march + 3, observedAt: march - 100, posts: 2 ** 31, avgLikes: 2 ** 32 },
          { id, time: march + 4, observedAt: 2 ** 32 - 1, totalViews: 1 },
          { id, time: 2 ** 32 - 1, observedAt: 2 ** 32 - 1, followers: 5 },
          pointOf(id, march + 5, { following: Number.MAX_SAFE_INTEGER })
        ]
        const sorted = [...points].sort((a, b) => a.time - b.time)
        assert.strictEqual(yield* store.write(points), points.length)
        assert.deepStrictEqual(yield* store.points(id, everything), sorted)
        yield* store.maintain(march + 10 * day, forever)
        assert.deepStrictEqual(yield* store.points(id, everything), sorted)
        const [first, second] = yield* store.rollups(id, "day", everything)
        assert.deepStrictEqual(first?.metrics.totalLikes, single(Number.MAX_SAFE_INTEGER - 3))
        assert.deepStrictEqual(first?.metrics.avgLikes, {
          first: Number.MAX_SAFE_INTEGER - 5,
          last: 2 ** 32,
          min: 2 ** 32,
          max: Number.MAX_SAFE_INTEGER - 5,
          sum: Number.MAX_SAFE_INTEGER - 5 + 2 ** 32,
          count: 2
        })
        assert.deepStrictEqual(second?.metrics, { followers: single(5) })
        yield* store.forget(id)
      }))

    test("lets the first point of a time stay, and counts what was new", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const id = newId()
        const first = pointOf(id, march, { followers: 1 })
        assert.strictEqual(yield* store.write([first, pointOf(id, march, { followers: 2 })]), 1)
        assert.strictEqual(yield* store.write([pointOf(id, march, { posts: 3 }), pointOf(id, march + 1)]), 1)
        yield* store.maintain(march + 10 * day, forever)
        assert.strictEqual(yield* store.write([pointOf(id, march, { posts: 4 })]), 0)
        assert.strictEqual(yield* store.write(run(id, march, 1, 100)), 98)
        assert.deepStrictEqual(yield* store.points(id, { ...everything, limit: 1 }), [first])
      }))

    test("counts a point once when it is written by many at the same time", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const batch = Array.from({ length: 40 }, newId).flatMap((id) => run(id, march, minute, 5))
        const counts = yield* Effect.forEach(
          Array.from({ length: 8 }, (_, at) => batch.slice(at * 10)),
          store.write,
          { concurrency: 8 }
        )
        assert.strictEqual(
          counts.reduce((sum, count) => sum + count, 0),
          200
        )
      }))

    test("rolls up by UTC hour, day, week from Monday and month", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const id = newId()
        const figures = [
          [march - day, 50],
          [march, 100],
          [march + 59 * minute, 90],
          [march + hour, 120],
          [march + day, 110],
          [march + 8 * day, 130]
        ] as const
        const check = Effect.gen(function* () {
          const starts = (level: (typeof rollupLevels)[number]) =>
            Effect.map(store.rollups(id, level, everything), (all) =>
              all.map(({ metrics, time }) => [time, metrics.followers?.count])
            )
          assert.deepStrictEqual(yield* starts("hour"), [
            [march - day, 1],
            [march, 2],
            [march + hour, 1],
            [march + day, 1],
            [march + 8 * day, 1]
          ])
          assert.deepStrictEqual(yield* starts("week"), [
            [march - 6 * day, 4],
            [march + day, 1],
            [march + 8 * day, 1]
          ])
          assert.deepStrictEqual(yield* starts("month"), [
            [march - 28 * day, 1],
            [march, 5]
          ])
          const [first, second] = yield* store.rollups(id, "day", {
            from: march - day,
            to: march + 1,
            limit: 5
          })
          assert.deepStrictEqual(first, { time: march - day, metrics: { followers: single(50) } })
          assert.deepStrictEqual(second, {
            time: march,
            metrics: { followers: { first: 100, last: 120, min: 90, max: 120, sum: 310, count: 3 } }
          })
          const within = { from: march + 1, to: march + 8 * day + 1, limit: 2 }
          assert.deepStrictEqual(
            (yield* store.rollups(id, "day", within)).map(({ time }) => time),
            [march + day, march + 8 * day]
          )
        })
        yield* store.write(figures.map(([time, followers]) => pointOf(id, time, { followers })))
        yield* check
        yield* store.maintain(march + 30 * day, forever)
        yield* check
      }))

    test("takes late points into rollups that were made", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const id = newId()
        yield* store.write(run(id, march, day, 60))
        yield* store.maintain(march + 90 * day, forever)
        const late = pointOf(id, march + 20 * day + 5 * hour, { followers: 7, posts: 3 })
        assert.strictEqual(yield* store.write([late]), 1)
        const check = Effect.gen(function* () {
          const [found] = yield* store.rollups(id, "day", {
            from: march + 20 * day,
            to: march + 21 * day,
            limit: 9
          })
          assert.deepStrictEqual(found?.metrics, {
            followers: { first: 1_020, last: 7, min: 7, max: 1_020, sum: 1_027, count: 2 },
            posts: single(3)
          })
          const months = yield* store.rollups(id, "month", everything)
          assert.deepStrictEqual(
            months.map((month) => month.metrics.followers?.min),
            [7, 1_031]
          )
        })
        yield* check
        yield* store.maintain(march + 91 * day, forever)
        yield* check
      }))

    test("finds the last point at or before a time", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const [id, other] = [newId(), newId()]
        const points = run(id, march, hour, 100)
        yield* store.write(points)
        yield* store.write([pointOf(other, march + 50 * hour)])
        const check = Effect.gen(function* () {
          const found = yield* store.last([other, id, newId(), id], march + 49 * hour + 5)
          assert.deepStrictEqual(found.map(Option.getOrUndefined), [
            undefined,
            points[49],
            undefined,
            points[49]
          ])
          const [exact, before] = [
            yield* store.last([id], march + 10 * hour),
            yield* store.last([id], march - 1)
          ]
          assert.deepStrictEqual(exact.map(Option.getOrUndefined), [points[10]])
          assert.deepStrictEqual(before, [Option.none()])
        })
        yield* check
        yield* store.maintain(march + 30 * day, forever)
        yield* check
      }))

    test("ranks influencers by relative change, by the figures of whole days", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const figures = { slow: [100, 110], fast: [10, 30], fallen: [50, 25], zero: [0, 900] } as const
        const named = Object.entries(figures).map(([key, values]) => ({ key, id: newId(), values }))
        // A metric that no other test ranks by.
        yield* store.write(
          named.flatMap(({ id, values: [start, end] }) => [
            pointOf(id, march + hour, { avgComments: start }),
            pointOf(id, march + 6 * day + 20 * hour, { avgComments: end }),
            pointOf(id, march + 7 * day, { avgComments: 1 })
          ])
        )
        const latecomer = newId()
        yield* store.write([pointOf(latecomer, march + day, { avgComments: 1 })])
        const ranked = (from: number, to: number, limit: number) =>
          Effect.map(store.topGrowth("avgComments", from, to, limit), (found) =>
            found.map(({ end, id, start }) => [named.find((each) => each.id === id)?.key, start, end])
          )
        const check = Effect.gen(function* () {
          assert.deepStrictEqual(yield* ranked(march, march + 6 * day, 10), [
            ["fast", 10, 30],
            ["slow", 100, 110],
            ["fallen", 50, 25]
          ])
          assert.deepStrictEqual(yield* ranked(march + 23 * hour, march + 6 * day, 1), [["fast", 10, 30]])
          assert.deepStrictEqual(yield* ranked(march - day, march + 6 * day, 10), [])
        })
        yield* check
        yield* store.maintain(march + 30 * day, forever)
        yield* check
      }))

    test("lists influencers by their ids, page by page", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const root = unique("youtube:")
        // In the order of their code points, which is not that of UTF-16.
        const named = ["-a", "-b", "-ä", "-日", "-\uff5a", "-\u{1f600}"].map((end) =>
          InfluencerId.make(`${root}${end}`)
        )
        yield* Effect.forEach([...named].reverse(), (id) => store.write([pointOf(id, march)]), {
          discard: true
        })
        const found: Array<InfluencerId> = []
        for (let after: InfluencerId | undefined; ; ) {
          const page: ReadonlyArray<InfluencerId> = yield* store.ids(after, 4)
          assert.isAtMost(page.length, 4)
          after = page[page.length - 1]
          if (after === undefined) break
          found.push(...page)
        }
        assert.deepStrictEqual(
          found.filter((id) => id.startsWith(root)),
          named
        )
        assert.strictEqual(new Set(found).size, found.length)
      }))

    test("forgets an influencer wholly, and no other", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const [id, other] = [newId(), newId()]
        const points = run(other, march, hour, 100)
        yield* store.write([...run(id, march, hour, 100), ...points])
        yield* store.maintain(march + 30 * day, forever)
        yield* store.write([pointOf(id, march + 31 * day), pointOf(other, march + 31 * day)])
        yield* store.forget(id)
        assert.deepStrictEqual(yield* store.points(id, everything), [])
        assert.deepStrictEqual(yield* store.rollups(id, "hour", everything), [])
        assert.deepStrictEqual(yield* store.last([id], march + 40 * day), [Option.none()])
        assert.notInclude(
          (yield* store.topGrowth("followers", march, march + 40 * day, 1_000)).map((change) => change.id),
          id
        )
        assert.notInclude(yield* store.ids(undefined, 1_000), id)
        assert.strictEqual((yield* store.points(other, everything)).length, 101)
        assert.strictEqual(yield* store.write([pointOf(id, march, { followers: 3 })]), 1)
        assert.strictEqual((yield* store.rollups(id, "month", everything))[0]?.metrics.followers?.sum, 3)
      }))

    test("keeps long histories in order, in whatever order they come", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const id = newId()
        const points = run(id, march, 10 * minute, 3_000)
        const parts = Array.from({ length: 30 }, (_, part) =>
          points.filter((_, at) => (at * 7) % 30 === part)
        )
        for (const [at, part] of parts.entries()) {
          assert.strictEqual(yield* store.write(part), 100)
          if (at % 10 === 9) yield* store.maintain(march + 30 * day, forever)
        }
        assert.deepStrictEqual(yield* store.points(id, everything), points)
        const hours = yield* store.rollups(id, "hour", everything)
        assert.strictEqual(hours.length, 500)
        assert.isTrue(hours.every((each, at) => each.metrics.followers?.first === 1_000 + 6 * at))
        assert.isTrue(hours.every((each) => each.metrics.followers?.count === 6))
      }))

    test("follows many influencers for days, with upkeep all the time", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const model = new TimeSeriesModel()
        const tracked = Array.from({ length: 70 }, newId)
        for (let round = 0; round < 180; round++) {
          const time = march + round * 10 * minute
          const batch = tracked
            .filter((_, at) => (at + round) % 11 !== 0)
            .map((id, at) =>
              // Not every answer tells all figures.
              pointOf(id, time, {
                followers: 1_000 + at * round,
                ...(round % 150 < 60 && { posts: 1 + at + round })
              })
            )
          // What failed a while ago comes late.
          const late = tracked
            .filter((_, at) => (at + round) % 11 === 5)
            .map((id) => pointOf(id, time - 50 * minute, { followers: round }))
          for (const points of [batch, late])
            assert.strictEqual(yield* store.write(points), model.write(points))
          yield* store.maintain(time, forever)
        }
        for (const id of tracked) {
          assert.deepStrictEqual(yield* store.points(id, everything), model.points(id, everything))
          for (const level of rollupLevels)
            assert.deepStrictEqual(
              yield* store.rollups(id, level, everything),
              model.rollups(id, level, everything)
            )
        }
        const at = march + 28 * hour
        assert.deepStrictEqual(
          (yield* store.last(tracked, at)).map(Option.getOrUndefined),
          tracked.map((id) => model.last(id, at))
        )
        const isTracked = new Set(tracked)
        for (const metric of ["followers", "posts"] as const) {
          const changes = (yield* store.topGrowth(metric, march, march + day, 1_000)).filter(({ id }) =>
            isTracked.has(id)
          )
          assert.deepStrictEqual(
            [...changes].sort(byId),
            [...model.growth(metric, march, march + day)].sort(byId)
          )
        }
      }))

    test("counts what it holds", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const before = yield* store.stats
        yield* store.write([...run(newId(), march, minute, 20), ...run(newId(), march, minute, 3)])
        const after = yield* store.stats
        assert.strictEqual(after.series, before.series + 2)
        assert.strictEqual(after.points, before.points + 23)
        assert.isAbove(after.bytes, 0)
      }))
  })

  // On a store of its own: what is dropped stays dropped.
  suite(`TimeSeries retention: ${name}`, layer, (test) => {
    test("drops what is too old, level by level, and counts no point twice", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const [id, other] = [newId(), newId()]
        yield* store.write(run(id, march, 20 * minute, 7_200))
        const now = march + 100 * day + 5 * hour
        yield* store.maintain(now, { raw: 10, hour: 40, day: 60, week: 70, month: null })
        const [point] = yield* store.points(id, everything)
        assert.strictEqual(point?.time, march + 90 * day)
        const firsts = yield* Effect.forEach(rollupLevels, (level) =>
          Effect.map(store.rollups(id, level, everything), ([first]) => first)
        )
        assert.deepStrictEqual(
          firsts.map((first) => first?.time),
          [march + 60 * day, march + 40 * day, march + 29 * day, march]
        )
        const all = yield* Effect.forEach(rollupLevels, (level) => store.rollups(id, level, everything))
        // Of times without points of their own: in an hour, a day, a week and a month that had some.
        for (const days of [80, 50, 35, 5])
          assert.strictEqual(yield* store.write([pointOf(id, march + days * day + 7)]), 0)
        assert.deepStrictEqual(
          yield* Effect.forEach(rollupLevels, (level) => store.rollups(id, level, everything)),
          all
        )
        // The same of somebody who had none.
        for (const days of [80, 50, 35, 5])
          assert.strictEqual(yield* store.write([pointOf(other, march + days * day + 7, { posts: days })]), 1)
        assert.strictEqual(
          yield* store.write([pointOf(other, march + 80 * day + 2 * hour, { posts: 90 })]),
          1
        )
        assert.deepStrictEqual(yield* store.points(other, everything), [])
        const days = yield* store.rollups(other, "day", everything)
        assert.deepStrictEqual(
          days.map(({ metrics }) => metrics.posts),
          [single(50), { first: 80, last: 90, min: 80, max: 90, sum: 170, count: 2 }]
        )
        const months = yield* store.rollups(other, "month", everything)
        assert.deepStrictEqual(
          months.map(({ metrics }) => metrics.posts?.sum),
          [5, 85, 170]
        )
      }))

    test("ignores points of a time of which nothing is kept", () =>
      Effect.gen(function* () {
        const store = yield* TimeSeries
        const id = newId()
        yield* store.maintain(march + 100 * day, { raw: 10, hour: 10, day: 10, week: 10, month: 10 })
        assert.strictEqual(yield* store.write([pointOf(id, march)]), 0)
        assert.notInclude(yield* store.ids(undefined, 1_000), id)
      }))
  })

  describe(`TimeSeries: ${name}`, () => {
    const compare = (steps: ReadonlyArray<Step>, times: ReadonlyArray<number>) =>
      Effect.gen(function* () {
        const model = new TimeSeriesModel()
        for (const step of steps) {
          yield* take(model, step)
          yield* assertModel(model, times)
        }
      }).pipe(
        Effect.onError(() => Effect.logError(JSON.stringify({ steps, times }))),
        Effect.provide(Layer.fresh(layer))
      )

    it.live(
      "agrees with the model through any sequence of writes, upkeep and removals",
      () =>
        Effect.forEach(
          FastCheck.sample(
            FastCheck.tuple(someSteps, FastCheck.tuple(someTime, someTime, someTime)),
            options.sequences ?? 15
          ),
          ([steps, times]) => compare(steps, times),
          { discard: true }
        ),
      300_000
    )
  })

  const { restartable } = options
  if (restartable === undefined) return
  describe(`TimeSeries across restarts: ${name}`, () => {
    it.scopedLive("keeps points, rollups and what was dropped", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const id = newId()
        const points = run(id, march, hour, 240)
        const retention = { ...forever, raw: 5 }
        yield* Effect.gen(function* () {
          const store = yield* TimeSeries
          yield* store.write(points.slice(0, 200))
          yield* store.maintain(march + 10 * day, retention)
          yield* store.write(points.slice(200))
        }).pipe(Effect.provide(process))
        yield* Effect.gen(function* () {
          const store = yield* TimeSeries
          assert.deepStrictEqual(yield* store.points(id, everything), points.slice(120))
          assert.strictEqual((yield* store.rollups(id, "hour", everything)).length, 240)
          assert.strictEqual(yield* store.write(points), 0)
        }).pipe(Effect.provide(process))
      })
    )
  })
}
