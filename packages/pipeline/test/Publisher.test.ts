import { assert, describe, it } from "@effect/vitest"
import { Database } from "@influscope/adapters/sqlite/Database"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import { stageItems } from "@influscope/telemetry/Metrics"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/TestClock"
import { consume } from "../src/Consumer.ts"
import { Publisher } from "../src/Publisher.ts"
import { relayOnce } from "../src/Relay.ts"
import {
  allCreated,
  audit,
  batch,
  embedded,
  embeddedOnce,
  Faults,
  isDrained,
  noAudit,
  passUntil,
  queued,
  subscription,
  topic
} from "./Embedded.ts"

const one = { items: 1, job: undefined }

const publish = (...ids: ReadonlyArray<string>) =>
  Effect.flatMap(Publisher, (publisher) =>
    Effect.forEach(ids, (id) => publisher.publish(topic, batch(id), one), { discard: true })
  )

const onFreshFile = Layer.provideMerge(Publisher.Default, embeddedOnce)

/** Subscribes a handler that keeps the ids it is given. */
const collect = Effect.gen(function* () {
  const ids: Array<string> = []
  yield* consume(topic, subscription, (event) =>
    Effect.sync(() => {
      ids.push(event.id)
      return allCreated(event)
    })
  )
  return ids
})

describe("publishing", () => {
  it.scoped("has the event in the outbox before the broker hears of it", () => {
    const inOutbox: Array<boolean> = []
    /** Looks into the outbox at the moment the broker is called. */
    const watching = Layer.effect(
      PubSub,
      Effect.gen(function* () {
        const inner = yield* PubSub
        const outbox = yield* Outbox
        return {
          ...inner,
          publish: (name: string, message: Parameters<typeof inner.publish>[1]) =>
            Effect.gen(function* () {
              const open = yield* outbox.overdue(
                name,
                (yield* Clock.currentTimeMillis) + 1,
                { first: 0, longest: 0 },
                10
              )
              inOutbox.push(open.some((kept) => kept.id === message.id && kept.payload === message.payload))
              yield* inner.publish(name, message)
            })
        }
      })
    )
    return Effect.gen(function* () {
      yield* publish("a", "b")
      assert.deepStrictEqual(inOutbox, [true, true])
      assert.strictEqual(yield* queued, 2)
    }).pipe(
      Effect.provide(Publisher.Default.pipe(Layer.provideMerge(watching), Layer.provideMerge(embeddedOnce)))
    )
  })

  it.scoped("loses nothing when it is cut off while the broker takes its time", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const called = yield* Deferred.make<void>()
      const hanging = Layer.effect(
        PubSub,
        Effect.map(PubSub, (inner) => ({
          ...inner,
          publish: () => Effect.zipRight(Deferred.succeed(called, undefined), Effect.never)
        }))
      )
      yield* Effect.gen(function* () {
        const publishing = yield* Effect.fork(publish("a"))
        yield* Deferred.await(called)
        yield* Fiber.interrupt(publishing)
      }).pipe(
        Effect.provide(
          Publisher.Default.pipe(Layer.provide(hanging), Layer.provideMerge(embedded(directory)))
        )
      )
      yield* TestClock.adjust("1 minute")
      yield* Effect.gen(function* () {
        const ids = yield* collect
        assert.strictEqual(yield* relayOnce(Duration.seconds(30)), 1)
        yield* passUntil(
          "the event",
          Effect.sync(() => ids.length > 0)
        )
        yield* passUntil("an empty queue", isDrained)
        assert.deepStrictEqual(ids, ["a"])
        assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 1, sentBatches: 1, applied: 1 })
      }).pipe(Effect.scoped, Effect.provide(embedded(directory)))
    })
  )

  it.scoped("succeeds when the broker fails; the relay sends the event later", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.broker = "down"
      yield* publish("a", "b")
      assert.strictEqual(yield* queued, 0)
      assert.strictEqual((yield* audit()).pending, 2)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* relayOnce(Duration.seconds(30)), 0)
      assert.strictEqual((yield* audit(30_000)).missing, 2)
      faults.broker = "up"
      assert.strictEqual(yield* relayOnce(Duration.seconds(30)), 2)
      const ids = yield* collect
      yield* passUntil(
        "both events",
        Effect.sync(() => ids.length >= 2)
      )
      yield* passUntil("an empty queue", isDrained)
      assert.sameMembers(ids, ["a", "b"])
      assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 2, sentBatches: 2, applied: 2 })
    }).pipe(Effect.provide(Publisher.Default.pipe(Layer.provideMerge(faults.before(embeddedOnce)))))
  })

  it.scoped(
    "sends an event once, however often and in however many lives of the process it is published",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const faults = new Faults()
        const process = Publisher.Default.pipe(Layer.provideMerge(faults.before(embedded(directory))))
        const counted = Metric.value(
          Metric.tagged(Metric.tagged(stageItems, "stage", "published"), "topic", topic.name)
        )
        const before = (yield* counted).count
        yield* Effect.provide(publish("a", "a"), process)
        yield* Effect.gen(function* () {
          yield* publish("a")
          const publisher = yield* Publisher
          yield* Effect.all(
            Array.from({ length: 8 }, () => publisher.publish(topic, batch("a"), one)),
            { concurrency: 8 }
          )
          const ids = yield* collect
          yield* passUntil("an empty queue", isDrained)
          yield* publish("a")
          assert.strictEqual(yield* queued, 0)
          assert.deepStrictEqual(ids, ["a"])
        }).pipe(Effect.scoped, Effect.provide(process))
        assert.strictEqual(faults.published.length, 1)
        assert.strictEqual((yield* counted).count, before + 1)
        const account = yield* Effect.provide(audit(0), embedded(directory))
        assert.deepStrictEqual(account, { ...noAudit, sent: 1, sentBatches: 1, applied: 1 })
      })
  )

  it.scoped("fails when the event cannot be kept, and then does not send it either", () =>
    Effect.gen(function* () {
      const publisher = yield* Publisher
      const database = yield* Database
      const limit = (pages: number) =>
        database.read("limit", (db) => db.run(`PRAGMA max_page_count = ${pages}`))
      yield* limit(60)
      const large = { id: "large", numbers: Array.from({ length: 100_000 }, (_, place) => place) }
      const error = yield* Effect.flip(publisher.publish(topic, large, one))
      assert.strictEqual(error.reason, "full")
      assert.strictEqual(yield* queued, 0)
      assert.deepStrictEqual(yield* audit(), noAudit)
      yield* limit(60_000)
      yield* publisher.publish(topic, large, one)
      assert.strictEqual(yield* queued, 1)
    }).pipe(Effect.provide(onFreshFile))
  )

  it.scoped("counts an event for its job", () =>
    Effect.gen(function* () {
      const publisher = yield* Publisher
      const outbox = yield* Outbox
      yield* publisher.publish(topic, batch("a", 3), { items: 3, job: "job" })
      yield* publisher.publish(topic, batch("b", 2), { items: 2, job: "other" })
      const { batches, items } = yield* outbox.progress("job")
      assert.deepStrictEqual([batches, items], [1, 3])
      assert.isTrue(publisher.confirms)
    }).pipe(Effect.provide(onFreshFile))
  )
})

