import { assert } from "@effect/vitest"
import { eventually, suite } from "@influscope/ports/conformance/Conformance"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import type { QueueStats } from "@influscope/ports/PubSub"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { Ledger } from "../../src/dapr/Ledger.ts"
import { Database } from "../../src/postgres/Database.ts"
import * as PostgresDeadLetters from "../../src/postgres/DeadLetters.ts"
import * as PostgresLedger from "../../src/postgres/Ledger.ts"
import * as PostgresOutbox from "../../src/postgres/Outbox.ts"
import { deadlocks } from "./Invariants.ts"
import * as LedgerPubSub from "./LedgerPubSub.ts"
import { emptyDatabase, type TestDatabase } from "./Server.ts"

const processOn = (
  { database }: Pick<TestDatabase, "database">,
  settings?: Readonly<Record<string, string>>
) =>
  Layer.fresh(
    PostgresDeadLetters.layer.pipe(
      Layer.provide(LedgerPubSub.layer),
      Layer.provideMerge(Layer.merge(PostgresLedger.layer, PostgresOutbox.layer)),
      Layer.provideMerge(database(settings))
    )
  )

const onEmptyDatabase = Layer.unwrapEffect(Effect.map(emptyDatabase, (found) => processOn(found)))

const letter = {
  topic: "topic",
  id: "a",
  payload: "{}",
  items: 3,
  reason: "of no use",
  attempts: 2,
  deadAt: 1_790_000_000_000
}

