import { assert, describe, it } from "@effect/vitest"
import { Cache } from "@influscope/ports/Cache"
import { cacheConformance } from "@influscope/ports/conformance/CacheConformance"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as MemoryCache from "../src/memory/Cache.ts"

cacheConformance("memory", MemoryCache.layer)

/** Which of these keys are there. */
const present = Effect.fnUntraced(function* (keys: ReadonlyArray<string>) {
  const cache = yield* Cache
  const found = yield* Effect.forEach(keys, cache.get)
  return keys.filter((_, at) => Option.isSome(found[at] ?? Option.none()))
})

describe("the cache in memory", () => {
  it.effect("makes room by what was used least recently", () =>
    Effect.gen(function* () {
      const cache = yield* Cache
      const keys = ["a", "b", "c", "d"]
      for (const key of keys.slice(0, 3)) yield* cache.set([key], "x".repeat(30), "1 minute")
      yield* cache.get("a")
      yield* cache.set(["d"], "x".repeat(30), "1 minute")
      assert.deepStrictEqual(yield* present(keys), ["a", "c", "d"])
      yield* cache.set(["a"], "x".repeat(60), "1 minute")
      assert.deepStrictEqual(yield* present(keys), ["a", "d"])
      yield* cache.delete("a")
      for (const key of ["b", "c"]) yield* cache.set([key], "x".repeat(30), "1 minute")
      assert.deepStrictEqual(yield* present(keys), ["b", "c", "d"])
    }).pipe(Effect.provide(MemoryCache.layerWith({ maxLength: 100 })))
  )

  it.effect("does not throw everything out for what is too large, and keeps no older value of it", () =>
    Effect.gen(function* () {
      const cache = yield* Cache
      yield* cache.set(["a"], "1", "1 minute")
      yield* cache.set(["b"], "1", "1 minute")
      yield* cache.set(["b"], "x".repeat(200), "1 minute")
      assert.deepStrictEqual(yield* present(["a", "b"]), ["a"])
    }).pipe(Effect.provide(MemoryCache.layerWith({ maxLength: 100 })))
  )
})
