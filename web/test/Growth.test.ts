import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { GrowthFigures, Series } from "../src/app/Client.ts"
import {
  boundsOf,
  daysOf,
  expectedOf,
  lastDays,
  marksOf,
  runsOf,
  spreadDays,
  ticksOf
} from "../src/app/Growth.ts"

const day = 86_400_000
const start = Date.parse("2026-01-01T00:00:00.000Z")
const iso = (days: number): string => new Date(start + days * day).toISOString()
const valuesAt = (...days: ReadonlyArray<number>) => days.map((at) => ({ time: start + at * day, value: at }))

const series = (rows: Series["rows"]): Series => ({
  id: "youtube:ana",
  resolution: "day",
  from: iso(0),
  to: iso(30),
  rows,
  nextCursor: null
})

const growth: NonNullable<GrowthFigures["metrics"]["followers"]> = {
  days: 40,
  growth: [],
  projection: {
    percentPerDay: 1,
    days: 40,
    changes: 39,
    outliers: 0,
    forecasts: [7, 30, 90].map((days) => ({
      days,
      value: 100 + days,
      low80: 90 + days,
      high80: 110 + days,
      low95: 80 + days,
      high95: 120 + days
    }))
  },
  anomalies: [
    {
      kind: "purge",
      time: iso(20),
      before: 120,
      after: 90,
      days: 1,
      change: -25,
      z: 9,
      median: 1,
      mad: 1,
      step: 1
    }
  ],
  milestones: {
    passed: [
      { milestone: 1_000, time: iso(25), value: 1_003 },
      { milestone: 2_500, time: iso(2), value: 2_501 }
    ],
    next: null
  }
}

describe("Growth", () => {
  it("takes followers and engagement from the days that have them", () => {
    const rows = [
      { time: iso(0), values: { followers: 200, avgLikes: 9, avgComments: 1 } },
      { time: iso(1), values: { followers: 210, avgLikes: 9 } },
      { time: iso(2), values: { totalViews: 7 } },
      { time: iso(3), values: { followers: 0, avgLikes: 9, avgComments: 1 } }
    ]
    assert.deepStrictEqual(
      daysOf(series(rows), "followers").map(({ value }) => value),
      [200, 210, 0]
    )
    assert.deepStrictEqual(daysOf(series(rows), "engagement"), [{ time: start, value: 5 }])
  })

  it("shows the days up to the last one, whenever that was, and breaks the line where days are missing", () => {
    assert.deepStrictEqual(lastDays(valuesAt(0, 22, 23, 30), 7), valuesAt(23, 30))
    assert.deepStrictEqual(lastDays([], 7), [])
    assert.deepStrictEqual(runsOf(valuesAt(0, 1, 3, 7, 8)), [valuesAt(0, 1), valuesAt(3), valuesAt(7, 8)])
  })

  it("looks no further ahead than back, and marks what is in sight", () => {
    const [last] = valuesAt(30)
    assert.deepStrictEqual(
      expectedOf(growth, last, 30).map(({ time, high, low }) => [(time - start) / day, low, high]),
      [
        [37, 97, 117],
        [60, 120, 140]
      ]
    )
    assert.deepStrictEqual(expectedOf(undefined, last, 365), [])
    assert.deepStrictEqual(
      marksOf(growth, valuesAt(10, 30), String).map(({ kind, text }) => [kind, text]),
      [
        ["anomaly", "fall that took back a rise: bought or fake followers removed"],
        ["milestone", "1000 reached"]
      ]
    )
  })

  it("labels days at equal steps, and a single one", () => {
    assert.deepStrictEqual(
      spreadDays(start, start + 7 * day, 4).map((time) => (time - start) / day),
      [0, 2, 4, 6]
    )
    assert.deepStrictEqual(spreadDays(start, start, 4), [start])
  })

  it.prop(
    "has a few ticks within bounds that hold all values, however large and close they are",
    [FastCheck.array(FastCheck.nat(Number.MAX_SAFE_INTEGER), { minLength: 1, maxLength: 5 })],
    ([values]) => {
      const [low, high] = boundsOf(values)
      assert.isTrue(low < high)
      for (const value of values) assert.isTrue(low <= value && value <= high)
      const ticks = ticksOf(low, high, 4)
      assert.isTrue(ticks.length >= 1 && ticks.length <= 6, ticks.join())
    }
  )
})
