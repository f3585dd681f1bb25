import { type PostsSubmitted, postsSubmitted } from "@influscope/domain/Events"
import type { Post } from "@influscope/domain/posts/Post"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { batchBytes, splitBySize } from "./BatchSize.ts"
import { Publisher } from "./Publisher.ts"

export interface PostsBatch {
  /** Unique per batch and the same on every attempt to publish it. */
  readonly batch: string
  readonly job: string | undefined
  /** Whether the store has the posts. */
  readonly stored: boolean
}

/** About the bytes of a post's JSON, rather too many than too few: in a cleaned text at most every other byte is an escape. */
const roughSize = ({ text, title = "", url = "" }: Post): number =>
  1_000 + 2 * (Buffer.byteLength(text) + Buffer.byteLength(title) + Buffer.byteLength(url))

/** Hands posts, up to 500, to those who analyse them. Publishing the same batch again changes nothing. */
export class PublishPosts extends Effect.Service<PublishPosts>()("@influscope/pipeline/PublishPosts", {
  effect: Effect.gen(function* () {
    const publisher = yield* Publisher
    const maxBytes = yield* batchBytes

    const publish = Effect.fn("PublishPosts.publish")(function* (
      posts: ReadonlyArray<Post>,
      { batch, job, stored }: PostsBatch
    ) {
      yield* Effect.forEach(splitBySize(posts, roughSize, maxBytes), (part, place) => {
        if (!Arr.isNonEmptyReadonlyArray(part)) return Effect.void
        const id = place === 0 ? batch : `${batch}.${place}`
        const event: PostsSubmitted = { version: 1, id, job: job ?? null, stored, posts: part }
        return publisher.publish(postsSubmitted, event, { items: part.length, job })
      })
    })

    return {
      publish,
      awaitRoom: publisher.awaitRoom(postsSubmitted.name),
      hasRoom: publisher.hasRoom(postsSubmitted.name)
    }
  })
}) {}
