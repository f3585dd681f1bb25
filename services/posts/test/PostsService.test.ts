import { assert, describe, it } from "@effect/vitest"
import { postsSubmitted } from "@influscope/domain/Events"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { Outbox } from "@influscope/ports/Outbox"
import { PostStore } from "@influscope/ports/PostStore"
import { Posts } from "@influscope/ports/Posts"
import { PubSub } from "@influscope/ports/PubSub"
import { StorageError } from "@influscope/ports/StorageError"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  analysisOf,
  day,
  embedded,
  eventually,
  inInstance,
  noon,
  postOf,
  profileOf,
  rollupOf,
  state,
  takingIn
} from "./Embedded.ts"

const ana = makeProfileId("instagram", "ana")
const bo = makeProfileId("youtube", "bo")

/** A post a day, the latest with the most likes. */
const daily = (count: number) =>
  Array.from({ length: count }, (_, place) =>
    postOf(ana, {
      key: `p${place}`,
      publishedAt: noon + place * day,
      observedAt: noon + 30 * day,
      text: `Coffee number ${place} #coffee`,
      metrics: { likes: 10 * (place + 1), comments: 0 }
    })
  )

/** Batches of posts that are neither analysed nor dead. */
const onTheirWay = Effect.flatMap(Outbox, (outbox) =>
  Effect.map(outbox.audit(60_000), (topics) => {
    const audit = topics.find(({ topic }) => topic === postsSubmitted.name)
    return (audit?.pending ?? 0) + (audit?.missing ?? 0)
  })
)
const allAnalysed = eventually(
  Effect.map(onTheirWay, (items) => (items === 0 ? Option.some("all") : Option.none()))
)

