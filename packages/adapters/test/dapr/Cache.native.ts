import { assert, describe, it } from "@effect/vitest"
import { Cache } from "@influscope/ports/Cache"
import { cacheConformance, makeReading } from "@influscope/ports/conformance/CacheConformance"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { run } from "@influscope/stack/Shell"
import { redis } from "@influscope/stack/servers/Redis"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as DaprCache from "../../src/dapr/Cache.ts"
import { type ComponentFile, sidecarWith, startSidecar } from "./Sidecars.ts"

const componentOn = ({ environment }: TestServer.Reached): ComponentFile => ({
  name: "cache",
  type: "state.redis",
  metadata: {
    redisHost: environment["REDIS_HOST"] ?? "",
    redisPassword: environment["REDIS_PASSWORD"] ?? "",
    keyPrefix: "name"
  }
})

cacheConformance(
  "dapr, redis",
  Layer.unwrapEffect(
    Effect.map(TestServer.shared(redis), (server) =>
      DaprCache.layer.pipe(Layer.provide(sidecarWith([componentOn(server)])))
    )
  )
)

describe("the cache in Redis through Dapr", () => {
  it.scopedLive("is shared by services, and helps again after Redis was emptied and killed", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.scoped(redis)
      const directory = yield* temporaryDirectory
      const cacheOf = (appId: string) =>
        Effect.flatMap(startSidecar(directory, { appId, components: [componentOn(server)] }), ({ layer }) =>
          Effect.provide(Cache, Layer.provide(DaprCache.layer, layer))
        )
      const [one, other] = yield* Effect.all([cacheOf("posts"), cacheOf("users")], { concurrency: 2 })
      yield* one.set(["a"], "1", "1 minute")
      assert.deepStrictEqual(yield* other.get("a"), Option.some("1"))

      const { outcomes, process, stored } = yield* makeReading
      const { changed, get } = yield* Effect.provideService(process, Cache, one)
      const version = Effect.map(get("a"), (value) => Option.getOrUndefined(value)?.version)
      const isHit = Effect.zipRight(
        get("a"),
        Effect.sync(() => outcomes.at(-1) === "hit")
      )
      yield* eventually("the cache is filled", isHit)

      const { REDIS_HOST = "", REDIS_PASSWORD = "" } = server.environment
      yield* run(["redis-cli", "-p", REDIS_HOST.split(":")[1] ?? "", "flushall"], {
        env: { REDISCLI_AUTH: REDIS_PASSWORD }
      })
      assert.strictEqual(yield* version, 1)
      assert.strictEqual(outcomes.at(-1), "miss")
      yield* eventually("the cache is filled again", isHit)

      yield* server.kill
      stored.value = Option.some({ version: 2 })
      yield* changed(["a"])
      assert.strictEqual(outcomes.at(-1), "failed")
      for (let round = 0; round < 5; round++) assert.isNumber(yield* version)
      assert.strictEqual(outcomes.at(-1), "failed")

      yield* server.start
      // What could not be told while it was down is told now.
      yield* eventually(
        "the cache takes changes again",
        Effect.gen(function* () {
          const before = outcomes.length
          yield* changed(["a"])
          return outcomes.length === before
        }),
        "30 seconds"
      )
      assert.strictEqual(yield* version, 2)
    })
  )
})
