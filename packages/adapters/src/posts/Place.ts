import type { ProfileId } from "@influscope/domain/ProfileId"
import { Post } from "@influscope/domain/posts/Post"
import type { PostPage, StoredPost } from "@influscope/ports/PostStore"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Where a post stands among those of its author: newest first, by descending id within a moment. */
export interface Place {
  /** Epoch ms. */
  readonly publishedAt: number
  readonly id: string
}

/** Later than every post, and still a time. */
const top: Place = { publishedAt: 2 ** 43, id: "" }

const Cursor = Schema.compose(
  Schema.StringFromBase64Url,
  Schema.parseJson(Schema.Tuple(Schema.String, Post.fields.publishedAt, Post.fields.id))
)
const decodeCursor = Schema.decodeOption(Cursor)

export const cursorAt = (author: ProfileId, { id, publishedAt }: Place): string =>
  Encoding.encodeBase64Url(JSON.stringify([author, publishedAt, id]))

/** The place after which a page begins; none when the cursor is not one of this author's. */
export const placeOf = (author: ProfileId, cursor: string | undefined): Option.Option<Place> =>
  cursor === undefined
    ? Option.some(top)
    : Option.filterMap(decodeCursor(cursor), ([owner, publishedAt, id]) =>
        owner === author ? Option.some({ publishedAt, id }) : Option.none()
      )

/** A page of what a store found where it looked for one post more than asked for. */
export const toPage = (author: ProfileId, found: ReadonlyArray<StoredPost>, limit: number): PostPage => {
  const posts = found.slice(0, limit)
  const last = posts.at(-1)?.post
  return { posts, nextCursor: found.length > limit && last !== undefined ? cursorAt(author, last) : null }
}
