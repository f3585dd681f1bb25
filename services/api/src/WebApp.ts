import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import { RouteNotFound } from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import { InternalError } from "@influscope/domain/api/Problems"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { AlertsHttp } from "./AlertsHttp.ts"
import { ChecksLive } from "./Checks.ts"
import { commonHeaders, countAnswer, isForeign, requestIdOf } from "./Edge.ts"
import { Gauges } from "./Gauges.ts"
import { ImportsHttp } from "./ImportsHttp.ts"
import { OperationsHttp } from "./OperationsHttp.ts"
import { Pages } from "./Pages.ts"
import { fromIssues, problemResponse, retryAfterSeconds } from "./Problems.ts"
import { ProfilesHttp } from "./ProfilesHttp.ts"
import { quickSearch } from "./QuickSearch.ts"
import { allowed, routeOf } from "./Routes.ts"
import { SearchHttp } from "./SearchHttp.ts"
import { TrackingHttp } from "./TrackingHttp.ts"

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
const ProblemsLive = HttpApiBuilder.middleware((app) =>
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
  if (response.status === 503 || response.status === 429) headers["retry-after"] = String(retryAfterSeconds)
  return HttpServerResponse.setHeaders(response, headers)
}

const answer = <E, R>(app: HttpApp.Default<E, R>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const started = yield* Clock.currentTimeNanos
    const requestId = requestIdOf(request.headers["x-request-id"])
    const route = routeOf(pathOf(request))
    const method = request.method === "HEAD" ? "GET" : request.method
    const response = isForeign(request.headers["host"], request.headers["origin"])
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

/** The whole HTTP surface as a function from request to response: served on a port, or called in process. */
export class WebApp extends Context.Tag("@influscope/api/WebApp")<
  WebApp,
  { readonly handle: (request: Request) => Promise<Response> }
>() {}

/** Ids may be longer than the hundred characters that the router would let them be. */
const routing = { maxParamLength: 1_000 }

const tracing = Config.option(Config.string("OTEL_EXPORTER_OTLP_ENDPOINT"))

export const WebAppLive = Layer.effect(
  WebApp,
  Effect.gen(function* () {
    const app = yield* HttpRouter.withRouterConfig(HttpApiBuilder.httpApp, routing)
    const runtime = yield* Effect.runtime<Layer.Layer.Success<typeof HttpServer.layerContext>>()
    const traced = Option.isSome(yield* tracing)
    const silent = new Set(["/livez", "/readyz", "/metrics"])
    const quiet = HttpMiddleware.withTracerDisabledWhenEffect(
      answer(app),
      (request) => !traced || silent.has(pathOf(request))
    )
    const handle = HttpApp.toWebHandlerRuntime(runtime)(quiet)
    return { handle: traced ? handle : yield* quickSearch(handle) }
  })
).pipe(
  Layer.provide([ProblemsLive, Pages, ChecksLive]),
  Layer.provide(
    HttpApiBuilder.api(Api).pipe(
      Layer.provide([SearchHttp, ProfilesHttp, TrackingHttp, AlertsHttp, ImportsHttp, OperationsHttp])
    )
  ),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer, Gauges.Default]),
  Layer.provide(HttpServer.layerContext)
)
