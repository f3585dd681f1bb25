import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { WebApp } from "@influscope/api/WebApp"
import { Api } from "@influscope/domain/api/Api"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { EmbeddedLive } from "./Embedded.ts"

/** How a command reaches the API: over a port of the running instance, or by a call in this process. */
interface Connection {
  readonly url: string
  readonly fetch: typeof globalThis.fetch
}

const remote = (url: string): Connection => ({ url, fetch: globalThis.fetch })

/** An API that commands talk to instead of the data directory's: that of services beside their sidecars, say. */
const apiUrl = Config.option(Config.url("INFLUSCOPE_API_URL"))

const inProcess = (app: Context.Tag.Service<WebApp>): Connection => ({
  url: "http://localhost",
  fetch: Object.assign(
    (...[input, init]: Parameters<typeof globalThis.fetch>) => app.handle(new Request(input, init)),
    { preconnect: () => {} }
  )
})

/** Other commands hold the directory for a moment only, and an instance that starts takes a few seconds to answer. */
const patience = Schedule.intersect(Schedule.spaced("250 millis"), Schedule.recurs(40))

/** What instances that ask for tokens are shown. */
const token = Config.option(Config.redacted("INFLUSCOPE_TOKEN"))

/** Opens the directory, or finds who has it open: the lock decides, so an instance that died is never asked. */
const connectHere = Layer.build(EmbeddedLive).pipe(
  Effect.map((context) => inProcess(Context.get(context, WebApp))),
  Effect.catchTag("DataDirInUse", (error) =>
    Option.match(error.instance, {
      onNone: () => error,
      onSome: (instance) => Effect.succeed(remote(instance.url))
    })
  ),
  Effect.retry({ while: (error) => error._tag === "DataDirInUse", schedule: patience })
)

const connect = Effect.flatMap(
  apiUrl,
  Option.match({
    onNone: () => connectHere,
    onSome: ({ href }) => Effect.succeed(remote(href.replace(/\/$/, "")))
  })
)

const client = HttpApiClient.make(Api)

/** The API of the data directory: the typed client, and the plain one for what has a file as its body. */
export class ApiClient extends Context.Tag("@influscope/cli/ApiClient")<
  ApiClient,
  Effect.Effect.Success<typeof client> & { readonly http: HttpClient.HttpClient }
>() {}

const fromConnection = ({ fetch, url }: Connection) =>
  Effect.gen(function* () {
    const bearer = Option.match(yield* token, {
      onNone: () => identity<HttpClientRequest.HttpClientRequest>,
      onSome: (token) => HttpClientRequest.bearerToken(token)
    })
    const http = HttpClient.mapRequest(yield* HttpClient.HttpClient, (request) =>
      bearer(HttpClientRequest.prependUrl(request, url))
    )
    const api = yield* Effect.provideService(client, HttpClient.HttpClient, http)
    return { ...api, http }
  }).pipe(Effect.provide(FetchHttpClient.layer), Effect.provideService(FetchHttpClient.Fetch, fetch))

export const ApiClientLive = Layer.scoped(ApiClient, Effect.flatMap(connect, fromConnection))
