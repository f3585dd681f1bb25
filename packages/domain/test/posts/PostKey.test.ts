import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { platforms } from "../../src/Platform.ts"
import { makePostId, PostId } from "../../src/posts/Post.ts"
import { postKeyIn } from "../../src/posts/PostKey.ts"

describe("the key in an address", () => {
  it.each([
    ["youtube", "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3", "dQw4w9WgXcQ"],
    ["youtube", "https://www.youtube.com/watch?t=3&v=dQw4w9WgXcQ", "dQw4w9WgXcQ"],
    ["youtube", "https://youtu.be/dQw4w9WgXcQ", "dQw4w9WgXcQ"],
    ["youtube", "https://youtube.com/shorts/dQw4w9WgXcQ", "dQw4w9WgXcQ"],
    ["instagram", "https://www.instagram.com/p/CxYz_-1/", "CxYz_-1"],
    ["instagram", "https://www.instagram.com/natgeo/reel/CxYz/", "CxYz"],
    ["tiktok", "https://www.tiktok.com/@ana/video/7106594312292453675?x=1", "7106594312292453675"],
    ["x", "https://twitter.com/ana/status/20", "20"],
    ["x", "https://x.com/ana/status/20/photo/1", "20"],
    ["twitch", "https://www.twitch.tv/videos/123", "123"],
    ["linkedin", "https://www.linkedin.com/feed/update/urn:li:activity:71", "urn:li:activity:71"],
    ["linkedin", "https://www.linkedin.com/posts/ana_title-activity-71-AbCd", "urn:li:activity:71"]
  ] as const)("of %s %s is %s", (platform, url, key) => {
    assert.strictEqual(postKeyIn(platform, url), key)
  })

  it("is not there where the address is of something else", () => {
    assert.isUndefined(postKeyIn("youtube", "https://www.youtube.com/@mkbhd"))
    assert.isUndefined(postKeyIn("instagram", "https://www.tiktok.com/@ana/video/1"))
    assert.isUndefined(postKeyIn("x", "https://x.com/ana"))
  })

  it("makes an id, whatever the address", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.constantFrom(...platforms),
        FastCheck.webUrl({ withQueryParameters: true }),
        (platform, url) => {
          const key = postKeyIn(platform, url)
          if (key !== undefined) assert.isTrue(Schema.is(PostId)(makePostId(platform, key)))
        }
      )
    )
  })
})

describe("ids of posts", () => {
  it.each(["youtube:dQw4w9WgXcQ", "linkedin:urn:li:activity:1", "x:20", "instagram:日本"])(
    "can be %s",
    (id) => {
      assert.isTrue(Schema.is(PostId)(id))
    }
  )

  it.each([
    "youtube:",
    "myspace:1",
    "youtube:a b",
    "youtube:a/b",
    "youtube:a?b",
    "youtube:a#b",
    "a",
    "x:\u0000"
  ])("cannot be %j", (id) => {
    assert.isFalse(Schema.is(PostId)(id))
  })
})
