import { assert, describe, it } from "@effect/vitest"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox, type TopicAudit } from "@influscope/ports/Outbox"
import { PubSub, Reject } from "@influscope/ports/PubSub"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { accounts } from "../src/Audit.ts"
import { consume } from "../src/Consumer.ts"
import { Publisher } from "../src/Publisher.ts"
import { relayOnce } from "../src/Relay.ts"
import {
  allCreated,
  audit,
  drained,
  embedded,
  Faults,
  noAudit,
  process,
  publish,
  queued,
  subscription,
  topic
} from "./Embedded.ts"

const grace = Duration.seconds(30)

const account = Effect.map(accounts(grace), (all) => {
  const { graceMillis: _, ...rest } = all.find((one) => one.topic === topic.name) ?? {
    ...noAudit,
    graceMillis: 0
  }
  return rest
})

const assertAddsUp = ({ applied, deadLettered, dropped, missing, pending, sent }: TopicAudit): void =>
  assert.strictEqual(applied + deadLettered + dropped + pending + missing, sent)

/** Rejects everything until told otherwise. */
const moodyConsumer = Effect.gen(function* () {
  let rejects = true
  yield* consume(topic, subscription, (event) =>
    rejects ? new Reject({ reason: "of no use" }) : Effect.succeed(allCreated(event))
  )
  return (wanted: boolean) => {
    rejects = wanted
  }
})

describe("the account of a topic", () => {
  it.scoped("has a place for everything that was sent", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const deadLetters = yield* DeadLetters
      const outbox = yield* Outbox
      const pubsub = yield* PubSub
      // Items are powers of two, so that every sum tells which batches it is made of.
      const rejects = yield* moodyConsumer
      yield* publish("dead", 1)
      yield* publish("dropped", 2)
      yield* drained
      assert.isTrue(yield* deadLetters.drop("dropped"))
      yield* outbox.markDead(topic.name, "dropped", "dropped")
      rejects(false)
      yield* publish("applied", 4)
      yield* publish("twice", 8)
      yield* drained
      const again = faults.published.find(({ id }) => id === "twice")
      if (again !== undefined) yield* pubsub.publish(topic.name, again)
      yield* drained
      faults.broker = "lossy"
      yield* publish("missing", 16)
      yield* TestClock.adjust("31 seconds")
      yield* publish("pending", 32)
      const now = yield* account
      assert.deepStrictEqual(now, {
        topic: topic.name,
        sent: 63,
        sentBatches: 6,
        deadLettered: 1,
        dropped: 2,
        applied: 12,
        duplicateBatches: 1,
        missing: 16,
        pending: 32
      })
      assertAddsUp(now)
      const { batches, confirmedBatches, created, deadLetteredBatches, deadLetteredItems, items } =
        yield* outbox.progress("job")
      assert.deepStrictEqual(
        { batches, items, confirmedBatches, created, deadLetteredBatches, deadLetteredItems },
        {
          batches: 6,
          items: 63,
          confirmedBatches: 2,
          created: 12,
          deadLetteredBatches: 2,
          deadLetteredItems: 3
        }
      )
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("is empty where nothing was sent", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* accounts(grace), [])
    }).pipe(Effect.provide(process()))
  )

  it.scoped("says how long it waits, and that is longer behind a backlog", () =>
    Effect.gen(function* () {
      yield* publish("a", 1)
      yield* TestClock.adjust("10 minutes")
      yield* publish("b", 2)
      const [waiting] = yield* accounts(grace)
      assert.deepStrictEqual([waiting?.graceMillis, waiting?.pending, waiting?.missing], [630_000, 3, 0])
      const rejects = yield* moodyConsumer
      rejects(false)
      yield* drained
      const [done] = yield* accounts(grace)
      assert.deepStrictEqual([done?.graceMillis, done?.applied], [30_000, 3])
    }).pipe(Effect.provide(process()))
  )

  it.scoped("outlives the process", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const life = Publisher.Default.pipe(Layer.provideMerge(embedded(directory)))
      const before = yield* Effect.gen(function* () {
        const rejects = yield* moodyConsumer
        yield* publish("dead", 1)
        yield* drained
        rejects(false)
        yield* publish("applied", 2)
        yield* drained
        return yield* audit()
      }).pipe(Effect.scoped, Effect.provide(life))
      assert.deepStrictEqual(before, { ...noAudit, sent: 3, sentBatches: 2, deadLettered: 1, applied: 2 })
      assert.deepStrictEqual(yield* Effect.provide(audit(), life), before)
    })
  )
})

