import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import {
  AppRefused,
  AppTooSlow,
  AppUnreachable,
  type GrpcTarget,
  type InvokeAnswer,
  type InvokeError,
  type InvokeMethod,
  type InvokeOptions,
  Invoker
} from "@influscope/ports/Invoker"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Sidecar } from "./Sidecar.ts"

/** Where an app's HTTP routes begin, without a slash at the end, and what its callers have to show. */
export interface AppTarget {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly grpc: GrpcTarget
}

interface Network {
  readonly find: (app: string) => Option.Option<AppTarget>
  /** Why an answer is not the app's own, when it is not. */
  readonly notTheApps: (app: string, answer: InvokeAnswer) => Option.Option<string>
}

/**
 * The path as it is sent. What a URL makes of dots and backslashes must not lead out of the app: beside its apps, a
 * sidecar has its own API under the same address.
 */
const urlOf = (target: AppTarget, path: string): Effect.Effect<string> => {
  const url = `${target.url}${path}`
  const isInside = /^\/(?!\/)/.test(path) && URL.canParse(url) && new URL(url).href === url
  return isInside
    ? Effect.succeed(url)
    : Effect.dieMessage(`not a path of an app: ${JSON.stringify(path.slice(0, 200))}`)
}

const toBody = (body: InvokeOptions["body"], contentType: string | undefined): HttpBody.HttpBody => {
  if (body === undefined) return HttpBody.empty
  if (typeof body === "string") return HttpBody.text(body, contentType)
  return body instanceof Uint8Array
    ? HttpBody.uint8Array(body, contentType)
    : HttpBody.stream(body, contentType)
}

const read = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(
    response.arrayBuffer,
    (buffer): InvokeAnswer => ({
      status: response.status,
      headers: response.headers,
      body: new Uint8Array(buffer)
    })
  )

const make = ({ find, notTheApps }: Network) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient

    const unreachable = (app: string) => (error: HttpClientError.HttpClientError) =>
      new AppUnreachable({ app, why: error.message })

    const targetOf = (app: string): Effect.Effect<AppTarget, AppUnreachable> =>
      Option.match(find(app), {
        onNone: () => Effect.fail(new AppUnreachable({ app, why: "nobody knows where it is" })),
        onSome: Effect.succeed
      })

    const execute = (
      app: string,
      method: InvokeMethod,
      path: string,
      { body, headers = {} }: InvokeOptions
    ) =>
      Effect.gen(function* () {
        const target = yield* targetOf(app)
        const url = yield* urlOf(target, path)
        const request = HttpClientRequest.make(method)(url, {
          headers: { ...headers, ...target.headers },
          body: toBody(body, headers["content-type"])
        })
        return yield* Effect.mapError(client.execute(request), unreachable(app))
      })

    const refused = (app: string, answer: InvokeAnswer): InvokeError =>
      Option.match(notTheApps(app, answer), {
        onNone: () => new AppRefused({ app, answer }),
        onSome: (why) => new AppUnreachable({ app, why })
      })

    const isSuccess = ({ status }: { readonly status: number }): boolean => status >= 200 && status < 300

    const http: Invoker["Type"]["http"] = (app, method, path, options) =>
      Effect.gen(function* () {
        const response = yield* execute(app, method, path, options)
        const answer = yield* Effect.mapError(read(response), unreachable(app))
        return isSuccess(answer) ? answer : yield* refused(app, answer)
      }).pipe(
        Effect.timeoutFail({
          duration: options.deadline,
          onTimeout: () => new AppTooSlow({ app, deadline: options.deadline })
        }),
        Effect.withSpan("DaprInvoker.http", { captureStackTrace: false, attributes: { "app.id": app } })
      )

    const stream: Invoker["Type"]["stream"] = (app, method, path, options) => {
      const tooSlow = new AppTooSlow({ app, deadline: options.deadline })
      const chunks = Stream.unwrap(
        Effect.gen(function* () {
          const response = yield* execute(app, method, path, options)
          if (isSuccess(response)) return Stream.mapError(response.stream, unreachable(app))
          const answer = yield* Effect.mapError(read(response), unreachable(app))
          return yield* refused(app, answer)
        })
      )
      return Stream.interruptWhen(chunks, Effect.delay(Effect.fail(tooSlow), options.deadline))
    }

    return Invoker.of({
      http,
      stream,
      grpc: (app) =>
        Option.getOrElse(
          Option.map(find(app), ({ grpc }) => grpc),
          () => ({ address: "", metadata: {} })
        )
    })
  })

/** Redirects are the caller's to follow; the sidecar of the app that is called follows them by itself. */
const client = FetchHttpClient.layer.pipe(
  Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
)

const DirectInvokeError = Schema.parseJson(
  Schema.Struct({ errorCode: Schema.Literal("ERR_DIRECT_INVOKE"), message: Schema.String })
)
const decodeInvokeError = Schema.decodeOption(DirectInvokeError)

/** The sidecar's own errors come with these statuses, and name the app that was called. */
const whyNotReached = (app: string, { body, status }: InvokeAnswer): Option.Option<string> =>
  status === 500 || status === 403
    ? Option.map(
        Option.filter(decodeInvokeError(new TextDecoder().decode(body)), ({ message }) =>
          message.startsWith(`failed to invoke, id: ${app}, err: `)
        ),
        ({ message }) => message.slice(0, 500)
      )
    : Option.none()

const throughSidecar = Effect.flatMap(Sidecar, ({ grpcAddress, tokenHeader, url }) =>
  make({
    find: (app) =>
      Option.some({
        // By the path and not by the header `dapr-app-id`, with which a path such as /v1.0/secrets is the sidecar's own.
        url: `${url}/v1.0/invoke/${encodeURIComponent(app)}/method`,
        headers: tokenHeader,
        grpc: { address: grpcAddress, metadata: { "dapr-app-id": app, ...tokenHeader } }
      }),
    notTheApps: whyNotReached
  })
)

/**
 * Through this service's sidecar. It tries three times, a second apart, when an app cannot be reached, unless a resiliency
 * policy says otherwise: a deadline below that is told as AppTooSlow.
 */
export const layer: Layer.Layer<Invoker, never, Sidecar> = Layer.effect(Invoker, throughSidecar).pipe(
  Layer.provide(client)
)

/** Without a sidecar: apps by name, each with the URL of its HTTP server and the `host:port` of its gRPC server. */
export const layerDirect = (
  apps: Readonly<Record<string, { readonly url?: string; readonly grpc?: string }>>
): Layer.Layer<Invoker> =>
  Layer.effect(
    Invoker,
    make({
      find: (app) => {
        const known = Object.hasOwn(apps, app) ? apps[app] : undefined
        return known === undefined
          ? Option.none()
          : Option.some({
              url: known.url ?? "",
              headers: {},
              grpc: { address: known.grpc ?? "", metadata: {} }
            })
      },
      notTheApps: () => Option.none()
    })
  ).pipe(Layer.provide(client))
