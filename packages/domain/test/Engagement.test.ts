import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { Engagement } from "../src/engagement/Engagement.ts"
import { applyFormula, type Figure, type Formula } from "../src/engagement/Formula.ts"
import { computeEngagement, formulaFor, formulas } from "../src/engagement/Formulas.ts"
import type { ProfileFields } from "../src/Observation.ts"
import { type Platform, platforms } from "../src/Platform.ts"

const figures: ReadonlyArray<Figure> = [
  "followers",
  "avgLikes",
  "avgComments",
  "avgShares",
  "avgViews",
  "avgImpressions",
  "avgViewers"
]

const count = FastCheck.oneof(
  FastCheck.integer({ min: 0, max: 2_000_000_000 }),
  FastCheck.double({ min: 0, max: 1e12, noNaN: true }),
  FastCheck.constantFrom(0, 1, Number.MIN_VALUE, Number.MAX_VALUE)
)

const someFields: FastCheck.Arbitrary<ProfileFields> = FastCheck.record(
  Object.fromEntries(figures.map((figure) => [figure, count])),
  { requiredKeys: [] }
)

const platform = FastCheck.constantFrom(...platforms)
const formula = FastCheck.constantFrom(...formulas)

const inputsOf = (one: Formula): ReadonlyArray<Figure> => [...one.numerator, one.denominator]

const check = <Ts extends [unknown, ...Array<unknown>]>(
  property: FastCheck.IPropertyWithHooks<Ts>,
  numRuns = 2_000
): void => FastCheck.assert(property, { numRuns })

describe("what is computed", () => {
  const cases: ReadonlyArray<readonly [string, Platform, ProfileFields, string, number]> = [
    [
      "likes and comments by followers",
      "instagram",
      { followers: 10_000, avgLikes: 150, avgComments: 12 },
      "instagram/by-followers@1",
      1.62
    ],
    [
      "likes alone, under its own name",
      "instagram",
      { followers: 10_000, avgLikes: 150 },
      "instagram/likes-by-followers@1",
      1.5
    ],
    [
      "a true 0",
      "instagram",
      { followers: 10_000, avgLikes: 0, avgComments: 0 },
      "instagram/by-followers@1",
      0
    ],
    [
      "more than 100 % of the followers",
      "instagram",
      { followers: 100, avgLikes: 450, avgComments: 50 },
      "instagram/by-followers@1",
      500
    ],
    [
      "replies and reposts on X",
      "x",
      { followers: 1_000, avgLikes: 10, avgComments: 3, avgShares: 2 },
      "x/by-followers@1",
      1.5
    ],
    [
      "X without reposts",
      "x",
      { followers: 1_000, avgLikes: 10, avgComments: 3 },
      "x/likes-by-followers@1",
      1
    ],
    [
      "TikTok by views, not followers",
      "tiktok",
      { followers: 7, avgViews: 1_000, avgLikes: 80, avgComments: 5, avgShares: 15 },
      "tiktok/by-views@1",
      10
    ],
    [
      "TikTok without shares",
      "tiktok",
      { avgViews: 1_000, avgLikes: 80, avgComments: 5 },
      "tiktok/likes-comments-by-views@1",
      8.5
    ],
    [
      "TikTok without comments",
      "tiktok",
      { avgViews: 1_000, avgLikes: 80, avgShares: 15 },
      "tiktok/likes-by-views@1",
      8
    ],
    [
      "YouTube by views",
      "youtube",
      { avgViews: 3_000, avgLikes: 100, avgComments: 0 },
      "youtube/by-views@1",
      3.3333
    ],
    [
      "YouTube with closed comments",
      "youtube",
      { avgViews: 3_000, avgLikes: 200 },
      "youtube/likes-by-views@1",
      6.6667
    ],
    [
      "Twitch by viewers",
      "twitch",
      { followers: 20_000, avgViewers: 600 },
      "twitch/viewers-by-followers@1",
      3
    ],
    [
      "LinkedIn by impressions when known",
      "linkedin",
      { followers: 10, avgImpressions: 2_000, avgLikes: 30, avgComments: 6, avgShares: 4 },
      "linkedin/by-impressions@1",
      2
    ],
    [
      "LinkedIn by followers otherwise",
      "linkedin",
      { followers: 4_000, avgLikes: 30, avgComments: 6, avgShares: 4 },
      "linkedin/by-followers@1",
      1
    ],
    [
      "LinkedIn reactions alone",
      "linkedin",
      { followers: 4_000, avgLikes: 30 },
      "linkedin/likes-by-followers@1",
      0.75
    ]
  ]
  it.each(cases)("%s", (_, on, fields, id, rate) => {
    const engagement = computeEngagement(on, fields)
    assert.strictEqual(engagement.formula, id)
    assert.strictEqual(engagement.rate, rate)
    assert.isNull(engagement.reason)
  })
})

