import { assert, describe, it } from "@effect/vitest"
import { Database } from "@influscope/adapters/sqlite/Database"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub, Reject } from "@influscope/ports/PubSub"
import { relayed } from "@influscope/telemetry/Metrics"
import { settings } from "@influscope/testing/Settings"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { accounts } from "../src/Audit.ts"
import { consume } from "../src/Consumer.ts"
import { Publisher } from "../src/Publisher.ts"
import { type Found, RelayLive, relayOf, relayOnce } from "../src/Relay.ts"
import {
  allCreated,
  audit,
  batch,
  drained,
  Faults,
  noAudit,
  passUntil,
  process,
  publish,
  queued,
  subscription,
  topic
} from "./Embedded.ts"

const grace = Duration.seconds(30)
const other = { ...topic, name: "letters" }

/** Publishes what the broker then loses. */
const lose = (faults: Faults, id: string, on = topic) =>
  Effect.gen(function* () {
    faults.broker = "lossy"
    yield* publish(id, 1, on)
    faults.broker = "up"
    faults.published.length = 0
  })

const sentAgain = (faults: Faults) => faults.published.map(({ id }) => id)

describe("a round of the relay", () => {
  it.scoped("sends a batch again once it is overdue, whole, and then not before it is overdue again", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.broker = "lossy"
      yield* publish("a")
      const [original] = faults.published
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* relayOnce(grace), 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* relayOnce(grace), 1)
      assert.deepStrictEqual(faults.published, [original, original])
      assert.strictEqual(yield* relayOnce(grace), 0)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* relayOnce(grace), 0)
      faults.broker = "up"
      yield* TestClock.adjust("2 millis")
      assert.strictEqual(yield* relayOnce(grace), 1)
      assert.strictEqual(yield* queued, 1)
      assert.deepStrictEqual(yield* audit(), { ...noAudit, sent: 1, sentBatches: 1, pending: 1 })
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("sends again what nobody handles more and more rarely, up to once in ten minutes", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.broker = "lossy"
      yield* publish("a")
      const sentIn: Array<number> = []
      for (let round = 1; round <= 100; round++) {
        yield* TestClock.adjust("31 seconds")
        if ((yield* relayOnce(grace)) > 0) sentIn.push(round)
      }
      const waits = sentIn.map((round, place) => round - (sentIn[place - 1] ?? 0))
      // At first for longer than the grace, then for longer than it had been on its way, in the end for ten minutes.
      assert.deepStrictEqual(waits, [1, 2, 4, 8, 16, 20, 20, 20])
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("leaves alone what was sent a moment ago", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      yield* lose(faults, "overdue")
      yield* TestClock.adjust("20 seconds")
      yield* lose(faults, "fresh")
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* relayOnce(grace), 1)
      assert.deepStrictEqual(sentAgain(faults), ["overdue"])
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("counts what it sends again", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const counted = Metric.value(Metric.tagged(relayed, "topic", topic.name))
      const before = (yield* counted).count
      yield* Effect.forEach(["a", "b"], (id) => lose(faults, id), { discard: true })
      yield* TestClock.adjust("31 seconds")
      yield* relayOnce(grace)
      assert.strictEqual((yield* counted).count, before + 2)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("takes a backlog for what it is, however old", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      yield* Effect.forEach(
        ["a", "b", "c"],
        (id) => Effect.zipRight(publish(id), TestClock.adjust("1 minute")),
        {
          discard: true
        }
      )
      faults.published.length = 0
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(yield* relayOnce(grace), 0)
      assert.deepStrictEqual(sentAgain(faults), [])
      const [account] = yield* accounts(grace)
      assert.deepStrictEqual([account?.pending, account?.missing], [3, 0])
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped(
    "finds a loss behind a backlog of its topic later, and beside one of another topic at once",
    () => {
      const faults = new Faults()
      return Effect.gen(function* () {
        yield* publish("waits")
        yield* TestClock.adjust("10 minutes")
        yield* lose(faults, "behind")
        yield* lose(faults, "beside", other)
        yield* TestClock.adjust("31 seconds")
        assert.strictEqual(yield* relayOnce(grace), 1)
        assert.deepStrictEqual(sentAgain(faults), ["beside"])
        const missing = Effect.map(accounts(grace), (all) =>
          Object.fromEntries(all.map((account) => [account.topic, account.missing]))
        )
        assert.deepStrictEqual(yield* missing, { [topic.name]: 0, [other.name]: 0 })

        yield* consume(topic, subscription, (event) => Effect.succeed(allCreated(event)))
        yield* drained
        assert.deepStrictEqual(yield* missing, { [topic.name]: 1, [other.name]: 0 })
        assert.strictEqual(yield* relayOnce(grace), 1)
        assert.deepStrictEqual(sentAgain(faults), ["beside", "behind"])
        yield* drained
        assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 2, sentBatches: 2, applied: 2 })
      }).pipe(Effect.provide(process(faults)))
    }
  )

  it.scoped("marks what the broker has dead-lettered, and does not send it again", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const deadLetters = yield* DeadLetters
      const pubsub = yield* PubSub
      // Not through Consumer, which would mark it itself.
      yield* pubsub.subscribe(topic.name, subscription, () => new Reject({ reason: "of no use" }))
      yield* publish("a")
      yield* drained
      faults.published.length = 0
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual((yield* audit(30_000)).missing, 1)
      for (let round = 0; round < 3; round++) assert.strictEqual(yield* relayOnce(grace), 0)
      assert.deepStrictEqual(sentAgain(faults), [])
      assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 1, sentBatches: 1, deadLettered: 1 })
      assert.strictEqual(yield* deadLetters.count, 1)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("does not take another topic's dead letter of the same id for its own", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const pubsub = yield* PubSub
      yield* lose(faults, "a")
      yield* pubsub.subscribe(other.name, subscription, () => new Reject({ reason: "of no use" }))
      yield* publish("a", 1, other)
      const deadLetters = yield* DeadLetters
      yield* passUntil("the dead letter", Effect.map(deadLetters.get("a"), Option.isSome))
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* relayOnce(grace), 1)
      const [letters, numbers] = yield* accounts(grace)
      assert.deepStrictEqual([letters?.topic, letters?.deadLettered], [other.name, 1])
      assert.deepStrictEqual([numbers?.topic, numbers?.pending, numbers?.deadLettered], [topic.name, 1, 0])
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("is not held up by batches that the broker does not take", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      for (let number = 0; number < 20; number++) {
        faults.refused.add(`refused-${number}`)
        yield* lose(faults, `refused-${number}`)
      }
      yield* lose(faults, "good")
      yield* lose(faults, "good", other)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* relayOnce(grace), 2)
      assert.deepStrictEqual(sentAgain(faults), ["good", "good"])
      assert.strictEqual((yield* audit(30_000)).missing, 20)
      faults.refused.clear()
      assert.strictEqual(yield* relayOnce(grace), 20)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("sends a hundred at a time, oldest first", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const ids = Array.from({ length: 120 }, (_, number) => `batch-${number}`)
      yield* Effect.forEach(ids, (id) => lose(faults, id), { discard: true })
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* relayOnce(grace), 100)
      assert.sameMembers([...sentAgain(faults)], ids.slice(0, 100))
      assert.strictEqual(yield* relayOnce(grace), 20)
      assert.strictEqual(yield* relayOnce(grace), 0)
      assert.sameMembers([...sentAgain(faults)], ids)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("only probes a topic of which nothing gets on, and sends all when something does", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const ids = Array.from({ length: 20 }, (_, number) => `batch-${number}`)
      const found: Found = new Map()
      yield* relayOnce(grace, { found })
      yield* Effect.forEach(ids, (id) => lose(faults, id), { discard: true })
      yield* TestClock.adjust("31 seconds")
      // The topic is new to it.
      faults.broker = "lossy"
      assert.strictEqual(yield* relayOnce(grace, { found }), 20)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* relayOnce(grace, { found }), 4)
      assert.strictEqual(yield* relayOnce(grace, { found }), 4)
      faults.broker = "up"
      yield* consume(topic, subscription, (event) => Effect.succeed(allCreated(event)))
      assert.strictEqual(yield* relayOnce(grace, { found }), 4)
      yield* drained
      assert.strictEqual(yield* relayOnce(grace, { found }), 8)
      yield* drained
      assert.strictEqual(yield* relayOnce(grace, { found }), 0)
      yield* TestClock.adjust("10 minutes")
      // Those that were lost twice.
      assert.strictEqual(yield* relayOnce(grace, { found }), 4)
      yield* drained
      assert.strictEqual(yield* relayOnce(grace, { found }), 4)
      yield* drained
      assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 20, sentBatches: 20, applied: 20 })
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("forgets confirmed batches of jobs after seven days, and no others; the account stays", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const outbox = yield* Outbox
      const database = yield* Database
      const kept = database.read("list the outbox", (db) =>
        db
          .query<{ id: string }, []>("SELECT id FROM outbox ORDER BY id")
          .all()
          .map(({ id }) => id)
      )
      yield* Effect.forEach(["confirmed", "dead", "dropped", "open"], (id) => publish(id), { discard: true })
      yield* outbox.confirm(topic.name, "confirmed", { created: 1, updated: 0, unchanged: 0 })
      yield* outbox.markDead(topic.name, "dead", "dead")
      yield* outbox.markDead(topic.name, "dropped", "dropped")
      const before = yield* audit()
      yield* TestClock.adjust("7 days")
      yield* relayOnce(grace)
      assert.deepStrictEqual(yield* kept, ["confirmed", "dead", "dropped", "open"])
      yield* TestClock.adjust("1 millis")
      yield* relayOnce(grace)
      assert.deepStrictEqual(yield* kept, ["dead", "dropped", "open"])
      assert.deepStrictEqual(yield* audit(), before)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("forgets confirmed batches of no job after ten minutes", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const outbox = yield* Outbox
      const publisher = yield* Publisher
      yield* publisher.publish(topic, batch("a", 3), { items: 3, job: undefined })
      yield* outbox.confirm(topic.name, "a", { created: 3, updated: 0, unchanged: 0 })
      const before = yield* audit()
      const again = { id: "a", payload: "{}", items: 3, traceparent: undefined }
      yield* TestClock.adjust("10 minutes")
      yield* relayOnce(grace)
      assert.isFalse(yield* outbox.append(topic.name, again, undefined))
      yield* TestClock.adjust("1 millis")
      yield* relayOnce(grace)
      assert.deepStrictEqual(yield* audit(), before)
      assert.isTrue(yield* outbox.append(topic.name, again, undefined))
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("has nothing to do in an empty outbox", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* relayOnce(grace), 0)
    }).pipe(Effect.provide(process()))
  )
})

