import { readFileSync } from "node:fs"
import { Client } from "@elastic/elasticsearch"
import { StorageError } from "@influscope/ports/StorageError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { failureOf } from "./Failure.ts"
import { FetchConnection } from "./FetchConnection.ts"
import type { Settings } from "./Settings.ts"

/** A call of the client, with the signal and the time that end it. */
type Use<A> = (
  client: Client,
  options: {
    readonly signal: AbortSignal
    readonly requestTimeout: number
    readonly retryBackoff: () => number
    readonly openTelemetry: { readonly enabled: false }
  }
) => Promise<A>

/** The connections to a cluster. */
export interface Cluster {
  /** Reads: tried again at once on another connection when one breaks. Fails within the settings' timeout. */
  readonly read: <A>(operation: string, use: Use<A>) => Effect.Effect<A, StorageError>
  /** Writes: sent once, because what became of a write that got no answer is not known. */
  readonly write: <A>(
    operation: string,
    use: Use<A>,
    timeout?: Duration.DurationInput
  ) => Effect.Effect<A, StorageError>
}

/** Attempts after the first of a read whose connection broke. */
const readRetries = 2
/** In seconds. The usual growing pauses would only keep a reader waiting: most such connections were merely idle. */
const readPause = 0.1

const authOf = ({ apiKey, password, username }: Settings) => {
  if (Option.isSome(apiKey)) return { auth: { apiKey: Redacted.value(apiKey.value) } }
  if (Option.isSome(username) && Option.isSome(password))
    return { auth: { username: username.value, password: Redacted.value(password.value) } }
  return {}
}

const openClient = (settings: Settings): Effect.Effect<Client, StorageError> =>
  Effect.try({
    try: () =>
      new Client({
        nodes: [...settings.nodes],
        // The default connection (undici) does not get its answers on Bun.
        Connection: FetchConnection,
        maxRetries: 0,
        // Answers hold nothing but what we wrote, so they are not searched for poison a second time.
        disablePrototypePoisoningProtection: true,
        ...authOf(settings),
        ...Option.match(settings.caFile, {
          onNone: () => ({}),
          onSome: (path) => ({ tls: { ca: readFileSync(path) } })
        })
      }),
    catch: (cause) =>
      new StorageError({ reason: "unavailable", operation: "open the Elasticsearch client", cause })
  })

/** Opens nothing before the first request. */
export const connect = (settings: Settings): Effect.Effect<Cluster, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const client = yield* Effect.acquireRelease(openClient(settings), (opened) =>
      Effect.ignore(Effect.tryPromise(() => opened.close()))
    )
    const reader = client.child({ maxRetries: readRetries })

    const call = <A>(
      through: Client,
      operation: string,
      timeout: Duration.DurationInput,
      use: Use<A>
    ): Effect.Effect<A, StorageError> => {
      const millis = Duration.toMillis(timeout)
      // Two fibers less than a timeout of the effect, and searches are many.
      return Effect.suspend(() => {
        const late = AbortSignal.timeout(millis)
        return Effect.tryPromise({
          try: (interrupted) =>
            use(through, {
              signal: AbortSignal.any([interrupted, late]),
              requestTimeout: millis,
              retryBackoff: () => readPause,
              // The operations of the port have spans of their own.
              openTelemetry: { enabled: false }
            }),
          catch: (cause) =>
            failureOf(operation, late.aborted ? "Elasticsearch did not answer in time" : cause)
        })
      })
    }

    return {
      read: (operation, use) => call(reader, operation, settings.timeout, use),
      write: (operation, use, timeout = settings.timeout) => call(client, operation, timeout, use)
    }
  })
