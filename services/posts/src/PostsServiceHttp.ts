import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import { routesOf } from "@influscope/http/Routes"
import { serviceHandler } from "@influscope/http/ServiceHandler"
import { Posts } from "@influscope/ports/Posts"
import { PostsServiceApi } from "@influscope/ports/PostsServiceApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const Handlers = HttpApiBuilder.group(
  PostsServiceApi,
  "posts",
  Effect.fnUntraced(function* (handlers) {
    const posts = yield* Posts
    return handlers
      .handle("momentOf", ({ payload }) => posts.momentOf(payload.key, payload.digest))
      .handle("submit", ({ payload }) => posts.submit(payload.posts))
      .handle("get", ({ path }) => posts.get(path.id))
      .handle("remove", ({ path }) => posts.remove(path.id))
      .handle("page", ({ path, urlParams }) => posts.page(path.id, urlParams.cursor, urlParams.limit))
      .handle("rollup", ({ path }) => posts.rollup(path.id))
  })
)

/** The posts service's own routes, which the API calls through the sidecars, as a function from request to response. */
export class PostsServiceHttp extends Context.Tag("@influscope/posts/PostsServiceHttp")<
  PostsServiceHttp,
  { readonly handle: (request: Request) => Promise<Response> }
>() {}

export const PostsServiceHttpLive = Layer.effect(
  PostsServiceHttp,
  Effect.map(serviceHandler(routesOf(PostsServiceApi, [])), (handle) => ({ handle }))
).pipe(
  Layer.provide(HttpApiBuilder.api(PostsServiceApi).pipe(Layer.provide(Handlers))),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
  Layer.provide(HttpServer.layerContext)
)
