import { assert, describe, it } from "@effect/vitest"
import { makeProfileId, type ProfileId } from "@influscope/domain/ProfileId"
import { makePostId, type Post, type PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type PostPage, PostStore, type StoredPost } from "../PostStore.ts"
import { awkwardText, type Restartable, suite, unique } from "./Conformance.ts"
import { PostStoreModel } from "./PostStoreModel.ts"

export interface PostStoreConformanceOptions<E> {
  /** Left out, the tests of restarts do not run. */
  readonly restartable?: Restartable<PostStore, E>
}

const day = 86_400_000
const march = Date.UTC(2026, 2, 1)

const newId = (ending = ""): PostId => makePostId("instagram", `${unique("p")}${ending}`)
const newAuthor = (): ProfileId => makeProfileId("instagram", unique("a"))

type Fields = Partial<Omit<Post, "id" | "author">>

const postOf = (author: ProfileId, id: PostId = newId(), fields: Fields = {}): Post => ({
  id,
  author,
  publishedAt: march,
  observedAt: march + day,
  text: "a post",
  metrics: {},
  ...fields
})

const analysisOf = ({ id, observedAt }: Post, words = 2): PostAnalysis => ({
  post: id,
  observedAt,
  words,
  averageWordLength: 2.5,
  characters: 6,
  sentences: 1,
  hashtags: ["été", "日本"],
  mentions: [],
  links: ["https://example.com/?a=1&b='"],
  emoji: 0,
  language: "en",
  readability: { formula: "flesch-reading-ease@1", score: 116.7 },
  fingerprint: "00ff00ff00ff00ff",
  engagement: { rate: null, formula: "instagram@1", reason: "missing-engagements", followers: null }
})

const get = Effect.fnUntraced(function* (id: PostId) {
  const store = yield* PostStore
  const [found = Option.none<StoredPost>()] = yield* store.getMany([id])
  return found
})

const pageOf = Effect.fnUntraced(function* (author: ProfileId, cursor: string | undefined, limit: number) {
  const store = yield* PostStore
  return Option.getOrThrow(yield* store.page(author, cursor, limit))
})

/** All posts of an author, page by page. */
const walk = Effect.fnUntraced(function* (
  author: ProfileId,
  limit: number,
  between: Effect.Effect<void, unknown, PostStore> = Effect.void
) {
  const found: Array<StoredPost> = []
  let cursor: string | undefined
  for (;;) {
    const page: PostPage = yield* pageOf(author, cursor, limit)
    assert.isAtMost(page.posts.length, limit)
    found.push(...page.posts)
    if (page.nextCursor === null) return found
    cursor = page.nextCursor
    yield* between
  }
})

const idsOf = (posts: ReadonlyArray<StoredPost>): ReadonlyArray<PostId> => posts.map(({ post }) => post.id)

/** The post stands as given, by its id and in its author's list. */
const assertStands = Effect.fnUntraced(function* (post: Post) {
  assert.deepStrictEqual(Option.getOrThrow(yield* get(post.id)).post, post)
  const listed = (yield* walk(post.author, 100)).filter(({ post: { id } }) => id === post.id)
  assert.deepStrictEqual(
    listed.map((stored) => stored.post),
    [post]
  )
})

const assertGone = Effect.fnUntraced(function* (id: PostId, authors: ReadonlyArray<ProfileId>) {
  assert.isTrue(Option.isNone(yield* get(id)))
  for (const author of authors) assert.notInclude(idsOf(yield* walk(author, 100)), id)
})

// What the model is compared by: statements about a few posts, in any order and more than once.

type Step =
  | { readonly _tag: "Put"; readonly at: number; readonly versions: ReadonlyArray<number> }
  | { readonly _tag: "Analyse"; readonly at: number; readonly version: number }
  | { readonly _tag: "Delete"; readonly at: number; readonly version: number }

const postsOfModel = 3
const someAt = FastCheck.nat(postsOfModel - 1)
const someVersion = FastCheck.integer({ min: 1, max: 8 })

