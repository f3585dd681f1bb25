import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "fast-check"
import { makeRateLimits } from "../src/RateLimits.ts"

describe("a rate limit", () => {
  it("lets a burst pass, then says how long to wait", () => {
    const limits = makeRateLimits({ perSecond: 2, burst: 3 })
    const at = (now: number) => limits.take("a", now)
    assert.deepStrictEqual([at(0), at(0), at(0)], [0, 0, 0])
    assert.strictEqual(at(0), 1)
    assert.strictEqual(at(400), 1)
    assert.strictEqual(at(500), 0)
    assert.strictEqual(at(500), 1)
  })

  it("is one for each key", () => {
    const limits = makeRateLimits({ perSecond: 0.01, burst: 1 })
    assert.strictEqual(limits.take("a", 0), 0)
    assert.strictEqual(limits.take("b", 0), 0)
    assert.strictEqual(limits.take("a", 0), 100)
  })

  it("keeps the keys that asked last, and no more than it may", () => {
    const limits = makeRateLimits({ perSecond: 0.01, burst: 1 }, 2)
    for (const key of ["a", "b", "a", "c"]) limits.take(key, 0)
    assert.strictEqual(limits.size(), 2)
    assert.isAbove(limits.take("a", 0), 0, "a asked after b did")
    assert.strictEqual(limits.take("b", 0), 0, "b was forgotten")
  })

  it("never lets more pass than burst and rate allow, whatever the clock does", () => {
    const steps = FastCheck.array(FastCheck.integer({ min: -500, max: 2_000 }), { maxLength: 200 })
    FastCheck.assert(
      FastCheck.property(
        steps,
        FastCheck.integer({ min: 1, max: 20 }),
        FastCheck.integer({ min: 1, max: 50 }),
        (moves, burst, perSecond) => {
          const limits = makeRateLimits({ perSecond, burst })
          let now = 0
          let forward = 0
          let passed = 0
          for (const move of moves) {
            now += move
            forward += Math.max(0, move)
            if (limits.take("a", now) === 0) passed++
          }
          assert.isAtMost(passed, burst + (forward / 1_000) * perSecond + 1e-6)
        }
      )
    )
  })
})
