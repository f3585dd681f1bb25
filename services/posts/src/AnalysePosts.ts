import type { PostsSubmitted } from "@influscope/domain/Events"
import type { MergeOutcome } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { analysePost } from "@influscope/domain/posts/AnalysePost"
import { Post } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import { outage } from "@influscope/pipeline/Outage"
import { latestOf } from "@influscope/pipeline/ToPost"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { PostStore } from "@influscope/ports/PostStore"
import { Reject, Retry } from "@influscope/ports/PubSub"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { postsAnalysed } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { accountsOf } from "./Accounts.ts"
import { PostCache } from "./PostCache.ts"
import { RollUps } from "./RollUps.ts"

const analysed = postsAnalysed.register()

/** Posts analysed without a pause: some milliseconds. */
const atOnce = 10

/** Lets the event loop turn: Effect's own yield stays within one turn. */
const pause = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const isSame = Schema.equivalence(Post)

/** What a statement did to what was known before. */
const outcomeOf = (known: Post | undefined, post: Post): MergeOutcome => {
  if (known === undefined) return "created"
  return known.observedAt >= post.observedAt || isSame({ ...known, observedAt: post.observedAt }, post)
    ? "unchanged"
    : "updated"
}

/**
 * Finds out what there is to find out about a batch of posts, stores it, and has the rollups of their authors follow. Done
 * twice, late or in parts, everything is the same.
 */
export class AnalysePosts extends Effect.Service<AnalysePosts>()("@influscope/posts/AnalysePosts", {
  effect: Effect.gen(function* () {
    const store = yield* PostStore
    const index = yield* SearchIndex
    const rollUps = yield* RollUps
    const cache = yield* PostCache
    // Its n-grams take 45 MB and a tenth of a second: not of those who have no posts.
    const detector = yield* Effect.cached(Effect.promise(() => import("./Language.ts")))

    /** Stores the posts of an import, and says what came of each of its rows. */
    const storeFirst = (posts: ReadonlyArray<Post>) =>
      Effect.gen(function* () {
        const distinct = latestOf(posts)
        const entries = yield* store.getMany(distinct.map(({ id }) => id))
        const known = new Map(
          entries.flatMap((entry) =>
            Option.isSome(entry) ? [[entry.value.post.id, entry.value.post] as const] : []
          )
        )
        const counts = { created: 0, updated: 0, unchanged: 0 }
        for (const post of posts) {
          const before = known.get(post.id)
          counts[outcomeOf(before, post)]++
          if (before === undefined || before.observedAt < post.observedAt) known.set(post.id, post)
        }
        yield* store.put(distinct)
        return counts
      })

    const analyse = (posts: ReadonlyArray<Post>, authors: ReadonlyArray<ProfileId>) =>
      Effect.gen(function* () {
        const accounts = yield* accountsOf(index, authors)
        const { detectLanguage } = yield* detector
        const analyses: Array<PostAnalysis> = []
        for (const [place, post] of posts.entries()) {
          if (place % atOnce === 0) yield* pause
          analyses.push(analysePost(post, accounts.get(post.author)?.followers, detectLanguage))
        }
        return analyses
      })

    const apply = Effect.fn("AnalysePosts.apply")(function* ({ posts, stored }: PostsSubmitted) {
      const counts: AppliedCounts = stored
        ? { created: posts.length, updated: 0, unchanged: 0 }
        : yield* storeFirst(posts)
      const distinct = latestOf(posts)
      const authors = [...new Set(distinct.map(({ author }) => author))]
      yield* store.putAnalyses(yield* analyse(distinct, authors))
      yield* Metric.incrementBy(analysed, distinct.length)
      yield* cache.changed(distinct.map(({ id }) => id))
      yield* rollUps.settle(authors)
      return counts
    })

    return {
      apply: (batch: PostsSubmitted): Effect.Effect<AppliedCounts, Retry | Reject> =>
        Effect.catchTag(
          apply(batch),
          "StorageError",
          ({ message, reason }): Effect.Effect<never, Retry | Reject> => {
            // What a store can never take waits for a person, not for another try.
            if (reason === "corrupt") return new Reject({ reason: message })
            return reason === "conflict" ? new Retry({ reason: message }) : outage(message)
          }
        )
    }
  })
}) {}
