import type { ProfileId } from "@influscope/domain/ProfileId"
import { type Post, PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import { PostStore, type StoredPost } from "@influscope/ports/PostStore"
import { corrupt } from "@influscope/ports/StoredJson"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { cursorAt, type Place, placeOf, toPage } from "../../posts/Place.ts"
import { decodePost, inOrder } from "../../posts/Stored.ts"
import { Database, layer as databaseLayer, type Statement } from "../Database.ts"
import { quarterOf, statementsIn } from "./Statements.ts"

/** Posts that are listed and then written, while others are. */
const together = 100
const concurrency = 5
/** Quarters known to be listed; more are listed again. */
const mostKnown = 100_000
/** Places looked at for one page. Posts that were moved or deleted leave some behind. */
const mostPlaces = 5_000

interface PostPlace extends Place {
  readonly id: PostId
}

const PostRow = Schema.Struct({
  post: Schema.NullOr(Schema.String),
  analysis: Schema.NullOr(Schema.String),
  deleted: Schema.NullOr(Schema.DateFromSelf)
})
const decodePostRows = Schema.decodeUnknown(Schema.Array(PostRow))
const PlaceRow = Schema.Struct({ published_at: Schema.DateFromSelf, id: PostId })
const QuarterRow = Schema.Struct({ quarter: Schema.Int })

/** None when it was deleted, or was never there. */
const toStored = ({ analysis, deleted, post }: typeof PostRow.Type) =>
  Effect.gen(function* () {
    if (post === null) return Option.none<StoredPost>()
    const stored = yield* decodePost({ post, analysis })
    const isLeft = ({ observedAt }: { readonly observedAt: number }): boolean =>
      observedAt > (deleted?.getTime() ?? -1)
    return isLeft(stored.post)
      ? Option.some({ post: stored.post, analysis: Option.filter(stored.analysis, isLeft) })
      : Option.none<StoredPost>()
  })

const make = Effect.gen(function* () {
  const database = yield* Database
  const statements = statementsIn(database.keyspace)
  const known = new Set<string>()

  const readAs = <A, I>(schema: Schema.Schema<A, I>, operation: string, statement: Statement) =>
    Effect.flatMap(database.run(operation, [statement]), ([rows = []]) =>
      Effect.mapError(Schema.decodeUnknown(Schema.Array(schema))(rows), corrupt(operation))
    )

  const getMany = Effect.fnUntraced(function* (ids: ReadonlyArray<PostId>) {
    const answers = yield* database.run("read posts", ids.map(statements.get))
    const rows = yield* Effect.mapError(decodePostRows(answers.flat()), corrupt("read posts"))
    const posts = Arr.getSomes(yield* Effect.forEach(rows, toStored))
    return inOrder(ids, posts)
  })

  /** The posts that stand at these places, in their order. */
  const standingAt = (author: ProfileId, places: ReadonlyArray<PostPlace>) =>
    Effect.map(getMany(places.map(({ id }) => id)), (found) =>
      found.flatMap((stored, at) =>
        Option.toArray(stored).filter(
          ({ post }) => post.author === author && post.publishedAt === places[at]?.publishedAt
        )
      )
    )

  /** Lists the quarters of these posts, where that was not done before. */
  const listQuarters = Effect.fnUntraced(function* (posts: ReadonlyArray<Post>) {
    const missing = new Map<string, Statement>()
    for (const { author, publishedAt } of posts) {
      const quarter = quarterOf(publishedAt)
      const key = `${quarter} ${author}`
      if (!known.has(key)) missing.set(key, statements.putQuarter(author, quarter))
    }
    yield* database.run("list quarters", [...missing.values()])
    if (known.size + missing.size > mostKnown) known.clear()
    for (const key of missing.keys()) known.add(key)
  })

  return PostStore.of({
    put: Effect.fn("CassandraPostStore.put")(function* (posts: ReadonlyArray<Post>) {
      yield* listQuarters(posts)
      yield* Effect.forEach(
        Arr.chunksOf(posts, together),
        (some) =>
          Effect.zipRight(
            database.run("list posts", some.map(statements.putPlace)),
            database.run("write posts", some.map(statements.putPost))
          ),
        { concurrency, discard: true }
      )
    }),
    getMany: Effect.fn("CassandraPostStore.getMany")(getMany),
    page: Effect.fn("CassandraPostStore.page")(function* (author, cursor, limit) {
      const start = placeOf(author, cursor)
      if (Option.isNone(start)) return Option.none()
      let place = start.value
      let looked = 0
      const found: Array<StoredPost> = []
      const quarters = yield* readAs(
        QuarterRow,
        "read the quarters of an author",
        statements.quarters(author, quarterOf(place.publishedAt))
      )
      for (const { quarter } of quarters)
        for (let hasMore = true; hasMore; ) {
          const wanted = limit + 1 - found.length
          const rows = yield* readAs(
            PlaceRow,
            "read places of posts",
            statements.places(author, quarter, place, wanted)
          )
          const places = rows.map(({ id, published_at }) => ({ id, publishedAt: published_at.getTime() }))
          found.push(...(yield* standingAt(author, places)))
          if (found.length > limit) return Option.some(toPage(author, found, limit))
          place = places.at(-1) ?? place
          looked += places.length
          if (looked >= mostPlaces) return Option.some({ posts: found, nextCursor: cursorAt(author, place) })
          hasMore = places.length === wanted
        }
      return Option.some(toPage(author, found, limit))
    }),
    putAnalyses: Effect.fn("CassandraPostStore.putAnalyses")(function* (
      analyses: ReadonlyArray<PostAnalysis>
    ) {
      yield* database.run("write analyses", analyses.map(statements.putAnalysis))
    }),
    delete: Effect.fn("CassandraPostStore.delete")(function* (id: PostId, observedAt: number) {
      const [found = Option.none<StoredPost>()] = yield* getMany([id])
      yield* database.run("delete a post", [statements.remove(id, observedAt)])
      if (Option.isSome(found) && found.value.post.observedAt <= observedAt)
        yield* database.run("unlist a post", [statements.removePlace(found.value.post, observedAt)])
    })
  })
})

/**
 * Posts in Cassandra, for any number of processes. Made for more writes than reads: a write reads nothing, and the text of
 * a post is kept once; a page reads the places of the author's posts, and each post by its id.
 */
export const layer: Layer.Layer<PostStore, never, Database> = Layer.effect(PostStore, make)

/** As `layer`, in the cluster at CASSANDRA_HOSTS. */
export const layerConfig = Layer.provide(layer, databaseLayer)
