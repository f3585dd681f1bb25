import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { maxBatchItems } from "../Events.ts"
import { Platform } from "../Platform.ts"
import { ProfileId, platformOf } from "../ProfileId.ts"
import { AuthorRollup } from "../posts/AuthorRollup.ts"
import {
  MediaKind,
  maxPostText,
  maxPostTitle,
  maxPostUrl,
  metricSchemas,
  type Post,
  PostId,
  PostMetrics
} from "../posts/Post.ts"
import { PostAnalysis } from "../posts/PostAnalysis.ts"
import { isJson, type Json } from "./Documentation.ts"
import { allErrors, dateSince1970Param, limitParam, optional, textParam } from "./Params.ts"
import {
  Conflict,
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"
import { GivenProfileId } from "./ProfilesApi.ts"
import { IdempotencyHeaders } from "./UsersApi.ts"

/** One post, as a caller sends it. */
export const GivenPost = Schema.Struct({
  /** As the platform knows it, behind the platform's name. When absent, one is made of author, time and text. */
  id: optional(PostId),
  author: GivenProfileId,
  publishedAt: dateSince1970Param("When it was published."),
  observedAt: optional(
    dateSince1970Param("When it was as it is told here; the time of the request when absent.")
  ),
  title: optional(Schema.String.pipe(Schema.maxLength(maxPostTitle))),
  text: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(maxPostText)), { default: () => "" }),
  url: optional(
    Schema.String.pipe(
      Schema.maxLength(maxPostUrl),
      Schema.pattern(/^https?:\/\/[^\s\p{C}]+$/u, { message: () => "expected an address: https://..." })
    )
  ),
  media: optional(MediaKind),
  metrics: Schema.optionalWith(PostMetrics, { default: () => ({}) })
})
  .pipe(
    Schema.filter(({ author, id }) =>
      id === undefined || id.startsWith(`${platformOf(author)}:`)
        ? undefined
        : { path: ["id"], message: `expected ${platformOf(author)}:key, since that is where the author is` }
    )
  )
  .annotations({ identifier: "GivenPost" })
export type GivenPost = typeof GivenPost.Type

export const GivenPosts = Schema.Struct({
  posts: Schema.NonEmptyArray(GivenPost).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "GivenPosts" })

/** Most lines of a stream that are listed one by one because they were refused; all of them are counted. */
export const maxListedLines = 1_000

/** The posts are stored, their analysis follows. `ids` stand in the order of the posts. */
export const PostsAccepted = Schema.Struct({
  accepted: Schema.Int,
  ids: Schema.Array(PostId)
}).annotations({ identifier: "PostsAccepted" })

/** What became of a stream: the lines that are not among `refused` are stored. Blank lines are passed over. */
export const LinesAccepted = Schema.Struct({
  accepted: Schema.Int,
  refused: Schema.Int,
  refusals: Schema.Array(
    Schema.Struct({
      /** From 1. */
      line: Schema.Int,
      errors: InvalidRequest.fields.errors
    })
  )
}).annotations({ identifier: "LinesAccepted" })
export type LinesAccepted = typeof LinesAccepted.Type

const { observedAt: _observedAt, ...analysisFields } = PostAnalysis.fields

/** An analysis as the API shows it: `observedAt` says of which state of the post it is. */
export const PostAnalysisView = Schema.Struct({ ...analysisFields, observedAt: Schema.Date }).annotations({
  identifier: "PostAnalysis"
})
export type PostAnalysisView = typeof PostAnalysisView.Type

const metricViews = {
  likes: Schema.NullOr(metricSchemas.likes),
  comments: Schema.NullOr(metricSchemas.comments),
  shares: Schema.NullOr(metricSchemas.shares),
  saves: Schema.NullOr(metricSchemas.saves),
  views: Schema.NullOr(metricSchemas.views),
  impressions: Schema.NullOr(metricSchemas.impressions),
  reach: Schema.NullOr(metricSchemas.reach)
}

/** A post as the API shows it: what is not known is null, and so is the analysis while it is on its way. */
export const PostView = Schema.Struct({
  id: PostId,
  author: ProfileId,
  platform: Platform,
  publishedAt: Schema.Date,
  observedAt: Schema.Date,
  title: Schema.NullOr(Schema.String),
  text: Schema.String,
  url: Schema.NullOr(Schema.String),
  media: Schema.NullOr(MediaKind),
  metrics: Schema.Struct(metricViews),
  analysis: Schema.NullOr(PostAnalysisView)
}).annotations({ identifier: "Post" })
export type PostView = typeof PostView.Type

export const toPostAnalysisView = (analysis: PostAnalysis): PostAnalysisView => ({
  ...analysis,
  observedAt: new Date(analysis.observedAt)
})

