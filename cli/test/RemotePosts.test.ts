import { assert, describe, it } from "@effect/vitest"
import { PostsClient, RemotePostsLive } from "@influscope/api/RemotePosts"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { makePostId, type Post } from "@influscope/domain/posts/Post"
import { Posts } from "@influscope/ports/Posts"
import { PostsServiceHttp, PostsServiceHttpLive } from "@influscope/posts/PostsServiceHttp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { clientAt, embedded, listening, nowhere } from "./RemoteService.ts"

/** A posts service behind HTTP on a port, and the port of the API that reaches it there. */
const remote = Effect.gen(function* () {
  const context = yield* embedded(PostsServiceHttpLive)
  const url = yield* listening(Context.get(context, PostsServiceHttp).handle)
  const portAt = (address: string) =>
    Effect.map(
      Layer.build(Layer.provide(RemotePostsLive, clientAt(PostsClient, address))),
      Context.get(Posts)
    )
  return { posts: yield* portAt(url), nobody: yield* portAt(nowhere) }
})

const author = makeProfileId("linkedin", "ana.ruiz")
const noon = Date.UTC(2026, 2, 2, 12)
const postOf = (day: number): Post => ({
  id: makePostId("linkedin", `urn:li:activity:${day}`),
  author,
  publishedAt: noon + day * 86_400_000,
  observedAt: noon + 30 * 86_400_000,
  title: `Day ${day}`,
  text: `日本 "quoted" #tag${day}\n`,
  metrics: { likes: day }
})

describe("a posts service in another process", () => {
  it.scopedLive(
    "does as it does in this one",
    () =>
      Effect.gen(function* () {
        const { posts } = yield* remote
        const given = [postOf(1), postOf(2), postOf(3)]
        yield* posts.submit(given)
        const first = yield* posts
          .page(author, undefined, 2)
          .pipe(
            Effect.flatten,
            Effect.delay("50 millis"),
            Effect.repeat({ until: (page) => page.posts.every(({ analysis }) => Option.isSome(analysis)) })
          )
        assert.deepStrictEqual(
          first.posts.map(({ post }) => post),
          [given[2], given[1]]
        )
        const second = yield* Effect.flatten(posts.page(author, first.nextCursor ?? "", 2))
        assert.deepStrictEqual(
          second.posts.map(({ post }) => post),
          [given[0]]
        )
        assert.isTrue(Option.isNone(yield* posts.page(author, "no cursor", 2)))
        const rollup = yield* posts
          .rollup(author)
          .pipe(
            Effect.flatten,
            Effect.delay("50 millis"),
            Effect.retry({ times: 100, while: ({ _tag }) => _tag === "NoSuchElementException" })
          )
        assert.deepInclude(rollup, { author, posts: 3, postsPerWeek: 7 })
        const [gone] = given
        assert(gone !== undefined)
        assert.isTrue(yield* posts.remove(gone.id))
        assert.isFalse(yield* posts.remove(gone.id))
        assert.isTrue(Option.isNone(yield* posts.get(gone.id)))
      }),
    120_000
  )

  it.scopedLive(
    "fails with the same errors",
    () =>
      Effect.gen(function* () {
        const { nobody, posts } = yield* remote
        yield* posts.momentOf("key", "one body")
        assert.strictEqual((yield* Effect.flip(posts.momentOf("key", "another")))._tag, "KeyReused")
        for (const asked of [
          Effect.asVoid(nobody.submit([postOf(1)])),
          Effect.asVoid(nobody.get(postOf(1).id)),
          Effect.asVoid(nobody.page(author, undefined, 1)),
          Effect.asVoid(nobody.rollup(author)),
          Effect.asVoid(nobody.remove(postOf(1).id))
        ])
          assert.deepInclude(yield* Effect.flip(asked), { _tag: "StorageError", reason: "unavailable" })
      }),
    120_000
  )
})
