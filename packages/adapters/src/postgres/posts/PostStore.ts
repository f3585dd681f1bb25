import type { Post, PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import { PostStore } from "@influscope/ports/PostStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { placeOf, toPage } from "../../posts/Place.ts"
import { analysisText, decodePost, inOrder, latest, postText, type StoredTexts } from "../../posts/Stored.ts"
import { encodeArray, encodeTexts } from "../Arrays.ts"
import { Database } from "../Database.ts"

/** $1 ids, $2 authors, $3 published at, $4 observed at, $5 posts. All writers lock rows in the order of the ids. */
const put = `
INSERT INTO influscope.posts AS known (id, author, published_at, observed_at, post)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) AS sent(id) ORDER BY sent.id
ON CONFLICT (id) DO UPDATE SET author = excluded.author, published_at = excluded.published_at,
  observed_at = excluded.observed_at, post = excluded.post
WHERE known.observed_at < excluded.observed_at AND known.deleted_at < excluded.observed_at`

/** $1 ids, $2 observed at, $3 analyses. */
const putAnalyses = `
INSERT INTO influscope.post_analyses AS known (id, observed_at, analysis)
SELECT sent.id, sent.observed_at, sent.analysis
FROM unnest($1::text[], $2::bigint[], $3::text[]) AS sent(id, observed_at, analysis)
JOIN influscope.posts ON posts.id = sent.id AND posts.deleted_at < sent.observed_at
ORDER BY sent.id
ON CONFLICT (id) DO UPDATE SET observed_at = excluded.observed_at, analysis = excluded.analysis
WHERE known.observed_at < excluded.observed_at`

/** $1 id, $2 observed at. */
const remove = `
WITH marked AS (
  INSERT INTO influscope.posts AS known (id, deleted_at) VALUES ($1::text, $2::bigint)
  ON CONFLICT (id) DO UPDATE SET deleted_at = excluded.deleted_at,
    post = CASE WHEN known.observed_at > excluded.deleted_at THEN known.post END
  WHERE known.deleted_at < excluded.deleted_at
)
DELETE FROM influscope.post_analyses WHERE id = $1::text AND observed_at <= $2::bigint`

/** An analysis may have been on its way while its post was deleted: then it is there, and does not count. */
const stored = `
SELECT post, analysis FROM influscope.posts LEFT JOIN influscope.post_analyses
  ON post_analyses.id = posts.id AND post_analyses.observed_at > posts.deleted_at`

/** $1 ids. */
const byIds = `${stored} WHERE posts.id = ANY ($1::text[]) AND post IS NOT NULL`

/** $1 author, $2 published at, $3 id, $4 limit. */
const page = `${stored}
WHERE author = $1::text AND post IS NOT NULL AND (published_at, posts.id) < ($2::bigint, $3::text)
ORDER BY published_at DESC, posts.id DESC LIMIT $4::integer`

const make = Effect.gen(function* () {
  const database = yield* Database

  const read = (statement: string, parameters: ReadonlyArray<string | number | Uint8Array>) =>
    Effect.flatMap(database.query<StoredTexts>("read posts", statement, parameters), (rows) =>
      Effect.forEach(rows, decodePost)
    )

  return PostStore.of({
    put: Effect.fn("PostgresPostStore.put")(function* (posts: ReadonlyArray<Post>) {
      const rows = latest(posts, (post) => post.id)
      yield* database.query("write posts", put, [
        encodeTexts(rows, (post) => post.id),
        encodeTexts(rows, (post) => post.author),
        encodeArray("bigint", rows, (post) => post.publishedAt),
        encodeArray("bigint", rows, (post) => post.observedAt),
        encodeTexts(rows, postText)
      ])
    }),
    getMany: Effect.fn("PostgresPostStore.getMany")(function* (ids: ReadonlyArray<PostId>) {
      return inOrder(ids, yield* read(byIds, [encodeTexts(ids, (id) => id)]))
    }),
    page: Effect.fn("PostgresPostStore.page")(function* (author, cursor, limit) {
      const place = placeOf(author, cursor)
      if (Option.isNone(place)) return Option.none()
      const { id, publishedAt } = place.value
      return Option.some(toPage(author, yield* read(page, [author, publishedAt, id, limit + 1]), limit))
    }),
    putAnalyses: Effect.fn("PostgresPostStore.putAnalyses")(function* (
      analyses: ReadonlyArray<PostAnalysis>
    ) {
      const rows = latest(analyses, ({ post }) => post)
      yield* database.query("write analyses", putAnalyses, [
        encodeTexts(rows, ({ post }) => post),
        encodeArray("bigint", rows, ({ observedAt }) => observedAt),
        encodeTexts(rows, analysisText)
      ])
    }),
    delete: Effect.fn("PostgresPostStore.delete")(function* (id: PostId, observedAt: number) {
      yield* database.query("delete a post", remove, [id, observedAt])
    })
  })
})

/** Posts in PostgreSQL, for any number of processes: one statement each, so that no writer holds up another for long. */
export const layer: Layer.Layer<PostStore, never, Database> = Layer.effect(PostStore, make)
