import type { Database as BunDatabase } from "bun:sqlite"
import type { Post, PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import { PostStore } from "@influscope/ports/PostStore"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Place, placeOf, toPage } from "../../posts/Place.ts"
import { analysisText, decodePost, inOrder, postText, type StoredTexts } from "../../posts/Stored.ts"
import { make as openDatabase } from "../Database.ts"

/**
 * A row outlives its post: `deleted_at` says up to when statements about it are of no account. `post` is null while none
 * stands. Analyses are apart, so that they do not rewrite the text.
 */
const tables = `
CREATE TABLE posts (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  author TEXT,
  published_at INTEGER,
  observed_at INTEGER NOT NULL DEFAULT -1,
  deleted_at INTEGER NOT NULL DEFAULT -1,
  post TEXT
) STRICT;
CREATE INDEX posts_by_author ON posts (author, published_at, id) WHERE post IS NOT NULL;
CREATE TABLE post_analyses (
  seq INTEGER PRIMARY KEY REFERENCES posts (seq),
  observed_at INTEGER NOT NULL,
  analysis TEXT NOT NULL
) STRICT;
`

const cacheMebibytes = 32

const putPost = (db: BunDatabase, post: Post): void => {
  db.query<never, [string, string, number, number, string]>(
    `INSERT INTO posts (id, author, published_at, observed_at, post) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET author = excluded.author, published_at = excluded.published_at,
       observed_at = excluded.observed_at, post = excluded.post
     WHERE observed_at < excluded.observed_at AND deleted_at < excluded.observed_at`
  ).run(post.id, post.author, post.publishedAt, post.observedAt, postText(post))
}

const putAnalysis = (db: BunDatabase, analysis: PostAnalysis): void => {
  db.query<never, [number, string, string, number]>(
    `INSERT INTO post_analyses (seq, observed_at, analysis)
     SELECT seq, ?, ? FROM posts WHERE id = ? AND deleted_at < ?
     ON CONFLICT (seq) DO UPDATE SET observed_at = excluded.observed_at, analysis = excluded.analysis
     WHERE observed_at < excluded.observed_at`
  ).run(analysis.observedAt, analysisText(analysis), analysis.post, analysis.observedAt)
}

const deletePost = (db: BunDatabase, id: PostId, observedAt: number): void => {
  db.query<never, [string, number]>(
    `INSERT INTO posts (id, deleted_at) VALUES (?, ?)
     ON CONFLICT (id) DO UPDATE SET deleted_at = excluded.deleted_at,
       post = iif(observed_at > excluded.deleted_at, post, NULL)
     WHERE deleted_at < excluded.deleted_at`
  ).run(id, observedAt)
  db.query<never, [string, number]>(
    "DELETE FROM post_analyses WHERE seq = (SELECT seq FROM posts WHERE id = ?) AND observed_at <= ?"
  ).run(id, observedAt)
}

const readPost = (db: BunDatabase, id: PostId): StoredTexts | null =>
  db
    .query<StoredTexts, [string]>(
      `SELECT post, analysis FROM posts LEFT JOIN post_analyses USING (seq)
       WHERE id = ? AND post IS NOT NULL`
    )
    .get(id)

const readPage = (
  db: BunDatabase,
  author: string,
  { id, publishedAt }: Place,
  limit: number
): ReadonlyArray<StoredTexts> =>
  db
    .query<StoredTexts, [string, number, string, number]>(
      `SELECT post, analysis FROM posts LEFT JOIN post_analyses USING (seq)
       WHERE author = ? AND post IS NOT NULL AND (published_at, id) < (?, ?)
       ORDER BY published_at DESC, id DESC LIMIT ?`
    )
    .all(author, publishedAt, id, limit)

const make = (path: string) =>
  Effect.gen(function* () {
    const database = yield* openDatabase({ path, migrations: [tables], cacheMebibytes })

    return PostStore.of({
      put: Effect.fn("SqlitePostStore.put")((posts: ReadonlyArray<Post>) =>
        database.transaction("write posts", (db) => {
          for (const post of posts) putPost(db, post)
        })
      ),
      getMany: Effect.fn("SqlitePostStore.getMany")(function* (ids: ReadonlyArray<PostId>) {
        const rows = yield* database.read("read posts", (db) => ids.flatMap((id) => readPost(db, id) ?? []))
        return inOrder(ids, yield* Effect.forEach(rows, decodePost))
      }),
      page: Effect.fn("SqlitePostStore.page")(function* (author, cursor, limit) {
        const place = placeOf(author, cursor)
        if (Option.isNone(place)) return Option.none()
        const rows = yield* database.read("read posts", (db) => readPage(db, author, place.value, limit + 1))
        return Option.some(toPage(author, yield* Effect.forEach(rows, decodePost), limit))
      }),
      putAnalyses: Effect.fn("SqlitePostStore.putAnalyses")((analyses: ReadonlyArray<PostAnalysis>) =>
        database.transaction("write analyses", (db) => {
          for (const analysis of analyses) putAnalysis(db, analysis)
        })
      ),
      delete: Effect.fn("SqlitePostStore.delete")((id: PostId, observedAt: number) =>
        database.transaction("delete a post", (db) => deletePost(db, id, observedAt))
      )
    })
  })

/** Posts in the SQLite file at `path`. One process at a time. */
export const layer = (path: string): Layer.Layer<PostStore, StorageError> =>
  Layer.scoped(PostStore, make(path))
