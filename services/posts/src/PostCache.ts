import type { PostId } from "@influscope/domain/posts/Post"
import { PostStore } from "@influscope/ports/PostStore"
import { StoredPost } from "@influscope/ports/PostsServiceApi"
import * as ReadThrough from "@influscope/ports/ReadThrough"
import { postReads } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { postsConfig } from "./Config.ts"

/** Posts by their ids, through the cache. Whoever changes posts in the store says so by `changed`. */
export class PostCache extends Effect.Service<PostCache>()("@influscope/posts/PostCache", {
  scoped: Effect.gen(function* () {
    const store = yield* PostStore
    const { cacheTimeToLive } = yield* postsConfig
    return yield* ReadThrough.make({
      name: "post",
      keyOf: (id: PostId) => id,
      schema: Schema.parseJson(StoredPost),
      read: (id) => Effect.map(store.getMany([id]), ([found = Option.none()]) => found),
      timeToLive: cacheTimeToLive,
      count: (outcome) => Metric.increment(Metric.tagged(postReads, "outcome", outcome))
    })
  })
}) {}
