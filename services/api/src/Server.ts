import { Health } from "@influscope/telemetry/Health"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { WebApp } from "./WebApp.ts"

/** The address is in use by another program. */
export class PortTaken extends Data.TaggedError("PortTaken")<{
  readonly host: string
  readonly port: number
}> {
  override get message(): string {
    return `Port ${this.port} on ${this.host} is taken by another program. Stop it, or choose another: PORT=${this.port + 1} npm start`
  }
}

class ListenFailed extends Data.TaggedError("ListenFailed")<{ readonly cause: unknown }> {}

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(host)

/** HOST and PORT. Without token verification only this machine may ask, so HOST must be a loopback address. */
export const serverConfig = Config.all({
  host: Config.string("HOST").pipe(
    Config.withDefault("127.0.0.1"),
    Config.mapOrFail((host) =>
      isLoopback(host)
        ? Either.right(host)
        : Either.left(
            ConfigError.InvalidData(
              ["HOST"],
              `${host} can be reached from other machines, and no token verification is configured; use 127.0.0.1`
            )
          )
    )
  ),
  port: Config.integer("PORT").pipe(
    Config.validate({
      message: "expected a port, 0 to 65535",
      validation: (port) => port >= 0 && port <= 65_535
    }),
    Config.withDefault(8080)
  )
})

/** Where the server listens. */
export class ServerAddress extends Context.Tag("@influscope/api/ServerAddress")<
  ServerAddress,
  { readonly host: string; readonly port: number; readonly url: string }
>() {}

const drainTimeout = "10 seconds"

const isAddressInUse = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === "EADDRINUSE"

/**
 * Serves the web app. On shutdown readiness goes first, and who asks can see it for as long as requests are running that
 * began before; then nobody new is let in, what is left gets time to finish, and connections are closed.
 */
export const ServerLive = Layer.scoped(
  ServerAddress,
  Effect.gen(function* () {
    const { host, port } = yield* serverConfig
    const app = yield* WebApp
    const health = yield* Health
    const running = new Set<Promise<Response>>()
    const answer = (request: Request): Promise<Response> => {
      const response = app.handle(request)
      const forget = () => running.delete(response)
      running.add(response)
      response.then(forget, forget)
      return response
    }
    const server = yield* Effect.acquireRelease(
      Effect.try({
        try: () =>
          Bun.serve({
            hostname: host,
            port,
            // The limits of bodies are each route's own; a long upload or a quiet event stream is not an error.
            maxRequestBodySize: Number.MAX_SAFE_INTEGER,
            idleTimeout: 60,
            fetch: answer
          }),
        catch: (cause) => new ListenFailed({ cause })
      }).pipe(
        Effect.catchAll(({ cause }) =>
          isAddressInUse(cause) ? new PortTaken({ host, port }) : Effect.die(cause)
        )
      ),
      (server) =>
        health.startDraining.pipe(
          Effect.zipRight(Effect.promise(() => Promise.allSettled(running))),
          Effect.zipRight(Effect.promise(() => server.stop())),
          Effect.interruptible,
          Effect.timeoutOption(drainTimeout),
          Effect.zipRight(Effect.promise(() => server.stop(true)))
        )
    )
    const listening = server.port ?? port
    return { host, port: listening, url: `http://${host.includes(":") ? `[${host}]` : host}:${listening}` }
  })
)
