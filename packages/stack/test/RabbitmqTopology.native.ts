import { assert, describe, it } from "@effect/vitest"
import * as TestServer from "@influscope/testing/TestServer"
import { type Channel, type ChannelModel, connect, type GetMessage } from "amqplib"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { type Broker, declare, pipelines, type Topology, unrouted, verify } from "../src/RabbitmqTopology.ts"
import { RequestFailed } from "../src/SignedFetch.ts"
import { rabbitmq } from "../src/servers/Rabbitmq.ts"

const attempt = <A>(work: () => Promise<A>): Effect.Effect<A, RequestFailed> =>
  Effect.tryPromise({ try: work, catch: (cause) => new RequestFailed({ why: String(cause) }) })

const topic = "profiles.discovered"
const queue = `indexer-${topic}`

const publish = (connection: ChannelModel, exchange: string, bodies: ReadonlyArray<string>) =>
  attempt(async () => {
    const channel = await connection.createConfirmChannel()
    for (const body of bodies) channel.publish(exchange, "", Buffer.from(body), { persistent: true })
    await channel.waitForConfirms()
    await channel.close()
  })

const taken = (channel: Channel, name: string): Effect.Effect<GetMessage, RequestFailed> =>
  attempt(async () => {
    const message = await channel.get(name)
    if (message === false) throw new Error(`${name} is empty`)
    return message
  }).pipe(Effect.retry(Schedule.spaced("100 millis").pipe(Schedule.upTo("20 seconds"))))

/** What daprd 1.16 does for a subscription with queueType quorum (pubsub/rabbitmq/rabbitmq.go, prepareSubscription). */
const declareAsDaprd = (connection: ChannelModel, app: string, name: string) =>
  attempt(async () => {
    const channel = await connection.createChannel()
    channel.on("error", () => undefined)
    await channel.assertExchange(name, "fanout", { durable: true, autoDelete: false })
    const declared = await channel.assertQueue(`${app}-${name}`, {
      durable: true,
      autoDelete: false,
      exclusive: false,
      arguments: { "x-queue-type": "quorum" }
    })
    await channel.bindQueue(declared.queue, name, "")
    await channel.close()
  })

/** Asks the management as its administrator. */
const manage = ({ managementUrl }: Broker, method: "PUT" | "DELETE", path: string, body: unknown = {}) =>
  attempt(async () => {
    const { origin, password, username } = new URL(managementUrl)
    const { ok, status } = await fetch(`${origin}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${btoa(`${username}:${password}`)}`,
        "content-type": "application/json"
      },
      body: JSON.stringify(body)
    })
    if (!ok) throw new Error(`${method} ${path}: ${status}`)
  })

/** A virtual host of its own on the broker that all tests share. */
const brokerOf = Effect.gen(function* () {
  const { environment } = yield* TestServer.shared(rabbitmq)
  const vhost = `test-${crypto.randomUUID()}`
  const broker: Broker = {
    url: `${environment["RABBITMQ_URL"] ?? assert.fail("no address")}/${vhost}`,
    managementUrl: environment["RABBITMQ_MANAGEMENT_URL"] ?? assert.fail("no management")
  }
  yield* Effect.acquireRelease(manage(broker, "PUT", `vhosts/${vhost}`), () =>
    Effect.orDie(manage(broker, "DELETE", `vhosts/${vhost}`))
  )
  const connection = yield* Effect.acquireRelease(
    attempt(() => connect(broker.url)),
    (open) => Effect.ignore(attempt(() => open.close()))
  )
  return { broker, connection, vhost }
})

