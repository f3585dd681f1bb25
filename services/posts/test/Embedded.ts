import { join } from "node:path"
import * as MemoryCache from "@influscope/adapters/memory/Cache"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as SqlitePosts from "@influscope/adapters/sqlite/posts/PostStore"
import * as SqliteQueue from "@influscope/adapters/sqlite/Queue"
import * as SqliteState from "@influscope/adapters/sqlite/StateStore"
import * as DirectAnalytics from "@influscope/analytics/DirectAnalytics"
import { type ProfilesDiscovered, profilesDiscovered } from "@influscope/domain/Events"
import type { ProfileFields } from "@influscope/domain/Observation"
import type { Profile } from "@influscope/domain/Profile"
import { type ProfileId, platformOf } from "@influscope/domain/ProfileId"
import { makePostId, type Post, type PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import { IndexerLive } from "@influscope/indexer/Indexer"
import { Publisher } from "@influscope/pipeline/Publisher"
import { PublishPosts } from "@influscope/pipeline/PublishPosts"
import { RelayLive } from "@influscope/pipeline/Relay"
import { PostStore } from "@influscope/ports/PostStore"
import { Posts } from "@influscope/ports/Posts"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { Moments } from "../src/Moments.ts"
import { PostCache } from "../src/PostCache.ts"
import { PostsLive } from "../src/Posts.ts"
import { PostsServiceLive } from "../src/PostsService.ts"
import { RollUps } from "../src/RollUps.ts"

/** What a test can do to the store of posts. */
export type Trouble = (store: PostStore["Type"]) => PostStore["Type"]

const troubled = (trouble: Trouble) => Layer.effect(PostStore, Effect.map(PostStore, trouble))

/** The embedded stores on a data directory: what an instance leaves there is all the next one finds. */
const adapters = (directory: string, trouble: Trouble) =>
  Layer.mergeAll(
    SqliteQueue.layer,
    SqliteOutbox.layer,
    SqliteState.layer,
    EmbeddedSearchIndex.layer(join(directory, "profiles.db")),
    Layer.provide(troubled(trouble), SqlitePosts.layer(join(directory, "posts.db"))),
    MemoryCache.layer,
    DirectAnalytics.layer
  ).pipe(Layer.provide(MainDatabase.layer(directory)))

const quiet = Logger.minimumLogLevel(LogLevel.None)

/** Posts, their analysis and the index in one process on a data directory. */
export const embedded = (directory: string, trouble: Trouble = (store) => store) =>
  PostsServiceLive.pipe(
    Layer.provideMerge(Layer.mergeAll(IndexerLive, RelayLive)),
    Layer.provideMerge(Publisher.Default),
    Layer.provideMerge(adapters(directory, trouble)),
    Layer.provide(quiet),
    Layer.fresh
  )

/** What takes posts in, without those who analyse them: as if they were down, or the process died before it came to it. */
export const takingIn = (directory: string) =>
  PostsLive.pipe(
    Layer.provide(Layer.mergeAll(RollUps.Default, PostCache.Default, Moments.Default, PublishPosts.Default)),
    Layer.provideMerge(Publisher.Default),
    Layer.provideMerge(adapters(directory, (store) => store)),
    Layer.provide(quiet),
    Layer.fresh
  )

/** Runs a body in an instance on a directory of its own. */
export const inInstance = <A, E, R>(body: Effect.Effect<A, E, R>, trouble?: Trouble) =>
  Effect.flatMap(temporaryDirectory, (directory) => Effect.provide(body, embedded(directory, trouble)))

/** 2026-03-02T12:00:00Z */
export const noon = Date.UTC(2026, 2, 2, 12)
export const day = 86_400_000

export interface GivenPost extends Partial<Omit<Post, "id">> {
  readonly key: string
}

export const postOf = (author: ProfileId, { key, ...rest }: GivenPost): Post => ({
  id: makePostId(platformOf(author), key),
  author,
  publishedAt: noon,
  observedAt: noon + day,
  text: "",
  metrics: {},
  ...rest
})

/** Waits until there is something. Interrupt or time out from outside. */
export const eventually = <A, E, R>(look: Effect.Effect<Option.Option<A>, E, R>): Effect.Effect<A, E, R> =>
  look.pipe(Effect.delay("10 millis"), Effect.repeat({ until: Option.isSome }), Effect.map(Option.getOrThrow))

/** The analysis of a post as it was at a moment. */
export const analysisOf = (id: PostId, observedAt: number): Effect.Effect<PostAnalysis, unknown, Posts> =>
  Effect.flatMap(Posts, (posts) =>
    eventually(
      Effect.map(posts.get(id), (stored) =>
        Option.filter(
          Option.flatMap(stored, ({ analysis }) => analysis),
          (analysis) => analysis.observedAt === observedAt
        )
      )
    )
  )

export const rollupOf = (author: ProfileId, isIt: (posts: number) => boolean) =>
  Effect.flatMap(Posts, (posts) =>
    eventually(
      Effect.map(posts.rollup(author), (found) => Option.filter(found, ({ posts: count }) => isIt(count)))
    )
  )

/** The profile, once it is as expected. */
export const profileOf = (
  id: ProfileId,
  isIt: (profile: Profile) => boolean
): Effect.Effect<Profile, unknown, SearchIndex> =>
  Effect.flatMap(SearchIndex, (index) =>
    eventually(
      Effect.map(index.getMany([id]), ([entry = Option.none()]) =>
        Option.filterMap(entry, (found) =>
          found._tag === "Present" && isIt(found.profile) ? Option.some(found.profile) : Option.none()
        )
      )
    )
  )

/** States something about an account, and waits until its profile has it. */
export const state = (author: ProfileId, fields: ProfileFields) =>
  Effect.gen(function* () {
    const publisher = yield* Publisher
    const event: ProfilesDiscovered = {
      version: 1,
      id: crypto.randomUUID(),
      job: null,
      observations: [
        {
          id: author,
          platform: platformOf(author),
          handle: author.slice(author.indexOf(":") + 1),
          source: "test",
          observedAt: noon,
          ingestedAt: noon,
          ordinal: 0,
          fields
        }
      ]
    }
    yield* publisher.publish(profilesDiscovered, event, { items: 1, job: undefined })
    yield* profileOf(author, (profile) => profile.fields.followers === fields.followers)
  })
