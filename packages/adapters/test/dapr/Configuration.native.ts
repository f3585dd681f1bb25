import { assert, describe, it } from "@effect/vitest"
import { Configuration } from "@influscope/ports/Configuration"
import { configurationConformance } from "@influscope/ports/conformance/ConfigurationConformance"
import * as Shell from "@influscope/stack/Shell"
import * as Supervisor from "@influscope/stack/Supervisor"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll } from "vitest"
import * as DaprConfiguration from "../../src/dapr/Configuration.ts"
import * as DaprSdk from "../../src/dapr/DaprSdk.ts"
import { temporaryDirectory } from "../TemporaryDirectory.ts"
import { type ComponentFile, sidecarWith, startSidecar } from "./Sidecars.ts"

interface Server {
  readonly host: string
  readonly password: string
}

const scope = Effect.runSync(Scope.make())
let server: Server = { host: "", password: "" }
beforeAll(async () => {
  const start = Effect.gen(function* () {
    const { where } = yield* Supervisor.scoped(redis, { directory: yield* temporaryDirectory })
    const { REDIS_HOST = "", REDIS_PASSWORD = "" } = redis.environment(where)
    return { host: REDIS_HOST, password: REDIS_PASSWORD }
  })
  server = await Effect.runPromise(Scope.extend(start, scope))
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const command = (...words: ReadonlyArray<string>) =>
  Effect.suspend(() =>
    Shell.run(["redis-cli", "-p", server.host.split(":")[1] ?? "", ...words], {
      env: { REDISCLI_AUTH: server.password }
    })
  ).pipe(Effect.orDie, Effect.asVoid)

const set = (key: string, value: string) => command("set", key, value)

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

const operator = { set, unset: (key: string) => command("del", key) }

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
