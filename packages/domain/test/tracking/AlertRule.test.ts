import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { PCGRandom } from "effect/Utils"
import { Alert, AlertRule, daysNeeded, evaluate } from "../../src/tracking/AlertRule.ts"
import { InfluencerId } from "../../src/tracking/InfluencerId.ts"
import { WebhookUrl } from "../../src/Webhook.ts"
import { daily, dayAt, simulate, someAccount } from "./Simulated.ts"

const mkbhd = InfluencerId.make("youtube:mkbhd")
const number7 = InfluencerId.make("mockstagram:7")

const rule = (fields: Partial<typeof AlertRule.Encoded>): AlertRule =>
  Schema.decodeSync(AlertRule)({
    id: "rule-1",
    name: "Growing fast",
    condition: { kind: "growth", metric: "followers", days: 7, side: "above", percent: 5 },
    scope: { kind: "all" },
    webhook: "https://example.com/hook",
    ...fields
  })

const followers = daily(Array.from({ length: 60 }, (_, index) => 10_007 + 100 * index))

describe("a rule on growth", () => {
  it("comes true beyond its limit, once a day", () => {
    const alert = Option.getOrThrow(evaluate(rule({}), mkbhd, { followers: followers.slice(0, 11) }))
    assert.isTrue(Schema.is(Alert)(alert))
    assert.strictEqual(alert.key, `rule-1/youtube:mkbhd/${dayAt(10)}`)
    assert.strictEqual(alert.time, dayAt(10))
    assert.strictEqual(alert.evidence.kind === "growth" ? alert.evidence.growth.absolute : 0, 700)
    assert.isTrue(Option.isNone(evaluate(rule({}), mkbhd, { followers })))
  })

  it("below a limit, and of another metric", () => {
    const slow = rule({
      condition: { kind: "growth", metric: "totalViews", days: 30, side: "below", percent: 100 }
    })
    assert.isTrue(Option.isSome(evaluate(slow, mkbhd, { totalViews: followers })))
    assert.isTrue(Option.isNone(evaluate(slow, mkbhd, { followers })))
  })

  it("does not come true on what is unknown", () => {
    const below = rule({
      condition: { kind: "growth", metric: "followers", days: 7, side: "below", percent: 50 }
    })
    assert.isTrue(Option.isNone(evaluate(below, mkbhd, {})))
    assert.isTrue(Option.isNone(evaluate(below, mkbhd, { followers: daily([5, 6]) })))
    assert.isTrue(Option.isNone(evaluate(below, mkbhd, { followers: daily(Array(9).fill(115_000)) })))
  })
})

describe("a rule on a fall", () => {
  it("comes true when more than that is lost", () => {
    const fall = rule({ condition: { kind: "fall", metric: "followers", days: 3, percent: 10 } })
    assert.isTrue(Option.isSome(evaluate(fall, mkbhd, { followers: daily([1_001, 1_000, 950, 899]) })))
    assert.isTrue(Option.isNone(evaluate(fall, mkbhd, { followers: daily([1_000, 1_001, 950, 900]) })))
    assert.isTrue(Option.isNone(evaluate(fall, mkbhd, { followers: daily([1_000, 1_001, 1_950, 2_900]) })))
  })
})

describe("a rule on engagement", () => {
  const below = rule({ condition: { kind: "engagement", side: "below", percent: 2 } })

  it("is of likes and comments of the last day, by its followers", () => {
    const series = {
      followers: daily([1, 10_000]),
      avgLikes: daily([1, 140]),
      avgComments: daily([1, 10])
    }
    const alert = Option.getOrThrow(evaluate(below, mkbhd, series))
    assert.deepStrictEqual(alert.evidence, {
      kind: "engagement",
      rate: 1.5,
      formula: "instagram/by-followers@1",
      followers: 10_000,
      avgLikes: 140,
      avgComments: 10
    })
    const above = rule({ condition: { kind: "engagement", side: "above", percent: 2 } })
    assert.isTrue(Option.isNone(evaluate(above, mkbhd, series)))
  })

  it("does not come true without one of them, or on figures that cannot be", () => {
    const known = { followers: daily([1, 10_000]), avgLikes: daily([1, 140]) }
    assert.isTrue(Option.isNone(evaluate(below, mkbhd, known)))
    assert.isTrue(Option.isNone(evaluate(below, mkbhd, { ...known, avgComments: daily([1]) })))
    assert.isTrue(
      Option.isNone(
        evaluate(below, mkbhd, { ...known, followers: daily([0, 0]), avgComments: daily([1, 1]) })
      )
    )
  })
})

