import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { PCGRandom } from "effect/Utils"
import { daysUntil, fitTrend, forecastAt, Projection, projectionOf } from "../../src/tracking/Projection.ts"
import { studentT } from "../../src/tracking/StudentT.ts"
import { type Account, daily, simulate, someAccount, threeDigits } from "./Simulated.ts"

const steady: Account = {
  start: 50_000,
  drift: 0.002,
  spread: 0.3,
  season: 0.3,
  rounded: false,
  missing: 0
}

const percentPerDay = (values: ReadonlyArray<number | undefined>): number => {
  const projection = projectionOf(daily(values))
  return projection === null ? Number.NaN : projection.percentPerDay
}

/** Grows by so many percent a day. */
const growing = (percent: number, days: number, start = 100_003): ReadonlyArray<number> =>
  Array.from({ length: days }, (_, index) => Math.round(start * (1 + percent / 100) ** index))

describe("Student's t", () => {
  // Two-sided 80 and 95 %, and the tail that 3.5 leaves to a normal distribution.
  it.each([
    [10, 1.3722, 2.2281, 5.07],
    [13, 1.3502, 2.1604, 4.67],
    [20, 1.3253, 2.086, 4.19],
    [89, 1.291, 1.987, 3.63]
  ])("with %d degrees of freedom", (freedom, at80, at95, at35) => {
    assert.closeTo(studentT(1.281552, freedom), at80, 2e-4)
    assert.closeTo(studentT(1.959964, freedom), at95, 3e-4)
    assert.closeTo(studentT(3.5, freedom), at35, 0.06)
  })
})

describe("a projection", () => {
  it("continues steady growth", () => {
    const projection = projectionOf(daily(growing(0.5, 60)))
    assert.closeTo(projection?.percentPerDay ?? 0, 0.5, 1e-3)
    assert.deepStrictEqual(
      projection?.forecasts.map(({ days }) => days),
      [7, 30, 90]
    )
    for (const { days, value, low95, high95 } of projection?.forecasts ?? []) {
      const expected = 100_003 * 1.005 ** (59 + days)
      assert.closeTo(value / expected, 1, 1e-3)
      assert.isTrue(low95 <= expected && expected <= high95)
    }
  })

  it("needs 14 values above 0, the last one among them", () => {
    assert.isNull(projectionOf([]))
    assert.isNull(projectionOf(daily(growing(1, 13))))
    assert.isNotNull(projectionOf(daily(growing(1, 14))))
    assert.isNull(projectionOf(daily([...growing(1, 30), 0])))
    assert.isNull(projectionOf(daily([...growing(1, 12), ...Array(90), 100])))
    assert.closeTo(percentPerDay(growing(1, 40).map((count, index) => (index === 20 ? 0 : count))), 1, 1e-2)
  })

  it("is of the last 90 days", () => {
    assert.closeTo(percentPerDay([...growing(3, 200, 101), ...growing(0.1, 91)]), 0.1, 1e-3)
  })

  it("weighs a gap by its days", () => {
    const counts = growing(0.4, 60)
    assert.closeTo(
      percentPerDay(counts.map((count, index) => (index % 3 === 1 ? undefined : count))),
      0.4,
      1e-3
    )
  })

  it.each([
    ["viral jump", (count: number, index: number) => (index >= 40 ? 1.5 * count : count)],
    ["purge", (count: number, index: number) => (index >= 40 ? 0.7 * count : count)],
    ["wrong figure of one day", (count: number, index: number) => (index === 40 ? 3 * count : count)],
    ["viral jump on the last day", (count: number, index: number) => (index === 89 ? 1.5 * count : count)]
  ])("is not tilted by a %s", (_, disturb) => {
    const counts = simulate(new PCGRandom(7), steady, 90).map(({ value }) => value)
    const undisturbed = percentPerDay(counts)
    const disturbed = percentPerDay(counts.map((count, index) => Math.round(disturb(count, index))))
    assert.closeTo(disturbed / undisturbed, 1, 0.03)
  })

  it("starts from the level that a jump has left", () => {
    const trend = fitTrend(daily(growing(0.2, 90).map((count, index) => (index < 80 ? count : 2 * count))))
    assert.strictEqual(trend?.outliers, 1)
    assert.strictEqual(trend === null ? 0 : forecastAt(trend, 0).value, trend?.last.value)
  })

  it("of a rounded count that stands still is no surer than the rounding", () => {
    const [week] = projectionOf(daily(Array(30).fill(115_000)))?.forecasts ?? []
    assert.strictEqual(week?.value, 115_000)
    assert.isTrue((week?.high95 ?? 0) - (week?.low95 ?? 0) > 1_000)
  })

  it("of a rounded count is near that of the exact one", () => {
    const exact = growing(0.3, 90, 1_200_345)
    assert.closeTo(percentPerDay(exact.map(threeDigits)), percentPerDay(exact), 0.02)
  })

  it("has intervals that hold what came, about as often as they say", () => {
    const random = new PCGRandom(11)
    const outcomes = Array.from({ length: 400 }, () => {
      const series = simulate(random, { ...someAccount(random), missing: 0 }, 150)
      const trend = fitTrend(series.slice(0, 120))
      const truth = series.at(-1)?.value ?? 0
      const { low80, high80, low95, high95 } =
        trend === null ? assert.fail("no trend") : forecastAt(trend, 30)
      return { in80: low80 <= truth && truth <= high80, in95: low95 <= truth && truth <= high95 }
    })
    const share = (held: (outcome: (typeof outcomes)[number]) => boolean): number =>
      outcomes.filter(held).length / outcomes.length
    assert.isAtLeast(
      share(({ in80 }) => in80),
      0.75
    )
    assert.isAtLeast(
      share(({ in95 }) => in95),
      0.92
    )
  })
})

describe("days until a count", () => {
  it("are when the forecast and its bounds reach it", () => {
    const trend = fitTrend(simulate(new PCGRandom(3), steady, 90))
    if (trend === null) return assert.fail("no trend")
    const target = Math.round(trend.last.value * 1.1)
    const { expected, earliest, latest } = daysUntil(trend, target)
    assert.closeTo(expected ?? 0, Math.log(1.1) / trend.drift, 1)
    assert.isTrue((earliest ?? 999) < (expected ?? 0) && (expected ?? 999) < (latest ?? 0))
    assert.isAtLeast(forecastAt(trend, expected ?? 0).value, target)
    assert.isBelow(forecastAt(trend, (expected ?? 0) - 1).value, target)
  })

  it("are null where nothing leads there within a year", () => {
    const falling = fitTrend(daily(growing(-0.5, 60)))
    assert.deepStrictEqual(falling && daysUntil(falling, 100_000), {
      expected: null,
      earliest: null,
      latest: null
    })
  })
})

describe("a projection of any series", () => {
  it("has whole, ordered, finite bounds that widen with time", () => {
    const anySeries = FastCheck.array(FastCheck.option(FastCheck.maxSafeNat(), { nil: undefined, freq: 3 }), {
      minLength: 14,
      maxLength: 120
    }).map(daily)
    FastCheck.assert(
      FastCheck.property(anySeries, (series) => {
        const projection = projectionOf(series)
        if (projection === null) return
        assert.isTrue(Schema.is(Projection)(projection))
        for (const { value, low80, high80, low95, high95 } of projection.forecasts) {
          const ordered = [low95, low80, value, high80, high95]
          assert.isTrue(ordered.every(Number.isSafeInteger))
          assert.deepStrictEqual(
            ordered,
            ordered.toSorted((a, b) => a - b)
          )
        }
      })
    )
  })
})
