import * as Schema from "effect/Schema"
import { type Platform, platforms } from "../Platform.ts"
import { ProfileId } from "../ProfileId.ts"

/** Longest key of a post, in code points: the keys of the platforms are far shorter. */
export const maxPostKeyLength = 200

/**
 * `platform:key`, the identity of a post in every store, queue and route. The key is the one by which the post's platform
 * knows it, whose case matters, or was made of what the post says. It has no blanks, control characters or `/ \ ? #`.
 */
export const PostId = Schema.String.pipe(
  Schema.pattern(new RegExp(`^(?:${platforms.join("|")}):[^\\s\\p{C}/\\\\?#]{1,${maxPostKeyLength}}$`, "u"), {
    message: () => "expected platform:key, for example youtube:dQw4w9WgXcQ"
  }),
  Schema.brand("PostId")
).annotations({
  identifier: "PostId",
  description: "platform:key, for example youtube:dQw4w9WgXcQ"
})
export type PostId = typeof PostId.Type

/** Makes the id of a post by a key that fits. Throws on one that does not. */
export const makePostId = (platform: Platform, key: string): PostId => PostId.make(`${platform}:${key}`)

/** What a post is made of; `short` is a reel or a short, `live` a stream or its recording. */
export const MediaKind = Schema.Literal(
  "text",
  "image",
  "carousel",
  "video",
  "short",
  "live",
  "story",
  "audio",
  "link"
).annotations({ identifier: "MediaKind" })
export type MediaKind = typeof MediaKind.Type

const Count = Schema.Int.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER))

/** Counts of one post; what is not known is absent, which is not the same as 0. */
export const metricSchemas = {
  likes: Count,
  comments: Count,
  shares: Count,
  saves: Count,
  views: Count,
  impressions: Count,
  reach: Count
} as const
export type PostMetricName = keyof typeof metricSchemas

export const postMetricNames: ReadonlyArray<PostMetricName> = [
  "likes",
  "comments",
  "shares",
  "saves",
  "views",
  "impressions",
  "reach"
]

export const PostMetrics = Schema.Struct(metricSchemas)
  .pipe(Schema.partialWith({ exact: true }))
  .annotations({ identifier: "PostMetrics" })
export type PostMetrics = typeof PostMetrics.Type

/** Longest text, title and address of a post, in UTF-16 code units. */
export const maxPostText = 25_000
export const maxPostTitle = 1_000
export const maxPostUrl = 2_000

/** Epoch ms, from 1970 to the year 2106: a time of a post. */
const Moment = Schema.Int.pipe(Schema.between(0, 4_294_967_295_999))

/**
 * One post as it was at one moment. `observedAt` (epoch ms) is that moment, and the version: of two statements about a post
 * the one observed later stands, whole. `publishedAt` is epoch ms. A post without text (a photo) has an empty one.
 */
export const Post = Schema.Struct({
  id: PostId,
  author: ProfileId,
  publishedAt: Moment,
  observedAt: Moment,
  title: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(maxPostTitle)), { exact: true }),
  text: Schema.String.pipe(Schema.maxLength(maxPostText)),
  url: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(maxPostUrl)), { exact: true }),
  media: Schema.optionalWith(MediaKind, { exact: true }),
  metrics: PostMetrics
}).annotations({ identifier: "StoredPost" })
export type Post = typeof Post.Type