describe("a rule on anomalies", () => {
  const values = (days: number) =>
    daily(Array.from({ length: days }, (_, index) => (index < 50 ? 12_345 : 10_345) + (index % 2)))
  const on = (kinds: readonly ["purge"] | readonly ["drop", "purge"] | readonly ["spike"]) =>
    rule({ condition: { kind: "anomaly", metric: "followers", kinds } })

  it("comes true for its kinds, with the day of the anomaly: found again it has the same key", () => {
    const first = Option.getOrThrow(evaluate(on(["drop", "purge"]), mkbhd, { followers: values(51) }))
    assert.strictEqual(first.time, dayAt(50))
    const again = Option.getOrThrow(evaluate(on(["drop", "purge"]), mkbhd, { followers: values(60) }))
    assert.strictEqual(again.key, first.key)
    assert.isTrue(Option.isNone(evaluate(on(["spike"]), mkbhd, { followers: values(60) })))
  })

  it("finds a purge when it is known to be one, and not for ever", () => {
    assert.isTrue(Option.isNone(evaluate(on(["purge"]), mkbhd, { followers: values(51) })))
    assert.isTrue(Option.isSome(evaluate(on(["purge"]), mkbhd, { followers: values(58) })))
    assert.isTrue(Option.isNone(evaluate(on(["purge"]), mkbhd, { followers: values(66) })))
  })
})

describe("a rule", () => {
  const series = { followers: followers.slice(0, 11) }

  it("watches whom its scope names", () => {
    const some = rule({ scope: { kind: "influencers", ids: ["youtube:mkbhd"] } })
    assert.isTrue(Option.isSome(evaluate(some, mkbhd, series)))
    assert.isTrue(Option.isNone(evaluate(some, number7, series)))
    const simulated = rule({ scope: { kind: "namespace", namespace: "mockstagram" } })
    assert.isTrue(Option.isNone(evaluate(simulated, mkbhd, series)))
    assert.isTrue(Option.isSome(evaluate(simulated, number7, series)))
  })

  it("needs no more days than it says", () => {
    const random = new PCGRandom(7)
    const conditions: ReadonlyArray<AlertRule["condition"]> = [
      { kind: "growth", metric: "followers", days: 3, side: "above", percent: 0 },
      { kind: "growth", metric: "followers", days: 90, side: "above", percent: 0 },
      { kind: "fall", metric: "followers", days: 30, percent: 1 },
      { kind: "anomaly", metric: "followers", kinds: ["spike", "drop", "purge", "roundNumberJump"] }
    ]
    const raised = Array.from({ length: 40 }, () => {
      const events = new Map([[395, (count: number) => Math.round((random.number() - 0.5) * count)]])
      const series = simulate(random, someAccount(random), 400, events)
      const last = series.at(-1)?.time ?? 0
      return conditions.map((condition) => {
        const one = rule({ condition })
        const recent = series.filter(({ time }) => time > last - daysNeeded(condition) * 86_400)
        const found = evaluate(one, mkbhd, { followers: series })
        assert.deepStrictEqual(evaluate(one, mkbhd, { followers: recent }), found)
        return Option.isSome(found)
      })
    }).flat()
    assert.isAbove(raised.filter((isRaised) => isRaised).length, 20)
  })

  it.each([
    ["https://example.com/hooks/1?x=y", true],
    ["http://localhost:9000/hook", true],
    ["http://127.0.0.1:9000", true],
    ["http://[::1]:9000/", true],
    ["http://example.com/hook", false],
    ["http://localhost.example.com/", false],
    ["http://127.0.0.1.example.com/", false],
    ["https://user:secret@example.com/", false],
    ["ftp://localhost/", false],
    ["example.com/hook", false],
    ["", false]
  ])("may post to %s: %s", (url, allowed) => {
    assert.strictEqual(Schema.is(WebhookUrl)(url), allowed)
  })

  it("says what is wrong with it", () => {
    const decode = Schema.decodeUnknownEither(AlertRule)
    const broken = [
      { id: "a/b" },
      { name: "" },
      { scope: { kind: "influencers", ids: [] } },
      { scope: { kind: "namespace", namespace: "myspace" } },
      { condition: { kind: "anomaly", metric: "followers", kinds: [] } },
      { condition: { kind: "growth", metric: "followers", days: 8, side: "above", percent: 1 } },
      { condition: { kind: "fall", metric: "followers", days: 7, percent: -5 } }
    ]
    for (const fields of broken) assert.strictEqual(decode({ ...rule({}), ...fields })._tag, "Left")
  })
})
