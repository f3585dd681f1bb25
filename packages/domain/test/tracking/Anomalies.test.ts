import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { PCGRandom } from "effect/Utils"
import { Anomaly, anomaliesOf, anomalyThresholds } from "../../src/tracking/Anomalies.ts"
import type { DailySeries } from "../../src/tracking/DailySeries.ts"
import { type Account, daily, dayAt, simulate, someAccount, threeDigits } from "./Simulated.ts"

const steady: Account = {
  start: 50_000,
  drift: 0.002,
  spread: 0.3,
  season: 0.3,
  rounded: false,
  missing: 0
}

/** A steady account, changed by a function of count and day (index). */
const changed = (change: (count: number, index: number) => number, days = 100): DailySeries =>
  daily(simulate(new PCGRandom(5), steady, days).map(({ value }, index) => Math.round(change(value, index))))

const kinds = (series: DailySeries): ReadonlyArray<readonly [string, number]> =>
  anomaliesOf(series).map(({ kind, time }) => [kind, (time - dayAt(0)) / 86_400] as const)

describe("anomalies", () => {
  it("come with their evidence", () => {
    const series = changed((count, index) => (index < 60 ? count : count * 1.1 + 1))
    const [spike, ...rest] = anomaliesOf(series)
    assert.isEmpty(rest)
    assert.isTrue(Schema.is(Anomaly)(spike))
    assert.strictEqual(spike?.kind, "spike")
    assert.strictEqual(spike?.time, dayAt(60))
    assert.strictEqual(spike?.before, series[59]?.value)
    assert.strictEqual(spike?.after, series[60]?.value)
    assert.strictEqual(spike?.days, 1)
    assert.strictEqual(spike?.step, 1)
    assert.closeTo(spike?.change ?? 0, 10.2, 0.3)
    assert.closeTo(spike?.median ?? 0, 0.2, 0.05)
    const { change = 0, median = 0, mad = 0, z } = spike ?? {}
    assert.closeTo(z ?? 0, (0.6745 * (change - median)) / mad, 1e-9)
  })

  it("are drops when the count recovers, when they are small, and while nobody knows", () => {
    const recovering = changed((count, index) => (index >= 60 && index < 63 ? count * 0.95 : count))
    assert.deepStrictEqual(kinds(recovering)[0], ["drop", 60])
    assert.deepStrictEqual(kinds(changed((count, index) => (index < 60 ? count : count * 0.98))), [
      ["drop", 60]
    ])
    assert.deepStrictEqual(kinds(changed((count, index) => (index < 60 ? count : count * 0.9), 65)), [
      ["drop", 60]
    ])
  })

  it("are purges when a fall lasts, and when it follows a spike", () => {
    assert.deepStrictEqual(kinds(changed((count, index) => (index < 60 ? count : count * 0.9), 68)), [
      ["purge", 60]
    ])
    const bought = changed((count, index) => (index < 50 ? count : index < 70 ? count * 1.2 : count * 1.18))
    assert.deepStrictEqual(kinds(bought), [
      ["spike", 50],
      ["purge", 70]
    ])
  })

  it("are round-number jumps when exact counts rise by whole thousands", () => {
    const flat = Array.from({ length: 60 }, (_, index) => 20_017 + (index % 3))
    const rising = (by: number) =>
      daily(flat.map((count, index) => (index < 45 ? count : count - (count - 20_017) + by)))
    assert.deepStrictEqual(kinds(rising(5_002)), [["roundNumberJump", 45]])
    assert.deepStrictEqual(kinds(rising(5_003)), [["spike", 45]])
    const rounded = daily(Array.from({ length: 60 }, (_, index) => (index < 45 ? 115_000 : 125_000)))
    assert.deepStrictEqual(kinds(rounded), [["spike", 45]])
  })

  it("are not the steps of a rounded count, at any size or pace", () => {
    const random = new PCGRandom(23)
    for (const start of [1_002_345, 1_000_000_000, 104_000, 9_990, 1_003]) {
      for (const drift of [0.000_1, 0.000_5, 0.002]) {
        const exact = simulate(random, { ...steady, start, drift, spread: 0, season: 0 }, 200)
        assert.isEmpty(anomaliesOf(exact.map(({ time, value }) => ({ time, value: threeDigits(value) }))))
      }
    }
  })

  it("are not the first followers of a small account, which has a MAD of 0", () => {
    const values = Array.from(
      { length: 90 },
      (_, index) => 100 + Math.floor(index / 9) + (index % 20 === 0 ? 1 : 0)
    )
    assert.isEmpty(anomaliesOf(daily(values)))
  })

  it("are found in a flat series", () => {
    const values = Array.from({ length: 60 }, (_, index) => (index < 40 ? 12_345 : 12_845))
    const [spike] = anomaliesOf(daily(values))
    assert.strictEqual(spike?.mad, 0)
    assert.isTrue(Number.isFinite(spike?.z))
  })

  it("are not made by a gap", () => {
    const counts = simulate(new PCGRandom(5), steady, 120)
    assert.isEmpty(anomaliesOf(counts.filter((_, index) => index < 60 || index >= 100)))
  })

  it("are not what an account does every week", () => {
    const random = new PCGRandom(31)
    let count = 30_000
    const values = Array.from({ length: 150 }, (_, index) => {
      count *= index % 7 === 0 ? 1.02 + 0.01 * random.number() : 1.000_5 + 0.001 * random.number()
      return Math.round(count)
    })
    const late = kinds(daily(values)).filter(([, index]) => index > 7 * anomalyThresholds.fewestOfWeekday)
    assert.isEmpty(late)
    // The same on another weekday is one.
    const shifted = values.map((value, index) => (index < 94 ? value : Math.round(value * 1.025)))
    assert.deepInclude(kinds(daily(shifted)), ["spike", 94])
  })

  it("are not a slower day of fast growth", () => {
    const values = Array.from({ length: 80 }, (_, index) =>
      Math.round(10_000 * 1.05 ** index * (index === 70 ? 0.96 : 1))
    )
    assert.isEmpty(anomaliesOf(daily(values.slice(0, 71))))
  })

  it("need 28 changes to compare with", () => {
    const jump = (at: number) =>
      daily(Array.from({ length: at + 1 }, (_, index) => (index < at ? 10_001 : 20_003)))
    assert.isEmpty(anomaliesOf(jump(28)))
    assert.lengthOf(anomaliesOf(jump(29)), 1)
    assert.isEmpty(anomaliesOf([]))
  })

  it("of any series satisfy every threshold", () => {
    const { z, percentPerDay } = anomalyThresholds
    const anySeries = FastCheck.array(
      FastCheck.option(
        FastCheck.oneof(FastCheck.integer({ min: 1_000, max: 1_010 }), FastCheck.maxSafeNat()),
        { nil: undefined, freq: 3 }
      ),
      { minLength: 30, maxLength: 120 }
    ).map(daily)
    FastCheck.assert(
      FastCheck.property(anySeries, (series) => {
        for (const anomaly of anomaliesOf(series)) {
          assert.isTrue(Schema.is(Anomaly)(anomaly))
          assert.isAbove(Math.abs(anomaly.z), z)
          assert.isAbove(Math.abs(anomaly.change), percentPerDay)
          assert.isAbove(Math.abs(anomaly.after - anomaly.before), anomaly.step)
          assert.strictEqual(anomaly.kind === "spike" || anomaly.kind === "roundNumberJump", anomaly.z > 0)
        }
      })
    )
  })
})