export const toPostView = (post: Post, analysis: PostAnalysis | undefined): PostView => {
  const { metrics } = post
  return {
    id: post.id,
    author: post.author,
    platform: platformOf(post.author),
    publishedAt: new Date(post.publishedAt),
    observedAt: new Date(post.observedAt),
    title: post.title ?? null,
    text: post.text,
    url: post.url ?? null,
    media: post.media ?? null,
    metrics: {
      likes: metrics.likes ?? null,
      comments: metrics.comments ?? null,
      shares: metrics.shares ?? null,
      saves: metrics.saves ?? null,
      views: metrics.views ?? null,
      impressions: metrics.impressions ?? null,
      reach: metrics.reach ?? null
    },
    analysis: analysis === undefined ? null : toPostAnalysisView(analysis)
  }
}

export const PostsPage = Schema.Struct({
  posts: Schema.Array(PostView),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "PostsPage" })

const { asOf: _asOf, firstPublishedAt: _first, lastPublishedAt: _last, ...rollupFields } = AuthorRollup.fields

/** A rollup as the API shows it. */
export const AuthorRollupView = Schema.Struct({
  ...rollupFields,
  asOf: Schema.Date,
  firstPublishedAt: Schema.Date,
  lastPublishedAt: Schema.Date
}).annotations({ identifier: "AuthorRollup" })
export type AuthorRollupView = typeof AuthorRollupView.Type

export const toAuthorRollupView = (rollup: AuthorRollup): AuthorRollupView => ({
  ...rollup,
  asOf: new Date(rollup.asOf),
  firstPublishedAt: new Date(rollup.firstPublishedAt),
  lastPublishedAt: new Date(rollup.lastPublishedAt)
})

/** The body may also be lines, each of them a post. */
const documentLines = (operation: Json): Json => {
  const body = isJson(operation["requestBody"]) ? operation["requestBody"] : {}
  const content = isJson(body["content"]) ? body["content"] : {}
  const lines = { type: "string", description: "JSON Lines: a GivenPost on each line, of any number." }
  return {
    ...operation,
    requestBody: { ...body, content: { ...content, "application/x-ndjson": { schema: lines } } }
  }
}

const postPath = Schema.Struct({ id: PostId })
const authorPath = Schema.Struct({ id: GivenProfileId })

export class PostsApi extends HttpApiGroup.make("posts")
  .add(
    HttpApiEndpoint.post("submit", "/v1/posts")
      .setHeaders(IdempotencyHeaders)
      .setPayload(Schema.Union(GivenPosts, GivenPost))
      .addSuccess(PostsAccepted, { status: 201 })
      .addSuccess(LinesAccepted, { status: 201 })
      .addError(InvalidRequest)
      .addError(Conflict)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "posts:write")
      .annotate(OpenApi.Summary, "Submit posts: one, up to 500, or any number as JSON Lines")
      .annotate(OpenApi.Transform, documentLines)
      .annotate(
        OpenApi.Description,
        "Answered when the posts are stored; their analysis follows. With Content-Type application/x-ndjson each line is a post, and the answer says which lines were refused and why. A post is stored once, by its id, however often it is sent. With an Idempotency-Key a request sent again within a day is the same request, of the same moment."
      )
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/posts/:id")
      .setPath(postPath)
      .addSuccess(PostView)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "posts:read")
      .annotate(OpenApi.Summary, "One post")
  )
  .add(
    HttpApiEndpoint.get("analysis", "/v1/posts/:id/analysis")
      .setPath(postPath)
      .addSuccess(PostAnalysisView)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "posts:read")
      .annotate(OpenApi.Summary, "What was found out about a post")
  )
  .add(
    HttpApiEndpoint.del("remove", "/v1/posts/:id")
      .setPath(postPath)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "posts:write")
      .annotate(OpenApi.Summary, "Forget a post")
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/users/:id/posts")
      .setPath(authorPath)
      .setUrlParams(
        Schema.Struct({
          limit: Schema.optionalWith(limitParam(100), { default: () => 20 }),
          cursor: optional(textParam(1_000, "nextCursor of the page before."))
        }).annotations(allErrors)
      )
      .addSuccess(PostsPage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "posts:read")
      .annotate(OpenApi.Summary, "Posts of an author, newest first")
  )
  .add(
    HttpApiEndpoint.get("rollup", "/v1/users/:id/posts/rollup")
      .setPath(authorPath)
      .addSuccess(AuthorRollupView)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "posts:read")
      .annotate(
        OpenApi.Summary,
        "What an author's posts have in common: frequency, best hours, hashtags, engagement"
      )
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Posts") {}
