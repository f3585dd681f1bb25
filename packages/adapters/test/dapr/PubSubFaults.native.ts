import { assert, beforeAll, describe, it } from "@effect/vitest"
import { eventually, unique } from "@influscope/ports/conformance/Conformance"
import { type Message, PubSub, Reject, Retry } from "@influscope/ports/PubSub"
import * as Supervisor from "@influscope/stack/Supervisor"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as TestServer from "@influscope/testing/TestServer"
import { connect } from "amqplib"
import * as Effect from "effect/Effect"
import { healthPath } from "../../src/dapr/Callbacks.ts"
import type { DaprPubSubOptions } from "../../src/dapr/PubSub.ts"
import {
  LedgerMemory,
  pubSubLayer,
  rabbitComponent,
  resiliency,
  sidecar,
  type TestSidecar,
  writeResources
} from "./support.ts"

const makeMessage = (): Message => ({
  id: unique("message"),
  payload: JSON.stringify("x".repeat(1_000)),
  items: 1,
  traceparent: undefined
})

const subscription = { concurrency: 10, maxAttempts: 100, timeout: "10 seconds" } as const

const silenceMillis = 6_000

interface Outcome {
  readonly sent: number
  readonly received: number
  readonly duplicates: number
  readonly buried: number
  readonly lost: number
}

const outcomeOf = (
  sent: ReadonlyArray<Message>,
  received: ReadonlyArray<string>,
  memory: LedgerMemory
): Outcome => {
  const seen = new Set(received)
  const buried = new Set(memory.burials.map(({ id }) => id))
  return {
    sent: sent.length,
    received: seen.size,
    duplicates: received.length - seen.size,
    buried: buried.size,
    lost: sent.filter(({ id }) => !seen.has(id) && !buried.has(id)).length
  }
}

const channelOf = (url: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const connection = await connect(url)
        return { connection, channel: await connection.createChannel() }
      }),
      ({ connection }) => Effect.promise(() => connection.close())
    ),
    ({ channel }) => channel
  )

