import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { changesOf, roundingStep } from "../../src/tracking/DailySeries.ts"
import { Growth, growthOf, growthOver, growthWindows } from "../../src/tracking/Growth.ts"
import { daily, dayAt, threeDigits } from "./Simulated.ts"

const anySeries = FastCheck.array(FastCheck.option(FastCheck.maxSafeNat(), { nil: undefined, freq: 3 }), {
  maxLength: 400
}).map(daily)

describe("the rounding step", () => {
  it.each([
    [[1_000, 5_830, 115_000, 2_690_000], 2_690_000, 10_000],
    [[1_000, 5_830, 115_000, 2_690_000], 5_830, 10],
    [[1_000, 5_830, 115_000, 2_690_000], 999_000, 1_000],
    [[1_000, 5_830, 115_000, 2_690_000], 1_000_000, 10_000],
    [[1_000, 5_830, 115_000, 2_690_000], 12, 1],
    [[1_000, 5_830, 115_001, 2_690_000], 5_830, 1],
    [[12, 999, 0], 999, 1],
    [[], 5_830, 1]
  ])("of %j around %d is %d", (counts, count, step) => {
    assert.strictEqual(roundingStep(counts)(count), step)
  })

  it("is that of every rounded count", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.maxSafeNat().filter((count) => count >= 1_000),
        (count) => {
          const rounded = threeDigits(count)
          assert.strictEqual(roundingStep([rounded])(rounded), 10 ** (String(count).length - 3))
        }
      )
    )
  })
})

describe("changes", () => {
  it("are spread over the days of a gap, compounded", () => {
    const [first, second] = changesOf(daily([100, 110, undefined, 133.1]))
    assert.closeTo(first?.rate ?? 0, 10, 1e-9)
    assert.strictEqual(second?.days, 2)
    assert.closeTo(second?.rate ?? 0, 10, 1e-9)
  })

  it("have no rate from 0", () => {
    assert.deepStrictEqual(
      changesOf(daily([5, 0, 7, 7])).map(({ rate }) => rate),
      [-100, 0]
    )
  })
})

describe("growth over a window", () => {
  it("is from the value at its start to the last one", () => {
    assert.deepStrictEqual(growthOver(daily([7, 1_024, 1_011, 1_022, 1_280]), 3), {
      days: 3,
      start: { time: dayAt(1), value: 1_024 },
      end: { time: dayAt(4), value: 1_280 },
      absolute: 256,
      percent: 25,
      per30Days: 250,
      uncertainty: 0,
      reason: null
    })
  })

  it("starts at an older value when the one at its start is missing, and its rate is of the days between", () => {
    const growth = growthOver(daily([1_001, ...Array(3), 1_003, 1_004, ...Array(3), 1_041]), 7)
    assert.strictEqual(growth.start?.time, dayAt(0))
    assert.strictEqual(growth.absolute, 40)
    assert.closeTo(growth.per30Days ?? 0, ((40 / 1_001) * 100 * 30) / 9, 1e-9)
  })

  it("is unknown, not 0, when the last value before it is older than half a window", () => {
    const series = daily([1_001, ...Array(4), 1_003, ...Array(6), 1_041])
    const growth = growthOver(series, 7)
    assert.strictEqual(growth.start?.time, dayAt(5))
    assert.strictEqual(growthOver(series, 3).reason, "no-history")
    assert.isNull(growthOver(series, 3).percent)
    assert.strictEqual(growthOver(daily([1_001]), 1).reason, "no-history")
    assert.isNull(growthOver([], 1).end)
  })

  it("of exact counts that are the same is 0", () => {
    const growth = growthOver(daily([1_201, 1_202, 1_201]), 1)
    assert.strictEqual(growth.absolute, -1)
    assert.strictEqual(growthOver(daily([1_201, 1_201]), 1).percent, 0)
  })

  it("of rounded counts that look the same is unknown", () => {
    const growth = growthOver(daily([115_000, 115_000]), 1)
    assert.isNull(growth.absolute)
    assert.isNull(growth.percent)
    assert.strictEqual(growth.uncertainty, 1_000)
    assert.strictEqual(growth.reason, "within-rounding")
  })

  it("of rounded counts across a power of ten is told by the coarser step", () => {
    assert.strictEqual(growthOver(daily([999_000, 1_000_000]), 1).reason, "within-rounding")
    const growth = growthOver(daily([995_000, 1_010_000]), 1)
    assert.strictEqual(growth.absolute, 15_000)
    assert.strictEqual(growth.uncertainty, 10_000)
  })

  it("from 0 has no percentage", () => {
    const growth = growthOver(daily([0, 12]), 1)
    assert.strictEqual(growth.absolute, 12)
    assert.isNull(growth.percent)
    assert.strictEqual(growth.reason, "zero-start")
  })
})

describe("growth of any series", () => {
  it("is a number in each window, or null and a reason", () => {
    FastCheck.assert(
      FastCheck.property(anySeries, (series) => {
        const windows = growthOf(series)
        assert.deepStrictEqual(
          windows.map(({ days }) => days),
          [...growthWindows]
        )
        for (const growth of windows) {
          assert.isTrue(Schema.is(Growth)(growth))
          assert.strictEqual(growth.percent === null, growth.reason !== null)
          assert.isTrue(Number.isFinite(growth.percent ?? 0) && Number.isFinite(growth.per30Days ?? 0))
          if (growth.start !== null && growth.end !== null) {
            const age = (growth.end.time - growth.start.time) / 86_400
            assert.isTrue(age >= growth.days && age <= 1.5 * growth.days)
          }
        }
      })
    )
  })

  it("of rounded counts is within its uncertainty of the true one", () => {
    const exact = FastCheck.array(FastCheck.integer({ min: 1_000, max: 2_000_000_000 }), {
      minLength: 2,
      maxLength: 30
    })
    FastCheck.assert(
      FastCheck.property(exact, (counts) => {
        const shown = growthOver(daily(counts.map(threeDigits)), 1)
        const truth = (counts.at(-1) ?? 0) - (counts.at(-2) ?? 0)
        const uncertainty = shown.uncertainty ?? 0
        if (shown.reason === "within-rounding") assert.isBelow(Math.abs(truth), 2 * uncertainty)
        else assert.isBelow(Math.abs(truth - (shown.absolute ?? 0)), uncertainty)
      }),
      { numRuns: 1_000 }
    )
  })
})