describe("the running relay", () => {
  const running = (faults: Faults, values: Readonly<Record<string, string>> = {}) =>
    RelayLive.pipe(Layer.provideMerge(process(faults)), Layer.provide(settings(values)))

  it.scoped("brings what was lost, by itself, and goes on after failures", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      const database = yield* Database
      const account = { ...noAudit, sent: 1, sentBatches: 1, applied: 1 }
      yield* consume(topic, subscription, (event) => Effect.succeed(allCreated(event)))
      yield* lose(faults, "a")
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(yield* audit(0), account)

      yield* lose(faults, "b")
      faults.broker = "down"
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* audit(30_000)).missing, 1)
      // A mistake in the program, as it were: the relay must outlive that too.
      yield* database.read("break", (db) => db.run("ALTER TABLE dead_letters RENAME TO elsewhere"))
      yield* TestClock.adjust("20 seconds")
      yield* database.read("mend", (db) => db.run("ALTER TABLE elsewhere RENAME TO dead_letters"))
      faults.broker = "up"
      yield* TestClock.adjust("10 seconds")
      yield* drained
      assert.deepStrictEqual(yield* audit(0), { ...account, sent: 2, sentBatches: 2, applied: 2 })
    }).pipe(Effect.provide(running(faults)))
  })

  it.scoped("leaves topics that are not its own to others", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      yield* lose(faults, "ours", other)
      yield* lose(faults, "theirs")
      yield* Layer.build(relayOf(other))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(sentAgain(faults), ["ours"])
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("waits as long as it is told to", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      yield* lose(faults, "a")
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual(yield* queued, 0)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* queued, 1)
    }).pipe(Effect.provide(running(faults, { INFLUSCOPE_RELAY_GRACE: "10 minutes" })))
  })

  it.scoped("ends with its layer", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      yield* lose(faults, "a")
      yield* Effect.scoped(Layer.build(RelayLive))
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* queued, 0)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("does not start with a grace that is not a duration", () =>
    Effect.gen(function* () {
      const build = Layer.build(running(new Faults(), { INFLUSCOPE_RELAY_GRACE: "soon" }))
      assert.include(String(yield* Effect.flip(Effect.scoped(build))), "INFLUSCOPE_RELAY_GRACE")
    })
  )
})
