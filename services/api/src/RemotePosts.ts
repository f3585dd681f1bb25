import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import { callService } from "@influscope/http/CallService"
import { Posts } from "@influscope/ports/Posts"
import { PostsServiceApi } from "@influscope/ports/PostsServiceApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** An HTTP client whose requests go to the posts service, whatever lies in between. */
export class PostsClient extends Context.Tag("@influscope/api/PostsClient")<
  PostsClient,
  HttpClient.HttpClient
>() {}

const call = callService("posts service")

/** The posts service in its own process, behind the same port as in ours. */
export const RemotePostsLive = Layer.effect(
  Posts,
  Effect.gen(function* () {
    const { posts } = yield* HttpApiClient.makeWith(PostsServiceApi, { httpClient: yield* PostsClient })
    return Posts.of({
      momentOf: (key, digest) =>
        call(
          "look up a request",
          posts.momentOf({ payload: { key, ...(digest === undefined ? {} : { digest }) } })
        ),
      submit: (submitted) => call("hand in posts", posts.submit({ payload: { posts: submitted } })),
      get: (id) => call("read a post", posts.get({ path: { id } })),
      page: (id, cursor, limit) =>
        call(
          "read posts",
          posts.page({ path: { id }, urlParams: { limit, ...(cursor === undefined ? {} : { cursor }) } })
        ),
      remove: (id) => call("delete a post", posts.remove({ path: { id } })),
      rollup: (id) => call("read a rollup", posts.rollup({ path: { id } }))
    })
  })
)