/** Ends the connections that wait for a lock, as an operator or a failing network would. */
const terminateWaiting = Effect.gen(function* () {
  const database = yield* Database
  const ended = yield* database.query(
    "terminate",
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'influscope' AND wait_event_type = 'Lock'`,
    []
  )
  return ended.length
})

/** Holds a row for some seconds. */
const hold = (row: string, seconds: number) =>
  Effect.flatMap(Database, (database) =>
    database.query(
      "hold",
      `WITH held AS (SELECT FROM ${row} FOR UPDATE) SELECT pg_sleep(${seconds}) FROM held`,
      []
    )
  )

suite("Ledger: postgres", Layer.empty, (test) => {
  test("counts deliveries and says how the one before ended", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const begin = ledger.begin("topic", "a")
      assert.deepStrictEqual(yield* begin, { attempt: 1, lastReason: Option.none() })
      yield* ledger.failed("topic", "a", "not now, ñ日\u0000")
      assert.deepStrictEqual(yield* begin, { attempt: 2, lastReason: Option.some("not now, ñ日\ufffd") })
      // It died under the second one.
      assert.deepStrictEqual(yield* begin, { attempt: 3, lastReason: Option.none() })
      assert.strictEqual((yield* ledger.begin("other", "a")).attempt, 1)
      yield* ledger.settled("topic", "a")
      yield* ledger.failed("topic", "a", "too late")
      assert.deepStrictEqual(yield* begin, { attempt: 1, lastReason: Option.none() })
      yield* ledger.settled("topic", "unknown")
    }).pipe(Effect.provide(onEmptyDatabase)))

  test("keeps counts and letters for the next process", () =>
    Effect.gen(function* () {
      const found = yield* emptyDatabase
      yield* Effect.flatMap(Ledger, (ledger) =>
        Effect.all([
          ledger.begin("topic", "a"),
          ledger.failed("topic", "a", "first"),
          ledger.bury({ ...letter, id: "b" })
        ])
      ).pipe(Effect.provide(processOn(found)))
      yield* Effect.gen(function* () {
        const ledger = yield* Ledger
        assert.deepStrictEqual(yield* ledger.begin("topic", "a"), {
          attempt: 2,
          lastReason: Option.some("first")
        })
        const deadLetters = yield* DeadLetters
        assert.deepStrictEqual(yield* deadLetters.get("b"), Option.some({ ...letter, id: "b" }))
      }).pipe(Effect.provide(processOn(found)))
    }))

  test("buries over an older letter and forgets the count", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const deadLetters = yield* DeadLetters
      yield* ledger.begin("topic", "a")
      yield* ledger.bury(letter)
      yield* ledger.bury({ ...letter, reason: "again", deadAt: letter.deadAt + 1 })
      assert.strictEqual(yield* deadLetters.count, 1)
      assert.strictEqual(Option.getOrThrow(yield* deadLetters.get("a")).reason, "again")
      assert.strictEqual((yield* ledger.begin("topic", "a")).attempt, 1)
    }).pipe(Effect.provide(onEmptyDatabase)))

  test("counts every delivery once when eight replicas begin at once", () =>
    Effect.gen(function* () {
      const found = yield* emptyDatabase
      const replicas = yield* Effect.replicateEffect(
        Layer.build(processOn(found, { DATABASE_POOL_SIZE: "1" })),
        8,
        { concurrency: 8 }
      )
      const each = 40
      const attempts = yield* Effect.forEach(
        replicas,
        (services) =>
          Effect.replicateEffect(Context.get(services, Ledger).begin("topic", "a"), each).pipe(
            Effect.map((begun) => begun.map(({ attempt }) => attempt))
          ),
        { concurrency: 8 }
      )
      assert.deepStrictEqual(
        attempts.flat().sort((a, b) => a - b),
        Array.from({ length: 8 * each }, (_, index) => index + 1)
      )

      // Everything at once, on few messages.
      const step = (ledger: Ledger["Type"], deadLetters: DeadLetters["Type"]) =>
        Effect.gen(function* () {
          const id = `message-${yield* Random.nextIntBetween(0, 4)}`
          const kind = yield* Random.nextIntBetween(0, 6)
          if (kind < 2) yield* ledger.begin("topic", id)
          else if (kind === 2) yield* ledger.failed("topic", id, "again")
          else if (kind === 3) yield* ledger.settled("topic", id)
          else if (kind === 4) yield* ledger.bury({ ...letter, id })
          else yield* deadLetters.drop(id)
        })
      yield* Effect.forEach(
        replicas,
        (services, index) =>
          step(Context.get(services, Ledger), Context.get(services, DeadLetters)).pipe(
            Effect.repeatN(200),
            Effect.withRandom(Random.make(`replica ${index}`))
          ),
        { concurrency: 8, discard: true }
      )
      const [first] = replicas
      if (first === undefined) return assert.fail("no replica")
      assert.strictEqual(yield* Effect.provide(deadlocks, first), 0)
    }))

  test("does all of a burial or nothing when its connection dies in the middle", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const deadLetters = yield* DeadLetters
      yield* ledger.begin("topic", "a")
      const holder = yield* Effect.fork(hold("influscope.deliveries WHERE id = 'a'", 4))
      yield* Effect.sleep("300 millis")
      const burial = yield* Effect.fork(Effect.flip(ledger.bury(letter)))
      yield* eventually(
        "a connection that waits",
        Effect.map(terminateWaiting, (ended) => ended === 1)
      )
      const error = yield* Fiber.join(burial)
      assert.strictEqual(error.reason, "unavailable")
      assert.strictEqual(yield* deadLetters.count, 0)
      yield* Fiber.interrupt(holder)
      assert.strictEqual((yield* ledger.begin("topic", "a")).attempt, 2)
      yield* ledger.bury(letter)
      assert.strictEqual(yield* deadLetters.count, 1)
      assert.strictEqual((yield* ledger.begin("topic", "a")).attempt, 1)
    }).pipe(Effect.provide(onEmptyDatabase)))

  test("reads the backlog from the outbox, and its age from what was confirmed last", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const outbox = yield* Outbox
      const append = (topic: string, id: string, items: number) =>
        outbox.append(topic, { id, payload: "{}", items, traceparent: undefined }, undefined)
      const confirm = (topic: string, id: string) =>
        outbox.confirm(topic, id, { created: 1, updated: 0, unchanged: 0 })
      const backlog = (topic: string) =>
        Effect.map(ledger.backlog, (all) => all.find((entry): entry is QueueStats => entry.topic === topic))

      assert.deepStrictEqual(yield* ledger.backlog, [])
      for (const id of ["a", "b", "c", "d", "e"]) yield* append("topic", id, 10)
      yield* append("other", "a", 1)
      assert.deepStrictEqual(yield* backlog("topic"), {
        topic: "topic",
        messages: 5,
        items: 50,
        oldestSeconds: 0
      })
      yield* Effect.sleep("400 millis")
      // Sent again or not, it has been on its way since it was appended.
      yield* outbox.resent("topic", "a")
      yield* confirm("topic", "a")
      yield* outbox.markDead("topic", "b", "dead")
      yield* outbox.markDead("topic", "c", "dropped")
      const waiting = yield* backlog("topic")
      assert.deepStrictEqual([waiting?.messages, waiting?.items], [2, 20])
      assert.isAtLeast(waiting?.oldestSeconds ?? 0, 0.4)
      assert.isBelow(waiting?.oldestSeconds ?? 0, 30)
      assert.deepStrictEqual(yield* backlog("other"), {
        topic: "other",
        messages: 1,
        items: 1,
        oldestSeconds: 0
      })
      // A replayed batch sets out anew.
      yield* outbox.resent("topic", "b")
      assert.strictEqual((yield* backlog("topic"))?.messages, 3)
      yield* confirm("topic", "b")
      assert.isBelow((yield* backlog("topic"))?.oldestSeconds ?? 1, 0.4)
      yield* confirm("topic", "d")
      yield* confirm("topic", "e")
      yield* confirm("topic", "e")
      assert.deepStrictEqual(yield* backlog("topic"), {
        topic: "topic",
        messages: 0,
        items: 0,
        oldestSeconds: 0
      })
      // What was confirmed more than a minute ago says nothing of what waits now.
      yield* append("topic", "f", 1)
      const database = yield* Database
      yield* database.query(
        "let time pass",
        "UPDATE influscope.outbox SET confirmed_at = confirmed_at - 61000 WHERE state = 'confirmed'",
        []
      )
      assert.strictEqual((yield* backlog("topic"))?.oldestSeconds, 0)
    }).pipe(Effect.provide(onEmptyDatabase)))
})
