import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Tier, tierBounds, tierOf } from "../src/Tier.ts"

describe("tiers", () => {
  it("begin at their lower bound", () => {
    const expected = [
      [0, "starter"],
      [1, "starter"],
      [999, "starter"],
      [999.9, "starter"],
      [1_000, "nano"],
      [9_999, "nano"],
      [10_000, "micro"],
      [99_999, "micro"],
      [100_000, "mid"],
      [499_999, "mid"],
      [500_000, "macro"],
      [999_999, "macro"],
      [1_000_000, "mega"],
      [Number.MAX_SAFE_INTEGER, "mega"],
      [Number.MAX_VALUE, "mega"]
    ] as const
    for (const [followers, tier] of expected) assert.strictEqual(tierOf(followers), tier, String(followers))
  })

  it("are unknown when the count is", () => {
    assert.isUndefined(tierOf(undefined))
  })

  it("have a bound each, from small to large", () => {
    assert.deepStrictEqual(
      tierBounds.map(([tier]) => tier),
      [...Tier.literals]
    )
    assert.strictEqual(tierBounds[0]?.[1], 0)
    const bounds = tierBounds.map(([, bound]) => bound)
    assert.deepStrictEqual(
      bounds,
      [...bounds].sort((a, b) => a - b)
    )
  })

  it("never fall when followers rise", () => {
    const rank = (followers: number): number => tierBounds.findIndex(([tier]) => tier === tierOf(followers))
    const followers = FastCheck.double({ min: 0, max: 2_000_000, noNaN: true })
    FastCheck.assert(
      FastCheck.property(followers, followers, (a, b) => {
        assert.isAtMost(rank(Math.min(a, b)), rank(Math.max(a, b)))
        assert.isAtLeast(rank(a), 0)
      })
    )
  })
})
