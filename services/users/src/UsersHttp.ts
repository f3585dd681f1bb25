import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import { routesOf } from "@influscope/http/Routes"
import { serviceHandler } from "@influscope/http/ServiceHandler"
import { Users } from "@influscope/ports/Users"
import { UsersServiceApi } from "@influscope/ports/UsersServiceApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const Handlers = HttpApiBuilder.group(
  UsersServiceApi,
  "usersService",
  Effect.fnUntraced(function* (handlers) {
    const users = yield* Users
    return handlers
      .handle("create", ({ path, payload }) => users.create(path.tenant, payload.given, payload.clientKey))
      .handle("request", ({ path, payload }) => users.request(path.tenant, payload.given, payload.clientKey))
      .handle("get", ({ path }) => users.get(path.tenant, path.id))
      .handle("list", ({ path, urlParams }) => users.list(path.tenant, urlParams.after, urlParams.limit))
      .handle("update", ({ path, payload: { revision, ...change } }) =>
        users.update(path.tenant, path.id, revision, change)
      )
      .handle("remove", ({ path, urlParams }) => users.remove(path.tenant, path.id, urlParams.revision))
  })
)

/** The routes which the API calls through the sidecars, as a function from request to response. */
export class UsersHttp extends Context.Tag("@influscope/users/UsersHttp")<
  UsersHttp,
  { readonly handle: (request: Request) => Promise<Response> }
>() {}

export const UsersHttpLive = Layer.effect(
  UsersHttp,
  Effect.map(serviceHandler(routesOf(UsersServiceApi, [])), (handle) => ({ handle }))
).pipe(
  Layer.provide(HttpApiBuilder.api(UsersServiceApi).pipe(Layer.provide(Handlers))),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
  Layer.provide(HttpServer.layerContext)
)
