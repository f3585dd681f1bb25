import * as GrpcJs from "@grpc/grpc-js"
import type { InvalidRequest } from "@influscope/adapters/grpc/InvalidRequest"
import { serviceDefinition } from "@influscope/adapters/grpc/ServiceDefinition"
import { AnalyticsService } from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { requireToken } from "./AppToken.ts"
import { type ServerSettings, serverConfig } from "./Config.ts"
import { handlers } from "./Handlers.ts"
import { HealthService } from "./HealthService.ts"
import { addReflection } from "./ReflectionService.ts"

/** The running gRPC server: `address` is what a client connects to. */
export class AnalyticsServer extends Context.Tag("@influscope/analytics/AnalyticsServer")<
  AnalyticsServer,
  { readonly host: string; readonly port: number; readonly address: string }
>() {}

/** The address cannot be listened on. The message says why, as far as the system tells, and what to do. */
export class CannotListen extends Data.TaggedError("CannotListen")<{
  readonly host: string
  readonly port: number
  readonly cause: unknown
}> {
  override get message(): string {
    const where = `The analytics service cannot listen on ${this.host}:${this.port}`
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    if (cause.includes("EADDRINUSE"))
      return `${where}: another program has that port. Stop it, or set ANALYTICS_PORT to a free port.`
    if (cause.includes("EADDRNOTAVAIL"))
      return `${where}: this machine has no such address. Set ANALYTICS_HOST to 127.0.0.1 or an address it has.`
    if (cause.includes("EACCES"))
      return `${where}: that port needs more rights. Set ANALYTICS_PORT to one above 1023.`
    return `${where}: ${cause}. Set ANALYTICS_HOST and ANALYTICS_PORT to an address it can have.`
  }
}

/** Ten times what 500 profiles with every figure set take. */
const maxMessageBytes = 1024 * 1024

const serverOptions: GrpcJs.ServerOptions = {
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
  "grpc.max_concurrent_streams": 256,
  // Two processes on one port would share its calls without a word; the second is to fail.
  "grpc.so_reuseport": 0
}

const bind = (server: GrpcJs.Server, { host, port }: ServerSettings): Effect.Effect<number, CannotListen> =>
  Effect.async((resume) => {
    const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
    server.bindAsync(authority, GrpcJs.ServerCredentials.createInsecure(), (cause, bound) =>
      resume(cause === null ? Effect.succeed(bound) : Effect.fail(new CannotListen({ host, port, cause })))
    )
  })

/** Waits for the calls in flight; those that outlast the time are cut off. New ones are refused at once. */
const shutDown = (server: GrpcJs.Server, drainTimeout: Duration.DurationInput): Effect.Effect<void> =>
  Effect.async<void>((resume) => server.tryShutdown(() => resume(Effect.void))).pipe(
    // A finalizer cannot be interrupted, and what cannot be interrupted cannot time out.
    Effect.interruptible,
    Effect.timeoutTo({
      duration: drainTimeout,
      onSuccess: () => Effect.void,
      onTimeout: () =>
        Effect.logWarning(
          `Calls were still open after ${Duration.format(Duration.decode(drainTimeout))} and are cut off.`
        ).pipe(Effect.zipRight(Effect.sync(() => server.forceShutdown())))
    }),
    Effect.flatten
  )

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.")

const serve = Effect.fn("analytics.serve")(function* (
  settings: ServerSettings
): Effect.fn.Return<Context.Tag.Service<AnalyticsServer>, CannotListen, Scope.Scope> {
  // What it would print past our log also reaches us, as an error or a status.
  GrpcJs.setLogVerbosity(GrpcJs.logVerbosity.NONE)
  // Made before the server, so that it is closed after it: draining calls keep their fibers.
  const run = yield* FiberSet.makeRuntime<never, unknown, InvalidRequest>()
  const health = new HealthService()
  const interceptors = Option.match(settings.appToken ?? Option.none(), {
    onNone: () => [],
    onSome: (token) => [requireToken(token)]
  })
  const server = new GrpcJs.Server({ ...serverOptions, interceptors })
  server.addService(serviceDefinition(AnalyticsService), handlers(run))
  health.addToServer(server)
  addReflection(server, [AnalyticsService])

  const setStatus = (status: "SERVING" | "NOT_SERVING"): void => {
    for (const service of ["", AnalyticsService.typeName]) health.setStatus(service, status)
  }
  const port = yield* Effect.acquireRelease(bind(server, settings), () =>
    Effect.zipRight(
      Effect.sync(() => setStatus("NOT_SERVING")),
      shutDown(server, settings.drainTimeout)
    )
  )
  setStatus("SERVING")
  const { host } = settings
  if (!isLoopback(host)) {
    yield* Effect.logWarning(
      `The analytics service listens on ${host}:${port} without encryption or tokens: let only a trusted network reach it.`
    )
  }
  return { host, port, address: `${host.includes(":") ? `[${host}]` : host}:${port}` }
})

/** The analytics service over gRPC, with the standard health and reflection services, for as long as the scope lives. */
export const layer = (settings: ServerSettings): Layer.Layer<AnalyticsServer, CannotListen> =>
  Layer.scoped(AnalyticsServer, serve(settings))

/** As `layer`, set by ANALYTICS_HOST, ANALYTICS_PORT and ANALYTICS_DRAIN_TIMEOUT. */
export const layerConfig: Layer.Layer<AnalyticsServer, CannotListen | ConfigError> = Layer.unwrapEffect(
  Effect.map(serverConfig, layer)
)
