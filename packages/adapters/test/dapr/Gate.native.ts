import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { PubSub } from "@influscope/ports/PubSub"
import * as Supervisor from "@influscope/stack/Supervisor"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Callbacks } from "../../src/dapr/Callbacks.ts"
import * as Gate from "../../src/dapr/Gate.ts"
import * as DaprPubSub from "../../src/dapr/PubSub.ts"
import { Sidecar } from "../../src/dapr/Sidecar.ts"
import {
  appLayer,
  component,
  LedgerMemory,
  ledgerLayer,
  type Resource,
  resiliency,
  resiliencyByDefault,
  sidecar,
  type TestSidecar,
  tokens,
  writeResources
} from "./support.ts"

const inMemory = component("pubsub", "pubsub.in-memory", {})
const wanted: ReadonlyArray<Gate.NeededComponent> = [
  { name: "pubsub", type: "pubsub." },
  { name: "state", type: "state.", capabilities: ["ETAG", "TRANSACTIONAL"] }
]

const app = (running: Pick<TestSidecar, "environment">) =>
  DaprPubSub.layerWith({ topics: ["topic"] }).pipe(
    Layer.provide(ledgerLayer(new LedgerMemory())),
    Layer.provideMerge(appLayer(running))
  )

const sqlite = (directory: string) =>
  component("state", "state.sqlite", { connectionString: join(directory, "state.db") })

/** What a gate that stays closed says. */
const sentence = (needed: ReadonlyArray<Gate.NeededComponent>) =>
  Effect.map(Effect.flip(Gate.wait({ components: needed, patience: "1500 millis" })), (error) =>
    error._tag === "GateClosed" ? error.message : error._tag
  )

