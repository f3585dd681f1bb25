import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { CurrentPrincipal } from "@influscope/domain/access/Principal"
import { KnownNewUser, KnownUser, KnownUsersApi } from "@influscope/domain/api/KnownUsersApi"
import { Conflict, NotFound } from "@influscope/domain/api/Problems"
import type { UserId } from "@influscope/domain/users/User"
import * as Access from "@influscope/http/Access"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { type Listening, listen } from "@influscope/http/Listener"
import { readProblem, storageProblem } from "@influscope/http/Problems"
import { routesOf } from "@influscope/http/Routes"
import { ProblemsLive, type WebHandler, webHandler } from "@influscope/http/WebHandler"
import { Users } from "@influscope/ports/Users"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { serverConfig } from "./Config.ts"

const userAnswer = jsonAnswer(KnownUser)

const Handlers = HttpApiBuilder.group(
  KnownUsersApi,
  "knownUsers",
  Effect.fnUntraced(function* (handlers) {
    const users = yield* Users

    const create = (clientKey: string | undefined) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const { created_at, name } = yield* jsonBody(KnownNewUser)
        const given = created_at === undefined ? { name } : { name, createdAt: new Date(created_at) }
        yield* users.create(tenant, given, clientKey)
      }).pipe(
        Effect.catchTags({
          ClientKeyUsed: () =>
            Effect.fail(
              new Conflict({
                detail: "This Idempotency-Key belongs to another request. Use a new key for another user."
              })
            ),
          StorageError: storageProblem
        })
      )

    const get = (id: UserId) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const found = yield* users.get(tenant, id)
        if (Option.isNone(found)) return yield* new NotFound({ detail: `There is no user ${id}.` })
        const { createdAt, name } = found.value
        return yield* userAnswer({ user_id: id, name, created_at: createdAt.toISOString().slice(0, 10) })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    return handlers
      .handleRaw("create", ({ headers }) =>
        Effect.as(create(headers["idempotency-key"]), HttpServerResponse.empty({ status: 204 }))
      )
      .handle("get", ({ urlParams }) => get(urlParams.id))
  })
)

const specPath = "/openapi.json"

const Description = HttpApiBuilder.Router.use((router) =>
  router.get(specPath, Effect.succeed(HttpServerResponse.unsafeJson(OpenApi.fromApi(KnownUsersApi))))
)

/** The routes of the service's own port as a function from request to response. */
export class KnownUsersHttp extends Context.Tag("@influscope/users/KnownUsersHttp")<
  KnownUsersHttp,
  { readonly handle: WebHandler }
>() {}

// In one process with the API, each has its own routes: the framework shares what is built once.
export const KnownUsersHttpLive = Layer.effect(
  KnownUsersHttp,
  Effect.map(webHandler(routesOf(KnownUsersApi, [specPath])), (handle) => ({ handle }))
).pipe(
  Layer.provide([ProblemsLive, Description]),
  Layer.provide(
    HttpApiBuilder.api(KnownUsersApi).pipe(
      Layer.provide(Handlers),
      Layer.provide(Access.guard(KnownUsersApi))
    )
  ),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
  Layer.provide(HttpServer.layerContext),
  Layer.fresh
)

/** Where they are served. */
export class KnownUsersAddress extends Context.Tag("@influscope/users/KnownUsersAddress")<
  KnownUsersAddress,
  Listening
>() {}

export const KnownUsersServerLive = Layer.scoped(
  KnownUsersAddress,
  Effect.gen(function* () {
    const { host, port } = yield* serverConfig
    const { handle } = yield* KnownUsersHttp
    return yield* listen({
      host,
      port,
      variables: { host: "INFLUSCOPE_USERS_HOST", port: "INFLUSCOPE_USERS_PORT" },
      handle
    })
  })
).pipe(Layer.provide(KnownUsersHttpLive))
