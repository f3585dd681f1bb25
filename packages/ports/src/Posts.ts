import type { ProfileId } from "@influscope/domain/ProfileId"
import type { AuthorRollup } from "@influscope/domain/posts/AuthorRollup"
import type { Post, PostId } from "@influscope/domain/posts/Post"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { PostPage, StoredPost } from "./PostStore.ts"
import type { PipelineBusy } from "./Profiles.ts"
import type { StorageError } from "./StorageError.ts"

/** The key was used before, with another request. */
export class KeyReused extends Schema.TaggedError<KeyReused>()("KeyReused", {}) {}

/** What is published, and what was found out about it. */
export class Posts extends Context.Tag("@influscope/ports/Posts")<
  Posts,
  {
    /**
     * The moment (epoch ms) of a request that its sender has named by a key: that of the first one with the key, for a day,
     * so that what is submitted again is the same. `digest` tells its body from others; that of a stream is not known before its end.
     */
    readonly momentOf: (
      key: string,
      digest: string | undefined
    ) => Effect.Effect<number, KeyReused | StorageError>
    /** Up to 500. They are in the store when it succeeds, and their analysis follows; when it fails, any of them may be. */
    readonly submit: (posts: ReadonlyArray<Post>) => Effect.Effect<void, PipelineBusy | StorageError>
    readonly get: (id: PostId) => Effect.Effect<Option.Option<StoredPost>, StorageError>
    /** As in PostStore. */
    readonly page: (
      author: ProfileId,
      cursor: string | undefined,
      limit: number
    ) => Effect.Effect<Option.Option<PostPage>, StorageError>
    /** False when there is no such post. What its author's posts have in common follows before it succeeds. */
    readonly remove: (id: PostId) => Effect.Effect<boolean, StorageError>
    /** None for an author without posts. */
    readonly rollup: (author: ProfileId) => Effect.Effect<Option.Option<AuthorRollup>, StorageError>
  }
>() {}
