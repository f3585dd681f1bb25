import { assert, describe, it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type DeadLetter, DeadLetters } from "../DeadLetters.ts"
import { type Delivery, PubSub, Reject, type SubscribeOptions } from "../PubSub.ts"
import { awkwardText, defaultPatience, eventually, type Restartable, suite, unique } from "./Conformance.ts"

type Services = PubSub | DeadLetters

export interface DeadLettersConformanceOptions<E> {
  /** Longest wait for what must happen. 10 s when absent. */
  readonly patience?: Duration.DurationInput
  /** Left out, the tests of restarts do not run. */
  readonly restartable?: Restartable<Services, E>
}

const subscription: SubscribeOptions = { concurrency: 1, maxAttempts: 3, timeout: "5 seconds" }

/** What every DeadLetters must do, together with the PubSub that feeds it. */
export const deadLettersConformance = <E>(
  name: string,
  layer: Layer.Layer<Services, E>,
  options: DeadLettersConformanceOptions<E> = {}
): void => {
  const patience = options.patience ?? defaultPatience

  /** Publishes one message and has it rejected; answers when it is among the dead letters and nobody is subscribed. */
  const bury = Effect.fnUntraced(function* (topic: string, id: string, reason = "of no use", payload = "{}") {
    const pubSub = yield* PubSub
    const deadLetters = yield* DeadLetters
    const scope = yield* Scope.make()
    yield* pubSub.subscribe(topic, subscription, () => new Reject({ reason })).pipe(Scope.extend(scope))
    yield* pubSub.publish(topic, { id, payload, items: 2, traceparent: undefined })
    const isBuried = Effect.map(deadLetters.get(id), (found) =>
      Option.exists(found, (letter) => letter.reason === reason)
    )
    yield* eventually(`dead letter ${id}`, isBuried, patience)
    yield* Scope.close(scope, Exit.void)
  })

  /** Subscribes a handler that succeeds and keeps what it was given. */
  const collect = Effect.fnUntraced(function* (topic: string) {
    const pubSub = yield* PubSub
    const deliveries: Array<Delivery> = []
    yield* pubSub.subscribe(topic, subscription, (delivery) =>
      Effect.sync(() => {
        deliveries.push(delivery)
      })
    )
    return deliveries
  })

  const pages = Effect.fnUntraced(function* (topic: string, limit: number) {
    const deadLetters = yield* DeadLetters
    const found: Array<DeadLetter> = []
    let before: { readonly deadAt: number; readonly id: string } | undefined
    while (found.length < 1_000) {
      const page = yield* deadLetters.list({ topic, limit, before })
      assert.isAtMost(page.length, limit)
      found.push(...page)
      before = page.at(-1)
      if (before === undefined) return found
    }
    return assert.fail("the pages have no end")
  })

  suite(`DeadLetters: ${name}`, layer, (test) => {
    test("keeps the message with its reason", () =>
      Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const [topic, id] = [unique("topic"), unique("message")]
        const payload = JSON.stringify(awkwardText)
        const started = Date.now()
        yield* bury(topic, id, "column Ünïcode 日本", payload)
        const { deadAt, ...letter } = Option.getOrThrow(yield* deadLetters.get(id))
        assert.deepStrictEqual(letter, {
          id,
          topic,
          payload,
          items: 2,
          reason: "column Ünïcode 日本",
          attempts: 1
        })
        assert.isAtLeast(deadAt, started - 60_000)
        assert.isAtMost(deadAt, Date.now() + 60_000)
      }))

    test("knows nothing of other ids", () =>
      Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const id = unique("message")
        assert.isTrue(Option.isNone(yield* deadLetters.get(id)))
        assert.isFalse(yield* deadLetters.replay(id))
        assert.isFalse(yield* deadLetters.drop(id))
      }))

    test("lists newest first, page by page, each entry once", () =>
      Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const [topic, other] = [unique("topic"), unique("topic")]
        const ids = Array.from({ length: 5 }, () => unique("message"))
        yield* Effect.forEach(ids, (id) => bury(topic, id), { discard: true })
        const otherId = unique("message")
        yield* bury(other, otherId)
        const found = yield* pages(topic, 2)
        assert.deepStrictEqual(found.map((letter) => letter.id).sort(), [...ids].sort())
        const times = found.map((letter) => letter.deadAt)
        assert.deepStrictEqual(
          times,
          [...times].sort((a, b) => b - a)
        )
        const newest = yield* deadLetters.list({ topic: undefined, limit: 1, before: undefined })
        assert.strictEqual(newest[0]?.id, otherId)
      }))

    test("counts its entries", () =>
      Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const topic = unique("topic")
        const [first, second] = [unique("message"), unique("message")]
        const before = yield* deadLetters.count
        yield* bury(topic, first)
        yield* bury(topic, second)
        assert.strictEqual(yield* deadLetters.count, before + 2)
        yield* deadLetters.drop(first)
        assert.strictEqual(yield* deadLetters.count, before + 1)
      }))

    test("replays to a subscriber that is there, with the attempts forgotten", () =>
      Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const [topic, id] = [unique("topic"), unique("message")]
        yield* bury(topic, id, "of no use", JSON.stringify("kept"))
        const deliveries = yield* collect(topic)
        assert.isTrue(yield* deadLetters.replay(id))
        yield* eventually(
          "the replayed message",
          Effect.sync(() => deliveries.length > 0),
          patience
        )
        assert.deepStrictEqual(deliveries[0], {
          id,
          payload: JSON.stringify("kept"),
          items: 2,
          traceparent: undefined,
          attempt: 1
        })
        assert.isTrue(Option.isNone(yield* deadLetters.get(id)))
        assert.isFalse(yield* deadLetters.replay(id))
      }))

    test("replays a message for a subscriber that comes later", () =>
      Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const [topic, id] = [unique("topic"), unique("message")]
        yield* bury(topic, id)
        assert.isTrue(yield* deadLetters.replay(id))
        const deliveries = yield* collect(topic)
        yield* eventually(
          "the replayed message",
          Effect.sync(() => deliveries.length > 0),
          patience
        )
        assert.strictEqual(deliveries[0]?.id, id)
      }))

    test("holds one entry, with the newer reason, of a message that dies again after its replay", () =>
      Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        const [topic, id] = [unique("topic"), unique("message")]
        yield* bury(topic, id, "first")
        yield* deadLetters.replay(id)
        yield* bury(topic, id, "second")
        const found = yield* pages(topic, 10)
        assert.deepStrictEqual(
          found.map((letter) => letter.reason),
          ["second"]
        )
      }))

    test("drops for good", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const deadLetters = yield* DeadLetters
        const [topic, id, marker] = [unique("topic"), unique("message"), unique("message")]
        yield* bury(topic, id)
        assert.isTrue(yield* deadLetters.drop(id))
        assert.isFalse(yield* deadLetters.drop(id))
        assert.isFalse(yield* deadLetters.replay(id))
        assert.isTrue(Option.isNone(yield* deadLetters.get(id)))
        const deliveries = yield* collect(topic)
        yield* pubSub.publish(topic, { id: marker, payload: "{}", items: 1, traceparent: undefined })
        yield* eventually(
          "the marker",
          Effect.sync(() => deliveries.length > 0),
          patience
        )
        assert.deepStrictEqual(
          deliveries.map((delivery) => delivery.id),
          [marker]
        )
      }))
  })

  const { restartable } = options
  if (restartable === undefined) return
  describe(`DeadLetters across restarts: ${name}`, () => {
    it.scopedLive("keeps its entries", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const [topic, id] = [unique("topic"), unique("message")]
        yield* bury(topic, id, "kept").pipe(Effect.provide(process))
        const letter = yield* Effect.flatMap(DeadLetters, (deadLetters) => deadLetters.get(id)).pipe(
          Effect.provide(process)
        )
        assert.strictEqual(Option.getOrThrow(letter).reason, "kept")
      })
    )
  })
}