describe("on simulated accounts", () => {
  it("at most one day in 1,000 is flagged without a cause", () => {
    const random = new PCGRandom(101)
    const series = Array.from({ length: 250 }, () => simulate(random, someAccount(random), 365))
    const flagged = series.reduce((sum, one) => sum + anomaliesOf(one).length, 0)
    const days = series.reduce((sum, one) => sum + one.length, 0)
    assert.isAtMost(flagged / days, 1 / 1_000)
  })

  it("events are found, and what is found is an event", () => {
    const random = new PCGRandom(202)
    let found = 0
    let missed = 0
    let wrong = 0
    for (let index = 0; index < 300; index++) {
      const account = someAccount(random)
      // 3 to 40 %; a round number of whole thousands where counts are exact.
      const size = 0.03 * (0.4 / 0.03) ** random.number()
      const thousands = Math.max(1, Math.round((account.start * size) / 1_000))
      const rise = (count: number): number => (index % 3 === 2 ? thousands * 1_000 : Math.round(count * size))
      const fall = (count: number): number => -Math.round(count * size * 0.8)
      const events = new Map([
        [60 + random.integer(40), index % 3 === 0 ? fall : rise],
        [120 + random.integer(40), fall]
      ])
      const times = [...events.keys()].map(dayAt)
      const flagged = anomaliesOf(simulate(random, account, 200, events))
      const hits = times.filter((time) => flagged.some((anomaly) => anomaly.time === time))
      found += hits.length
      missed += times.length - hits.length
      wrong += flagged.length - hits.length
    }
    assert.isAbove(found / (found + missed), 0.9)
    assert.isAbove(found / (found + wrong), 0.9)
  })
})
