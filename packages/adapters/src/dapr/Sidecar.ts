import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** Where this service's own sidecar answers, and what it and we show each other. */
export const sidecarConfig = Config.all({
  host: Config.string("DAPR_HOST").pipe(Config.withDefault("127.0.0.1")),
  httpPort: Config.integer("DAPR_HTTP_PORT").pipe(Config.withDefault(3500)),
  grpcPort: Config.integer("DAPR_GRPC_PORT").pipe(Config.withDefault(50_001)),
  /** Shown to the sidecar. */
  apiToken: Config.option(Config.redacted("DAPR_API_TOKEN")),
  /** What the sidecar has to show when it calls. */
  appToken: Config.option(Config.redacted("APP_API_TOKEN"))
})

/** An answer of the sidecar, whatever its status. */
export interface SidecarAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly text: string
}

export interface SidecarRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH"
  /** With its query, from `/v1.0/...`; parts from outside are encoded by the caller. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly timeout: Duration.DurationInput
}

/** A component as /v1.0/metadata lists it. */
const Component = Schema.Struct({
  name: Schema.String,
  type: Schema.String,
  version: Schema.String,
  capabilities: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
})

const Subscription = Schema.Struct({
  pubsubname: Schema.String,
  topic: Schema.String,
  deadLetterTopic: Schema.optionalWith(Schema.String, { default: () => "" })
})

/** What a sidecar says of itself: the parts that are used here. */
export const SidecarMetadata = Schema.Struct({
  id: Schema.String,
  runtimeVersion: Schema.optionalWith(Schema.String, { default: () => "" }),
  components: Schema.optionalWith(Schema.Array(Component), { default: () => [] }),
  subscriptions: Schema.optionalWith(Schema.Array(Subscription), { default: () => [] })
})
export type SidecarMetadata = typeof SidecarMetadata.Type

/** This service's sidecar. Its API by plain HTTP: Dapr's own client answers `{error}` where it should fail. */
export class Sidecar extends Context.Tag("@influscope/adapters/dapr/Sidecar")<
  Sidecar,
  {
    readonly url: string
    /** host:port of its gRPC API. */
    readonly grpcAddress: string
    /** The header every call to the sidecar needs, when it wants one: by HTTP and as gRPC metadata. */
    readonly tokenHeader: Readonly<Record<string, string>>
    /** What callers of this app's callbacks have to show as `dapr-api-token`. */
    readonly appToken: Option.Option<Redacted.Redacted>
    /** Fails with `unavailable` when nobody answers in time; every answer, also of an error, is an answer. */
    readonly request: (request: SidecarRequest) => Effect.Effect<SidecarAnswer, StorageError>
    readonly metadata: Effect.Effect<SidecarMetadata, StorageError>
  }
>() {}

/** The failure of an operation that the sidecar answered with an error. */
export const refused = (
  operation: string,
  answer: SidecarAnswer,
  reason: StorageReason = "unavailable"
): StorageError =>
  new StorageError({
    reason,
    operation,
    cause: `the sidecar answered ${answer.status}: ${answer.text.slice(0, 500)}`
  })

const unreachable = (operation: string) => (error: HttpClientError.HttpClientError) =>
  new StorageError({
    reason: "unavailable",
    operation,
    cause: `the sidecar does not answer: ${error.message}`
  })

const make = Effect.gen(function* () {
  const { apiToken, appToken, grpcPort, host, httpPort } = yield* sidecarConfig
  const client = yield* HttpClient.HttpClient
  const url = `http://${host}:${httpPort}`
  const tokenHeader = Option.match(apiToken, {
    onNone: () => ({}),
    onSome: (token) => ({ "dapr-api-token": Redacted.value(token) })
  })

  const request = ({ body, headers = {}, method, path, timeout }: SidecarRequest) => {
    const operation = `${method} ${path.split("?")[0]}`
    const prepared = HttpClientRequest.make(method)(`${url}${path}`, {
      headers: { ...tokenHeader, ...headers },
      ...(body === undefined
        ? {}
        : {
            body:
              typeof body === "string"
                ? HttpBody.text(body, headers["content-type"])
                : HttpBody.uint8Array(body, headers["content-type"])
          })
    })
    return client.execute(prepared).pipe(
      Effect.flatMap((response) =>
        Effect.map(response.arrayBuffer, (buffer): SidecarAnswer => {
          const bytes = new Uint8Array(buffer)
          return {
            status: response.status,
            headers: response.headers,
            body: bytes,
            get text() {
              return new TextDecoder().decode(bytes)
            }
          }
        })
      ),
      Effect.mapError(unreachable(operation)),
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () =>
          new StorageError({ reason: "unavailable", operation, cause: "the sidecar did not answer in time" })
      })
    )
  }

  const metadata = request({ method: "GET", path: "/v1.0/metadata", timeout: "5 seconds" }).pipe(
    Effect.filterOrFail(
      (answer) => answer.status === 200,
      (answer) => refused("read the sidecar's metadata", answer)
    ),
    Effect.flatMap((answer) =>
      Effect.mapError(
        Schema.decode(Schema.parseJson(SidecarMetadata))(answer.text),
        (cause) =>
          new StorageError({ reason: "unavailable", operation: "read the sidecar's metadata", cause })
      )
    )
  )

  return Sidecar.of({ url, grpcAddress: `${host}:${grpcPort}`, tokenHeader, appToken, request, metadata })
})

/** Set by DAPR_HTTP_PORT, DAPR_GRPC_PORT, DAPR_API_TOKEN and APP_API_TOKEN, as `dapr run` and the injector set them. */
export const layer = Layer.effect(Sidecar, make).pipe(Layer.provide(FetchHttpClient.layer))
