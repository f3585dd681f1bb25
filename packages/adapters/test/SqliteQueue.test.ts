import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { deadLettersConformance } from "@influscope/ports/conformance/DeadLettersConformance"
import { pubSubConformance } from "@influscope/ports/conformance/PubSubConformance"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { type Delivery, type Message, PubSub, Reject, Retry } from "@influscope/ports/PubSub"
import { StorageError } from "@influscope/ports/StorageError"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { Database, type SqliteDatabase } from "../src/sqlite/Database.ts"
import * as MainDatabase from "../src/sqlite/MainDatabase.ts"
import * as Queue from "../src/sqlite/Queue.ts"

const queue = Queue.layerWith({ minDelay: "60 millis", maxDelay: "1 second", drainTimeout: "300 millis" })

const restartable = Effect.map(temporaryDirectory, (path) => Layer.provide(queue, MainDatabase.layer(path)))

pubSubConformance("sqlite", Layer.unwrapScoped(restartable), { restartable })
deadLettersConformance("sqlite", Layer.unwrapScoped(restartable), { restartable })

const onFreshFile = Layer.unwrapScoped(
  Effect.map(temporaryDirectory, (path) => Layer.provideMerge(queue, MainDatabase.layer(path)))
)

const makeMessage = (id: string, payload = "{}"): Message => ({
  id,
  payload,
  items: 1,
  traceparent: undefined
})

const subscription = { concurrency: 1, maxAttempts: 10, timeout: "1 minute" } as const

const isEmpty = Effect.flatMap(PubSub, (pubSub) =>
  Effect.map(pubSub.stats, (stats) => stats.every((topic) => topic.messages === 0))
)

/** A disk that can be declared full: while it is, every transaction fails and writes nothing. */
const fragile = () => {
  let full = false
  let refused = 0
  const refuse = (operation: string) =>
    Effect.suspend(() => {
      refused += 1
      return new StorageError({ reason: "full", operation, cause: "declared full" })
    })
  const wrap = (database: SqliteDatabase): SqliteDatabase => ({
    ...database,
    transaction: (operation, body, options) =>
      Effect.suspend(() => (full ? refuse(operation) : database.transaction(operation, body, options)))
  })
  const layer = Layer.unwrapScoped(
    Effect.map(temporaryDirectory, (path) =>
      queue.pipe(
        Layer.provideMerge(Layer.effect(Database, Effect.map(Database, wrap))),
        Layer.provide(MainDatabase.layer(path))
      )
    )
  )
  const setFull = (wanted: boolean) =>
    Effect.sync(() => {
      full = wanted
    })
  return { layer, setFull, refused: Effect.sync(() => refused) }
}

