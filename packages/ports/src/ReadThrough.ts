import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Cache } from "./Cache.ts"
import { StorageError } from "./StorageError.ts"

/** How a read was answered: `shared` is one that waited for another reader's, `failed` one for which the cache was no help. */
export type CacheOutcome = "hit" | "miss" | "shared" | "failed"

export interface ReadThroughOptions<Key, A, E> {
  /** Begins the keys in the cache. Another one whenever the schema changes. */
  readonly name: string
  readonly keyOf: (key: Key) => string
  /** As the JSON text that is cached. */
  readonly schema: Schema.Schema<A, string>
  /** Reads the store, in bounded time. */
  readonly read: (key: Key) => Effect.Effect<Option.Option<A>, E>
  /** The longest that a value is cached; each is for a little less, so that those cached together do not expire together. */
  readonly timeToLive: Duration.DurationInput
  /** Told of every read, and `failed` of every change that the cache could not be told. */
  readonly count: (outcome: CacheOutcome) => Effect.Effect<void>
}

export interface ReadThrough<Key, A, E> {
  readonly get: (key: Key) => Effect.Effect<Option.Option<A>, E>
  /**
   * To be called after every change in the store of what was there before. When it has returned, no process answers
   * older values from the cache; where the cache could not be told, they may until their time to live is over.
   */
  readonly changed: (keys: ReadonlyArray<Key>) => Effect.Effect<void>
}

/** What is slower is not waited for: the store is asked. */
const readPatience = "250 millis"
/** To tell of a change is worth more: whoever is not told goes on reading the old. */
const changePatience = "2 seconds"
/** After a failure the cache is not read for so long: an outage must not cost every read its patience. */
const rest = Duration.toMillis("1 second")

/**
 * Says for a while that a value has changed: nobody can `add` what was read from the store before. It lasts twice as long as
 * a read may take whose value is still cached.
 */
const mark = ""
const markTimeToLive = Duration.seconds(10)
const longestRead = Duration.toMillis(markTimeToLive) / 2

/** Keys told of in one call of the cache, and calls at once. */
const changesTogether = 100
const callsAtOnce = 4

/**
 * Reads of a store by key through the cache. Readers of a key at the same time share one read of the store, by process;
 * each process reads an expired value at most once at a time. What is not in the store is not cached. The cache may be
 * slow, down or emptied: then the store answers.
 */
export const make = <Key, A, E>({
  count,
  keyOf,
  name,
  read,
  schema,
  timeToLive
}: ReadThroughOptions<Key, A, E>): Effect.Effect<ReadThrough<Key, A, E>, never, Cache | Scope.Scope> =>
  Effect.gen(function* () {
    const cache = yield* Cache
    const scope = yield* Effect.scope
    const decode = Schema.decode(schema)
    const encode = Schema.encode(schema)
    const longest = Duration.toMillis(timeToLive)
    const flights = new Map<string, Deferred.Deferred<Option.Option<A>, E>>()
    const textOf = (key: Key): string => `${name}:${keyOf(key)}`
    let restsUntil = 0

    const within = <B>(patience: Duration.DurationInput, work: Effect.Effect<B, StorageError>) =>
      Effect.timeoutFail(work, {
        duration: patience,
        onTimeout: () =>
          new StorageError({ reason: "unavailable", operation: "use the cache", cause: "no answer in time" })
      })

    const failed = (error: { readonly message: string }) =>
      Effect.gen(function* () {
        yield* count("failed")
        yield* Effect.logDebug("The cache was no help", error.message)
      })

    const cached = (key: string) =>
      Effect.gen(function* () {
        const text = yield* within(readPatience, cache.get(key))
        if (Option.isNone(text)) return { _tag: "Absent" as const }
        if (text.value === mark) return { _tag: "Changed" as const }
        return { _tag: "Found" as const, value: yield* decode(text.value) }
      }).pipe(
        Effect.catchAll((error) =>
          Effect.gen(function* () {
            restsUntil = (yield* Clock.currentTimeMillis) + rest
            yield* failed(error)
            return { _tag: "Failed" as const }
          })
        )
      )

    const fill = (key: string, value: A) =>
      Effect.gen(function* () {
        const share = yield* Random.nextRange(0.8, 1)
        yield* within(readPatience, cache.add(key, yield* encode(value), Duration.millis(longest * share)))
      }).pipe(Effect.catchAll(failed))

    /** Completes the flight, and only then fills the cache: nobody waits for that. */
    const fly = (key: Key, text: string, flight: Deferred.Deferred<Option.Option<A>, E>) =>
      Effect.gen(function* () {
        const began = yield* Clock.currentTimeMillis
        const isResting = began < restsUntil
        if (isResting) yield* count("failed")
        const entry = isResting ? { _tag: "Failed" as const } : yield* cached(text)
        if (entry._tag === "Found") {
          yield* count("hit")
          yield* Deferred.succeed(flight, Option.some(entry.value))
          return
        }
        if (entry._tag !== "Failed") yield* count("miss")
        const found = yield* read(key)
        const took = (yield* Clock.currentTimeMillis) - began
        yield* Deferred.succeed(flight, found)
        const isCurrent = flights.get(text) === flight && took < longestRead
        if (entry._tag === "Absent" && isCurrent && Option.isSome(found)) yield* fill(text, found.value)
      })

    return {
      get: (key) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.suspend(() => {
            const text = textOf(key)
            const known = flights.get(text)
            if (known !== undefined) return Effect.zipRight(count("shared"), restore(Deferred.await(known)))
            const flight = Deferred.unsafeMake<Option.Option<A>, E>(FiberId.none)
            flights.set(text, flight)
            // In the scope: readers that go do not take it away from those that share it.
            return fly(key, text, flight).pipe(
              Effect.interruptible,
              Effect.catchAllCause((cause) => Deferred.failCause(flight, cause)),
              Effect.ensuring(
                Effect.sync(() => {
                  if (flights.get(text) === flight) flights.delete(text)
                })
              ),
              Effect.forkIn(scope),
              Effect.zipRight(restore(Deferred.await(flight)))
            )
          })
        ),
      changed: (keys) =>
        Effect.suspend(() => {
          const texts = keys.map(textOf)
          const tell = Effect.forEach(
            Arr.chunksOf(texts, changesTogether),
            (some) => Effect.catchAll(within(changePatience, cache.set(some, mark, markTimeToLive)), failed),
            { concurrency: callsAtOnce, discard: true }
          )
          // Who reads from then on must not share a read that began before.
          const part = Effect.sync(() => {
            for (const text of texts) flights.delete(text)
          })
          return Effect.ensuring(tell, part)
        })
    }
  })
