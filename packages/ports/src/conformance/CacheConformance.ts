import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Cache } from "../Cache.ts"
import * as ReadThrough from "../ReadThrough.ts"
import { awkwardText, eventually, suite, unique } from "./Conformance.ts"

const assertValue = Effect.fnUntraced(function* (key: string, value: string | undefined) {
  const cache = yield* Cache
  assert.strictEqual(Option.getOrUndefined(yield* cache.get(key)), value)
})

const Value = Schema.parseJson(Schema.Struct({ version: Schema.Int }))
type Value = typeof Value.Type

/**
 * A store of one value, read through the cache by any number of processes. `held` makes reads that have seen the value wait
 * before they answer it.
 */
export const makeReading = Effect.gen(function* () {
  const name = unique("post")
  const reads = { count: 0 }
  const outcomes: Array<ReadThrough.CacheOutcome> = []
  const stored: { value: Option.Option<Value>; held: Deferred.Deferred<void> | undefined } = {
    value: Option.some({ version: 1 }),
    held: undefined
  }
  const process = ReadThrough.make({
    name,
    keyOf: (key: string) => key,
    schema: Value,
    timeToLive: "1 minute",
    count: (outcome) => Effect.sync(() => outcomes.push(outcome)),
    read: () =>
      Effect.suspend(() => {
        reads.count++
        const { held, value } = stored
        return held === undefined ? Effect.succeed(value) : Effect.as(Deferred.await(held), value)
      })
  })
  return { name, process, stored, reads, outcomes }
})

const versionOf = (value: Option.Option<Value>): number | undefined => Option.getOrUndefined(value)?.version

/** What every Cache must do, and what reading through it does. The layer is built once and shared by the tests. */
export const cacheConformance = <E>(name: string, layer: Layer.Layer<Cache, E>): void => {
  suite(`Cache: ${name}`, layer, (test) => {
    test("keeps texts by key until they are deleted", () =>
      Effect.gen(function* () {
        const cache = yield* Cache
        const root = unique("key")
        const keys = [root, `${root}A`, `${root}a`, `${root}||b`, `${root}/../é`, `${root}${awkwardText}`]
        for (const [at, key] of keys.entries()) yield* cache.set([key], `value ${at}`, "1 minute")
        for (const [at, key] of keys.entries()) yield* assertValue(key, `value ${at}`)
        yield* cache.set(keys.slice(1, 3), "the same", "1 minute")
        for (const [at, key] of keys.entries())
          yield* assertValue(key, at === 1 || at === 2 ? "the same" : `value ${at}`)
        for (const value of ["", awkwardText, "é".repeat(100_000), '{"a":1}']) {
          yield* cache.set([root], value, "1 minute")
          yield* assertValue(root, value)
        }
        yield* cache.delete(root)
        yield* cache.delete(root)
        yield* assertValue(root, undefined)
        yield* assertValue(`${root}a`, "the same")
      }))

    test("forgets what has expired", () =>
      Effect.gen(function* () {
        const cache = yield* Cache
        const [short, long] = [unique("key"), unique("key")]
        yield* cache.set([short], "1", "300 millis")
        yield* cache.set([long], "1", "1 minute")
        yield* assertValue(short, "1")
        yield* Effect.sleep("400 millis")
        yield* assertValue(short, undefined)
        yield* assertValue(long, "1")
        // The one written last counts.
        yield* cache.set([long], "2", "300 millis")
        yield* Effect.sleep("400 millis")
        yield* assertValue(long, undefined)
      }))

    test("adds only where nothing is, one of many", () =>
      Effect.gen(function* () {
        const cache = yield* Cache
        const key = unique("key")
        const added = yield* Effect.all(
          Array.from({ length: 10 }, (_, at) => cache.add(key, String(at), "1 minute")),
          { concurrency: 10 }
        )
        assert.strictEqual(added.filter(Boolean).length, 1)
        yield* assertValue(key, String(added.indexOf(true)))
        yield* cache.set([key], "set", "1 minute")
        assert.isFalse(yield* cache.add(key, "again", "1 minute"))
        yield* assertValue(key, "set")
        yield* cache.delete(key)
        assert.isTrue(yield* cache.add(key, "again", "1 second"))
        // Servers count in whole seconds.
        yield* eventually("what has expired makes room", cache.add(key, "at last", "1 minute"))
        yield* assertValue(key, "at last")
      }))
  })

  suite(`Reading through the cache: ${name}`, layer, (test) => {
    test("reads the store once, and after a change once more", () =>
      Effect.gen(function* () {
        const { process, reads, stored } = yield* makeReading
        const [one, other] = [yield* process, yield* process]
        const assertVersion = Effect.fnUntraced(function* (version: number) {
          for (const { get } of [one, other, one]) assert.strictEqual(versionOf(yield* get("a")), version)
        })
        assert.strictEqual(versionOf(yield* one.get("a")), 1)
        // The cache is filled after the answer.
        yield* eventually(
          "the cache is filled",
          Effect.gen(function* () {
            const before = reads.count
            yield* other.get("a")
            return reads.count === before
          })
        )
        const filled = reads.count
        yield* assertVersion(1)
        assert.strictEqual(reads.count, filled)
        stored.value = Option.some({ version: 2 })
        yield* other.changed(["a", "b"])
        yield* assertVersion(2)
        stored.value = Option.none()
        yield* one.changed(["a"])
        assert.isTrue(Option.isNone(yield* other.get("a")))
        assert.isTrue(Option.isNone(yield* one.get("never there")))
      }))

    test("has readers at the same time share one read, and go on when one of them leaves", () =>
      Effect.gen(function* () {
        const { outcomes, process, reads, stored } = yield* makeReading
        const { get } = yield* process
        const held = yield* Deferred.make<void>()
        stored.held = held
        const leader = yield* Effect.fork(get("a"))
        yield* eventually(
          "the store is asked",
          Effect.sync(() => reads.count === 1)
        )
        const others = yield* Effect.forkAll(Array.from({ length: 50 }, () => get("a")))
        yield* eventually(
          "all of them wait",
          Effect.sync(() => outcomes.filter((outcome) => outcome === "shared").length === 50)
        )
        yield* Fiber.interrupt(leader)
        yield* Deferred.succeed(held, undefined)
        assert.deepStrictEqual((yield* Fiber.join(others)).map(versionOf), Array(50).fill(1))
        assert.strictEqual(reads.count, 1)
      }))

    test("does not cache what was read before a change, in this process or another", () =>
      Effect.gen(function* () {
        const { process, reads, stored } = yield* makeReading
        const [slow, writer] = [yield* process, yield* process]
        const held = yield* Deferred.make<void>()
        stored.held = held
        const reading = yield* Effect.fork(slow.get("a"))
        yield* eventually(
          "the old value is read",
          Effect.sync(() => reads.count === 1)
        )
        stored.value = Option.some({ version: 2 })
        stored.held = undefined
        yield* writer.changed(["a"])
        yield* Deferred.succeed(held, undefined)
        // It began before the change, and may answer what was there then.
        assert.strictEqual(versionOf(yield* Fiber.join(reading)), 1)
        // Long enough for what must not happen.
        yield* Effect.sleep("200 millis")
        for (const { get } of [slow, writer, yield* process])
          assert.strictEqual(versionOf(yield* get("a")), 2)
      }))
  })
}