describe("SQLite queue", () => {
  it.scoped("doubles its delays up to the longest, each spread over its upper half", () =>
    Effect.gen(function* () {
      const pubSub = yield* PubSub
      const times: Array<number> = []
      yield* pubSub.subscribe("topic", subscription, () =>
        Effect.gen(function* () {
          times.push(yield* Clock.currentTimeMillis)
          return yield* new Retry({ reason: "not now" })
        })
      )
      yield* pubSub.publish("topic", makeMessage("a"))
      yield* Effect.repeatN(TestClock.adjust("20 millis"), 400)
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
      assert.strictEqual(gaps.length, 9)
      gaps.forEach((gap, index) => {
        const delay = Math.min(1_000, 60 * 2 ** index)
        assert.isAtLeast(gap, delay / 2)
        assert.isAtMost(gap, delay + 40)
      })
    }).pipe(Effect.provide(onFreshFile))
  )

  it.scopedLive("refuses a message it has no room for, and goes on delivering the others", () =>
    Effect.gen(function* () {
      const pubSub = yield* PubSub
      const database = yield* Database
      yield* pubSub.publish("topic", makeMessage("small"))
      yield* database.read("limit", (db) => db.run("PRAGMA max_page_count = 60"))
      const error = yield* Effect.flip(pubSub.publish("topic", makeMessage("large", "x".repeat(500_000))))
      assert.strictEqual(error._tag === "StorageError" && error.reason, "full")
      const ids: Array<string> = []
      yield* pubSub.subscribe("topic", subscription, ({ id }) => Effect.sync(() => void ids.push(id)))
      yield* eventually("an empty queue", isEmpty)
      yield* database.read("limit", (db) => db.run("PRAGMA max_page_count = 60000"))
      yield* pubSub.publish("topic", makeMessage("large", "x".repeat(500_000)))
      yield* eventually("an empty queue", isEmpty)
      assert.deepStrictEqual(ids, ["small", "large"])
    }).pipe(Effect.provide(onFreshFile))
  )

  it.scopedLive("acknowledges later what it cannot acknowledge now, without delivering it twice", () => {
    const disk = fragile()
    return Effect.gen(function* () {
      const pubSub = yield* PubSub
      const gate = yield* Deferred.make<void>()
      const deliveries: Array<Delivery> = []
      yield* pubSub.subscribe("topic", subscription, (delivery) =>
        Effect.suspend(() => {
          deliveries.push(delivery)
          return Deferred.await(gate)
        })
      )
      yield* pubSub.publish("topic", makeMessage("a"))
      yield* eventually(
        "the delivery",
        Effect.sync(() => deliveries.length === 1)
      )
      yield* disk.setFull(true)
      yield* Deferred.succeed(gate, undefined)
      yield* eventually(
        "two refused acknowledgements",
        Effect.map(disk.refused, (refused) => refused >= 2)
      )
      assert.isFalse(yield* isEmpty)
      yield* disk.setFull(false)
      yield* eventually("an empty queue", isEmpty)
      assert.strictEqual(deliveries.length, 1)
    }).pipe(Effect.provide(disk.layer))
  })

  it.scopedLive("takes messages again when the disk has room again", () => {
    const disk = fragile()
    return Effect.gen(function* () {
      const pubSub = yield* PubSub
      yield* pubSub.publish("topic", makeMessage("a"))
      yield* disk.setFull(true)
      const ids: Array<string> = []
      yield* pubSub.subscribe("topic", subscription, ({ id }) => Effect.sync(() => void ids.push(id)))
      yield* eventually(
        "two refused attempts",
        Effect.map(disk.refused, (refused) => refused >= 2)
      )
      assert.deepStrictEqual(ids, [])
      yield* disk.setFull(false)
      yield* eventually("an empty queue", isEmpty)
      assert.deepStrictEqual(ids, ["a"])
    }).pipe(Effect.provide(disk.layer))
  })

  it.scopedLive("closes in bounded time over a handler that ignores interruption", () =>
    Effect.gen(function* () {
      const pubSub = yield* PubSub
      const started = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      yield* pubSub
        .subscribe("topic", subscription, () =>
          Effect.zipRight(
            Deferred.succeed(started, undefined),
            Effect.uninterruptible(Deferred.await(release))
          )
        )
        .pipe(
          Effect.zipRight(pubSub.publish("topic", makeMessage("a"))),
          Effect.zipRight(Deferred.await(started)),
          Effect.scoped,
          Effect.timeout("8 seconds")
        )
      yield* Deferred.succeed(release, undefined)
      // Its late success was not taken for an acknowledgement.
      const again = yield* Deferred.make<Delivery>()
      yield* pubSub.subscribe("topic", subscription, (delivery) => Deferred.succeed(again, delivery))
      const delivery = yield* Effect.timeout(Deferred.await(again), "5 seconds")
      assert.strictEqual(delivery.attempt, 2)
    }).pipe(Effect.provide(onFreshFile))
  )

  it.scopedLive("keeps apart dead letters that share an id; the newest answers to it", () =>
    Effect.gen(function* () {
      const pubSub = yield* PubSub
      const deadLetters = yield* DeadLetters
      for (const topic of ["first", "second"]) {
        yield* pubSub.subscribe(topic, subscription, () => new Reject({ reason: topic }))
        yield* pubSub.publish(topic, makeMessage("a"))
        yield* eventually("an empty queue", isEmpty)
        yield* Effect.sleep("2 millis")
      }
      assert.strictEqual(yield* deadLetters.count, 2)
      assert.strictEqual(Option.getOrThrow(yield* deadLetters.get("a")).topic, "second")
      assert.isTrue(yield* deadLetters.drop("a"))
      assert.strictEqual(Option.getOrThrow(yield* deadLetters.get("a")).topic, "first")
      assert.isTrue(yield* deadLetters.drop("a"))
      assert.isFalse(yield* deadLetters.drop("a"))
    }).pipe(Effect.provide(onFreshFile))
  )

  it.scopedLive("ends every back-off at a restart", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const patient = Queue.layerWith({
        minDelay: "1 hour",
        maxDelay: "1 hour",
        drainTimeout: "1 second"
      }).pipe(Layer.provide(MainDatabase.layer(directory)))
      const handleOnce = (result: Effect.Effect<void, Retry>) =>
        Effect.gen(function* () {
          const pubSub = yield* PubSub
          const heard = yield* Deferred.make<Delivery>()
          yield* pubSub.subscribe("topic", subscription, (delivery) =>
            Effect.zipRight(Deferred.succeed(heard, delivery), result)
          )
          return yield* Effect.timeout(Deferred.await(heard), "5 seconds")
        }).pipe(Effect.scoped, Effect.provide(patient))
      yield* Effect.flatMap(PubSub, (pubSub) => pubSub.publish("topic", makeMessage("a"))).pipe(
        Effect.provide(patient)
      )
      yield* handleOnce(Effect.fail(new Retry({ reason: "not now" })))
      const again = yield* handleOnce(Effect.void)
      assert.strictEqual(again.attempt, 2)
    })
  )
})
