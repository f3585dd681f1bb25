import { createHash, timingSafeEqual } from "node:crypto"
import { StorageError } from "@influscope/ports/StorageError"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Sidecar } from "./Sidecar.ts"

/** How a delivery ended, as the sidecar wants to hear it. DROP is not used: dead messages are kept in the ledger. */
export type Answer = "SUCCESS" | "RETRY"

/** A topic the sidecar is told to subscribe to. */
export interface TopicRoute {
  /** The name of the pub/sub component. */
  readonly pubsubName: string
  readonly topic: string
  /** Where the sidecar itself sends what it cannot deliver. */
  readonly deadLetterTopic: string | undefined
  /** Of the subscription, for the component: `queueType`, `rawPayload`. */
  readonly metadata: Readonly<Record<string, string>>
  /** Handles one delivery: the body of the request, and a signal for the sidecar's hanging up. */
  readonly deliver: (body: string, hungUp: AbortSignal) => Effect.Effect<Answer>
}

/** Handles what is for the app itself: service invocation arrives on the same port. */
export type Fallback = (request: Request) => Response | Promise<Response>

export interface CallbacksOptions {
  /** Where it listens, on 127.0.0.1 unless `host` is given; 0 for any free port. */
  readonly port: number
  readonly host?: string
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number
  /** How long the closing waits for requests that are being answered. */
  readonly drainTimeout: Duration.DurationInput
}

/** Answers 200 while the server is open, without a token: the path for daprd's app health check, where one is wanted. */
export const healthPath = "/dapr/healthz"

const topicPrefix = "/dapr/events/"

/** The path on which deliveries of a topic arrive. */
const topicPath = (topic: string): string => `${topicPrefix}${encodeURIComponent(topic)}`

export const callbackDefaults = {
  maxBodyBytes: 32 * 1024 * 1024,
  drainTimeout: "20 seconds"
} as const

/**
 * This app's server for its sidecar. daprd asks once, when the app's port opens, which topics it wants; so the port
 * stays closed until `open`, which comes after all `route`s. Until then the sidecar waits, and answers calls.
 */
export class Callbacks extends Context.Tag("@influscope/adapters/dapr/Callbacks")<
  Callbacks,
  {
    /**
     * Names a topic to the sidecar; one that is named already is left as it is. Fails with `conflict` once the server is
     * open: the sidecar would not hear of it.
     */
    readonly route: (route: TopicRoute) => Effect.Effect<void, StorageError>
    /** Answers, while the scope is open, whatever is not for the sidecar. The last one given answers. */
    readonly fallback: (handler: Fallback) => Effect.Effect<void, never, Scope.Scope>
    /** Starts to listen; answers the port. Once: later calls answer the same port. */
    readonly open: Effect.Effect<number, StorageError>
    readonly routes: Effect.Effect<ReadonlyArray<TopicRoute>>
  }
>() {}

const json = (value: unknown, status = 200): Response => Response.json(value, { status })

/** Whatever is wrong with a delivery, the sidecar has to keep it. It drops a message for a 404. */
const keepIt = (why: string, status = 500): Response => json({ status: "RETRY", error: why }, status)

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const subscription = (route: TopicRoute) => ({
  pubsubname: route.pubsubName,
  topic: route.topic,
  ...(route.deadLetterTopic === undefined ? {} : { deadLetterTopic: route.deadLetterTopic }),
  metadata: route.metadata,
  routes: { default: topicPath(route.topic) }
})

