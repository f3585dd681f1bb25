import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { type Delivery, PubSub, Reject, Retry } from "@influscope/ports/PubSub"
import { settings } from "@influscope/testing/Settings"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Callbacks, callbackDefaults, healthPath, layerWith } from "../../src/dapr/Callbacks.ts"
import { encode } from "../../src/dapr/CloudEvent.ts"
import * as DaprPubSub from "../../src/dapr/PubSub.ts"
import * as Sidecar from "../../src/dapr/Sidecar.ts"
import { LedgerMemory, ledgerLayer } from "./support.ts"

const token = "of-the-app"

const subscription = { concurrency: 2, maxAttempts: 3, timeout: "5 seconds" } as const

/** The app's side alone: what a sidecar would ask is asked here. */
const app = (memory = new LedgerMemory()) =>
  DaprPubSub.layerWith({
    patience: "300 millis",
    drainTimeout: "2 seconds",
    topics: ["declared"],
    revivals: 0
  }).pipe(
    Layer.provide(ledgerLayer(memory)),
    Layer.provideMerge(layerWith({ ...callbackDefaults, maxBodyBytes: 4_096, port: 0 })),
    Layer.provideMerge(Sidecar.layer),
    Layer.provide(settings({ APP_API_TOKEN: token, DAPR_HTTP_PORT: "1" }))
  )

const call = (port: number, path: string, init: RequestInit = {}, shown: string | undefined = token) =>
  Effect.promise(async () => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: shown === undefined ? {} : { "dapr-api-token": shown }
    })
    const text = await response.text()
    return { status: response.status, body: text }
  })

const send = (port: number, topic: string, id: string) =>
  call(port, `/dapr/events/${topic}`, {
    method: "POST",
    body: encode("/test", topic, { id, payload: "{}", items: 1, traceparent: undefined })
  })

const statusOf = ({ body }: { readonly body: string }): unknown => JSON.parse(body).status

const open = Effect.flatMap(Callbacks, (callbacks) => callbacks.open)