describe("the topology of RabbitMQ", () => {
  it.scopedLive(
    "is declared twice alike, keeps what has no subscriber or queue, and moves what fails too often",
    () =>
      Effect.gen(function* () {
        const { broker, connection, vhost } = yield* brokerOf
        const topology: Topology = { ...pipelines, deliveryLimit: 2 }

        const missing = yield* verify(broker, topology)
        assert.isAtLeast(missing.length, 20)
        assert.isTrue(missing.every(({ mendable }) => mendable))
        yield* declare(broker, topology)
        yield* declare(broker, topology)
        assert.deepStrictEqual(yield* verify(broker, topology), [])

        // Nobody has subscribed yet.
        const early = Array.from({ length: 20 }, (_, index) => `early ${index}`)
        yield* publish(connection, topic, early)
        // What daprd declares afterwards is the same.
        yield* declareAsDaprd(connection, "indexer", topic)
        yield* declareAsDaprd(connection, "indexer", `${topic}.dead`)
        assert.deepStrictEqual(yield* verify(broker, topology), [])
        const channel = yield* attempt(() => connection.createChannel())
        const arrived: Array<string> = []
        for (const _ of early) {
          const message = yield* taken(channel, queue)
          arrived.push(message.content.toString())
          yield* Effect.sync(() => channel.ack(message))
        }
        assert.sameMembers(arrived, early)

        // Given back more often than the limit: to the dead letters, with its reason.
        yield* publish(connection, topic, ["poison"])
        for (let attempts = 0; attempts <= topology.deliveryLimit; attempts++) {
          const message = yield* taken(channel, queue)
          yield* Effect.sync(() => channel.nack(message, false, true))
        }
        const letter = yield* taken(channel, `indexer-${topic}.dead`)
        assert.strictEqual(letter.content.toString(), "poison")
        assert.include(JSON.stringify(letter.properties.headers), "delivery_limit")
        yield* Effect.sync(() => channel.ack(letter))

        // No queue is bound any more: the message waits beside, and verify says both.
        yield* attempt(() => channel.unbindQueue(queue, topic, ""))
        yield* publish(connection, topic, ["homeless"])
        const kept = yield* taken(channel, unrouted)
        assert.strictEqual(kept.content.toString(), "homeless")
        yield* Effect.sync(() => channel.nack(kept, false, true))
        const found = yield* verify(broker, topology).pipe(
          Effect.filterOrFail(
            (wrong) => wrong.some(({ what }) => what.includes(unrouted)),
            () => new RequestFailed({ why: "the count of waiting messages is not there yet" })
          ),
          Effect.retry(Schedule.spaced("500 millis").pipe(Schedule.upTo("20 seconds")))
        )
        assert.includeMembers(
          found.map(({ what }) => what),
          [`queue ${queue}`, `queue ${unrouted}`]
        )
        yield* declare(broker, topology)
        assert.isFalse((yield* verify(broker, topology)).some(({ what }) => what === `queue ${queue}`))

        // Somebody else's policy of a higher priority switches ours off.
        yield* manage(broker, "PUT", `policies/${vhost}/somebody`, {
          pattern: ".*",
          "apply-to": "all",
          definition: { "max-length": 1 },
          priority: 99
        })
        const overruled = yield* verify(broker, topology)
        assert.isTrue(
          overruled.some(
            ({ mendable, what, why }) => !mendable && what === `queue ${queue}` && why.includes("somebody")
          )
        )

        // The control: without the policies the same two messages are gone.
        const control = "control"
        yield* attempt(async () => {
          await channel.assertExchange(control, "fanout", { durable: true })
        })
        yield* publish(connection, control, ["lost"])
        yield* declareAsDaprd(connection, "indexer", control)
        assert.isFalse(yield* attempt(() => channel.get(`indexer-${control}`)))
      })
  )

  it.scopedLive("says what is there already and different, and touches nothing of it", () =>
    Effect.gen(function* () {
      const { broker, connection } = yield* brokerOf
      yield* attempt(async () => {
        const channel = await connection.createChannel()
        await channel.assertExchange(topic, "fanout", { durable: true })
        // What daprd makes when the subscription names no queueType.
        await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "classic" } })
        await channel.bindQueue(queue, topic, "")
        await channel.close()
      })
      yield* publish(connection, topic, ["kept"])
      const refused = yield* Effect.flip(declare(broker, pipelines))
      assert.strictEqual(refused.reason, "conflict")
      assert.include(refused.message, queue)
      const wrong = yield* verify(broker, pipelines)
      const ours = wrong.filter(({ what }) => what === `queue ${queue}`)
      assert.isTrue(ours.some(({ mendable, why }) => !mendable && why.includes("classic")))
      const channel = yield* attempt(() => connection.createChannel())
      const message = yield* taken(channel, queue)
      assert.strictEqual(message.content.toString(), "kept")
    })
  )

  it.scopedLive("fails with the reason when the broker is not there or does not let us in", () =>
    Effect.gen(function* () {
      const away = { url: "amqp://a:b@127.0.0.1:1", managementUrl: "http://127.0.0.1:1" }
      assert.strictEqual((yield* Effect.flip(declare(away, pipelines))).reason, "unreachable")
      assert.strictEqual((yield* Effect.flip(verify(away, pipelines))).reason, "unreachable")
      const { broker } = yield* brokerOf
      const stranger = { ...broker, managementUrl: broker.managementUrl.replace(/:[^:@]+@/, ":wrong@") }
      assert.strictEqual((yield* Effect.flip(declare(stranger, pipelines))).reason, "refused")
    })
  )
})
