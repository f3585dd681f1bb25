import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { makeProfileId } from "../../src/ProfileId.ts"
import { analysePost } from "../../src/posts/AnalysePost.ts"
import { makePostId, type Post } from "../../src/posts/Post.ts"
import { PostAnalysis } from "../../src/posts/PostAnalysis.ts"
import { post } from "./Posts.ts"

const english = () => "en"

const video: Post = {
  ...post({ text: "New video is out! Watch it: https://youtu.be/x #coffee" }),
  id: makePostId("youtube", "x"),
  author: makeProfileId("youtube", "ana"),
  title: "Ten espresso mistakes",
  metrics: { likes: 90, comments: 10, views: 1_000 }
}

describe("an analysis", () => {
  it("is of the title and the text", () => {
    const analysis = analysePost(video, undefined, english)
    assert.strictEqual(analysis.words, 9)
    assert.strictEqual(analysis.sentences, 3)
    assert.deepStrictEqual(analysis.hashtags, ["coffee"])
    assert.deepStrictEqual(analysis.links, ["https://youtu.be/x"])
    assert.strictEqual(analysis.language, "en")
    assert.strictEqual(analysis.observedAt, video.observedAt)
    assert.strictEqual(analysis.post, video.id)
  })

  it("has the engagement of the platform's formula, or says what is missing", () => {
    assert.deepStrictEqual(analysePost(video, undefined, english).engagement, {
      rate: 10,
      formula: "youtube/by-views@1",
      reason: null,
      followers: null
    })
    const photo = post({ metrics: { likes: 40, comments: 10 } })
    assert.deepStrictEqual(analysePost(photo, undefined, english).engagement, {
      rate: null,
      formula: "instagram/by-followers@1",
      reason: "missing-followers",
      followers: null
    })
    assert.strictEqual(analysePost(photo, 1_000, english).engagement.rate, 5)
  })

  it("has no language and no word length without words", () => {
    const analysis = analysePost(post({ text: "🔥 #fire" }), undefined, () => {
      throw new Error("nobody is asked for the language of nothing")
    })
    assert.isNull(analysis.language)
    assert.isNull(analysis.averageWordLength)
    assert.isNull(analysis.fingerprint)
    assert.isNull(analysis.readability)
    assert.strictEqual(analysis.emoji, 1)
  })

  it("tells the average length of words as a reader sees them", () => {
    assert.strictEqual(
      analysePost(post({ text: "aa bbbb e\u0301" }), undefined, english).averageWordLength,
      2.33
    )
  })

  it("fits its schema and is the same twice, for any post", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.fullUnicodeString({ maxLength: 300 }),
        FastCheck.nat(),
        (text, followers) => {
          const given = post({ text, metrics: { likes: 1, comments: 1 } })
          const analysis = analysePost(given, followers, english)
          assert.deepStrictEqual(
            Schema.decodeUnknownSync(PostAnalysis)(JSON.parse(JSON.stringify(analysis))),
            analysis
          )
          assert.deepStrictEqual(analysePost(given, followers, english), analysis)
        }
      )
    )
  })
})
