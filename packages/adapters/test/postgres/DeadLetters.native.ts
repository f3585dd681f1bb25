import { assert } from "@effect/vitest"
import { suite } from "@influscope/ports/conformance/Conformance"
import { deadLettersConformance } from "@influscope/ports/conformance/DeadLettersConformance"
import { type DeadLetter, DeadLetters } from "@influscope/ports/DeadLetters"
import { type Message, PubSub } from "@influscope/ports/PubSub"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Ledger } from "../../src/dapr/Ledger.ts"
import * as PostgresDeadLetters from "../../src/postgres/DeadLetters.ts"
import * as PostgresLedger from "../../src/postgres/Ledger.ts"
import * as LedgerPubSub from "./LedgerPubSub.ts"
import { emptyDatabase } from "./Server.ts"

const withPubSub = <R>(pubSub: Layer.Layer<PubSub, never, R>) =>
  PostgresDeadLetters.layer.pipe(Layer.provideMerge(pubSub), Layer.provideMerge(PostgresLedger.layer))

const restartable = emptyDatabase.pipe(
  Effect.map(({ database }) => Layer.provide(withPubSub(LedgerPubSub.layer), database())),
  Effect.orDie
)

deadLettersConformance("postgres", Layer.unwrapEffect(restartable), { restartable })

const letter: DeadLetter = {
  id: "a",
  topic: "topic",
  payload: "{}",
  items: 3,
  reason: "first",
  attempts: 4,
  deadAt: 1_790_000_000_000
}

/** Dead letters whose messages go to the given function instead of a broker. */
const publishingTo = (
  publish: (topic: string, message: Message) => Effect.Effect<void, StorageError, Ledger>
) =>
  Layer.unwrapEffect(
    Effect.map(emptyDatabase, ({ database }) => {
      const pubSub = Layer.effect(
        PubSub,
        Effect.map(Ledger, (ledger) =>
          PubSub.of({
            publish: (topic, message) => Effect.provideService(publish(topic, message), Ledger, ledger),
            subscribe: () => Effect.void,
            stats: Effect.succeed([])
          })
        )
      )
      return Layer.provide(withPubSub(pubSub), database())
    })
  )

suite("Dead letters in PostgreSQL", Layer.empty, (test) => {
  test("keep the entry of a message that dies again before its replay has ended", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const deadLetters = yield* DeadLetters
      yield* ledger.bury(letter)
      assert.isTrue(yield* deadLetters.replay(letter.id))
      assert.strictEqual(Option.getOrThrow(yield* deadLetters.get(letter.id)).reason, "second")
      assert.strictEqual(yield* deadLetters.count, 1)
    }).pipe(
      Effect.provide(
        publishingTo(() => Effect.flatMap(Ledger, (ledger) => ledger.bury({ ...letter, reason: "second" })))
      )
    ))

  test("keep the entry of a message that the broker does not take", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const deadLetters = yield* DeadLetters
      yield* ledger.bury(letter)
      const error = yield* Effect.flip(deadLetters.replay(letter.id))
      assert.strictEqual(error.reason, "unavailable")
      assert.deepStrictEqual(yield* deadLetters.get(letter.id), Option.some(letter))
    }).pipe(
      Effect.provide(
        publishingTo(() =>
          Effect.fail(new StorageError({ reason: "unavailable", operation: "publish", cause: "no broker" }))
        )
      )
    ))

  test("are told apart by topic; the newest of an id answers to it", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const deadLetters = yield* DeadLetters
      yield* ledger.bury(letter)
      yield* ledger.bury({ ...letter, topic: "other", deadAt: letter.deadAt + 1 })
      assert.strictEqual(yield* deadLetters.count, 2)
      assert.strictEqual(Option.getOrThrow(yield* deadLetters.get(letter.id)).topic, "other")
      assert.isTrue(yield* deadLetters.drop(letter.id))
      assert.strictEqual(Option.getOrThrow(yield* deadLetters.get(letter.id)).topic, "topic")
      assert.isTrue(yield* deadLetters.drop(letter.id))
      assert.isFalse(yield* deadLetters.drop(letter.id))
    }).pipe(Effect.provide(publishingTo(() => Effect.void))))

  test("take what no table and no index should be given", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger
      const deadLetters = yield* DeadLetters
      const id = `\u0000${"'; DROP TABLE influscope.outbox; -- ñ日".repeat(1_000)}`
      const awkward = {
        ...letter,
        id,
        payload: "not JSON: \u0000 '\\ \ud83d\ude00",
        reason: "because of \u0000"
      }
      yield* ledger.begin(letter.topic, id)
      yield* ledger.bury(awkward)
      const found = Option.getOrThrow(yield* deadLetters.get(id))
      assert.strictEqual(found.payload, awkward.payload)
      assert.strictEqual(found.reason, "because of \ufffd")
      // What is too long for an index answers to its short form too.
      assert.isAtMost(found.id.length, 256)
      assert.isTrue(yield* deadLetters.drop(found.id))
    }).pipe(Effect.provide(publishingTo(() => Effect.void))))
})