const someStep: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  FastCheck.record({
    _tag: FastCheck.constant("Put" as const),
    at: someAt,
    versions: FastCheck.array(someVersion, { minLength: 1, maxLength: 3 })
  }),
  FastCheck.record({ _tag: FastCheck.constant("Analyse" as const), at: someAt, version: someVersion }),
  FastCheck.record({ _tag: FastCheck.constant("Delete" as const), at: someAt, version: someVersion })
)

/** The same steps in another order, some of them twice. */
const someHistory = FastCheck.array(someStep, { minLength: 1, maxLength: 12 }).chain((steps) =>
  FastCheck.tuple(
    FastCheck.constant(steps),
    FastCheck.shuffledSubarray([...steps, ...steps], {
      minLength: 2 * steps.length,
      maxLength: 2 * steps.length
    })
  )
)

/** How many posts a large author has, over how many days. */
const large = { posts: 100_000, days: 3_650 }

/** What every PostStore must do. The layer is built once and shared by the tests. */
export const postStoreConformance = <E>(
  name: string,
  layer: Layer.Layer<PostStore, E>,
  options: PostStoreConformanceOptions<E> = {}
): void => {
  suite(`PostStore: ${name}`, layer, (test) => {
    test("answers posts in the order asked, as they were given", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const author = newAuthor()
        const plain = postOf(author)
        const full = postOf(author, newId("日本😀"), {
          publishedAt: 0,
          observedAt: 4_294_967_295_999,
          title: `${awkwardText} \ud800`,
          text: awkwardText.repeat(200),
          url: "https://example.com/p/1?a='--",
          media: "carousel",
          metrics: { likes: 0, views: Number.MAX_SAFE_INTEGER }
        })
        yield* store.put([plain, full])
        const unknown = newId()
        const found = yield* store.getMany([full.id, unknown, plain.id, full.id])
        assert.deepStrictEqual(
          found.map((each) => Option.getOrUndefined(each)?.post),
          [full, undefined, plain, full]
        )
        assert.isTrue(found.every((each) => Option.isNone(Option.flatMap(each, ({ analysis }) => analysis))))
        yield* assertStands(full)
        yield* store.put([])
        assert.deepStrictEqual(yield* store.getMany([]), [])
      }))

    test("keeps the statement observed last, whole, whatever comes when and how often", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const author = newAuthor()
        const id = newId()
        const older = postOf(author, id, { observedAt: march + 1, title: "old", metrics: { likes: 5 } })
        const newer = postOf(author, id, { observedAt: march + 2, text: "new", metrics: { views: 7 } })
        yield* store.put([older])
        yield* store.put([newer])
        yield* assertStands(newer)
        yield* store.put([older])
        yield* store.put([newer, newer])
        yield* assertStands(newer)
        const newest = { ...newer, observedAt: march + 4 }
        yield* store.put([{ ...newer, observedAt: march + 3 }, newest, older])
        yield* assertStands(newest)
      }))

    test("finds a post in its new place alone after it was moved", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const [first, second] = [newAuthor(), newAuthor()]
        const id = newId()
        const before = postOf(first, id, { observedAt: march })
        const redated = postOf(first, id, { observedAt: march + 1, publishedAt: march - 900 * day })
        const handedOver = postOf(second, id, { observedAt: march + 2, publishedAt: march - day })
        for (const post of [before, redated, handedOver]) {
          yield* store.put([post])
          yield* assertStands(post)
        }
        yield* store.put([redated, before])
        yield* assertStands(handedOver)
        assert.deepStrictEqual(yield* walk(first, 10), [])
        const back = { ...before, observedAt: march + 3 }
        yield* store.put([back])
        yield* assertStands(back)
        assert.deepStrictEqual(yield* walk(second, 10), [])
      }))

    test("lets one of two statements of the same moment stand, everywhere", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const authors = [newAuthor(), newAuthor()]
        const ids = Array.from({ length: 10 }, () => newId())
        const statements = ids.flatMap((id, at) =>
          authors.map((author, which) => postOf(author, id, { publishedAt: march + at + which }))
        )
        yield* Effect.forEach([...statements, ...[...statements].reverse()], (post) => store.put([post]), {
          concurrency: 8,
          discard: true
        })
        const listed = (yield* Effect.forEach(authors, (author) => walk(author, 100))).flat()
        assert.sameMembers([...idsOf(listed)], ids)
        for (const { post } of listed) yield* assertStands(post)
        yield* store.put(statements)
        for (const { post } of listed) yield* assertStands(post)
      }))

    test("lets the latest of many writers at a time stand", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const author = newAuthor()
        const ids = Array.from({ length: 20 }, () => newId())
        const batches = Array.from({ length: 10 }, (_, version) =>
          ids.map((id) => postOf(author, id, { observedAt: march + version, text: `version ${version}` }))
        )
        yield* Effect.forEach(
          batches,
          (batch, at) => store.put(at % 2 === 0 ? batch : [...batch].reverse()),
          { concurrency: 10, discard: true }
        )
        const found = yield* walk(author, 7)
        assert.sameMembers([...idsOf(found)], ids)
        assert.isTrue(found.every(({ post }) => post.text === "version 9"))
      }))

    test("lists newest first, and by descending code points of the id within a moment", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const author = newAuthor()
        // By UTF-16 code units, the emoji would be before the fullwidth letter.
        const root = unique("p")
        const sameMoment = ["😀", "Ａ", "é", "b", "a", "B", "-"].map((ending) =>
          postOf(author, makePostId("instagram", `${root}${ending}`))
        )
        const years = [
          0,
          1,
          march - 1,
          march + 1,
          march - 30 * day,
          Date.UTC(1999, 11, 31),
          4_294_967_295_999
        ]
        const others = years.map((publishedAt) => postOf(author, newId(), { publishedAt }))
        yield* store.put([...others, ...sameMoment])
        const model = new PostStoreModel()
        model.put([...others, ...sameMoment])
        for (const limit of [1, 2, 3, 100])
          assert.deepStrictEqual(idsOf(yield* walk(author, limit)), idsOf(model.of(author)))
      }))

    test("ends with the last post, also when it fills the page", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const author = newAuthor()
        assert.deepStrictEqual(yield* pageOf(author, undefined, 5), { posts: [], nextCursor: null })
        yield* store.put(Array.from({ length: 6 }, (_, at) => postOf(author, newId(), { publishedAt: at })))
        const { nextCursor } = yield* pageOf(author, undefined, 3)
        const last = yield* pageOf(author, nextCursor ?? undefined, 3)
        assert.strictEqual(last.posts.length, 3)
        assert.isNull(last.nextCursor)
      }))

    test("does not take the cursor of another author, or what is none", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const [author, other] = [newAuthor(), newAuthor()]
        yield* store.put(
          [author, other].flatMap((one) => [postOf(one), postOf(one, newId(), { publishedAt: march + 1 })])
        )
        const { nextCursor } = yield* pageOf(author, undefined, 1)
        assert.isString(nextCursor)
        const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
        const none = [
          nextCursor ?? "",
          "",
          "x",
          `${nextCursor}${"A".repeat(5_000)}`,
          json({}),
          json([other, "1", newId()]),
          json([other, -1, newId()]),
          json([other, 1e300, newId()]),
          json([other, 1, "\u0000"]),
          json([other, 1, awkwardText])
        ]
        for (const cursor of none) assert.isTrue(Option.isNone(yield* store.page(other, cursor, 10)), cursor)
      }))

    test("shows every post that stays once while others are written, moved and deleted between pages", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const [author, other] = [newAuthor(), newAuthor()]
        const at = (days: number, id = newId()) =>
          postOf(author, id, { publishedAt: march - days * day, observedAt: march + days })
        const staying = Array.from({ length: 120 }, (_, days) => at(3 * days))
        const leaving = Array.from({ length: 40 }, (_, days) => at(9 * days + 1))
        yield* store.put([...staying, ...leaving])
        let round = 0
        const found = yield* walk(
          author,
          7,
          Effect.gen(function* () {
            round++
            yield* store.put([at(-round), at(round * 20), at(1_000 + round)])
            const [moved, deleted] = leaving.splice(0, 2)
            if (moved !== undefined)
              yield* store.put([{ ...moved, author: other, observedAt: march + 5_000 }])
            if (deleted !== undefined) yield* store.delete(deleted.id, march + 5_000)
          })
        )
        const ids = idsOf(found)
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.includeMembers([...ids], [...staying.map(({ id }) => id)])
        const times = found.map(({ post }) => post.publishedAt)
        assert.deepStrictEqual(
          times,
          [...times].sort((a, b) => b - a)
        )
      }))

    test("deletes for good as far as was observed, whatever comes late", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const [author, other] = [newAuthor(), newAuthor()]
        const id = newId()
        const version = (observedAt: number, of = author) =>
          postOf(of, id, { observedAt, publishedAt: march + observedAt })
        yield* store.put([version(5)])
        yield* store.putAnalyses([analysisOf(version(5))])
        yield* store.delete(id, 10)
        yield* assertGone(id, [author])
        // Delivered again, and what was under way.
        yield* store.put([version(5), version(3, other)])
        yield* store.put([version(10)])
        yield* store.putAnalyses([analysisOf(version(10))])
        yield* store.delete(id, 4)
        yield* assertGone(id, [author, other])
        yield* store.put([version(11)])
        yield* assertStands(version(11))
        assert.isTrue(Option.isNone(Option.flatMap(yield* get(id), ({ analysis }) => analysis)))
        yield* store.putAnalyses([analysisOf(version(9))])
        assert.isTrue(Option.isNone(Option.flatMap(yield* get(id), ({ analysis }) => analysis)))
        yield* store.putAnalyses([analysisOf(version(11))])
        yield* store.delete(id, 10)
        const stored = Option.getOrThrow(yield* get(id))
        assert.deepStrictEqual(stored.analysis, Option.some(analysisOf(version(11))))
        yield* store.delete(id, 11)
        yield* store.delete(id, 11)
        yield* assertGone(id, [author, other])
      }))

    test("takes a deletion that comes before its post, and of what nobody knows", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const author = newAuthor()
        const post = postOf(author)
        yield* store.delete(post.id, post.observedAt)
        yield* store.put([post])
        yield* assertGone(post.id, [author])
        yield* store.delete(newId(), march)
      }))

    test("keeps the latest analysis of a post, through newer statements about it", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const author = newAuthor()
        const id = newId()
        const [old, middle, young] = [1, 2, 3].map((observedAt) => postOf(author, id, { observedAt }))
        if (old === undefined || middle === undefined || young === undefined) return
        const assertAnalysis = Effect.fnUntraced(function* (expected: PostAnalysis | undefined) {
          const stored = [Option.getOrThrow(yield* get(id)), ...(yield* walk(author, 10))]
          assert.deepStrictEqual(
            stored.map(({ analysis }) => Option.getOrUndefined(analysis)),
            [expected, expected]
          )
        })
        yield* store.put([old])
        yield* assertAnalysis(undefined)
        yield* store.putAnalyses([analysisOf(old)])
        yield* assertAnalysis(analysisOf(old))
        yield* store.put([young])
        yield* assertAnalysis(analysisOf(old))
        yield* store.putAnalyses([analysisOf(young, 3), analysisOf(middle)])
        yield* assertAnalysis(analysisOf(young, 3))
        yield* store.putAnalyses([analysisOf(old), analysisOf(middle)])
        yield* assertAnalysis(analysisOf(young, 3))
        const stranger = postOf(newAuthor())
        yield* store.putAnalyses([analysisOf(stranger)])
        yield* assertGone(stranger.id, [stranger.author])
        yield* store.putAnalyses([])
      }))

    test("comes to the same by the same statements in any order, some of them twice", () =>
      Effect.gen(function* () {
        const store = yield* PostStore
        const run = Effect.fnUntraced(function* (order: ReadonlyArray<Step>) {
          const authors = [newAuthor(), newAuthor()]
          const ids = Array.from({ length: postsOfModel }, () => newId())
          const model = new PostStoreModel()
          /** What a version says follows from its number. */
          const versionOf = (at: number, version: number): Post =>
            postOf(authors[(at + version) % 2] ?? newAuthor(), ids[at], {
              observedAt: version,
              publishedAt: march - ((at * 7 + version * 5) % 4) * 60 * day,
              text: `version ${version}`
            })
          const first = ids.map((_, at) => versionOf(at, 0))
          yield* store.put(first)
          model.put(first)
          for (const step of order) {
            if (step._tag === "Put") {
              const posts = step.versions.map((version) => versionOf(step.at, version))
              yield* store.put(posts)
              model.put(posts)
            } else if (step._tag === "Analyse") {
              const analyses = [analysisOf(versionOf(step.at, step.version), step.version)]
              yield* store.putAnalyses(analyses)
              model.putAnalyses(analyses)
            } else {
              const { id } = versionOf(step.at, 0)
              yield* store.delete(id, step.version)
              model.delete(id, step.version)
            }
          }
          assert.deepStrictEqual(
            yield* store.getMany(ids),
            ids.map((id) => model.get(id))
          )
          for (const author of authors) assert.deepStrictEqual(yield* walk(author, 2), [...model.of(author)])
        })
        yield* Effect.forEach(
          FastCheck.sample(someHistory, 25),
          ([steps, shuffled]) =>
            Effect.zipRight(run(steps), run(shuffled)).pipe(
              Effect.onError(() => Effect.logError(JSON.stringify({ steps, shuffled })))
            ),
          { discard: true }
        )
      }))
  })

  suite(`PostStore with a large author: ${name}`, layer, (test) => {
    test(
      `lists ${large.posts} posts of ${large.days} days, each once, in order`,
      () =>
        Effect.gen(function* () {
          const store = yield* PostStore
          const author = newAuthor()
          const root = unique("p")
          const posts = Array.from({ length: large.posts }, (_, at) =>
            postOf(author, makePostId("instagram", `${root}-${String(at).padStart(6, "0")}`), {
              publishedAt: march - large.days * day + Math.floor((at * large.days * day) / large.posts)
            })
          )
          yield* Effect.forEach(Arr.chunksOf(posts, 500), store.put, { concurrency: 2, discard: true })
          const found = yield* walk(author, 500)
          assert.deepStrictEqual(idsOf(found), posts.map(({ id }) => id).reverse())
          const middle = yield* pageOf(author, undefined, 10)
          assert.deepStrictEqual(
            idsOf(middle.posts),
            posts
              .slice(-10)
              .map(({ id }) => id)
              .reverse()
          )
        }),
      600_000
    )
  })

  const { restartable } = options
  if (restartable === undefined) return
  describe(`PostStore across restarts: ${name}`, () => {
    it.scopedLive("keeps posts, analyses and what was deleted", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const author = newAuthor()
        const posts = Array.from({ length: 30 }, (_, at) =>
          postOf(author, newId(), { publishedAt: march - at * 40 * day })
        )
        const [deleted, ...kept] = posts
        if (deleted === undefined) return
        yield* Effect.gen(function* () {
          const store = yield* PostStore
          yield* store.put(posts)
          yield* store.putAnalyses(posts.map((post) => analysisOf(post)))
          yield* store.delete(deleted.id, deleted.observedAt)
        }).pipe(Effect.provide(process))
        yield* Effect.gen(function* () {
          const store = yield* PostStore
          yield* store.put(posts)
          assert.deepStrictEqual(
            yield* walk(author, 11),
            kept.map((post) => ({ post, analysis: Option.some(analysisOf(post)) }))
          )
          yield* assertGone(deleted.id, [author])
        }).pipe(Effect.provide(process))
      })
    )
  })
}
