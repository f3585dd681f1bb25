import { Health } from "@influscope/telemetry/Health"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { serverConfig } from "./Config.ts"
import { Mockstagram } from "./Mockstagram.ts"
import { Weather } from "./Weather.ts"

/** The service cannot listen where it should. */
export class ListenFailed extends Data.TaggedError("ListenFailed")<{
  readonly host: string
  readonly port: number
  readonly cause: unknown
}> {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `Mockstagram cannot listen on ${this.host}, port ${this.port}: ${why}. MOCKSTAGRAM_PORT chooses another.`
  }
}

/** Where the server listens. */
export class MockstagramAddress extends Context.Tag("@influscope/mockstagram/MockstagramAddress")<
  MockstagramAddress,
  { readonly url: string }
>() {}

const drainTimeout = "10 seconds"

/** Serves the API; on shutdown readiness goes first, then requests that run get time to finish. */
const ServerLive = Layer.scoped(
  MockstagramAddress,
  Effect.gen(function* () {
    const { host, port } = yield* serverConfig
    const { handle } = yield* Mockstagram
    const health = yield* Health
    const server = yield* Effect.acquireRelease(
      Effect.try({
        try: () =>
          Bun.serve({
            hostname: host,
            port,
            maxRequestBodySize: 1024 * 1024,
            idleTimeout: 60,
            fetch: handle
          }),
        catch: (cause) => new ListenFailed({ host, port, cause })
      }),
      (server) =>
        health.startDraining.pipe(
          Effect.zipRight(Effect.promise(() => server.stop())),
          Effect.interruptible,
          Effect.timeoutOption(drainTimeout),
          Effect.zipRight(Effect.promise(() => server.stop(true)))
        )
    )
    return { url: `http://${host.includes(":") ? `[${host}]` : host}:${server.port}` }
  })
)

/** The provider on a port of its own, and its parts: `Mockstagram` to be asked in the same process, `Weather` to change. */
export const MockstagramLive = ServerLive.pipe(
  Layer.provideMerge(Mockstagram.Default),
  Layer.provideMerge(Weather.Default)
)
