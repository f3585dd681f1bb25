import { assert, describe, it } from "@effect/vitest"
import { GivenPost } from "@influscope/domain/api/PostsApi"
import { Post } from "@influscope/domain/posts/Post"
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { splitBySize } from "../src/BatchSize.ts"
import { latestOf, toPost } from "../src/ToPost.ts"

const moment = Date.UTC(2026, 2, 2)
const given = (more: Readonly<Record<string, unknown>> = {}) =>
  Schema.decodeUnknownSync(GivenPost)({ author: "instagram:ana", publishedAt: "2026-01-31", ...more })

describe("a given post", () => {
  it("is of its own moment, or of that of the request", () => {
    assert.strictEqual(toPost(given(), moment).observedAt, moment)
    assert.strictEqual(toPost(given({ observedAt: "2026-02-01" }), moment).observedAt, Date.UTC(2026, 1, 1))
  })

  it("has its own id, that of its address, or one of what it says", () => {
    const idOf = (more: Readonly<Record<string, unknown>>) => toPost(given(more), moment).id
    const url = "https://www.instagram.com/p/CxYz/"
    assert.strictEqual(idOf({ id: "instagram:own", url }), "instagram:own")
    assert.strictEqual(idOf({ url }), "instagram:CxYz")
    const unknown = { url: "https://example.com/a" }
    assert.strictEqual(idOf({ ...unknown, text: "edited" }), idOf(unknown))
    assert.notStrictEqual(idOf({ url: "https://example.com/b" }), idOf(unknown))
    assert.strictEqual(idOf({ text: "a", metrics: { likes: 1 } }), idOf({ text: "a" }))
    for (const other of [{ text: "b" }, { text: "a", title: "t" }, { text: "a", author: "instagram:bo" }])
      assert.notStrictEqual(idOf(other), idOf({ text: "a" }))
  })

  it("becomes a post that any store takes, whatever its text", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary", maxLength: 200 }), (text) => {
        const post = toPost(given({ text: `${text}\ud800\u0000`, title: text }), moment)
        assert.deepStrictEqual(Schema.decodeUnknownSync(Post)(JSON.parse(JSON.stringify(post))), post)
        assert.isTrue(post.text.isWellFormed())
        assert.notMatch(`${post.text}${post.title}`, /[^\P{Cc}\n\t]/u)
      })
    )
  })
})

describe("the latest of several statements", () => {
  const anyPost = Arbitrary.make(
    Schema.Struct({
      id: Schema.Literal("a", "b", "c"),
      observedAt: Schema.Int.pipe(Schema.between(0, 3)),
      likes: Schema.NonNegativeInt
    })
  ).map(({ id, likes, observedAt }) => ({
    ...toPost(given({ id: `instagram:${id}` }), observedAt),
    metrics: { likes }
  }))

  it("is one for each post, observed last, and among equals the last", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(anyPost, { maxLength: 12 }), (posts) => {
        const latest = latestOf(posts)
        assert.deepStrictEqual(new Set(latest.map(({ id }) => id)), new Set(posts.map(({ id }) => id)))
        for (const each of latest) {
          const same = posts.filter(({ id }) => id === each.id)
          const newest = Math.max(...same.map(({ observedAt }) => observedAt))
          assert.deepStrictEqual(
            each,
            same.findLast(({ observedAt }) => observedAt === newest)
          )
        }
      })
    )
  })
})

describe("parts by size", () => {
  it("hold everything in order, and no more than fits but for what is too large alone", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(FastCheck.nat(30)),
        FastCheck.integer({ min: 1, max: 40 }),
        (sizes, most) => {
          const parts = splitBySize(sizes, (size) => size, most)
          assert.deepStrictEqual(parts.flat(), sizes)
          for (const part of parts)
            assert.isTrue(
              part.filter((size) => size > 0).length <= 1 || part.reduce((sum, size) => sum + size, 0) <= most
            )
        }
      )
    )
  })
})