describe("PubSub under faults: dapr, rabbitmq", () => {
  let url = ""
  let management = new URL("http://127.0.0.1")

  beforeAll(() =>
    Effect.gen(function* () {
      const { environment } = yield* TestServer.shared(rabbitmq)
      url = environment["RABBITMQ_URL"] ?? ""
      management = new URL(environment["RABBITMQ_MANAGEMENT_URL"] ?? "")
    }).pipe(Effect.runPromise)
  )

  /** A sidecar on the broker, its component with these changes. */
  const start = (appId: string, changes: Readonly<Record<string, string>> = {}) =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const files = writeResources(directory, [rabbitComponent(url, changes), resiliency])
      return yield* sidecar(directory, { appId, ...files })
    })

  /** Has the broker give up on a message after some deliveries. */
  const limitDeliveries = (queue: string, deadLetterExchange: string) =>
    Effect.promise(() =>
      fetch(`${management.origin}/api/policies/%2F/${queue}`, {
        method: "PUT",
        headers: {
          authorization: `Basic ${btoa(`${management.username}:${management.password}`)}`,
          "content-type": "application/json"
        },
        body: JSON.stringify({
          pattern: `^${queue}$`,
          "apply-to": "queues",
          definition: { "delivery-limit": 20, "dead-letter-exchange": deadLetterExchange }
        })
      })
    ).pipe(Effect.map((response) => assert.isTrue(response.ok)))

  /** Publishes, has the sidecar suffer when a part is handled, and starts it again. */
  const suffer = (
    fault: (running: TestSidecar) => Effect.Effect<void>,
    changes: Readonly<Record<string, string>> = {},
    prepare: (topic: string) => Effect.Effect<void> = () => Effect.void,
    options: Partial<DaprPubSubOptions> = {}
  ) =>
    Effect.gen(function* () {
      const topic = unique("topic")
      const memory = new LedgerMemory()
      yield* prepare(topic)
      const running = yield* start("faults", { prefetchCount: "50", ...changes })
      const messages = Array.from({ length: 500 }, makeMessage)
      const received: Array<string> = []
      let lastAt = 0
      const channel = yield* channelOf(url)
      return yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        yield* Effect.forEach(messages, (message) => pubSub.publish(topic, message), {
          concurrency: 8,
          discard: true
        })
        yield* pubSub.subscribe(topic, subscription, ({ id }) =>
          Effect.zipRight(
            Effect.sleep("10 millis"),
            Effect.sync(() => {
              received.push(id)
              lastAt = performance.now()
            })
          )
        )
        const handled = (count: number) => Effect.sync(() => new Set(received).size >= count)
        yield* eventually("a part of the messages", handled(50), "30 seconds")
        yield* fault(running)
        const before = new Set(received).size
        yield* Supervisor.start(running.recipe, running.server.where)
        lastAt = performance.now()
        // All of them; or silence, and nothing that waits: what has not come by then has nobody left to bring it.
        const ended = Effect.promise(async () => {
          if (new Set(received).size >= messages.length) return true
          if (performance.now() - lastAt < silenceMillis) return false
          const { messageCount } = await channel.checkQueue(`faults-${topic}`)
          return messageCount === 0
        })
        yield* eventually("all messages", ended, "25 seconds").pipe(
          Effect.catchTag("NotInTime", () => Effect.void)
        )
        yield* Effect.sleep("500 millis")
        const outcome = outcomeOf(messages, received, memory)
        yield* Effect.logInfo(`handled before the end of the fault: ${before}`, outcome)
        return outcome
      }).pipe(Effect.provide(pubSubLayer(running, memory, [topic], options)))
    })

  it.scopedLive("loses nothing when the sidecar is killed with deliveries in flight", () =>
    Effect.gen(function* () {
      const outcome = yield* suffer(({ server }) => Supervisor.kill(server.where))
      assert.strictEqual(outcome.lost, 0)
      assert.strictEqual(outcome.received, 500)
      assert.strictEqual(outcome.buried, 0)
    })
  )

  it.scopedLive("loses nothing when the sidecar is stopped with deliveries in flight", () =>
    Effect.gen(function* () {
      const outcome = yield* suffer(({ recipe, server }) => Supervisor.stop(recipe, server.where))
      assert.strictEqual(outcome.lost, 0)
      assert.strictEqual(outcome.received, 500)
      assert.strictEqual(outcome.buried, 0)
    })
  )

  it.scopedLive("control: with the component's default of not requeuing, stopping the sidecar loses", () =>
    Effect.gen(function* () {
      const outcome = yield* suffer(({ recipe, server }) => Supervisor.stop(recipe, server.where), {
        requeueInFailure: "false"
      })
      assert.isAbove(outcome.lost, 0)
    })
  )

  it.scopedLive("brings back what the broker's delivery limit kills when the sidecar is stopped", () =>
    Effect.gen(function* () {
      const outcome = yield* suffer(
        ({ recipe, server }) => Supervisor.stop(recipe, server.where),
        {},
        (topic) => limitDeliveries(`faults-${topic}`, `${topic}.dead`)
      )
      assert.strictEqual(outcome.lost, 0)
      assert.strictEqual(outcome.buried, 0)
      assert.strictEqual(outcome.received, 500)
    })
  )

  it.scopedLive("control: not brought back, sound messages die that no handler has seen", () =>
    Effect.gen(function* () {
      // A sidecar that ends at once hands nothing back: then it is stopped again, with other messages.
      const outcome = yield* suffer(
        ({ recipe, server }) => Supervisor.stop(recipe, server.where),
        {},
        (topic) => limitDeliveries(`faults-${topic}`, `${topic}.dead`),
        { revivals: 0 }
      ).pipe(
        Effect.scoped,
        Effect.tap(({ lost }) => assert.strictEqual(lost, 0)),
        Effect.repeat({ until: ({ buried }) => buried > 0, times: 4 })
      )
      assert.isAbove(outcome.buried, 0)
    })
  )

  it.scopedLive("keeps what is published before any subscriber, into a queue that was declared", () =>
    Effect.gen(function* () {
      const topic = unique("topic")
      const undeclared = unique("topic")
      // What the deployment does before the first publish, as daprd itself would declare it.
      yield* Effect.promise(async () => {
        const connection = await connect(url)
        const channel = await connection.createChannel()
        await channel.assertExchange(topic, "fanout", { durable: true })
        await channel.assertQueue(`late-${topic}`, { durable: true, arguments: { "x-queue-type": "quorum" } })
        await channel.bindQueue(`late-${topic}`, topic, "")
        await connection.close()
      })
      const messages = Array.from({ length: 50 }, makeMessage)
      const memory = new LedgerMemory()
      const producer = yield* start("early")
      yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        for (const name of [topic, undeclared])
          yield* Effect.forEach(messages, (message) => pubSub.publish(name, message), { discard: true })
      }).pipe(Effect.provide(pubSubLayer(producer, memory, [])), Effect.scoped)
      const consumer = yield* start("late")
      const [received, missed]: [Array<string>, Array<string>] = [[], []]
      yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        const keep = (ids: Array<string>) => (delivery: { readonly id: string }) =>
          Effect.sync(() => void ids.push(delivery.id))
        yield* pubSub.subscribe(topic, subscription, keep(received))
        yield* pubSub.subscribe(undeclared, subscription, keep(missed))
        yield* eventually(
          "all messages",
          Effect.sync(() => new Set(received).size === messages.length),
          "20 seconds"
        )
        yield* Effect.sleep("500 millis")
      }).pipe(Effect.provide(pubSubLayer(consumer, memory, [topic, undeclared])), Effect.scoped)
      yield* Effect.logInfo("declared", outcomeOf(messages, received, memory))
      yield* Effect.logInfo("undeclared", outcomeOf(messages, missed, memory))
      assert.strictEqual(outcomeOf(messages, received, memory).lost, 0)
      // The control: the sidecar said 204 to each of these.
      assert.strictEqual(outcomeOf(messages, missed, memory).lost, messages.length)
    })
  )

  it.scopedLive("buries poison exactly once, however it shows, and lets everything else through", () =>
    Effect.gen(function* () {
      const topic = unique("topic")
      const memory = new LedgerMemory()
      const running = yield* start("poison")
      const messages = Array.from({ length: 300 }, makeMessage)
      const kinds = ["rejects", "retries", "throws", "hangs"] as const
      const poison = new Map(messages.slice(0, 8).map(({ id }, index) => [id, kinds[index % kinds.length]]))
      const recovering = new Set(messages.slice(8, 28).map(({ id }) => id))
      const received: Array<string> = []
      yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        yield* pubSub.subscribe(
          topic,
          { concurrency: 10, maxAttempts: 3, timeout: "300 millis" },
          (delivery) => {
            const kind = poison.get(delivery.id)
            if (kind === "rejects") return new Reject({ reason: "poison" })
            if (kind === "retries") return new Retry({ reason: "poison" })
            if (kind === "throws") throw new TypeError("poison")
            if (kind === "hangs") return Effect.never
            if (recovering.has(delivery.id) && delivery.attempt < 3) return new Retry({ reason: "not now" })
            return Effect.sync(() => void received.push(delivery.id))
          }
        )
        yield* Effect.forEach(messages, (message) => pubSub.publish(topic, message), {
          concurrency: 8,
          discard: true
        })
        yield* eventually(
          "an end for every message",
          Effect.sync(() => new Set(received).size + memory.letters.size >= messages.length),
          "30 seconds"
        )
        yield* Effect.sleep("2 seconds")
      }).pipe(Effect.provide(pubSubLayer(running, memory, [topic])))
      yield* Effect.logInfo("poison", outcomeOf(messages, received, memory))
      assert.deepStrictEqual(memory.burials.map(({ id }) => id).sort(), [...poison.keys()].sort())
      assert.deepStrictEqual(
        [...new Set(received)].sort(),
        messages
          .slice(8)
          .map(({ id }) => id)
          .sort()
      )
    })
  )

  it.scopedLive("counts no attempt for copies that come while the first is being handled", () =>
    Effect.gen(function* () {
      const topic = unique("topic")
      const memory = new LedgerMemory()
      const running = yield* start("copies")
      const message = makeMessage()
      const attempts: Array<number> = []
      const settled: Array<string> = []
      yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        yield* pubSub.subscribe(
          topic,
          { concurrency: 10, maxAttempts: 2, timeout: "10 seconds" },
          (delivery) =>
            Effect.gen(function* () {
              attempts.push(delivery.attempt)
              yield* Effect.sleep("2 seconds")
              // All of them end as this one does, and come again together.
              if (delivery.attempt === 1) return yield* new Retry({ reason: "not now" })
              settled.push(delivery.id)
            })
        )
        yield* Effect.forEach(Array.from({ length: 6 }), () => pubSub.publish(topic, message), {
          concurrency: 6,
          discard: true
        })
        yield* eventually(
          "the message is handled",
          Effect.sync(() => settled.length > 0),
          "30 seconds"
        )
        yield* Effect.sleep("2 seconds")
      }).pipe(Effect.provide(pubSubLayer(running, memory, [topic])))
      assert.deepStrictEqual(memory.burials, [])
      assert.deepStrictEqual(attempts.slice(0, 2), [1, 2])
    })
  )

  it.scopedLive("keeps what is in hand and what waits while the app is away and its health check fails", () =>
    Effect.gen(function* () {
      const topic = unique("topic")
      const memory = new LedgerMemory()
      const channel = yield* channelOf(url)
      const directory = yield* temporaryDirectory
      const running = yield* sidecar(directory, {
        appId: "faults",
        ...writeResources(directory, [rabbitComponent(url, { prefetchCount: "50" }), resiliency]),
        appHealth: { path: healthPath, intervalSeconds: 1, timeoutMillis: 500, threshold: 2 }
      })
      const messages = Array.from({ length: 300 }, makeMessage)
      const received: Array<string> = []
      const handled = (count: number) => Effect.sync(() => new Set(received).size >= count)
      const subscribed = Effect.flatMap(PubSub, (pubSub) =>
        pubSub.subscribe(topic, subscription, ({ id }) =>
          Effect.zipRight(
            Effect.sleep("10 millis"),
            Effect.sync(() => void received.push(id))
          )
        )
      )
      const app = pubSubLayer(running, memory, [topic])
      yield* Effect.gen(function* () {
        const pubSub = yield* PubSub
        yield* Effect.forEach(messages, (message) => pubSub.publish(topic, message), {
          concurrency: 8,
          discard: true
        })
        yield* subscribed
        yield* eventually("a part of the messages", handled(50), "30 seconds")
      }).pipe(Effect.provide(app), Effect.scoped)
      const consumers = Effect.promise(async () => {
        const { consumerCount } = await channel.checkQueue(`faults-${topic}`)
        return consumerCount
      })
      // A sidecar that is slow to leave the queue goes on trying, and must lose as little.
      const left = yield* eventually(
        "no consumer",
        Effect.map(consumers, (count) => count === 0),
        "20 seconds"
      ).pipe(Effect.isSuccess)
      const before = new Set(received).size
      assert.isBelow(before, messages.length)
      yield* Effect.gen(function* () {
        yield* subscribed
        yield* eventually("all messages", handled(messages.length), "60 seconds")
      }).pipe(Effect.provide(app), Effect.scoped)
      const outcome = outcomeOf(messages, received, memory)
      yield* Effect.logInfo(`handled before the app went away: ${before}; left the queue: ${left}`, outcome)
      assert.strictEqual(outcome.lost, 0)
      assert.strictEqual(outcome.buried, 0)
    })
  )

  it.scopedLive("buries what is no message at all", () =>
    Effect.gen(function* () {
      const topic = unique("topic")
      const memory = new LedgerMemory()
      const running = yield* start("foreign")
      yield* Effect.gen(function* () {
        yield* Effect.promise(async () => {
          const connection = await connect(url)
          const channel = await connection.createConfirmChannel()
          channel.publish(topic, "", Buffer.from("no event"), { persistent: true })
          channel.publish(topic, "", Buffer.from('{"no":"event"}'), { persistent: true })
          await channel.waitForConfirms()
          await connection.close()
        })
        yield* eventually(
          "two dead letters",
          Effect.sync(() => memory.letters.size === 2),
          "20 seconds"
        )
      }).pipe(Effect.provide(pubSubLayer(running, memory, [topic])))
      assert.deepStrictEqual(
        [...memory.letters.values()].map((letter) => [letter.topic, letter.payload]).sort(),
        [
          [topic, '"no event"'],
          [topic, '{"no":"event"}']
        ]
      )
    })
  )
})
