import { Cache } from "@influscope/ports/Cache"
import { StorageError } from "@influscope/ports/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { refused, Sidecar, type SidecarAnswer } from "./Sidecar.ts"
import { behaviourOf } from "./StateBehaviour.ts"
import { entryOf } from "./StateEnvelope.ts"
import { encodeKey } from "./StateKey.ts"
import { type RowCondition, stateRows, writeReason } from "./StateRows.ts"
import { waitForComponent } from "./StateStore.ts"

export const defaultCache = "cache"

/** Times to live and conditions are what makes a cache of a state store. */
const needed = ["ETAG", "TTL"]

const make = (name: string, patience: Duration.DurationInput) =>
  Effect.gen(function* () {
    const sidecar = yield* Sidecar
    const { capabilities, type } = yield* waitForComponent(name, patience)
    const missing = needed.filter((capability) => !capabilities.includes(capability))
    if (missing.length > 0)
      return yield* new StorageError({
        reason: "corrupt",
        operation: `find the cache ${name}`,
        cause: `the component ${name} (${type}) lacks ${missing.join(" and ")}; choose redis`
      })
    const rows = stateRows(sidecar, name, behaviourOf(type))

    /** The server counts in seconds; the value itself says when exactly it expires. */
    const rowOf = Effect.fnUntraced(function* (
      key: string,
      value: string,
      timeToLive: Duration.DurationInput,
      condition: RowCondition | undefined
    ) {
      const millis = Duration.toMillis(timeToLive)
      return {
        key: encodeKey(key),
        envelope: { v: value, n: crypto.randomUUID(), x: (yield* Clock.currentTimeMillis) + millis },
        condition,
        ttlSeconds: Math.ceil(millis / 1_000)
      }
    })

    const failed = (operation: string, answer: SidecarAnswer) =>
      refused(operation, answer, writeReason(answer))

    return Cache.of({
      get: Effect.fn("DaprCache.get")(function* (key) {
        const [row] = yield* rows.read([encodeKey(key)])
        const entry = entryOf(row?.envelope, yield* Clock.currentTimeMillis)
        return Option.map(Option.fromNullable(entry), ({ value }) => value)
      }),
      add: Effect.fn("DaprCache.add")(function* (key, value, timeToLive) {
        const answer = yield* rows.write(yield* rowOf(key, value, timeToLive, { _tag: "Absent" }))
        if (answer.status === 409) return false
        if (answer.status >= 300) return yield* failed(`cache ${key}`, answer)
        return true
      }),
      set: Effect.fn("DaprCache.set")(function* (keys, value, timeToLive) {
        const written = yield* Effect.forEach(keys, (key) => rowOf(key, value, timeToLive, undefined))
        const answer = yield* rows.writeMany(written)
        if (answer.status >= 300) return yield* failed(`cache ${keys.length} keys`, answer)
      }),
      delete: Effect.fn("DaprCache.delete")(function* (key) {
        const answer = yield* rows.write({
          key: encodeKey(key),
          envelope: undefined,
          condition: undefined,
          ttlSeconds: undefined
        })
        if (answer.status >= 300) return yield* failed(`delete ${key}`, answer)
      })
    })
  })

/**
 * A cache that services share: a state component of the sidecar with ETAG and TTL, such as Redis, whose `keyPrefix` is
 * `name`. Bounded by the times to live, and by the server's own limit (Redis: maxmemory with an LRU policy).
 */
export const layerOf = (
  name: string,
  patience: Duration.DurationInput = "30 seconds"
): Layer.Layer<Cache, StorageError, Sidecar> => Layer.effect(Cache, make(name, patience))

/** The component `cache`. */
export const layer = layerOf(defaultCache)