describe("what cannot be computed", () => {
  const cases: ReadonlyArray<readonly [string, Platform, ProfileFields, string, string]> = [
    [
      "hidden likes",
      "instagram",
      { followers: 10_000, avgComments: 12 },
      "instagram/by-followers@1",
      "missing-likes"
    ],
    [
      "unknown followers",
      "instagram",
      { avgLikes: 5, avgComments: 12 },
      "instagram/by-followers@1",
      "missing-followers"
    ],
    ["no followers at all", "x", { followers: 0, avgLikes: 5 }, "x/likes-by-followers@1", "zero-denominator"],
    ["unknown views", "tiktok", { followers: 10_000, avgLikes: 5 }, "tiktok/by-views@1", "missing-views"],
    [
      "no views",
      "youtube",
      { avgViews: 0, avgLikes: 0, avgComments: 0 },
      "youtube/by-views@1",
      "zero-denominator"
    ],
    [
      "more reactions than views",
      "tiktok",
      { avgViews: 100, avgLikes: 101 },
      "tiktok/likes-by-views@1",
      "implausible"
    ],
    [
      "swapped columns",
      "instagram",
      { followers: 12, avgLikes: 48_000, avgComments: 9 },
      "instagram/by-followers@1",
      "implausible"
    ],
    [
      "unknown viewers",
      "twitch",
      { followers: 10_000, avgLikes: 5 },
      "twitch/viewers-by-followers@1",
      "missing-viewers"
    ],
    [
      "neither impressions nor followers",
      "linkedin",
      { avgLikes: 5 },
      "linkedin/by-followers@1",
      "missing-followers"
    ],
    [
      "impressions, but no reactions",
      "linkedin",
      { avgImpressions: 50 },
      "linkedin/by-followers@1",
      "missing-likes"
    ],
    ["nothing known", "youtube", {}, "youtube/by-views@1", "missing-likes"]
  ]
  it.each(cases)("%s", (_, on, fields, id, reason) => {
    const engagement = computeEngagement(on, fields)
    assert.strictEqual(engagement.formula, id)
    assert.isNull(engagement.rate)
    assert.strictEqual(engagement.reason, reason)
  })

  it("views that are implausibly few do not fall back on a formula that leaves something out", () => {
    const engagement = computeEngagement("tiktok", {
      avgViews: 100,
      avgLikes: 90,
      avgComments: 5,
      avgShares: 30
    })
    assert.strictEqual(engagement.formula, "tiktok/by-views@1")
    assert.strictEqual(engagement.reason, "implausible")
  })
})

describe("the tier", () => {
  it.each([
    [undefined, null],
    [0, "starter"],
    [999, "starter"],
    [1_000, "nano"],
    [10_000, "micro"],
    [100_000, "mid"],
    [500_000, "macro"],
    [1_000_000, "mega"]
  ] as const)("of %s followers is %s", (followers, tier) => {
    const fields = followers === undefined ? {} : { followers }
    assert.strictEqual(computeEngagement("youtube", fields).tier, tier)
  })
})

