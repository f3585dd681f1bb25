import { postsSubmitted } from "@influscope/domain/Events"
import { consume } from "@influscope/pipeline/Consumer"
import { PublishPosts } from "@influscope/pipeline/PublishPosts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AnalysePosts } from "./AnalysePosts.ts"
import { postsConfig } from "./Config.ts"
import { Moments } from "./Moments.ts"
import { PostCache } from "./PostCache.ts"
import { PostsLive } from "./Posts.ts"
import { RollUps } from "./RollUps.ts"

const AnalyserLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const options = yield* postsConfig
    const { apply } = yield* AnalysePosts
    yield* consume(postsSubmitted, options, apply)
  })
).pipe(Layer.provide(AnalysePosts.Default))

/** All that is done with posts: taking them in, analysing them, and telling what an author's have in common. */
export const PostsServiceLive = PostsLive.pipe(
  Layer.provideMerge(AnalyserLive),
  Layer.provide(RollUps.Default),
  Layer.provide(PostCache.Default),
  Layer.provide(Moments.Default),
  Layer.provide(PublishPosts.Default)
)
