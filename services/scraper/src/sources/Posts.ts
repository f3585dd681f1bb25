import type { GivenPost } from "@influscope/domain/api/PostsApi"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { readPostFile } from "@influscope/tabular/PostFile"
import * as Stream from "effect/Stream"
import type { SourceFailed } from "../Sources.ts"
import { type BatchRead, type FileOptions, failedOn } from "./File.ts"

/** The posts of up to 500 rows of a file, and what is known about the file so far. */
export interface PostsBatch extends BatchRead {
  readonly posts: ReadonlyArray<GivenPost>
}

export interface PostsOptions extends FileOptions {
  /** Whose posts they are where a row does not say it. */
  readonly account: ProfileId | undefined
}

/** The posts of a file: the source behind imports of posts. */
export const readPosts = <E>(
  options: PostsOptions,
  bytes: Stream.Stream<Uint8Array, E>
): Stream.Stream<PostsBatch, SourceFailed | E> =>
  readPostFile(bytes, { ...options, fileName: options.name }).pipe(
    Stream.map(({ bytesRead, checkpoint, report, rows }) => ({
      posts: rows.map(({ post }) => post),
      report,
      checkpoint,
      bytesRead
    })),
    Stream.mapError(failedOn<E>(options.name))
  )
