import { assert, describe, it } from "@effect/vitest"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub, Reject, Retry } from "@influscope/ports/PubSub"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { consume } from "../src/Consumer.ts"
import { Publisher } from "../src/Publisher.ts"
import { relayOnce } from "../src/Relay.ts"
import {
  allCreated,
  audit,
  batch,
  drained,
  embedded,
  embeddedOnce,
  Faults,
  noAudit,
  process,
  publish,
  publishRaw,
  queued,
  subscription,
  topic
} from "./Embedded.ts"

const deadLetter = (id: string) =>
  Effect.flatMap(DeadLetters, (deadLetters) => Effect.map(deadLetters.get(id), Option.getOrThrow))

describe("consuming", () => {
  it.scoped("decodes, runs the effect, confirms it, and acknowledges last", () => {
    const steps: Array<string> = []
    const watching = Layer.effect(
      Outbox,
      Effect.gen(function* () {
        const inner = yield* Outbox
        const pubsub = yield* PubSub
        return {
          ...inner,
          confirm: (name: string, id: string, counts: Parameters<typeof inner.confirm>[2]) =>
            Effect.gen(function* () {
              const first = yield* inner.confirm(name, id, counts)
              const [stats] = yield* pubsub.stats
              steps.push(`confirmed with ${stats?.messages} in the queue`)
              return first
            })
        }
      })
    )
    return Effect.gen(function* () {
      yield* publish("a", 3)
      yield* consume(topic, subscription, (event, delivery) =>
        Effect.gen(function* () {
          const { applied } = yield* Effect.orDie(audit())
          steps.push(`effect of ${event.numbers.join()} at attempt ${delivery.attempt}, ${applied} confirmed`)
          return { created: 1, updated: 1, unchanged: 1 }
        })
      )
      yield* drained
      assert.deepStrictEqual(steps, [
        "effect of 0,1,2 at attempt 1, 0 confirmed",
        "confirmed with 1 in the queue"
      ])
      assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 3, sentBatches: 1, applied: 3 })
    }).pipe(
      Effect.provide(Publisher.Default.pipe(Layer.provideMerge(watching), Layer.provideMerge(embeddedOnce)))
    )
  })

  it.scoped("dead-letters what cannot be decoded, once and with the reason, and never applies it", () =>
    Effect.gen(function* () {
      const deadLetters = yield* DeadLetters
      const payloads = [
        "",
        "not json",
        "null",
        "{}",
        '{"id":"","numbers":[1]}',
        '{"id":"a","numbers":"1"}',
        '{"id":"a","numbers":[1.5]}',
        '{"__proto__":{"id":"a","numbers":[1]}}',
        "[".repeat(20_000),
        "[".repeat(100_000) + "]".repeat(100_000),
        JSON.stringify({ id: { is: "x".repeat(400_000) }, numbers: [] }),
        JSON.stringify({ id: "a", numbers: Array.from({ length: 5_000 }, () => "x") })
      ]
      let applied = 0
      yield* consume(topic, subscription, (event) =>
        Effect.sync(() => {
          applied += 1
          return allCreated(event)
        })
      )
      yield* Effect.forEach(payloads, (payload, place) => publishRaw(`bad-${place}`, payload), {
        discard: true
      })
      yield* publish("good")
      yield* drained
      assert.strictEqual(applied, 1)
      assert.strictEqual(yield* deadLetters.count, payloads.length)
      for (const [place, payload] of payloads.entries()) {
        const letter = yield* deadLetter(`bad-${place}`)
        assert.strictEqual(letter.payload, payload)
        assert.strictEqual(letter.attempts, 1)
        assert.match(letter.reason, /^Not a numbers message: ./)
        assert.isAtMost(letter.reason.length, 2_000)
      }
      assert.deepStrictEqual(yield* audit(0), {
        ...noAudit,
        sent: payloads.length + 1,
        sentBatches: payloads.length + 1,
        applied: 1,
        deadLettered: payloads.length
      })
    }).pipe(Effect.provide(process()))
  )

  it.scoped("does not fill the log with what it cannot decode", () => {
    const logged: Array<string> = []
    const logger = Logger.map(Logger.jsonLogger, (line) => void logged.push(line))
    return Effect.gen(function* () {
      yield* consume(topic, subscription, (event) => Effect.succeed(allCreated(event)))
      yield* publishRaw("a", JSON.stringify({ id: { is: "x".repeat(400_000) }, numbers: [] }))
      yield* drained
      const lines = logged.filter((line) => line.includes("dead letters"))
      assert.strictEqual(lines.length, 1)
      assert.isAtMost(lines.join().length, 4_000)
    }).pipe(Effect.provide(Layer.merge(process(), Logger.replace(Logger.defaultLogger, logger))))
  })

  it.scoped("rejects at once what the handler rejects", () =>
    Effect.gen(function* () {
      yield* consume(topic, subscription, () => new Reject({ reason: "of no use" }))
      yield* publish("a", 4)
      yield* drained
      const { attempts, reason } = yield* deadLetter("a")
      assert.deepStrictEqual([attempts, reason], [1, "of no use"])
      const account = { ...noAudit, sent: 4, sentBatches: 1, deadLettered: 4 }
      assert.deepStrictEqual(yield* audit(0), account)
    }).pipe(Effect.provide(process()))
  )

  it.scoped("tries again until the attempts are used up, then gives up with the last reason", () =>
    Effect.gen(function* () {
      const attempts: Array<number> = []
      yield* consume(topic, subscription, (_, { attempt }) =>
        Effect.suspend(() => {
          attempts.push(attempt)
          return new Retry({ reason: `not now ${attempt}` })
        })
      )
      yield* publish("a", 4)
      yield* drained
      assert.deepStrictEqual(attempts, [1, 2, 3])
      const letter = yield* deadLetter("a")
      assert.strictEqual(letter.reason, "Gave up after 3 attempts: not now 3")
      assert.strictEqual(letter.attempts, 3)
      const account = { ...noAudit, sent: 4, sentBatches: 1, deadLettered: 4 }
      assert.deepStrictEqual(yield* audit(0), account)
    }).pipe(Effect.provide(process()))
  )

  it.scoped("takes a defect for a reason to try again, and says in the end what it was", () =>
    Effect.gen(function* () {
      let deliveries = 0
      yield* consume(topic, subscription, () =>
        Effect.suspend(() => {
          deliveries += 1
          return Effect.die(new TypeError(`a mistake of ours ${"x".repeat(100_000)}`))
        })
      )
      yield* publish("a", 4)
      yield* drained
      assert.strictEqual(deliveries, 3)
      const { reason } = yield* deadLetter("a")
      assert.match(reason, /^Gave up after 3 attempts: TypeError: a mistake of ours x/)
      assert.isAtMost(reason.length, 2_000)
      const account = { ...noAudit, sent: 4, sentBatches: 1, deadLettered: 4 }
      assert.deepStrictEqual(yield* audit(0), account)
    }).pipe(Effect.provide(process()))
  )

  it.scoped("succeeds at the last attempt", () =>
    Effect.gen(function* () {
      yield* consume(topic, subscription, (event, { attempt }) =>
        attempt < subscription.maxAttempts
          ? new Retry({ reason: "not now" })
          : Effect.succeed(allCreated(event))
      )
      yield* publish("a")
      yield* drained
      assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 1, sentBatches: 1, applied: 1 })
    }).pipe(Effect.provide(process()))
  )
})

