import * as Schema from "effect/Schema"
import { ProfileId } from "../ProfileId.ts"
import { PostId } from "./Post.ts"

const Counted = Schema.Int.pipe(Schema.nonNegative())

/** How posts of one hour of the week do beside the author's usual ones. */
export const HourOfWeek = Schema.Struct({
  /** ISO 8601: 1 is Monday, 7 Sunday. */
  weekday: Schema.Int.pipe(Schema.between(1, 7)),
  hour: Schema.Int.pipe(Schema.between(0, 23)),
  /** Posts with the figure that were published then. */
  posts: Counted,
  /** 1 is the author's usual post, 1.5 half as much again; drawn towards 1 the fewer posts there are. */
  relative: Schema.Finite
}).annotations({ identifier: "HourOfWeek" })
export type HourOfWeek = typeof HourOfWeek.Type

/**
 * What the newest posts of an author have in common. The same for the same posts, whenever and wherever it is computed.
 */
export const AuthorRollup = Schema.Struct({
  author: ProfileId,
  /** Epoch ms: the latest moment at which one of the posts was observed. */
  asOf: Schema.Int,
  /** The posts looked at: the newest `maxRolledUpPosts`. */
  posts: Counted,
  /** Epoch ms. */
  firstPublishedAt: Schema.Int,
  /** Epoch ms. */
  lastPublishedAt: Schema.Int,
  /** Over the 90 days up to the newest post; null below 2 posts in them. */
  postsPerWeek: Schema.NullOr(Schema.Finite),
  /** IANA name of the zone whose hours are meant. */
  zone: Schema.String,
  /** The figure by which hours are compared, the one that more posts have; null when none has any. */
  hoursBy: Schema.NullOr(Schema.Literal("likes", "views")),
  /** Hours of the week with posts that have it, the best first. */
  hours: Schema.Array(HourOfWeek),
  /** The twenty most used, most used first. */
  hashtags: Schema.Array(Schema.Struct({ tag: Schema.String, posts: Counted })),
  /** Percent, of the last 30 posts, by `formula`; null when fewer than 5 of them have a rate. */
  medianEngagement: Schema.NullOr(
    Schema.Struct({ rate: Schema.Finite, formula: Schema.String, posts: Counted })
  ),
  /** Posts that say nearly what an earlier one said, newest first; the newest hundred. */
  repeats: Schema.Array(
    Schema.Struct({
      post: PostId,
      of: PostId,
      /** Bits that differ, of 64. */
      distance: Counted
    })
  ),
  /** Languages of the posts, most used first. */
  languages: Schema.Array(Schema.Struct({ language: Schema.String, posts: Counted }))
}).annotations({ identifier: "AuthorRollup" })
export type AuthorRollup = typeof AuthorRollup.Type

/** Posts of one author that a rollup looks at, the newest. */
export const maxRolledUpPosts = 500