describe("posts that are submitted", () => {
  it.scopedLive("are in the store at once, and analysed soon after", () =>
    inInstance(
      Effect.gen(function* () {
        const posts = yield* Posts
        const post = postOf(ana, {
          key: "Cx_1",
          text: "Un café, por favor. ¡Gracias a todos! #coffee @bo ☕"
        })
        yield* posts.submit([post])
        const stored = Option.getOrThrow(yield* posts.get(post.id))
        assert.deepStrictEqual(stored.post, post)
        const analysis = yield* analysisOf(post.id, post.observedAt)
        assert.deepStrictEqual(
          [
            analysis.words,
            analysis.sentences,
            analysis.hashtags,
            analysis.mentions,
            analysis.emoji,
            analysis.language
          ],
          [7, 2, ["coffee"], ["bo"], 1, "es"]
        )
      })
    )
  )

  it.scopedLive("feed the rollup and the profile of their author", () =>
    inInstance(
      Effect.gen(function* () {
        yield* state(ana, { followers: 1_000, country: "JP" })
        yield* (yield* Posts).submit(daily(6))
        const rollup = yield* rollupOf(ana, (count) => count === 6)
        assert.deepStrictEqual(rollup.medianEngagement, {
          rate: 3.5,
          formula: "instagram/by-followers@1",
          posts: 6
        })
        assert.strictEqual(rollup.zone, "Asia/Tokyo")
        assert.deepStrictEqual(new Set(rollup.hours.map(({ hour }) => hour)), new Set([21]))
        const { fields, provenance } = yield* profileOf(ana, (profile) => profile.fields.postsPerWeek === 7)
        assert.strictEqual(fields.medianEngagement, 3.5)
        assert.deepStrictEqual(fields.topHashtags, ["coffee"])
        assert.strictEqual(fields.followers, 1_000)
        assert.deepStrictEqual(provenance.topHashtags?.source, "posts")
        assert.strictEqual(provenance.topHashtags?.observedAt, noon + 30 * day)
      })
    )
  )

  it.scopedLive("make a profile of an author nobody knew", () =>
    inInstance(
      Effect.gen(function* () {
        yield* (yield* Posts).submit([postOf(bo, { key: "abc" })])
        const { fields, handle } = yield* profileOf(bo, () => true)
        assert.strictEqual(handle, "bo")
        assert.deepStrictEqual([fields.postsPerWeek, fields.medianEngagement], [null, null])
      })
    )
  )

  it.scopedLive("are the same however often they come, also in one batch, and never go back in time", () =>
    inInstance(
      Effect.gen(function* () {
        const posts = yield* Posts
        const early = postOf(ana, { key: "a", metrics: { likes: 1 } })
        const late = { ...early, observedAt: early.observedAt + day, text: "later", metrics: { likes: 2 } }
        yield* posts.submit([late, early])
        yield* posts.submit([early])
        yield* Effect.all([posts.submit([late]), posts.submit([late])], { concurrency: 2 })
        yield* analysisOf(late.id, late.observedAt)
        yield* allAnalysed
        const stored = Option.getOrThrow(yield* posts.get(late.id))
        assert.deepStrictEqual(stored.post, late)
        assert.strictEqual(Option.getOrThrow(stored.analysis).observedAt, late.observedAt)
        const page = Option.getOrThrow(yield* posts.page(ana, undefined, 10))
        assert.strictEqual(page.posts.length, 1)
      })
    )
  )

  it.scopedLive("survive the process that took them in", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const given = daily(40)
      yield* Effect.flatMap(Posts, (posts) => posts.submit(given)).pipe(Effect.provide(takingIn(directory)))
      yield* Effect.gen(function* () {
        for (const { id, observedAt } of given) yield* analysisOf(id, observedAt)
        yield* rollupOf(ana, (count) => count === 40)
        yield* allAnalysed
      }).pipe(Effect.provide(embedded(directory)))
    })
  )

  it.scopedLive("wait while the store of their analyses is down", () => {
    let failures = 3
    return inInstance(
      Effect.gen(function* () {
        const post = postOf(ana, { key: "a" })
        yield* (yield* Posts).submit([post])
        yield* analysisOf(post.id, post.observedAt)
        assert.strictEqual(failures, 0)
      }),
      (store) => ({
        ...store,
        putAnalyses: (analyses) =>
          Effect.suspend(() => {
            if (failures === 0) return store.putAnalyses(analyses)
            failures--
            return new StorageError({ reason: "unavailable", operation: "write analyses", cause: "down" })
          })
      })
    )
  })

  it.scopedLive("that are none go to the dead letters, and hold up nobody", () =>
    inInstance(
      Effect.gen(function* () {
        const posts = yield* Posts
        const outbox = yield* Outbox
        const pubsub = yield* PubSub
        const good = postOf(ana, { key: "good" })
        const event = {
          version: 1,
          id: "poison",
          job: null,
          stored: true,
          posts: [{ ...good, metrics: { likes: -1 } }]
        }
        for (const [id, payload] of [
          ["poison", JSON.stringify(event)],
          ["garbage", "{"]
        ] as const) {
          const message = { id, payload, items: 1, traceparent: undefined }
          yield* outbox.append(postsSubmitted.name, message, undefined)
          yield* pubsub.publish(postsSubmitted.name, message)
        }
        yield* posts.submit([good])
        yield* analysisOf(good.id, good.observedAt)
        yield* allAnalysed
        const topics = yield* outbox.audit(60_000)
        const audit = topics.find(({ topic }) => topic === postsSubmitted.name)
        assert.deepInclude(audit, { sent: 3, applied: 1, deadLettered: 2 })
      })
    )
  )

  it.scopedLive("of an import are stored by who analyses them, and its rows are counted", () =>
    inInstance(
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const pubsub = yield* PubSub
        const [first, second, third] = daily(3)
        assert(first !== undefined && second !== undefined && third !== undefined)
        const send = (id: string, posts: ReadonlyArray<typeof first>) =>
          Effect.gen(function* () {
            const event = { version: 1, id, job: "job", stored: false, posts }
            const message = {
              id,
              payload: JSON.stringify(event),
              items: posts.length,
              traceparent: undefined
            }
            yield* outbox.append(postsSubmitted.name, message, "job")
            yield* pubsub.publish(postsSubmitted.name, message)
            yield* allAnalysed
          })
        yield* send("one", [first, second])
        const newer = { ...first, observedAt: first.observedAt + day, metrics: { likes: 99 } }
        const seenAgain = { ...second, observedAt: second.observedAt + day }
        yield* send("two", [newer, seenAgain, third, third])
        const { created, unchanged, updated } = yield* outbox.progress("job")
        assert.deepStrictEqual({ created, updated, unchanged }, { created: 3, updated: 1, unchanged: 2 })
        const stored = Option.getOrThrow(yield* (yield* Posts).get(first.id))
        assert.deepStrictEqual(stored.post, newer)
      })
    )
  )
})