const make = Effect.fnUntraced(function* (options: CallbacksOptions) {
  const sidecar = yield* Sidecar
  const expected = Option.map(sidecar.appToken, (token) => digest(Redacted.value(token)))
  /** By path. */
  const routes = new Map<string, TopicRoute>()
  const fallbacks: Array<Fallback> = []
  // Closed after the server: what it waits for runs in here.
  const fibers = yield* FiberSet.make<Response>()
  const run = yield* FiberSet.runtimePromise(fibers)<never>()
  const scope = yield* Effect.scope
  const lock = yield* Effect.makeSemaphore(1)
  let answering = 0
  let draining = false

  const isKnown = (request: Request): boolean =>
    Option.match(expected, {
      onNone: () => true,
      onSome: (token) => timingSafeEqual(token, digest(request.headers.get("dapr-api-token") ?? ""))
    })

  const deliver = (route: TopicRoute, request: Request): Effect.Effect<Response> =>
    Effect.tryPromise(() => request.text()).pipe(
      Effect.flatMap((body) => route.deliver(body, request.signal)),
      Effect.map((status) => json({ status })),
      Effect.catchAllCause((cause) =>
        Effect.as(
          Effect.logError(`A delivery of ${route.topic} went wrong; it will come again`, cause),
          keepIt("the delivery went wrong")
        )
      )
    )

  const answer = (request: Request): Response | Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (pathname === healthPath) return json({ status: "open" })
    // daprd keeps a message it got 401 for, but takes one for /dapr/subscribe as: no topics.
    if (!isKnown(request)) return keepIt("the dapr-api-token is missing or wrong", 401)
    if (pathname === "/dapr/subscribe") return json([...routes.values()].map(subscription))
    if (pathname === "/dapr/config") return json({})
    if (pathname.startsWith(topicPrefix)) {
      const route = routes.get(pathname)
      if (route === undefined || request.method !== "POST") return keepIt("there is no such route")
      return run(deliver(route, request))
    }
    const fallback = pathname.startsWith("/dapr/") ? undefined : fallbacks.at(-1)
    return fallback === undefined ? keepIt("there is no such route") : fallback(request)
  }

  const counted = async (request: Request): Promise<Response> => {
    // Deliveries come without end; the answer is for a sidecar that stays when this app goes.
    if (draining) return keepIt("the app is shutting down", 503)
    answering += 1
    try {
      return await answer(request)
    } finally {
      answering -= 1
    }
  }

  const listen = Effect.try({
    try: () =>
      Bun.serve({
        hostname: options.host ?? "127.0.0.1",
        port: options.port,
        maxRequestBodySize: options.maxBodyBytes,
        // A handler says nothing until it is done.
        idleTimeout: 0,
        fetch: counted,
        error: () => keepIt("the request went wrong")
      }),
    catch: (cause) =>
      new StorageError({ reason: "unavailable", operation: `listen on port ${options.port}`, cause })
  })

  const close = (server: Bun.Server<undefined>): Effect.Effect<void> =>
    Effect.sync(() => {
      draining = true
      return answering
    }).pipe(
      Effect.tap((left) => (left === 0 ? Effect.void : Effect.sleep("20 millis"))),
      Effect.repeat({ until: (left) => left === 0 }),
      Effect.timeoutOption(options.drainTimeout),
      Effect.flatMap((drained) =>
        Option.isSome(drained)
          ? Effect.void
          : Effect.logWarning(`${answering} callbacks are cut off; what they carried will come again`)
      ),
      Effect.zipRight(Effect.promise(() => server.stop()).pipe(Effect.timeoutOption("1 second"))),
      Effect.zipRight(Effect.promise(() => server.stop(true)).pipe(Effect.timeoutOption("1 second"))),
      Effect.interruptible,
      Effect.asVoid
    )

  let port: number | undefined
  const open = lock.withPermits(1)(
    Effect.suspend(() => {
      if (port !== undefined) return Effect.succeed(port)
      return Effect.acquireRelease(listen, close).pipe(
        Effect.map((server) => {
          port = server.port ?? options.port
          return port
        }),
        Effect.provideService(Scope.Scope, scope)
      )
    })
  )

  return Callbacks.of({
    route: (route) =>
      Effect.suspend(() => {
        if (routes.has(topicPath(route.topic))) return Effect.void
        if (port !== undefined)
          return new StorageError({
            reason: "conflict",
            operation: `subscribe to ${route.topic}`,
            cause: "the sidecar has been told its topics: subscribe before the callback server is opened"
          })
        routes.set(topicPath(route.topic), route)
        return Effect.void
      }),
    fallback: (handler) =>
      Effect.acquireRelease(
        Effect.sync(() => void fallbacks.push(handler)),
        () => Effect.sync(() => void fallbacks.splice(fallbacks.lastIndexOf(handler), 1))
      ),
    open,
    routes: Effect.sync(() => [...routes.values()])
  })
})

export const layerWith = (options: CallbacksOptions): Layer.Layer<Callbacks, never, Sidecar> =>
  Layer.scoped(Callbacks, make(options))

/** On APP_PORT, which `dapr run` and the injector agree on with the sidecar. */
export const layer = Layer.unwrapEffect(
  Effect.map(
    Config.all({
      port: Config.port("APP_PORT"),
      host: Config.string("APP_HOST").pipe(Config.withDefault("127.0.0.1"))
    }),
    (listen) => layerWith({ ...callbackDefaults, ...listen })
  )
)