describe("the account of a dead letter that is replayed", () => {
  const replay = Effect.fnUntraced(function* (id: string) {
    const replayed = yield* Effect.flatMap(DeadLetters, (deadLetters) => deadLetters.replay(id))
    yield* Effect.flatMap(Outbox, (outbox) => outbox.resent(topic.name, id))
    return replayed
  })

  const isDead = (id: string) =>
    Effect.flatMap(DeadLetters, (deadLetters) => Effect.map(deadLetters.get(id), Option.isSome))

  const states = { ...noAudit, sent: 5, sentBatches: 1 }

  it.scoped("is dead, then on its way, then applied: never two of them", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* moodyConsumer
          yield* publish("a", 5)
          yield* drained
        })
      )
      assert.deepStrictEqual(yield* account, { ...states, deadLettered: 5 })
      assert.isTrue(yield* isDead("a"))

      assert.isTrue(yield* replay("a"))
      assert.deepStrictEqual(yield* account, { ...states, pending: 5 })
      assert.isFalse(yield* isDead("a"))
      assert.strictEqual((yield* outbox.progress("job")).deadLetteredItems, 0)

      // Nobody is there to take it: it waits, and the relay neither loses patience nor calls it dead.
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* relayOnce(grace), 0)
      assert.deepStrictEqual(yield* account, { ...states, pending: 5 })

      const rejects = yield* moodyConsumer
      rejects(false)
      yield* drained
      assert.deepStrictEqual(yield* account, { ...states, applied: 5 })
      assert.isFalse(yield* isDead("a"))
    }).pipe(Effect.provide(process()))
  )

  it.scoped("is dead once when it dies again, though the outbox hears of the replay last", () =>
    Effect.gen(function* () {
      const deadLetters = yield* DeadLetters
      const outbox = yield* Outbox
      yield* moodyConsumer
      yield* publish("a", 5)
      yield* drained
      assert.isTrue(yield* deadLetters.replay("a"))
      yield* drained
      assert.deepStrictEqual(yield* account, { ...states, deadLettered: 5 })
      yield* outbox.resent(topic.name, "a")
      assert.deepStrictEqual(yield* account, { ...states, pending: 5 })
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* relayOnce(grace), 0)
      assert.deepStrictEqual(yield* account, { ...states, deadLettered: 5 })
      assert.strictEqual(yield* deadLetters.count, 1)
    }).pipe(Effect.provide(process()))
  )

  it.scoped("is applied when the outbox never hears of the replay, or hears of it last", () =>
    Effect.gen(function* () {
      const deadLetters = yield* DeadLetters
      const outbox = yield* Outbox
      const rejects = yield* moodyConsumer
      yield* publish("a", 5)
      yield* drained
      rejects(false)
      assert.isTrue(yield* deadLetters.replay("a"))
      yield* drained
      assert.deepStrictEqual(yield* account, { ...states, applied: 5 })
      yield* outbox.resent(topic.name, "a")
      assert.deepStrictEqual(yield* account, { ...states, applied: 5 })
      assert.isFalse(yield* replay("a"))
      assert.deepStrictEqual(yield* account, { ...states, applied: 5 })
    }).pipe(Effect.provide(process()))
  )

  it.scoped("is brought by the relay when the broker loses the replay", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const deadLetters = yield* DeadLetters
      const outbox = yield* Outbox
      const rejects = yield* moodyConsumer
      yield* publish("a", 5)
      yield* drained
      // As if replayed on a broker that then lost it: gone from the dead letters, not in the queue.
      assert.isTrue(yield* deadLetters.drop("a"))
      yield* outbox.resent(topic.name, "a")
      rejects(false)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual((yield* account).missing, 5)
      assert.strictEqual(yield* relayOnce(grace), 1)
      yield* drained
      assert.strictEqual(yield* queued, 0)
      assert.deepStrictEqual(yield* account, { ...states, applied: 5 })
    }).pipe(Effect.provide(process(faults)))
  })
})