describe("Callbacks", () => {
  it.scopedLive("tells the sidecar its topics, each with its dead-letter topic", () =>
    Effect.gen(function* () {
      const pubSub = yield* PubSub
      yield* pubSub.subscribe("profiles.discovered", subscription, () => Effect.void)
      const port = yield* open
      const { body, status } = yield* call(port, "/dapr/subscribe")
      assert.strictEqual(status, 200)
      const topics: ReadonlyArray<{ topic: string; deadLetterTopic?: string; metadata: object }> =
        JSON.parse(body)
      assert.deepStrictEqual(
        topics.map(({ deadLetterTopic, topic }) => [topic, deadLetterTopic]),
        [
          ["declared", "declared.dead"],
          ["declared.dead", undefined],
          ["profiles.discovered", "profiles.discovered.dead"],
          ["profiles.discovered.dead", undefined]
        ]
      )
      assert.deepStrictEqual(topics[2]?.metadata, { queueType: "quorum" })
      assert.deepStrictEqual(topics[3]?.metadata, { queueType: "quorum", rawPayload: "true" })
      assert.strictEqual((yield* call(port, "/dapr/config")).status, 200)
      assert.strictEqual(yield* open, port)
    }).pipe(Effect.provide(app()))
  )

  it.scopedLive("refuses a topic the sidecar will not hear of", () =>
    Effect.gen(function* () {
      const pubSub = yield* PubSub
      yield* open
      const error = yield* Effect.flip(pubSub.subscribe("late", subscription, () => Effect.void))
      assert.strictEqual(error.reason, "conflict")
      yield* pubSub.subscribe("declared", subscription, () => Effect.void)
    }).pipe(Effect.provide(app()))
  )

  it.scopedLive("answers only who shows the token, but its health to everybody", () =>
    Effect.gen(function* () {
      const port = yield* open
      for (const path of ["/dapr/subscribe", "/dapr/events/declared", "/elsewhere"])
        for (const shown of [undefined, "", "wrong", `${token}x`])
          assert.strictEqual((yield* call(port, path, {}, shown ?? "")).status, 401)
      assert.strictEqual((yield* call(port, healthPath, {}, "")).status, 200)
    }).pipe(Effect.provide(app()))
  )

  it.scopedLive("never answers 404, for which a sidecar drops messages", () =>
    Effect.gen(function* () {
      const port = yield* open
      for (const path of ["/dapr/events/other", "/dapr/other", "/", "/dapr/events/"]) {
        const answer = yield* call(port, path, { method: "POST", body: "{}" })
        assert.strictEqual(answer.status, 500)
        assert.strictEqual(statusOf(answer), "RETRY")
      }
      const callbacks = yield* Callbacks
      yield* callbacks.fallback((request) => new Response(new URL(request.url).pathname))
      assert.strictEqual((yield* call(port, "/search")).body, "/search")
      assert.strictEqual((yield* call(port, "/dapr/other", { method: "POST" })).status, 500)
    }).pipe(Effect.provide(app()))
  )

  it.scopedLive("answers SUCCESS after the handler, RETRY for another delivery, and buries the rest", () => {
    const memory = new LedgerMemory()
    return Effect.gen(function* () {
      const pubSub = yield* PubSub
      const deliveries: Array<Delivery> = []
      yield* pubSub.subscribe("topic", subscription, (delivery) => {
        deliveries.push(delivery)
        if (delivery.id === "poison") return new Reject({ reason: "of no use" })
        return delivery.id === "failing" ? new Retry({ reason: `no ${delivery.attempt}` }) : Effect.void
      })
      const port = yield* open
      assert.strictEqual(statusOf(yield* send(port, "topic", "good")), "SUCCESS")
      assert.strictEqual(statusOf(yield* send(port, "topic", "poison")), "SUCCESS")
      assert.strictEqual(statusOf(yield* send(port, "topic", "failing")), "RETRY")
      assert.strictEqual(statusOf(yield* send(port, "topic", "failing")), "RETRY")
      assert.strictEqual(statusOf(yield* send(port, "topic", "failing")), "SUCCESS")
      const garbage = yield* call(port, "/dapr/events/topic", { method: "POST", body: "garbage" })
      assert.strictEqual(statusOf(garbage), "SUCCESS")
      assert.deepStrictEqual(memory.burials.map(({ attempts, reason }) => [attempts, reason]).slice(0, 2), [
        [1, "of no use"],
        [3, "no 3"]
      ])
      assert.include(memory.burials[2]?.reason, "not a CloudEvent")
      assert.strictEqual(memory.burials[2]?.payload, '"garbage"')
      assert.strictEqual(memory.counts.size, 0)
    }).pipe(Effect.provide(app(memory)))
  })

  it.scopedLive("buries what comes back on the dead-letter topic, with the reason that is known", () => {
    const memory = new LedgerMemory()
    return Effect.gen(function* () {
      const pubSub = yield* PubSub
      yield* pubSub.subscribe("topic", subscription, () => new Retry({ reason: "not now" }))
      const port = yield* open
      assert.strictEqual(statusOf(yield* send(port, "topic", "a")), "RETRY")
      assert.strictEqual(statusOf(yield* send(port, "topic.dead", "a")), "SUCCESS")
      const [letter] = memory.burials
      assert.strictEqual(letter?.topic, "topic")
      assert.strictEqual(letter?.attempts, 1)
      assert.include(letter?.reason, "not now")
    }).pipe(Effect.provide(app(memory)))
  })

  it.scopedLive("gives a delivery back when nobody comes to handle it, uncounted", () => {
    const memory = new LedgerMemory()
    return Effect.gen(function* () {
      const port = yield* open
      assert.strictEqual(statusOf(yield* send(port, "declared", "a")), "RETRY")
      assert.strictEqual(memory.counts.size, 0)
    }).pipe(Effect.provide(app(memory)))
  })

  it.scopedLive("forgets a delivery that waits when the sidecar hangs up", () => {
    const memory = new LedgerMemory()
    return Effect.gen(function* () {
      const pubSub = yield* PubSub
      const port = yield* open
      const gone = new AbortController()
      const body = encode("/test", "declared", { id: "a", payload: "{}", items: 1, traceparent: undefined })
      const waiting = fetch(`http://127.0.0.1:${port}/dapr/events/declared`, {
        method: "POST",
        body,
        headers: { "dapr-api-token": token },
        signal: gone.signal
      }).catch(() => "aborted")
      yield* Effect.sleep("50 millis")
      gone.abort()
      assert.strictEqual(yield* Effect.promise(() => waiting), "aborted")
      yield* Effect.sleep("50 millis")
      const deliveries: Array<Delivery> = []
      yield* pubSub.subscribe("declared", subscription, (delivery) =>
        Effect.sync(() => void deliveries.push(delivery))
      )
      yield* Effect.sleep("50 millis")
      assert.deepStrictEqual(deliveries, [])
      assert.strictEqual(memory.counts.size, 0)
    }).pipe(Effect.provide(app(memory)))
  })

  it.scopedLive("refuses a body that is too large", () =>
    Effect.gen(function* () {
      const port = yield* open
      const answer = yield* call(port, "/dapr/events/declared", { method: "POST", body: "x".repeat(5_000) })
      assert.strictEqual(answer.status, 413)
    }).pipe(Effect.provide(app()))
  )

  it.scopedLive("stays until its handlers have finished and their answers are out", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(app(), scope)
      const started = yield* Deferred.make<void>()
      const port = yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        yield* pubSub.subscribe("topic", subscription, () =>
          Effect.zipRight(Deferred.succeed(started, undefined), Effect.sleep("400 millis"))
        )
        return yield* open
      }).pipe(Effect.provide(context), Scope.extend(scope))
      const answer = yield* Effect.fork(send(port, "topic", "a"))
      yield* Deferred.await(started)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(statusOf(yield* answer), "SUCCESS")
      const closed = Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}${healthPath}`).then(
          () => false,
          () => true
        )
      )
      yield* eventually("a closed port", closed)
    })
  )
})
