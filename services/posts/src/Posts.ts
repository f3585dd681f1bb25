import type { Post, PostId } from "@influscope/domain/posts/Post"
import { PublishPosts } from "@influscope/pipeline/PublishPosts"
import { latestOf } from "@influscope/pipeline/ToPost"
import { PostStore } from "@influscope/ports/PostStore"
import { Posts } from "@influscope/ports/Posts"
import { PipelineBusy } from "@influscope/ports/Profiles"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Moments } from "./Moments.ts"
import { PostCache } from "./PostCache.ts"
import { RollUps } from "./RollUps.ts"

/** The same for the same posts, whoever sends them how often. */
const batchOf = (posts: ReadonlyArray<Post>): string =>
  `posts/${new Bun.CryptoHasher("sha256").update(JSON.stringify(posts)).digest("hex").slice(0, 32)}`

/** Posts in the store of this process. What is submitted is stored first, and then handed to those who analyse it. */
export const PostsLive = Layer.effect(
  Posts,
  Effect.gen(function* () {
    const store = yield* PostStore
    const cache = yield* PostCache
    const rollUps = yield* RollUps
    const publishing = yield* PublishPosts
    const { momentOf } = yield* Moments

    return Posts.of({
      momentOf,
      submit: Effect.fn("Posts.submit")(function* (given: ReadonlyArray<Post>) {
        if (!(yield* publishing.hasRoom)) return yield* new PipelineBusy()
        const posts = latestOf(given)
        yield* store.put(posts)
        yield* cache.changed(posts.map(({ id }) => id))
        yield* publishing.publish(posts, { batch: batchOf(posts), job: undefined, stored: true })
      }),
      get: (id) => cache.get(id),
      page: (author, cursor, limit) => store.page(author, cursor, limit),
      remove: Effect.fn("Posts.remove")(function* (id: PostId) {
        const [found = Option.none()] = yield* store.getMany([id])
        if (Option.isNone(found)) return false
        const { author, observedAt } = found.value.post
        // Also when it was observed later than now, by another clock.
        yield* store.delete(id, Math.max(yield* Clock.currentTimeMillis, observedAt))
        yield* cache.changed([id])
        yield* Effect.retry(rollUps.settle([author]), {
          times: 5,
          while: (error) => error.reason === "conflict"
        })
        return true
      }),
      rollup: (author) => rollUps.get(author)
    })
  })
)
