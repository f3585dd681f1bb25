import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { Sidecar } from "./Sidecar.ts"

/** An HTTP client whose requests go through our sidecar to that of another app. */
export const clientOf = (app: string) =>
  Effect.gen(function* () {
    const { tokenHeader, url } = yield* Sidecar
    const client = yield* HttpClient.HttpClient
    const headers = { ...tokenHeader, "dapr-app-id": app }
    return HttpClient.mapRequest(client, (request) =>
      request.pipe(HttpClientRequest.prependUrl(url), HttpClientRequest.setHeaders(headers))
    )
  })
