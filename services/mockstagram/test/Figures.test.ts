import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { firstPk } from "../src/Accounts.ts"
import { type Figures, figuresAt, type Growth, usualGrowth } from "../src/Figures.ts"

const hour = 3_600
const day = 86_400
/** Monday, 2026-01-05. */
const monday = 1_767_571_200

const seeds = FastCheck.integer({ min: 0, max: 1_000_000 })
const accounts = FastCheck.integer({ min: firstPk, max: firstPk + 999_999 })
const times = FastCheck.integer({ min: 0, max: 4_294_967_295 })
/** Years in which somebody may look at the figures. */
const nearTimes = FastCheck.integer({ min: 1_640_995_200, max: 2_019_686_400 })

const check = (holds: (seed: number, pk: number, time: number) => void, at = times): void =>
  FastCheck.assert(FastCheck.property(seeds, accounts, at, holds), { numRuns: 5_000 })

const quiet: Growth = { ...usualGrowth, viralsPerYear: 0, purgesPerYear: 0 }

const followers = (pk: number, time: number, growth: Growth = usualGrowth): number =>
  figuresAt(1, pk, time, growth).followerCount

describe("figuresAt", () => {
  it("gives counts, from 1970 to 2106, and the same again", () => {
    check((seed, pk, time) => {
      const figures = figuresAt(seed, pk, time)
      for (const [name, value] of Object.entries(figures))
        assert.isTrue(Number.isSafeInteger(value) && value >= 0, `${name}: ${value}`)
      assert.deepStrictEqual(figuresAt(seed, pk, time), figures)
    })
  })

  it("gives on every machine what it gave when this was written", () => {
    const figures: Figures = figuresAt(1, firstPk, monday)
    assert.deepStrictEqual(figures, {
      followerCount: 1849,
      followingCount: 345,
      mediaCount: 346,
      totalLikes: 36161,
      avgLikes: 95,
      avgComments: 4
    })
  })

  it("differs between accounts and seeds", () => {
    const seen = new Set(
      Array.from({ length: 2_000 }, (_, at) => JSON.stringify(figuresAt(at % 2, firstPk + (at >> 1), monday)))
    )
    assert.isAbove(seen.size, 1_990)
  })

  it("never takes posts or likes away", () => {
    check((seed, pk, time) => {
      let before = figuresAt(seed, pk, time)
      for (const step of [1, 59, hour, 5 * hour, day, 9 * day]) {
        time += step
        const after = figuresAt(seed, pk, time)
        assert.isAtLeast(after.mediaCount, before.mediaCount)
        assert.isAtLeast(after.totalLikes, before.totalLikes)
        before = after
      }
    })
  })

  it("moves followers by less than 0.3 % in a minute", () => {
    check((seed, pk, time) => {
      const before = figuresAt(seed, pk, time).followerCount
      const after = figuresAt(seed, pk, time + 60).followerCount
      assert.isAtMost(Math.abs(after - before), 0.003 * before + 1)
    }, nearTimes)
  })

  it("cuts followers to three digits where they are shown so", () => {
    check((seed, pk, time) => {
      const exact = figuresAt(seed, pk, time).followerCount
      const shown = figuresAt(seed, pk, time, { ...usualGrowth, rounding: "display" }).followerCount
      assert.match(String(shown), /^(?:\d{1,3}|\d{3}0+)$/)
      assert.isTrue(shown <= exact && exact < shown * 1.01 + 1, `${exact}, ${shown}`)
    })
  })

  it("grows more on the days when people are busier", () => {
    const growthOn = (weekday: number): number => {
      let sum = 0
      for (let pk = firstPk; pk < firstPk + 3_000; pk++)
        for (let week = 0; week < 10; week++) {
          const start = monday + (7 * week + weekday) * day
          sum += followers(pk, start + day, quiet) / followers(pk, start, quiet) - 1
        }
      return sum / 30_000
    }
    const [mon, tue, , , , sat] = Array.from({ length: 6 }, (_, weekday) => growthOn(weekday))
    assert.isAbove(sat ?? 0, 1.2 * (mon ?? 0))
    assert.isAbove(sat ?? 0, 1.2 * (tue ?? 0))
    assert.isAbove(mon ?? 0, 0)
  })

  it("grows faster the smaller an account is", () => {
    const yearly = (least: number, most: number): number => {
      const growths = Array.from({ length: 20_000 }, (_, at) => firstPk + at).flatMap((pk) => {
        const before = followers(pk, monday, quiet)
        return before >= least && before < most ? [followers(pk, monday + 365 * day, quiet) / before - 1] : []
      })
      return growths.reduce((sum, growth) => sum + growth, 0) / growths.length
    }
    assert.isAbove(yearly(1_000, 10_000), yearly(10_000, 100_000))
    assert.isAbove(yearly(10_000, 100_000), yearly(100_000, 500_000))
    assert.isAbove(yearly(100_000, 500_000), yearly(1_000_000, 100_000_000))
  })

  /** How often a year the followers of one of `looks` accounts start to move, within `span` seconds, by a share that counts. */
  const movesPerYear = (
    growth: Growth,
    looks: number,
    span: number,
    counts: (share: number) => boolean
  ): number => {
    const years = 2
    let moves = 0
    let looked = 0
    for (let pk = firstPk; looked < looks; pk++) {
      let before = followers(pk, monday, growth)
      // Of small accounts a follower more or less is a large share.
      if (before < 3_000) continue
      looked++
      let moving = false
      for (let time = monday; time < monday + years * 365.25 * day; time += span) {
        const after = followers(pk, time + span, growth)
        const counted = counts(after / before - 1)
        if (counted && !moving) moves++
        moving = counted
        before = after
      }
    }
    return moves / looks / years
  }

  it("has purges as often as it is told to", () => {
    const purged = (share: number) => share < -0.002
    assert.strictEqual(movesPerYear(quiet, 5, hour, purged), 0)
    const purges = movesPerYear({ ...quiet, purgesPerYear: 2 }, 60, hour, purged)
    assert.isTrue(purges > 1.6 && purges < 2.4, `${purges} a year`)
  })

  it("has viral jumps as often as it is told to, which wear off", () => {
    const jumped = (share: number) => share > 0.017
    assert.isBelow(movesPerYear(quiet, 300, day, jumped), 0.01)
    const jumps = movesPerYear({ ...quiet, viralsPerYear: 1 }, 300, day, jumped)
    assert.isTrue(jumps > 0.8 && jumps < 1.2, `${jumps} a year`)
  })
})
