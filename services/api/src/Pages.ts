import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { Api } from "@influscope/domain/api/Api"
import { Access } from "@influscope/http/Access"
import { problemResponse } from "@influscope/http/Problems"
import { Health } from "@influscope/telemetry/Health"
import * as Prometheus from "@influscope/telemetry/Prometheus"
import { type Asset, assetHeaders, buildPage } from "@influscope/web/Assets"
import * as Effect from "effect/Effect"
import { docsFiles, docsPage, docsPolicy, docsScript, readDocsFile } from "./Docs.ts"
import { Gauges } from "./Gauges.ts"

/** The paths of everything that is not the API itself. */
export const pages = [
  "/",
  "/livez",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/docs",
  "/docs/{name}",
  "/favicon.svg",
  "/assets/{name}"
]

/** Everything that is not the API itself: health, metrics, the API's description, and the web page. */
export const Pages = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const health = yield* Health
    const access = yield* Access
    const gauges = yield* Gauges
    const spec = JSON.stringify(OpenApi.fromApi(Api))
    const page = yield* Effect.cached(buildPage)
    yield* Effect.forkScoped(Effect.ignoreLogged(page))

    const json = (body: string, status = 200) =>
      HttpServerResponse.text(body, {
        status,
        contentType: "application/json",
        headers: { "cache-control": "no-store" }
      })

    const asset = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const path = request.url.split("?")[0] ?? "/"
      const assets = yield* page
      const found: Asset | undefined = assets.find((candidate) => candidate.path === path)
      if (found === undefined) {
        return problemResponse(
          404,
          "not-found",
          "There is no such thing",
          `There is no file ${path.slice(0, 200)}.`
        )
      }
      const headers = assetHeaders(found)
      if (request.headers["if-none-match"] === found.etag)
        return HttpServerResponse.empty({ status: 304, headers })
      return HttpServerResponse.uint8Array(found.body, { headers, contentType: found.contentType })
    })

    yield* router.get("/livez", Effect.succeed(json('{"status":"alive"}')))
    yield* router.get(
      "/readyz",
      Effect.map(health.readiness, (state) => json(JSON.stringify(state), state.ready ? 200 : 503))
    )
    yield* router.get(
      "/metrics",
      Effect.gen(function* () {
        yield* access.admit("operations:read")
        yield* gauges.refresh
        return HttpServerResponse.text(yield* Prometheus.render, { contentType: Prometheus.contentType })
      })
    )
    yield* router.get("/openapi.json", Effect.succeed(json(spec)))
    yield* router.get(
      "/docs",
      HttpServerResponse.html(docsPage).pipe(
        HttpServerResponse.setHeader("content-security-policy", docsPolicy),
        Effect.succeed
      )
    )
    yield* router.get(
      "/docs/start.js",
      HttpServerResponse.text(docsScript, { contentType: "text/javascript; charset=utf-8" })
    )
    for (const file of docsFiles) {
      yield* router.get(
        file,
        Effect.map(readDocsFile(file), ({ body, contentType }) =>
          HttpServerResponse.uint8Array(body, {
            contentType,
            headers: { "cache-control": "public, max-age=86400" }
          })
        )
      )
    }
    yield* router.get("/", asset)
    yield* router.get("/favicon.svg", asset)
    yield* router.get("/assets/:name", asset)
  })
)
