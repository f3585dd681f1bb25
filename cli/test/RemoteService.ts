import { join } from "node:path"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as BunContext from "@effect/platform-bun/BunContext"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EmbeddedLive } from "../src/Embedded.ts"

/** A service, and all that is in one process, on a data directory of its own. */
export const embedded = <A, E>(
  service: Layer.Layer<A, E, Layer.Layer.Success<typeof EmbeddedLive>>,
  values: Readonly<Record<string, string>> = {}
) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    return yield* service.pipe(
      Layer.provideMerge(Layer.provide(EmbeddedLive, BunContext.layer)),
      Layer.provide(settings({ INFLUSCOPE_DATA_DIR: join(directory, "data"), ...values })),
      Layer.build
    )
  })

/** Where a handler answers. */
export const listening = (fetch: (request: Request) => Response | Promise<Response>) =>
  Effect.acquireRelease(
    Effect.sync(() => Bun.serve({ hostname: "127.0.0.1", port: 0, fetch })),
    (server) => Effect.promise(() => server.stop(true))
  ).pipe(Effect.map((server) => server.url.origin))

/** Where nobody answers. */
export const nowhere = "http://127.0.0.1:9"

/** The client of a service that is at an address. */
export const clientAt = <I>(tag: Context.Tag<I, HttpClient.HttpClient>, url: string): Layer.Layer<I> =>
  Layer.effect(
    tag,
    Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.prependUrl(url)))
  ).pipe(Layer.provide(FetchHttpClient.layer))
