import { Configuration, type ConfigurationValues } from "@influscope/ports/Configuration"
import { StorageError } from "@influscope/ports/StorageError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { DaprSdk } from "./DaprSdk.ts"
import { refused, Sidecar } from "./Sidecar.ts"

export const defaultConfigurationStore = "configuration"

const timeout = "10 seconds"

/**
 * How often the values are read although nothing was told: the SDK keeps silent when a subscription breaks, and what was
 * set between reading and subscribing is told to nobody.
 */
const defaultInterval = "30 seconds"

const Items = Schema.parseJson(
  Schema.Record({
    key: Schema.String,
    value: Schema.Struct({ value: Schema.optionalWith(Schema.String, { default: () => "" }) })
  })
)

const sameValues = (left: ConfigurationValues, right: ConfigurationValues): boolean => {
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key])
}

export interface ConfigurationOptions {
  readonly store?: string
  /** Between two looks at values that nobody told to have changed. */
  readonly interval?: Duration.DurationInput
}

const make = ({ interval = defaultInterval, store = defaultConfigurationStore }: ConfigurationOptions) =>
  Effect.gen(function* () {
    const sidecar = yield* Sidecar
    const sdk = yield* DaprSdk
    const run = Runtime.runPromise(yield* Effect.runtime())
    const path = `/v1.0/configuration/${encodeURIComponent(store)}`

    const get = Effect.fn("DaprConfiguration.get")(function* (keys: ReadonlyArray<string>) {
      // No keys would be all that there are.
      if (keys.length === 0) return {}
      const operation = "read configuration"
      const query = keys.map((key) => `key=${encodeURIComponent(key)}`).join("&")
      const answer = yield* sidecar.request({ method: "GET", path: `${path}?${query}`, timeout })
      if (answer.status === 204) return {}
      if (answer.status !== 200) return yield* refused(operation, answer)
      const items = yield* Effect.mapError(
        Schema.decode(Items)(answer.text),
        (cause) => new StorageError({ reason: "unavailable", operation, cause })
      )
      const values: ConfigurationValues = Object.fromEntries(
        Object.entries(items).map(([key, { value }]) => [key, value])
      )
      return values
    })

    /** Tells that something may have changed, until the scope is closed or the stream breaks. */
    const subscribe = (
      keys: ReadonlyArray<string>,
      told: Effect.Effect<unknown>
    ): Effect.Effect<void, StorageError, Scope.Scope> =>
      Effect.acquireRelease(
        sdk.use("subscribe to configuration", timeout, (client) =>
          client.configuration.subscribeWithKeys(store, [...keys], () => run(Effect.asVoid(told)))
        ),
        // The stream ends with its connection at the latest.
        (subscription) => Effect.ignore(Effect.try(() => subscription.stop()))
      ).pipe(Effect.asVoid)

    const changes = (keys: ReadonlyArray<string>): Stream.Stream<ConfigurationValues, StorageError> =>
      Stream.unwrapScoped(
        Effect.gen(function* () {
          if (keys.length === 0) return Stream.make<[ConfigurationValues]>({})
          // One word is as good as ten: they all mean to look again.
          const words = yield* Queue.sliding<void>(1)
          const tell = Queue.offer(words, undefined)
          yield* subscribe(keys, tell)
          const scope = yield* Effect.scope
          const last = yield* Ref.make<ConfigurationValues | undefined>(undefined)
          /** The values when they are others than before. */
          const look = (wasTold: boolean) =>
            Effect.gen(function* () {
              const values = yield* get(keys)
              const before = yield* Ref.getAndSet(last, values)
              if (before === undefined) return Option.some(values)
              if (sameValues(before, values)) return Option.none()
              if (!wasTold) {
                // The subscription is dead. The new one ends with the same scope.
                yield* Effect.logWarning("A change of configuration was not told; subscribing again")
                yield* Scope.extend(subscribe(keys, tell), scope)
              }
              return Option.some(values)
            })
          const heard = Stream.as(Stream.fromQueue(words), true)
          const ticks = Stream.as(Stream.tick(interval), false)
          return Stream.merge(heard, ticks).pipe(
            Stream.mapEffect(look, { concurrency: 1 }),
            Stream.filterMap((values) => values)
          )
        })
      )

    return Configuration.of({ get, changes })
  })

/** Needs the SDK over gRPC: over HTTP changes would have to be called back. */
export const layerOf = (
  options: ConfigurationOptions
): Layer.Layer<Configuration, never, Sidecar | DaprSdk> => Layer.effect(Configuration, make(options))

/** The component `configuration`. */
export const layer = layerOf({})
