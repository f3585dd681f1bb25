import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { AuthorRollup, maxRolledUpPosts } from "../../src/posts/AuthorRollup.ts"
import { type AnalysedPost, rollUp } from "../../src/posts/RollUp.ts"
import { simhash } from "../../src/posts/Simhash.ts"
import { ana, analysed, day, hour, monday, post, rated } from "./Posts.ts"

const rolledUp = (posts: ReadonlyArray<AnalysedPost>, zone = "UTC"): AuthorRollup => {
  const rollup = rollUp(ana, posts, zone)
  assert.isDefined(rollup)
  return Schema.decodeUnknownSync(AuthorRollup)(rollup)
}

/** As many posts as rates, the last the newest. */
const withRates = (rates: ReadonlyArray<number | null>): ReadonlyArray<AnalysedPost> =>
  rates.map((rate, place) =>
    analysed({ at: monday + place * day }, rate === null ? {} : { engagement: rated(rate) })
  )

const anyPost = FastCheck.record({
  at: FastCheck.integer({ min: 0, max: 400 }).map((hours) => monday + hours * 7 * hour),
  likes: FastCheck.option(FastCheck.nat(10_000), { nil: undefined }),
  rate: FastCheck.option(FastCheck.double({ min: 0, max: 100, noNaN: true }), { nil: null }),
  tags: FastCheck.subarray(["coffee", "travel", "Ω", "日本"])
}).map(({ at, likes, rate, tags }) =>
  analysed(
    { at, metrics: likes === undefined ? {} : { likes } },
    { hashtags: tags, ...(rate === null ? {} : { engagement: rated(rate) }) }
  )
)

const distinct = (posts: ReadonlyArray<AnalysedPost>): ReadonlyArray<AnalysedPost> => [
  ...new Map(posts.map((each) => [each.post.id, each])).values()
]

describe("a rollup", () => {
  it("is not there without posts", () => {
    assert.isUndefined(rollUp(ana, [], "UTC"))
  })

  it("looks at the newest posts only", () => {
    const posts = Array.from({ length: maxRolledUpPosts + 20 }, (_, place) =>
      analysed({ at: monday + place * hour })
    )
    const rollup = rolledUp(posts)
    assert.strictEqual(rollup.posts, maxRolledUpPosts)
    assert.strictEqual(rollup.firstPublishedAt, monday + 20 * hour)
    assert.strictEqual(rollup.lastPublishedAt, monday + (maxRolledUpPosts + 19) * hour)
    assert.strictEqual(rollup.asOf, rollup.lastPublishedAt + day)
  })

  it("does not depend on the order of the posts", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(anyPost, { minLength: 1, maxLength: 40 }), (some) => {
        const posts = distinct(some)
        const rollup = rolledUp(posts)
        assert.deepStrictEqual(rolledUp(posts.toReversed()), rollup)
        assert.strictEqual(rollup.posts, posts.length)
        for (const { posts: count } of rollup.hashtags) assert.isAtMost(count, posts.length)
        assert.strictEqual(
          rollup.hours.reduce((sum, each) => sum + each.posts, 0),
          posts.filter((each) => each.post.metrics.likes !== undefined).length
        )
      })
    )
  })

  it("counts posts that are not analysed yet", () => {
    const rollup = rolledUp([{ post: post({ metrics: { likes: 3 } }), analysis: undefined }])
    assert.strictEqual(rollup.posts, 1)
    assert.deepStrictEqual(rollup.hashtags, [])
    assert.isNull(rollup.medianEngagement)
    assert.strictEqual(rollup.hours.length, 1)
  })
})

describe("the posting frequency", () => {
  it("is that of the intervals between posts", () => {
    assert.strictEqual(
      rolledUp([0, 2, 4, 6, 8].map((days) => analysed({ at: monday + days * day }))).postsPerWeek,
      3.5
    )
  })

  it("is not known of one post, or of one moment", () => {
    assert.isNull(rolledUp([analysed({})]).postsPerWeek)
    assert.isNull(rolledUp([analysed({ key: "a" }), analysed({ key: "b" })]).postsPerWeek)
  })

  it("is that of the last 90 days", () => {
    const recent = [0, 7, 14].map((days) => analysed({ at: monday + days * day }))
    const old = Array.from({ length: 50 }, (_, place) => analysed({ at: monday - 200 * day + place * hour }))
    assert.strictEqual(rolledUp([...recent, ...old]).postsPerWeek, 1)
  })
})

describe("median engagement", () => {
  it("is not known below five posts with a rate", () => {
    assert.isNull(rolledUp(withRates([1, 2, 3, 4, null, null])).medianEngagement)
    assert.deepStrictEqual(rolledUp(withRates([1, 2, 3, 4, 50])).medianEngagement, {
      rate: 3,
      formula: "instagram/by-followers@1",
      posts: 5
    })
  })

  it("is that of the last thirty posts", () => {
    const old = Array.from({ length: 40 }, () => 99)
    const recent = Array.from({ length: 30 }, (_, place) => (place % 2 === 0 ? 1 : 2))
    assert.strictEqual(rolledUp(withRates([...old, ...recent])).medianEngagement?.rate, 1.5)
    // Posts without a rate are among the thirty.
    const unrated = Array.from({ length: 27 }, () => null)
    assert.isNull(rolledUp(withRates([...old, ...unrated, 1, 2, 3])).medianEngagement)
  })

  it("compares rates of one formula only", () => {
    const others = Array.from({ length: 5 }, (_, place) =>
      analysed(
        { at: monday + (10 + place) * day },
        { engagement: rated(80, "instagram/likes-by-followers@1") }
      )
    )
    const { medianEngagement } = rolledUp([...withRates([1, 2, 3, 4, 5, 6, 7]), ...others])
    assert.deepStrictEqual(medianEngagement, { rate: 4, formula: "instagram/by-followers@1", posts: 7 })
  })
})

describe("hashtags", () => {
  it("are counted by posts, most used first, then by their letters", () => {
    const { hashtags } = rolledUp([
      analysed({ at: monday }, { hashtags: ["b", "a"] }),
      analysed({ at: monday + day }, { hashtags: ["c", "a"] }),
      analysed({ at: monday + 2 * day }, { hashtags: ["c"] })
    ])
    assert.deepStrictEqual(hashtags, [
      { tag: "a", posts: 2 },
      { tag: "c", posts: 2 },
      { tag: "b", posts: 1 }
    ])
  })

  it("are twenty at most", () => {
    const many = Array.from({ length: 30 }, (_, place) => `t${place}`)
    assert.strictEqual(rolledUp([analysed({}, { hashtags: many })]).hashtags.length, 20)
  })
})

describe("repeats", () => {
  const words = "win a weekend for two at the sea if you follow us and name a friend".split(" ")
  const marked = (place: number, said: ReadonlyArray<string>) =>
    analysed({ at: monday + place * day }, { fingerprint: simhash(said) })

  it("name the latest post that said nearly the same", () => {
    const first = marked(0, words)
    const other = marked(1, words.toReversed())
    const again = marked(2, words)
    const third = marked(3, words)
    assert.deepStrictEqual(rolledUp([first, other, again, third]).repeats, [
      { post: third.post.id, of: again.post.id, distance: 0 },
      { post: again.post.id, of: first.post.id, distance: 0 }
    ])
  })

  it("are none among short posts", () => {
    assert.deepStrictEqual(rolledUp([marked(0, ["hi"]), marked(1, ["hi"])]).repeats, [])
  })
})