describe("a post that is removed", () => {
  it.scopedLive("is gone from every answer, and stays so when it comes again", () =>
    inInstance(
      Effect.gen(function* () {
        const posts = yield* Posts
        const given = daily(6)
        const [first] = given
        assert(first !== undefined)
        yield* posts.submit(given)
        yield* rollupOf(ana, (count) => count === 6)
        assert.isTrue(yield* posts.remove(first.id))
        assert.strictEqual((yield* Effect.map(posts.rollup(ana), Option.getOrThrow)).posts, 5)
        assert.isTrue(Option.isNone(yield* posts.get(first.id)))
        assert.isFalse(yield* posts.remove(first.id))
        yield* posts.submit([first])
        yield* allAnalysed
        assert.isTrue(Option.isNone(yield* posts.get(first.id)))
        assert.strictEqual((yield* Effect.map(posts.rollup(ana), Option.getOrThrow)).posts, 5)
      })
    )
  )

  it.scopedLive(
    "and was the last one takes the rollup with it, and its profile forgets what was known by it",
    () =>
      inInstance(
        Effect.gen(function* () {
          const posts = yield* Posts
          const given = daily(2)
          yield* posts.submit(given)
          yield* profileOf(ana, ({ fields }) => fields.postsPerWeek === 7)
          for (const { id } of given) yield* posts.remove(id)
          assert.isTrue(Option.isNone(yield* posts.rollup(ana)))
          const { fields } = yield* profileOf(ana, (profile) => profile.fields.topHashtags?.length === 0)
          assert.deepStrictEqual([fields.postsPerWeek, fields.medianEngagement], [null, null])
        })
      )
  )
})

describe("rollups", () => {
  it.scopedLive("of many authors are all worked out, and told in few messages", () =>
    inInstance(
      Effect.gen(function* () {
        const authors = Array.from({ length: 120 }, (_, place) => makeProfileId("x", `author_${place}`))
        const given = authors.flatMap((author, place) =>
          [0, 1].map((nth) => postOf(author, { key: `${place}-${nth}`, publishedAt: noon + nth * day }))
        )
        yield* (yield* Posts).submit(given)
        for (const author of authors) yield* rollupOf(author, (count) => count === 2)
        for (const author of authors) yield* profileOf(author, ({ fields }) => fields.postsPerWeek === 7)
        const topics = yield* (yield* Outbox).audit(60_000)
        assert.isAtMost(topics.find(({ topic }) => topic === "profiles.discovered")?.sentBatches ?? 0, 4)
      })
    )
  )

  it.scopedLive("are of one author however many batches come at once", () =>
    inInstance(
      Effect.gen(function* () {
        const posts = yield* Posts
        const given = daily(60)
        yield* Effect.forEach(given, (post) => posts.submit([post]), { concurrency: 16 })
        const rollup = yield* rollupOf(ana, (count) => count === 60)
        assert.strictEqual(rollup.lastPublishedAt, noon + 59 * day)
        yield* allAnalysed
        assert.strictEqual((yield* Effect.map(posts.rollup(ana), Option.getOrThrow)).posts, 60)
      })
    )
  )
})

describe("a request that names itself", () => {
  it.scopedLive("is of the moment of the first one, for as long as its body is the same", () =>
    inInstance(
      Effect.gen(function* () {
        const { momentOf } = yield* Posts
        const [first, other] = yield* Effect.all([momentOf("key", "body"), momentOf("key", "body")], {
          concurrency: 2
        })
        assert.strictEqual(other, first)
        yield* Effect.sleep("5 millis")
        assert.strictEqual(yield* momentOf("key", "body"), first)
        assert.isAbove(yield* momentOf("another key", "body"), first)
        const reused = yield* Effect.flip(momentOf("key", "another body"))
        assert.strictEqual(reused._tag, "KeyReused")
      })
    )
  )
})

describe("reading a post", () => {
  it.scopedLive("shows every change at once, through the cache", () =>
    inInstance(
      Effect.gen(function* () {
        const posts = yield* Posts
        const store = yield* PostStore
        const post = postOf(ana, { key: "a", text: "first" })
        yield* posts.submit([post])
        yield* analysisOf(post.id, post.observedAt)
        yield* posts.get(post.id)
        const edited = { ...post, text: "second", observedAt: post.observedAt + 1 }
        yield* posts.submit([edited])
        assert.strictEqual(Option.getOrThrow(yield* posts.get(post.id)).post.text, "second")
        const [stored = Option.none()] = yield* store.getMany([post.id])
        assert.deepStrictEqual(Option.getOrThrow(stored).post, edited)
      })
    )
  )
})
