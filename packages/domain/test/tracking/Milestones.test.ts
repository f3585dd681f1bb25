import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { crossedMilestones, milestones, nextMilestone } from "../../src/tracking/Milestones.ts"
import { daily, dayAt } from "./Simulated.ts"

describe("milestones", () => {
  it("are round and rise", () => {
    assert.deepStrictEqual(
      milestones.slice(0, 10),
      [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000]
    )
    assert.deepStrictEqual(
      milestones,
      milestones.toSorted((a, b) => a - b)
    )
  })

  it("are crossed on the first day at or above, several at once if need be", () => {
    assert.deepStrictEqual(crossedMilestones(daily([900, undefined, 1_000, 6_000, 6_100])), [
      { milestone: 1_000, time: dayAt(2), value: 1_000 },
      { milestone: 2_500, time: dayAt(3), value: 6_000 },
      { milestone: 5_000, time: dayAt(3), value: 6_000 }
    ])
  })

  it("are crossed once by a count that swings around one", () => {
    assert.deepStrictEqual(crossedMilestones(daily([990, 1_003, 996, 1_001, 951, 1_002])), [
      { milestone: 1_000, time: dayAt(1), value: 1_003 }
    ])
  })

  it("are crossed again after a fall of more than 5 %", () => {
    assert.deepStrictEqual(
      crossedMilestones(daily([990, 1_003, 949, 960, 1_000])).map(({ time }) => time),
      [dayAt(1), dayAt(4)]
    )
  })

  it("that a series begins above are not known to be crossed", () => {
    assert.deepStrictEqual(crossedMilestones(daily([1_000, 1_100])), [])
    assert.deepStrictEqual(crossedMilestones([]), [])
  })

  it("are crossed upwards only, by a value at or above", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.nat(1_000_000)), (values) => {
        const series = daily(values)
        for (const { milestone, time, value } of crossedMilestones(series)) {
          assert.isAtLeast(value, milestone)
          const before = series.findLast((day) => day.time < time)
          assert.isBelow(before?.value ?? Number.NaN, milestone)
        }
      })
    )
  })
})

describe("the next milestone", () => {
  it("is above the last value, with the days until then", () => {
    const next = nextMilestone(
      daily(Array.from({ length: 60 }, (_, index) => Math.round(9_001 * 1.001 ** index)))
    )
    assert.strictEqual(next?.milestone, 10_000)
    assert.strictEqual(next?.remaining, 10_000 - Math.round(9_001 * 1.001 ** 59))
    assert.closeTo(next?.days?.expected ?? 0, Math.log(10_000 / 9_001) / Math.log(1.001) - 59, 2)
  })

  it("has no days when there is too little to project", () => {
    assert.deepStrictEqual(nextMilestone(daily([5_000])), { milestone: 10_000, remaining: 5_000, days: null })
    assert.isNull(nextMilestone([]))
    assert.isNull(nextMilestone(daily([Number.MAX_SAFE_INTEGER])))
  })
})
