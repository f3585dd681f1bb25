import { readFile } from "node:fs/promises"
import { Health } from "@influscope/telemetry/Health"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { Access } from "./Access.ts"
import { isLoopback } from "./Loopback.ts"

/** The address is in use by another program; `variable` says which one the port is set by. */
export class PortTaken extends Data.TaggedError("PortTaken")<{
  readonly host: string
  readonly port: number
  readonly variable: string
}> {
  override get message(): string {
    return `Port ${this.port} on ${this.host} is taken by another program. Stop it, or choose another: ${this.variable}=${this.port + 1}`
  }
}

/** Others could reach the address, and nothing is there to tell who they are. */
export class NotGuarded extends Data.TaggedError("NotGuarded")<{
  readonly host: string
  readonly variable: string
}> {
  override get message(): string {
    return `${this.variable}=${this.host} can be reached from other machines, and no keys are configured to check tokens with: set INFLUSCOPE_JWT_KEY_FILE or INFLUSCOPE_JWKS_URL, or use 127.0.0.1.`
  }
}

/** The certificate or its key cannot be used. */
export class CertificateUnusable extends Data.TaggedError("CertificateUnusable")<{
  readonly cause: unknown
}> {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `The certificate of INFLUSCOPE_TLS_CERT_FILE, or its key of INFLUSCOPE_TLS_KEY_FILE, cannot be used: ${why}`
  }
}

class ListenFailed extends Data.TaggedError("ListenFailed")<{ readonly cause: unknown }> {}

/** A port to listen on; 0 is any that is free. */
export const asPort = (number: Config.Config<number>, fallback: number): Config.Config<number> =>
  number.pipe(
    Config.validate({
      message: "expected a port, 0 to 65535",
      validation: (port) => port >= 0 && port <= 65_535
    }),
    Config.withDefault(fallback)
  )

/** PEM files: the certificate, followed by those between it and its root, and its key. */
const tlsConfig = Config.all({
  cert: Config.option(Config.nonEmptyString("INFLUSCOPE_TLS_CERT_FILE")),
  key: Config.option(Config.nonEmptyString("INFLUSCOPE_TLS_KEY_FILE"))
}).pipe(
  Config.mapOrFail(({ cert, key }) =>
    Option.isSome(cert) === Option.isSome(key)
      ? Either.right(Option.all({ cert, key }))
      : Either.left(
          ConfigError.MissingData(
            [Option.isSome(cert) ? "INFLUSCOPE_TLS_KEY_FILE" : "INFLUSCOPE_TLS_CERT_FILE"],
            "a certificate and its key are configured together, or neither"
          )
        )
  )
)

/** Read once, when listening begins: a new certificate is used after the next start. */
const readTls = Effect.flatMap(
  tlsConfig,
  Effect.transposeMapOption(({ cert, key }) =>
    Effect.tryPromise({
      try: async () => ({ cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") }),
      catch: (cause) => new CertificateUnusable({ cause })
    })
  )
)

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** Of the configuration: what host and port are set by. */
  readonly variables: { readonly host: string; readonly port: string }
  readonly handle: (request: Request, address: string) => Promise<Response>
}

export interface Listening {
  readonly host: string
  readonly port: number
  readonly url: string
}

const drainTimeout = "10 seconds"

const isAddressInUse = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === "EADDRINUSE"

/**
 * Listens until the scope closes: with TLS where certificate files are configured, and on addresses that others can reach
 * only where tokens are asked for. On shutdown readiness goes first, and who asks can see it for as long as requests are running that
 * began before; then nobody new is let in, what is left gets time to finish, and connections are closed.
 */
export const listen = ({ handle, host, port, variables }: ListenOptions) =>
  Effect.gen(function* () {
    const health = yield* Health
    const { isOpen } = yield* Access
    if (isOpen && !isLoopback(host)) return yield* new NotGuarded({ host, variable: variables.host })
    const tls = yield* readTls
    if (Option.isNone(tls) && !isLoopback(host))
      yield* Effect.logWarning(
        "Tokens will travel unencrypted: set INFLUSCOPE_TLS_CERT_FILE and INFLUSCOPE_TLS_KEY_FILE, or let only a proxy with TLS reach this address",
        { host }
      )
    const running = new Set<Promise<Response>>()
    const answer = (request: Request, server: Bun.Server<undefined>): Promise<Response> => {
      const response = handle(request, server.requestIP(request)?.address ?? "unknown")
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
            ...(Option.isSome(tls) ? { tls: tls.value } : {}),
            fetch: answer
          }),
        catch: (cause) => new ListenFailed({ cause })
      }).pipe(
        Effect.catchAll(({ cause }): Effect.Effect<never, PortTaken | CertificateUnusable> => {
          if (isAddressInUse(cause)) return new PortTaken({ host, port, variable: variables.port })
          return Option.isSome(tls) ? new CertificateUnusable({ cause }) : Effect.die(cause)
        })
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
    const scheme = Option.isSome(tls) ? "https" : "http"
    const url = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${listening}`
    return { host, port: listening, url } satisfies Listening
  })