describe("every platform, whatever is known", () => {
  it("gives a finite rate of at least 0, or null and a reason: never both, never neither", () => {
    check(
      FastCheck.property(platform, someFields, (on, fields) => {
        const engagement = computeEngagement(on, fields)
        if (engagement.rate === null) assert.isNotNull(engagement.reason)
        else {
          assert.isNull(engagement.reason)
          assert.isTrue(Number.isFinite(engagement.rate) && engagement.rate >= 0)
        }
        assert.isTrue(Schema.is(Engagement)(engagement))
      })
    )
  })

  it("names a formula of the platform, one that is in the table", () => {
    check(
      FastCheck.property(platform, someFields, (on, fields) => {
        const id = computeEngagement(on, fields).formula
        assert.isTrue(id.startsWith(`${on}/`))
        assert.isTrue(formulas.some((one) => one.id === id && one.platform === on))
      })
    )
  })

  it("does not depend on figures that its formula does not name", () => {
    check(
      FastCheck.property(platform, someFields, (on, fields) => {
        const inputs = inputsOf(formulaFor(on, fields))
        const needed = Object.fromEntries(
          inputs.flatMap((figure) => (fields[figure] === undefined ? [] : [[figure, fields[figure]]]))
        )
        const { rate, formula: id } = computeEngagement(on, fields)
        assert.deepInclude(computeEngagement(on, needed), { rate, formula: id })
      })
    )
  })
})

describe("every formula", () => {
  const positive = FastCheck.integer({ min: 1, max: 1_000_000 })
  const complete = FastCheck.record(Object.fromEntries(figures.map((figure) => [figure, positive])))

  it("is null, with the reason, as soon as one input is missing", () => {
    check(
      FastCheck.property(formula, complete, FastCheck.nat(), (one, fields, pick) => {
        const inputs = inputsOf(one)
        const gone = inputs[pick % inputs.length]
        const { rate, reason } = applyFormula(
          one,
          Object.fromEntries(Object.entries(fields).filter(([figure]) => figure !== gone))
        )
        assert.isNull(rate)
        assert.isTrue(reason?.startsWith("missing-"))
      })
    )
  })

  it("does not change when all figures grow by the same factor", () => {
    check(
      FastCheck.property(formula, complete, FastCheck.integer({ min: 1, max: 20 }), (one, fields, power) => {
        const grown = Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, v * 2 ** power]))
        assert.deepStrictEqual(applyFormula(one, grown), applyFormula(one, fields))
      })
    )
  })

  it("never falls when an engagement rises, until it is implausible", () => {
    check(
      FastCheck.property(formula, complete, positive, FastCheck.nat(), (one, fields, more, pick) => {
        const figure = one.numerator[pick % one.numerator.length] ?? one.numerator[0]
        const before = applyFormula(one, fields)
        const after = applyFormula(one, { ...fields, [figure]: (fields[figure] ?? 0) + more })
        if (before.rate === null) assert.strictEqual(after.reason, "implausible")
        else assert.isTrue(after.rate === null ? after.reason === "implausible" : after.rate >= before.rate)
      })
    )
  })

  it("never rises when the denominator does", () => {
    check(
      FastCheck.property(formula, complete, positive, (one, fields, more) => {
        const before = applyFormula(one, fields)
        const denominator = (fields[one.denominator] ?? 0) + more
        const after = applyFormula(one, { ...fields, [one.denominator]: denominator })
        if (before.rate !== null) assert.isTrue(after.rate !== null && after.rate <= before.rate)
      })
    )
  })

  it("has at most 4 decimals", () => {
    check(
      FastCheck.property(formula, complete, (one, fields) => {
        const { rate } = applyFormula(one, fields)
        if (rate !== null) assert.strictEqual(rate, Number(rate.toFixed(4)))
      })
    )
  })
})

describe("the table of formulas", () => {
  it("has ids of the form platform/name@version, each once, and every platform", () => {
    for (const one of formulas) {
      assert.match(one.id, /^[a-z]+\/[a-z]+(-[a-z]+)*@[1-9]\d*$/)
      assert.isTrue(one.id.startsWith(`${one.platform}/`))
    }
    assert.strictEqual(new Set(formulas.map((one) => one.id)).size, formulas.length)
    assert.sameMembers([...new Set(formulas.map((one) => one.platform))], [...platforms])
  })

  it("orders a platform's formulas so that each can be reached", () => {
    for (const one of formulas) {
      const exactly = Object.fromEntries(inputsOf(one).map((figure) => [figure, 1]))
      assert.strictEqual(formulaFor(one.platform, exactly).id, one.id)
    }
  })
})
