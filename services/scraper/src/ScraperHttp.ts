import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { routesOf } from "@influscope/http/Routes"
import { serviceHandler } from "@influscope/http/ServiceHandler"
import { Discoveries } from "@influscope/ports/Discoveries"
import { Imports } from "@influscope/ports/Imports"
import { Profiles } from "@influscope/ports/Profiles"
import { ScraperApi } from "@influscope/ports/ScraperApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const Handlers = HttpApiBuilder.group(
  ScraperApi,
  "scraper",
  Effect.fnUntraced(function* (handlers) {
    const imports = yield* Imports
    const discoveries = yield* Discoveries
    const profiles = yield* Profiles
    return handlers
      .handle("submit", ({ urlParams }) =>
        Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ stream }) => imports.submit(urlParams, stream))
      )
      .handle("imports", () => imports.list)
      .handle("import", ({ path }) => imports.get(path.id))
      .handle("discover", ({ payload }) => discoveries.start(payload))
      .handle("discovery", ({ path }) => discoveries.get(path.id))
      .handle("state", ({ payload }) => profiles.state(payload))
  })
)

/** The scraper's own routes, which the API calls through the sidecars, as a function from request to response. */
export class ScraperHttp extends Context.Tag("@influscope/scraper/ScraperHttp")<
  ScraperHttp,
  { readonly handle: (request: Request) => Promise<Response> }
>() {}

export const ScraperHttpLive = Layer.effect(
  ScraperHttp,
  Effect.map(serviceHandler(routesOf(ScraperApi, [])), (handle) => ({ handle }))
).pipe(
  Layer.provide(HttpApiBuilder.api(ScraperApi).pipe(Layer.provide(Handlers))),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
  Layer.provide(HttpServer.layerContext)
)
