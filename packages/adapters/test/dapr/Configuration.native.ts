import { assert, describe, it } from "@effect/vitest"
import { Configuration } from "@influscope/ports/Configuration"
import { configurationConformance } from "@influscope/ports/conformance/ConfigurationConformance"
import { redis } from "@influscope/stack/servers/Redis"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as TestServer from "@influscope/testing/TestServer"
import { RedisClient } from "bun"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll } from "vitest"
import * as DaprConfiguration from "../../src/dapr/Configuration.ts"
import * as DaprSdk from "../../src/dapr/DaprSdk.ts"
import { type ComponentFile, sidecarWith, startSidecar } from "./Sidecars.ts"

interface Server {
  readonly host: string
  readonly password: string
}

let server: Server = { host: "", password: "" }
let client: RedisClient | undefined
beforeAll(async () => {
  const { environment } = await Effect.runPromise(TestServer.shared(redis))
  server = { host: environment["REDIS_HOST"] ?? "", password: environment["REDIS_PASSWORD"] ?? "" }
  client = new RedisClient(`redis://:${server.password}@${server.host}`)
})
afterAll(() => client?.close())

const command = (name: string, ...words: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.promise(async () => {
    await client?.send(name, [...words])
  })

const set = (key: string, value: string) => command("SET", key, value)

const component = (): ComponentFile => ({
  name: "configuration",
  type: "configuration.redis",
  metadata: { redisHost: server.host, redisPassword: server.password }
})

const on = (options: DaprConfiguration.ConfigurationOptions) =>
  Layer.unwrapEffect(
    Effect.sync(() =>
      DaprConfiguration.layerOf(options).pipe(
        Layer.provide(DaprSdk.layerGrpc),
        Layer.provide(sidecarWith([component()], { apiToken: "shown" }))
      )
    )
  )

const operator = { set, unset: (key: string) => command("DEL", key) }

configurationConformance("dapr, redis, told", on({ interval: "15 seconds" }), operator)
configurationConformance("dapr, redis, looked at", on({ interval: "300 millis" }), operator)

describe("configuration through a sidecar", () => {
  it.scopedLive("is the same by plain HTTP and by Dapr's own client", () =>
    Effect.gen(function* () {
      const { layer } = yield* startSidecar(yield* temporaryDirectory, {
        appId: "test",
        components: [component()]
      })
      yield* set("compared", 'é ✓ "quoted" 1.0')
      yield* Effect.gen(function* () {
        const configuration = yield* Configuration
        const sdk = yield* DaprSdk.DaprSdk
        const { items } = yield* sdk.use("read configuration", "10 seconds", (client) =>
          client.configuration.get("configuration", ["compared"])
        )
        assert.deepStrictEqual(yield* configuration.get(["compared"]), {
          compared: items["compared"]?.value ?? "nothing"
        })
        const error = yield* Effect.flip(
          sdk.use("read configuration", "10 seconds", (client) => client.configuration.get("nowhere", ["a"]))
        )
        assert.strictEqual(error.reason, "unavailable")
      }).pipe(
        Effect.provide(
          DaprConfiguration.layer.pipe(Layer.provideMerge(DaprSdk.layerGrpc), Layer.provide(layer))
        )
      )
    })
  )

  it.scopedLive("tells by subscription long before it looks by itself", () =>
    Effect.gen(function* () {
      const key = "told at once"
      yield* Effect.gen(function* () {
        const configuration = yield* Configuration
        const seen = yield* Queue.unbounded<Readonly<Record<string, string>>>()
        yield* Effect.forkScoped(
          Stream.runForEach(configuration.changes([key]), (values) => Queue.offer(seen, values))
        )
        assert.deepStrictEqual(yield* Queue.take(seen), {})
        // The subscription is a stream that opens a little after it was asked for.
        yield* Effect.sleep("1 second")
        yield* set(key, "1")
        assert.deepStrictEqual(yield* Effect.timeout(Queue.take(seen), "5 seconds"), { [key]: "1" })
      }).pipe(Effect.provide(on({ interval: "10 minutes" })))
    })
  )
})
