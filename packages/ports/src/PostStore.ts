import type { ProfileId } from "@influscope/domain/ProfileId"
import type { Post, PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StorageError } from "./StorageError.ts"

/** A post with the latest analysis there is: none, or one of an older statement, while the next is on its way. */
export interface StoredPost {
  readonly post: Post
  readonly analysis: Option.Option<PostAnalysis>
}

export interface PostPage {
  readonly posts: ReadonlyArray<StoredPost>
  /** Null after the last page. */
  readonly nextCursor: string | null
}

/**
 * Posts by id and by author. Of an id the post with the latest `observedAt` stands, whole, in whatever order they are put, also
 * where its author or its time of publication is another than before: it is then found in its new place alone. Of two
 * with the same `observedAt` either stands, everywhere and for good. What was written is read from then on.
 */
export class PostStore extends Context.Tag("@influscope/ports/PostStore")<
  PostStore,
  {
    /** Durable when it succeeds; when it fails, any of them may be. Up to 500; of an id that is there twice the later observed counts. */
    readonly put: (posts: ReadonlyArray<Post>) => Effect.Effect<void, StorageError>
    /** In the order of the ids; up to 500. */
    readonly getMany: (
      ids: ReadonlyArray<PostId>
    ) => Effect.Effect<ReadonlyArray<Option.Option<StoredPost>>, StorageError>
    /**
     * Newest publication first, those of one moment by descending id (by code points); 1 to 500 posts. `cursor` is the
     * `nextCursor` of the page before: opaque, and what was put or deleted since does not shift the page. None when it is
     * not one of this author's. A page with a `nextCursor` may have fewer posts than asked for, where very many were moved
     * or deleted.
     */
    readonly page: (
      author: ProfileId,
      cursor: string | undefined,
      limit: number
    ) => Effect.Effect<Option.Option<PostPage>, StorageError>
    /** As `put`: of a post the analysis with the latest `observedAt` stands. What is of no post shows nowhere. */
    readonly putAnalyses: (analyses: ReadonlyArray<PostAnalysis>) => Effect.Effect<void, StorageError>
    /** Deletes a post and its analysis for good as far as `observedAt` (epoch ms): only what is observed later brings it back. */
    readonly delete: (id: PostId, observedAt: number) => Effect.Effect<void, StorageError>
  }
>() {}
