import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import { maxBatchItems } from "@influscope/domain/Events"
import { ProfileId } from "@influscope/domain/ProfileId"
import { AuthorRollup } from "@influscope/domain/posts/AuthorRollup"
import { Post, PostId } from "@influscope/domain/posts/Post"
import { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import * as Schema from "effect/Schema"
import { KeyReused } from "./Posts.ts"
import { PipelineBusy } from "./Profiles.ts"
import { StorageError } from "./StorageError.ts"

export const StoredPost = Schema.Struct({ post: Post, analysis: Schema.Option(PostAnalysis) })
const PostPage = Schema.Struct({ posts: Schema.Array(StoredPost), nextCursor: Schema.NullOr(Schema.String) })

const postPath = Schema.Struct({ id: PostId })
const authorPath = Schema.Struct({ id: ProfileId })

/**
 * What the API asks of the posts service when they are processes of their own: the port Posts, call by call, with its errors.
 * An internal contract: nothing outside speaks it.
 */
export class PostsServiceApi extends HttpApi.make("posts-service").add(
  HttpApiGroup.make("posts")
    .add(
      HttpApiEndpoint.post("momentOf", "/posts/v1/moments")
        .setPayload(
          Schema.Struct({ key: Schema.String, digest: Schema.optionalWith(Schema.String, { exact: true }) })
        )
        .addSuccess(Schema.Int)
        .addError(KeyReused, { status: 409 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("submit", "/posts/v1/posts")
        .setPayload(Schema.Struct({ posts: Schema.Array(Post).pipe(Schema.maxItems(maxBatchItems)) }))
        .addSuccess(Schema.Void)
        .addError(PipelineBusy, { status: 429 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("get", "/posts/v1/posts/:id")
        .setPath(postPath)
        .addSuccess(Schema.Option(StoredPost))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.del("remove", "/posts/v1/posts/:id")
        .setPath(postPath)
        .addSuccess(Schema.Boolean)
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("page", "/posts/v1/authors/:id/posts")
        .setPath(authorPath)
        .setUrlParams(
          Schema.Struct({
            limit: Schema.NumberFromString,
            cursor: Schema.optionalWith(Schema.String, { exact: true })
          })
        )
        .addSuccess(Schema.Option(PostPage))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("rollup", "/posts/v1/authors/:id/rollup")
        .setPath(authorPath)
        .addSuccess(Schema.Option(AuthorRollup))
        .addError(StorageError, { status: 500 })
    )
) {}