describe("back-pressure", () => {
  const withLimit = (limit: string) =>
    Layer.provide(onFreshFile, settings({ INFLUSCOPE_MAX_QUEUED_BATCHES: limit }))

  it.scoped("has room below the limit, counted for each topic alone", () =>
    Effect.gen(function* () {
      const publisher = yield* Publisher
      assert.isTrue(yield* publisher.hasRoom(topic.name))
      yield* publish("a")
      assert.isTrue(yield* publisher.hasRoom(topic.name))
      yield* publish("b")
      assert.isFalse(yield* publisher.hasRoom(topic.name))
      assert.isTrue(yield* publisher.hasRoom("another topic"))
      // Not a limit of what can be sent: who asked before the others may still send.
      yield* publish("c")
      assert.strictEqual(yield* queued, 3)
    }).pipe(Effect.provide(withLimit("2")))
  )

  it.scoped("lets a producer wait until there is room, and leave off waiting", () =>
    Effect.gen(function* () {
      const publisher = yield* Publisher
      yield* publisher.awaitRoom(topic.name)
      yield* publish("a", "b")
      const waiting = yield* Effect.fork(publisher.awaitRoom(topic.name))
      const impatient = yield* Effect.fork(publisher.awaitRoom(topic.name))
      yield* TestClock.adjust("1 second")
      assert.isNull(waiting.unsafePoll())
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(impatient)))
      const ids = yield* collect
      yield* passUntil("an empty queue", isDrained)
      yield* TestClock.adjust("25 millis")
      yield* Fiber.join(waiting)
      assert.sameMembers(ids, ["a", "b"])
    }).pipe(Effect.provide(withLimit("2")))
  )

  it.scoped("does not start with a limit that lets nothing through", () =>
    Effect.gen(function* () {
      for (const limit of ["0", "-1", "many", ""]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(withLimit(limit))))
        assert.include(String(error), "INFLUSCOPE_MAX_QUEUED_BATCHES")
      }
    })
  )
})

/** Shows that the tests above can tell a producer that loses events from one that does not. */
describe("publishing without the outbox", () => {
  const off = settings({ INFLUSCOPE_OUTBOX: "off" })

  const publishAndStop = (directory: string, config: Layer.Layer<never>) =>
    publish("a", "b", "c").pipe(
      Effect.provide(Publisher.Default.pipe(Layer.provideMerge(embedded(directory)), Layer.provide(config)))
    )

  /** What another life of the process finds, and what its relay can still do. */
  const found = (directory: string) =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const resent = yield* relayOnce(Duration.seconds(30))
      return { resent, queued: yield* queued, sent: (yield* audit()).sent }
    }).pipe(Effect.provide(embedded(directory)))

  it.scoped("loses what was published when the process ends at once; with the outbox nothing is", () =>
    Effect.gen(function* () {
      const [lossy, safe] = [yield* temporaryDirectory, yield* temporaryDirectory]
      yield* publishAndStop(lossy, off)
      yield* publishAndStop(safe, Layer.empty)
      assert.deepStrictEqual(yield* found(lossy), { resent: 0, queued: 0, sent: 0 })
      assert.deepStrictEqual(yield* found(safe), { resent: 0, queued: 3, sent: 3 })
    })
  )

  it.scoped("loses what the broker refuses, and says that all is well", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.broker = "down"
      yield* publish("a")
      yield* TestClock.adjust("1 second")
      faults.broker = "up"
      yield* publish("b")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* relayOnce(Duration.seconds(30)), 0)
      assert.deepStrictEqual(
        faults.published.map(({ id }) => id),
        ["b"]
      )
      assert.isFalse((yield* Publisher).confirms)
    }).pipe(
      Effect.provide(
        Publisher.Default.pipe(Layer.provideMerge(faults.before(embeddedOnce)), Layer.provide(off))
      )
    )
  })

  it.scoped("is asked for by exactly that word", () =>
    Effect.gen(function* () {
      const build = Layer.build(Layer.provide(onFreshFile, settings({ INFLUSCOPE_OUTBOX: "false" })))
      assert.include(String(yield* Effect.flip(Effect.scoped(build))), "INFLUSCOPE_OUTBOX")
    })
  )
})
