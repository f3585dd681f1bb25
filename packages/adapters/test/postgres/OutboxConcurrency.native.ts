import { assert } from "@effect/vitest"
import { suite } from "@influscope/ports/conformance/Conformance"
import { Outbox } from "@influscope/ports/Outbox"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { Database } from "../../src/postgres/Database.ts"
import * as PostgresOutbox from "../../src/postgres/Outbox.ts"
import { consistent, deadlocks } from "./Invariants.ts"
import { emptyDatabase } from "./Server.ts"

const connections = 8
const topics = ["first", "second"]
const idsPerTopic = 12
const stepsPerConnection = 400

/** As many processes as there are connections: each with a pool of one. */
const processes = Effect.gen(function* () {
  const { database } = yield* emptyDatabase
  const open = Layer.build(
    Layer.fresh(Layer.provideMerge(PostgresOutbox.layer, database({ DATABASE_POOL_SIZE: "1" })))
  )
  return yield* Effect.replicateEffect(open, connections, { concurrency: connections })
})

suite("Outbox: postgres with eight connections", Layer.empty, (test) => {
  test("keeps its accounts right, and never waits in a circle", () =>
    Effect.gen(function* () {
      const all = yield* processes
      const appended: Array<string> = []
      const applied: Array<string> = []
      const job = (id: number): string | undefined => (id % 3 === 0 ? undefined : `job-${id % 3}`)

      const step = (outbox: Outbox["Type"]) =>
        Effect.gen(function* () {
          const topic = topics[yield* Random.nextIntBetween(0, topics.length)] ?? "first"
          const number = yield* Random.nextIntBetween(0, idsPerTopic)
          const [id, items] = [`batch-${number}`, number + 1]
          switch (yield* Random.nextIntBetween(0, 7)) {
            case 0:
            case 1: {
              const message = { id, payload: "{}", items, traceparent: undefined }
              if (yield* outbox.append(topic, message, job(number))) appended.push(`${topic} ${id}`)
              break
            }
            case 2:
            case 3:
              if (yield* outbox.confirm(topic, id, { created: items, updated: 0, unchanged: 0 }))
                applied.push(`${topic} ${id}`)
              break
            case 4:
              yield* outbox.markDead(topic, id, "dead")
              break
            case 5:
              if (number % 4 === 0) yield* outbox.markDead(topic, id, "dropped")
              break
            default:
              yield* outbox.resent(topic, id)
          }
        })

      yield* Effect.forEach(
        all,
        (services, index) =>
          Effect.repeatN(step(Context.get(services, Outbox)), stepsPerConnection - 1).pipe(
            Effect.withRandom(Random.make(`connection ${index}`))
          ),
        { concurrency: connections, discard: true }
      )
      const [first] = all
      if (first === undefined) return assert.fail("no connection")
      yield* Effect.provide(consistent, first)
      assert.strictEqual(yield* Effect.provide(deadlocks, first), 0)
      // What was confirmed or appended twice at once was so once.
      assert.strictEqual(new Set(appended).size, appended.length)
      assert.strictEqual(new Set(applied).size, applied.length)
      assert.isAbove(applied.length, idsPerTopic)
      const audit = yield* Context.get(first, Outbox).audit(3_600_000)
      const sum = (id: number) => id + 1
      const itemsOf = (topic: string, entries: ReadonlyArray<string>) =>
        entries
          .filter((entry) => entry.startsWith(`${topic} `))
          .reduce((total, entry) => total + sum(Number(entry.split("-")[1])), 0)
      for (const topic of topics) {
        const account = audit.find((entry) => entry.topic === topic)
        assert.strictEqual(account?.sent, itemsOf(topic, appended))
        assert.strictEqual(account?.applied, itemsOf(topic, applied))
      }
    }))

  test("lets relays prune and read at once while batches are confirmed", () =>
    Effect.gen(function* () {
      const all = yield* processes
      const batches = 2_500
      const ids = Array.from({ length: batches }, (_, index) => `batch-${index}`)
      const outboxes = all.map((services) => Context.get(services, Outbox))
      const part = (index: number) => ids.filter((_, place) => place % connections === index)
      const forEachProcess = <A, E, R>(
        work: (outbox: Outbox["Type"], index: number) => Effect.Effect<A, E, R>
      ) => Effect.forEach(outboxes, work, { concurrency: connections })
      yield* forEachProcess((outbox, index) =>
        Effect.forEach(
          part(index),
          (id) => outbox.append("topic", { id, payload: "{}", items: 2, traceparent: undefined }, "job"),
          { discard: true }
        )
      )
      yield* Effect.all(
        [
          forEachProcess((outbox, index) =>
            Effect.forEach(
              part(index),
              (id) => outbox.confirm("topic", id, { created: 2, updated: 0, unchanged: 0 }),
              { discard: true }
            )
          ),
          forEachProcess((outbox) =>
            Effect.repeatN(
              Effect.gen(function* () {
                yield* outbox.prune({ ofJobs: Date.now(), others: 0 })
                const [account] = yield* outbox.audit(3_600_000)
                assert.strictEqual((account?.applied ?? 0) + (account?.pending ?? 0), 2 * batches)
                yield* outbox.overdue("topic", Date.now(), { first: 0, longest: 0 }, 20)
              }),
              10
            )
          )
        ],
        { concurrency: 2 }
      )
      const pruned = yield* forEachProcess((outbox) =>
        outbox.prune({ ofJobs: Date.now() + 1_000, others: 0 })
      )
      assert.isAtMost(
        pruned.reduce((sum, one) => sum + one, 0),
        batches
      )
      const [first] = all
      if (first === undefined) return assert.fail("no connection")
      yield* Effect.gen(function* () {
        const database = yield* Database
        const count = (table: string) =>
          Effect.map(
            database.query<{ count: number }>(
              "check",
              `SELECT count(*)::integer AS count FROM influscope.${table}`,
              []
            ),
            ([row]) => row?.count
          )
        assert.strictEqual(yield* count("outbox"), 0)
        assert.strictEqual(yield* count("outbox_payloads"), 0)
        assert.strictEqual(yield* deadlocks, 0)
        const outbox = yield* Outbox
        const [account] = yield* outbox.audit(-1)
        assert.deepStrictEqual(
          [account?.sent, account?.sentBatches, account?.applied, account?.missing],
          [2 * batches, batches, 2 * batches, 0]
        )
      }).pipe(Effect.provide(first))
    }))
})