describe("a consumer that is stopped in the middle", () => {
  /** Writes each number of a batch down, as an idempotent sink does, and counts how often it was asked to. */
  const keep = Effect.gen(function* () {
    const state = yield* StateStore
    let calls = 0
    yield* consume(topic, subscription, (event) =>
      Effect.forEach(event.numbers, (number) => state.set(`${event.id}/${number}`, "1"), {
        discard: true
      }).pipe(
        Effect.orDie,
        Effect.zipRight(
          Effect.sync(() => {
            calls += 1
            return allCreated(event)
          })
        )
      )
    )
    return () => calls
  })

  const kept = (id: string, items: number) =>
    Effect.flatMap(StateStore, (state) =>
      Effect.map(
        state.getMany(batch(id, items).numbers.map((number) => `${id}/${number}`)),
        (found) => found.filter(Option.isSome).length
      )
    )

  it.scoped("applies again what could not be confirmed, and counts it once", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.confirmsToFail = 2
      yield* publish("a", 3)
      const calls = yield* keep
      yield* drained
      assert.strictEqual(calls(), 3)
      assert.strictEqual(yield* kept("a", 3), 3)
      assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 3, sentBatches: 1, applied: 3 })
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped(
    "has a dead letter, not a loss, when no confirmation ever succeeds; its replay is applied",
    () => {
      const faults = new Faults()
      return Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const outbox = yield* Outbox
        faults.confirmsToFail = 3
        yield* publish("a", 3)
        yield* keep
        yield* drained
        assert.include((yield* deadLetter("a")).reason, "Gave up after 3 attempts: confirm failed")
        assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 3, sentBatches: 1, deadLettered: 3 })
        assert.isTrue(yield* deadLetters.replay("a"))
        yield* outbox.resent(topic.name, "a")
        yield* drained
        assert.strictEqual(yield* deadLetters.count, 0)
        assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 3, sentBatches: 1, applied: 3 })
      }).pipe(Effect.provide(process(faults)))
    }
  )

  it.scoped("counts a duplicate when it stopped between the confirmation and the acknowledgement", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.confirmsToDieAfter = 1
      yield* publish("a", 3)
      const calls = yield* keep
      yield* drained
      assert.strictEqual(calls(), 2)
      const account = { ...noAudit, sent: 3, sentBatches: 1, applied: 3, duplicateBatches: 1 }
      assert.deepStrictEqual(yield* audit(0), account)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("goes on in the next life of the process where it was", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const faults = new Faults()
      const life = Publisher.Default.pipe(Layer.provideMerge(faults.before(embedded(directory))))
      yield* Effect.gen(function* () {
        faults.confirmsToFail = 1
        yield* Effect.forEach(["a", "b", "c"], (id) => publish(id, 2), { discard: true })
        yield* consume(
          topic,
          { ...subscription, concurrency: 1 },
          () => new Retry({ reason: "not in this life" })
        )
      }).pipe(Effect.scoped, Effect.provide(life))
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* queued, 3)
        yield* keep
        yield* drained
        for (const id of ["a", "b", "c"]) assert.strictEqual(yield* kept(id, 2), 2)
        assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 6, sentBatches: 3, applied: 6 })
      }).pipe(Effect.scoped, Effect.provide(life))
    })
  )

  it.scoped("keeps the reason of a dead letter when the outbox cannot be told; the relay tells it", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.marksToFail = 1
      yield* consume(topic, subscription, () => new Reject({ reason: "of no use" }))
      yield* publish("a", 4)
      yield* drained
      const { attempts, reason } = yield* deadLetter("a")
      assert.deepStrictEqual([attempts, reason], [1, "of no use"])
      assert.strictEqual((yield* audit()).pending, 4)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* relayOnce(Duration.seconds(30)), 0)
      const account = { ...noAudit, sent: 4, sentBatches: 1, deadLettered: 4 }
      assert.deepStrictEqual(yield* audit(0), account)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped(
    "leaves a batch that ends in the timeout to the broker's dead letters; the relay completes the account",
    () =>
      Effect.gen(function* () {
        yield* consume(topic, subscription, () => Effect.never)
        yield* publish("a", 4)
        yield* TestClock.adjust("20 seconds")
        yield* drained
        assert.include((yield* deadLetter("a")).reason, "not handled within 5s")
        yield* TestClock.adjust("31 seconds")
        assert.strictEqual(yield* relayOnce(Duration.seconds(30)), 0)
        assert.strictEqual(yield* queued, 0)
        const account = { ...noAudit, sent: 4, sentBatches: 1, deadLettered: 4 }
        assert.deepStrictEqual(yield* audit(0), account)
      }).pipe(Effect.provide(process()))
  )

  it.scoped(
    "has no dead letter of a duplicate of what was applied before, whatever becomes of the duplicate",
    () => {
      const faults = new Faults()
      return Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        for (const id of ["rejected", "given up"]) {
          faults.confirmsToDieAfter = 1
          yield* publish(id, 3)
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* consume(topic, subscription, (event, { attempt }) =>
                attempt === 1
                  ? Effect.succeed(allCreated(event))
                  : id === "rejected"
                    ? new Reject({ reason: "of no use" })
                    : new Retry({ reason: "not now" })
              )
              yield* drained
            })
          )
        }
        assert.strictEqual(yield* deadLetters.count, 0)
        assert.deepStrictEqual(yield* audit(0), { ...noAudit, sent: 6, sentBatches: 2, applied: 6 })
      }).pipe(Effect.provide(process(faults)))
    }
  )
})
