import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServer from "@effect/platform/HttpServer"
import { RouteNotFound } from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { InternalError } from "@influscope/domain/api/Problems"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Access, ClientAddress } from "./Access.ts"
import { commonHeaders, countAnswer, isForeign, requestIdOf } from "./Edge.ts"
import { fromIssues, problemResponse, retryAfterSeconds } from "./Problems.ts"
import { allowed, type RouteOf, routing } from "./Routes.ts"

/** Answers a request; `address` is where its connection comes from. */
export type WebHandler = (request: Request, address?: string) => Promise<Response>

const pathOf = (request: HttpServerRequest.HttpServerRequest): string => request.url.split("?")[0] ?? "/"

/** The table of routes is strict about case and slashes; the router, which is not, is asked for what the table has. */
const nothingThere = (request: HttpServerRequest.HttpServerRequest): HttpServerResponse.HttpServerResponse =>
  problemResponse(
    404,
    "not-found",
    "There is no such thing",
    `There is nothing at ${request.method} ${pathOf(request).slice(0, 200)}. The routes are listed at /docs.`
  )

/** Turns what no endpoint declares into problems: bad parameters, unknown routes, defects of ours. */
export const ProblemsLive = HttpApiBuilder.middleware((app) =>
  Effect.catchAllCause(app, (cause) =>
    Effect.gen(function* () {
      const error = Cause.squash(cause)
      const request = yield* HttpServerRequest.HttpServerRequest
      if (error instanceof HttpApiDecodeError) return yield* Effect.die(fromIssues(error.issues))
      if (error instanceof RouteNotFound) return nothingThere(request)
      if (Cause.isInterruptedOnly(cause)) return yield* Effect.failCause(cause)
      if (Option.isSome(Cause.dieOption(cause))) {
        yield* Effect.logError(
          "A request hit a defect",
          { method: request.method, path: pathOf(request) },
          cause
        )
        return yield* Effect.die(
          new InternalError({ detail: "The log has the details under the x-request-id of this answer." })
        )
      }
      return yield* Effect.failCause(cause)
    })
  )
)

const withCommonHeaders = (
  response: HttpServerResponse.HttpServerResponse,
  requestId: string
): HttpServerResponse.HttpServerResponse => {
  const headers: Record<string, string> = { ...commonHeaders, ...response.headers, "x-request-id": requestId }
  if (response.status === 503 || response.status === 429) headers["retry-after"] ??= String(retryAfterSeconds)
  if (response.status === 401) headers["www-authenticate"] = "Bearer"
  return HttpServerResponse.setHeaders(response, headers)
}

const answer = <E, R>(app: HttpApp.Default<E, R>, routeOf: RouteOf, isOpen: boolean) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const started = yield* Clock.currentTimeNanos
    const { host, origin, "x-request-id": givenId } = request.headers
    const requestId = requestIdOf(givenId)
    const route = routeOf(pathOf(request))
    const method = request.method === "HEAD" ? "GET" : request.method
    const response =
      isOpen && isForeign(request.originalUrl, host, origin)
        ? problemResponse(
            403,
            "foreign-origin",
            "Not from here",
            "This server answers pages and programs of its own machine only."
          )
        : route === undefined
          ? nothingThere(request)
          : !route.methods.has(method)
            ? problemResponse(
                405,
                "method-not-allowed",
                "Not with this method",
                `This address answers ${allowed(route)}.`,
                { allow: allowed(route) }
              )
            : yield* Effect.annotateLogs(app, "requestId", requestId)
    const elapsed = Number((yield* Clock.currentTimeNanos) - started) / 1e9
    countAnswer(route?.name ?? "other", request.method, response.status, elapsed)
    return withCommonHeaders(response, requestId)
  })

/** Whether spans go anywhere; to make them where they do not costs a request more than its work. */
export const tracing = Effect.map(Config.option(Config.string("OTEL_EXPORTER_OTLP_ENDPOINT")), Option.isSome)

/** The API of the context, and the routes beside it, as a function from request to response. */
export const webHandler = (routeOf: RouteOf) =>
  Effect.gen(function* () {
    const app = yield* HttpRouter.withRouterConfig(HttpApiBuilder.httpApp, routing)
    const runtime = yield* Effect.runtime<Layer.Layer.Success<typeof HttpServer.layerContext>>()
    const { isOpen } = yield* Access
    const isTraced = yield* tracing
    const silent = new Set(["/livez", "/readyz", "/metrics"])
    const quiet = HttpMiddleware.withTracerDisabledWhenEffect(
      answer(app, routeOf, isOpen),
      (request) => !isTraced || silent.has(pathOf(request))
    )
    const handle = HttpApp.toWebHandlerRuntime(runtime)(quiet)
    const handler: WebHandler = (request, address) =>
      handle(request, address === undefined ? undefined : Context.make(ClientAddress, address))
    return handler
  })
