import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as UrlParams from "@effect/platform/UrlParams"
import { ImportParams } from "@influscope/domain/api/ImportsApi"
import { ImportJob } from "@influscope/domain/Imports"
import { callService, unreachable } from "@influscope/http/CallService"
import { Discoveries } from "@influscope/ports/Discoveries"
import { Imports, UploadBroken } from "@influscope/ports/Imports"
import { Profiles } from "@influscope/ports/Profiles"
import { ScraperApi, SubmitFailure, submitPath } from "@influscope/ports/ScraperApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** An HTTP client whose requests go to the scraper, whatever lies in between. */
export class ScraperClient extends Context.Tag("@influscope/api/ScraperClient")<
  ScraperClient,
  HttpClient.HttpClient
>() {}

const call = callService("scraper")
const notHandedOver = unreachable("scraper", "hand the file to the scraper")

type SubmitError = typeof SubmitFailure.Type | HttpClientError.ResponseError | ParseResult.ParseError

const answerOf = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<ImportJob, SubmitError> =>
  response.status < 300
    ? HttpClientResponse.schemaBodyJson(ImportJob)(response)
    : Effect.flatMap(HttpClientResponse.schemaBodyJson(SubmitFailure)(response), Effect.fail)

const encodeParams = Schema.encode(ImportParams)

/** Imports, discoveries and statements of the scraper in its own process, behind the same ports as in ours. */
export const RemoteScraperLive = Layer.effectContext(
  Effect.gen(function* () {
    const http = yield* ScraperClient
    const { scraper } = yield* HttpApiClient.makeWith(ScraperApi, { httpClient: http })

    const submit = <E>(params: ImportParams, bytes: Stream.Stream<Uint8Array, E>) =>
      Effect.gen(function* () {
        const broken = yield* Ref.make(Option.none<UploadBroken>())
        // What breaks the upload here is told by us: the scraper sees only that it broke.
        const watched = Stream.tapError(bytes, (cause) =>
          Ref.set(broken, Option.some(new UploadBroken({ cause })))
        )
        const encoded = yield* Effect.orDie(encodeParams(params))
        const request = HttpClientRequest.post(submitPath).pipe(
          HttpClientRequest.setUrlParams(UrlParams.fromInput(encoded)),
          HttpClientRequest.setBody(HttpBody.stream(watched, "application/octet-stream"))
        )
        return yield* http.execute(request).pipe(
          Effect.flatMap(answerOf),
          Effect.catchTags({
            RequestError: (error) => Effect.fail(notHandedOver(error)),
            ResponseError: (error) => Effect.fail(notHandedOver(error)),
            ParseError: (error) => Effect.fail(notHandedOver(error))
          }),
          Effect.catchAll((error) =>
            Effect.flatMap(Ref.get(broken), (known) => Effect.fail(Option.getOrElse(known, () => error)))
          )
        )
      }).pipe(Effect.scoped, Effect.withSpan("RemoteScraper.submit"))

    return Context.empty().pipe(
      Context.add(Imports, {
        submit,
        get: (id) => call("read an import", scraper.import({ path: { id } })),
        list: call("list imports", scraper.imports())
      }),
      Context.add(Discoveries, {
        start: (params) => call("start a discovery", scraper.discover({ payload: params })),
        get: (id) => call("read a discovery", scraper.discovery({ path: { id } }))
      }),
      Context.add(Profiles, {
        state: (given) => call("hand profiles to the scraper", scraper.state({ payload: given }))
      })
    )
  })
)