/** An app that is in health but for its answer to what it subscribes to: it breaks off for as long as it is asked to. */
const restartingApp = (port: number, brokenFor: Duration.DurationInput) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const until = Date.now() + Duration.toMillis(brokenFor)
      return Bun.listen({
        hostname: "127.0.0.1",
        port,
        socket: {
          data: (socket, bytes) => {
            const asksWhat = bytes.toString().includes("/dapr/subscribe")
            if (asksWhat && Date.now() < until) return void socket.terminate()
            const body = asksWhat
              ? JSON.stringify([{ pubsubname: "pubsub", topic: "topic", route: "/topic" }])
              : "{}"
            socket.end(
              `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
            )
          }
        }
      })
    }),
    (listener) => Effect.sync(() => listener.stop(true))
  )

/** Topics that a sidecar is subscribed to `after` its app began to answer; it breaks off for the first 6 seconds. */
const subscribedAfter = (after: Duration.DurationInput, policies: Resource) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const files = writeResources(directory, [inMemory, policies])
    const running = yield* sidecar(directory, { appId: "gate", ...files })
    yield* restartingApp(running.appPort, "6 seconds")
    yield* Effect.sleep(after)
    const { subscriptions } = yield* Effect.flatMap(Sidecar, ({ metadata }) => metadata).pipe(
      Effect.provide(appLayer(running))
    )
    return subscriptions.map(({ topic }) => topic)
  })

const opened = Effect.flatMap(Callbacks, (callbacks) => callbacks.open)

describe("Gate", () => {
  it.scopedLive("opens when everything is there, and notices when it has gone", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const files = writeResources(directory, [inMemory, sqlite(directory), resiliency])
      const running = yield* sidecar(directory, { appId: "gate", ...files })
      yield* Effect.gen(function* () {
        assert.include(yield* sentence(wanted), "not subscribed to topic, topic.dead")
        yield* opened
        yield* Gate.wait({ components: wanted, patience: "20 seconds" })
        yield* Gate.check(wanted)
        const wrong = yield* sentence([
          { name: "state", type: "state.postgresql" },
          { name: "objects", type: "bindings.aws.s3" },
          { name: "pubsub", type: "pubsub.", capabilities: ["ETAG"] }
        ])
        assert.include(wrong, '"state" is of type state.sqlite instead of state.postgresql*')
        assert.include(wrong, '"objects" (bindings.aws.s3*) is not loaded')
        assert.match(wrong, /"pubsub" \(pubsub.in-memory v1\) lacks ETAG/)
        yield* Supervisor.kill(running.server.where)
        assert.include(yield* Effect.flip(Gate.check(wanted)), "does not answer")
      }).pipe(Effect.provide(app(running)))
    })
  )

  it.scopedLive("sees an app subscribed that breaks off while it is asked for its subscriptions", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* subscribedAfter("12 seconds", resiliency), ["topic"])
      // Otherwise it is never asked again.
      assert.deepStrictEqual(yield* subscribedAfter("12 seconds", resiliencyByDefault), [])
    })
  )

  it.scopedLive("names a component whose file is wrong, which the sidecar goes on without", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const broken = { name: "state", content: "kind: Component\n  nonsense: [" }
      const files = writeResources(directory, [inMemory, broken, resiliency])
      const running = yield* sidecar(directory, { appId: "gate", ...files })
      yield* Effect.gen(function* () {
        yield* opened
        assert.include(yield* sentence(wanted), '"state" (state.*) is not loaded')
      }).pipe(Effect.provide(app(running)))
    })
  )

  it.scopedLive("sees that the sidecar shows another token than the app expects, or refuses the app's", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const files = writeResources(directory, [inMemory, resiliency])
      const running = yield* sidecar(directory, { appId: "gate", ...files, appToken: "another" })
      const expecting = (changes: Readonly<Record<string, string>>) =>
        Effect.provide(
          Effect.zipRight(opened, sentence([])),
          app({ environment: { ...running.environment, APP_API_TOKEN: tokens.appToken, ...changes } })
        )
      assert.include(yield* expecting({}), "APP_API_TOKEN")
      assert.include(yield* expecting({ DAPR_API_TOKEN: "another" }), "401")
    })
  )

  it.scopedLive("lets two services call each other through their sidecars, by a file of names", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const files = writeResources(directory, [inMemory, resiliency])
      const callee = yield* sidecar(directory, { appId: "callee", ...files })
      const caller = yield* sidecar(directory, { appId: "caller", ...files })
      yield* Effect.gen(function* () {
        const callbacks = yield* Callbacks
        yield* callbacks.fallback(async (request) =>
          Response.json({ path: new URL(request.url).search, body: await request.text() }, { status: 201 })
        )
        yield* callbacks.open
        yield* Gate.wait({ components: [], patience: "20 seconds" })
        yield* Effect.gen(function* () {
          const { request } = yield* Sidecar
          const answer = yield* request({
            method: "POST",
            path: "/v1.0/invoke/callee/method/search?q=tech",
            body: "hello",
            timeout: "10 seconds"
          })
          assert.strictEqual(answer.status, 201)
          assert.deepStrictEqual(JSON.parse(answer.text), { path: "?q=tech", body: "hello" })
        }).pipe(Effect.provide(appLayer(caller)))
      }).pipe(Effect.provide(app(callee)))
    })
  )

  it.scopedLive("says of a message that is too large that it is", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const files = writeResources(directory, [inMemory, resiliency])
      const running = yield* sidecar(directory, { appId: "gate", ...files, maxBodySize: "1Mi" })
      yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        yield* opened
        const publish = (bytes: number) =>
          pubSub.publish("topic", {
            id: "large",
            // Nothing that could be compressed.
            payload: JSON.stringify(randomBytes((bytes / 4) * 3).toString("base64")),
            items: 1,
            traceparent: undefined
          })
        yield* publish(900_000)
        const error = yield* Effect.flip(publish(2_000_000))
        assert.strictEqual(error.reason, "corrupt")
        assert.include(error.message, "--max-body-size")
        yield* Supervisor.kill(running.server.where)
        assert.strictEqual((yield* Effect.flip(publish(10))).reason, "unavailable")
      }).pipe(Effect.provide(app(running)))
    })
  )
})
