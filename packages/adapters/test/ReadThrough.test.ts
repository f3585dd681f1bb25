import { assert, describe, it } from "@effect/vitest"
import { Cache } from "@influscope/ports/Cache"
import { makeReading } from "@influscope/ports/conformance/CacheConformance"
import * as ReadThrough from "@influscope/ports/ReadThrough"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as MemoryCache from "../src/memory/Cache.ts"

const down = Effect.fail(
  new StorageError({ reason: "unavailable", operation: "use the cache", cause: "it is down" })
)

/** A cache that can be as bad as caches get. */
const unreliable = Effect.gen(function* () {
  const inner = yield* Cache
  const is: { now: "well" | "down" | "slow" } = { now: "well" }
  const asked = { count: 0 }
  const through = <A>(work: Effect.Effect<A, StorageError>) =>
    Effect.suspend(() => {
      asked.count++
      if (is.now === "slow") return Effect.never
      return is.now === "down" ? down : work
    })
  const cache = Cache.of({
    get: (key) => through(inner.get(key)),
    add: (key, value, timeToLive) => through(inner.add(key, value, timeToLive)),
    set: (keys, value, timeToLive) => through(inner.set(keys, value, timeToLive)),
    delete: (key) => through(inner.delete(key))
  })
  return { is, asked, layer: Layer.succeed(Cache, cache) }
}).pipe(Effect.provide(MemoryCache.layer))

const test = Effect.gen(function* () {
  const { asked, is, layer } = yield* unreliable
  const { process, ...reading } = yield* makeReading
  return { ...reading, is, asked, process: Effect.provide(process, layer) }
})

/** Lets forked work come to where it waits. */
const settle = Effect.repeatN(Effect.yieldNow(), 20)

describe("reading through a cache that fails", () => {
  for (const state of ["down", "slow"] as const)
    it.scoped(`answers from the store and counts while it is ${state}`, () =>
      Effect.gen(function* () {
        const { asked, is, outcomes, process, reads, stored } = yield* test
        const { changed, get } = yield* process
        is.now = state
        const version = Effect.gen(function* () {
          const reading = yield* Effect.fork(get("a"))
          yield* settle
          yield* TestClock.adjust("250 millis")
          return Option.getOrUndefined(yield* Fiber.join(reading))?.version
        })
        assert.strictEqual(yield* version, 1)
        assert.deepStrictEqual(outcomes, ["failed"])
        stored.value = Option.some({ version: 2 })
        const telling = yield* Effect.fork(changed(["a"]))
        yield* settle
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(telling)
        assert.strictEqual(yield* version, 2)
        assert.deepStrictEqual(outcomes, ["failed", "failed", "failed"])
        // For a second after a failure, it is left alone.
        const before = asked.count
        assert.strictEqual(Option.getOrUndefined(yield* get("a"))?.version, 2)
        assert.strictEqual(asked.count, before)
        assert.strictEqual(reads.count, 3)
        is.now = "well"
        yield* TestClock.adjust("1 second")
        yield* version
        yield* settle
        const filled = reads.count
        assert.strictEqual(yield* version, 2)
        assert.strictEqual(reads.count, filled)
        assert.deepStrictEqual(outcomes.slice(-2), ["miss", "hit"])
      })
    )

  it.scoped("fails as the store does, and asks it again the next time", () =>
    Effect.gen(function* () {
      let reads = 0
      const { get } = yield* ReadThrough.make({
        name: "number",
        keyOf: (key: string) => key,
        schema: Schema.parseJson(Schema.Int),
        timeToLive: "1 minute",
        count: () => Effect.void,
        read: () => Effect.suspend(() => (++reads === 1 ? Effect.fail("down") : Effect.succeedSome(7)))
      })
      assert.strictEqual(yield* Effect.flip(get("a")), "down")
      assert.deepStrictEqual(yield* get("a"), Option.some(7))
    }).pipe(Effect.provide(MemoryCache.layer))
  )

  it.scoped("asks the store for what the cache cannot be understood in", () =>
    Effect.gen(function* () {
      const cache = yield* Cache
      const { name, outcomes, process } = yield* makeReading
      const { get } = yield* process
      yield* cache.set([`${name}:a`], '{"version":"of another release"}', "1 minute")
      assert.strictEqual(Option.getOrUndefined(yield* get("a"))?.version, 1)
      assert.deepStrictEqual(outcomes, ["failed"])
    }).pipe(Effect.provide(MemoryCache.layer))
  )

  it.scoped("asks the store after the time to live, and after the cache was emptied", () =>
    Effect.gen(function* () {
      const cache = yield* Cache
      const { name, process, reads, stored } = yield* makeReading
      const { get } = yield* process
      yield* get("a")
      yield* settle
      yield* get("a")
      assert.strictEqual(reads.count, 1)
      yield* cache.delete(`${name}:a`)
      yield* get("a")
      yield* settle
      assert.strictEqual(reads.count, 2)
      // What nobody told of shows after a minute at the latest.
      stored.value = Option.some({ version: 2 })
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(Option.getOrUndefined(yield* get("a"))?.version, 2)
    }).pipe(Effect.provide(MemoryCache.layer))
  )
})
