import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { DeadLetters } from "../DeadLetters.ts"
import {
  type Delivery,
  type Message,
  PubSub,
  type QueueStats,
  Reject,
  Retry,
  type SubscribeOptions
} from "../PubSub.ts"
import { awkwardText, defaultPatience, eventually, type Restartable, suite, unique } from "./Conformance.ts"

type Services = PubSub | DeadLetters

export interface PubSubConformanceOptions<E> {
  /** Longest wait for what must happen; at least four back-offs. 10 s when absent. */
  readonly patience?: Duration.DurationInput
  /** Left out, the tests of restarts do not run. */
  readonly restartable?: Restartable<Services, E>
  /**
   * Names a topic no test has used. A sidecar asks its app for topics once, before any test runs: there, the names are
   * made beforehand. Any name will do when absent.
   */
  readonly topic?: () => string
  /**
   * The broker hands out a topic's messages one after the other, in each part of it: one that is being handled, or fails,
   * holds up the next. So Kafka does; the tests that need two messages in hand ask less of it.
   */
  readonly ordered?: boolean
}

const defaults: SubscribeOptions = { concurrency: 4, maxAttempts: 5, timeout: "5 seconds" }

const makeMessage = (payload = "{}", items = 1): Message => ({
  id: unique("message"),
  payload,
  items,
  traceparent: undefined
})

/** Subscribes a handler that keeps what it was given, after `react` had its say. */
const collect = Effect.fnUntraced(function* (
  topic: string,
  options: Partial<SubscribeOptions> = {},
  react: (delivery: Delivery) => Effect.Effect<void, Retry | Reject> = () => Effect.void
) {
  const pubSub = yield* PubSub
  const deliveries: Array<Delivery> = []
  yield* pubSub.subscribe(topic, { ...defaults, ...options }, (delivery) =>
    Effect.suspend(() => {
      deliveries.push(delivery)
      return react(delivery)
    })
  )
  return deliveries
})

const statsOf = (topic: string): Effect.Effect<QueueStats, unknown, PubSub> =>
  Effect.gen(function* () {
    const pubSub = yield* PubSub
    const all = yield* pubSub.stats
    return all.find((entry) => entry.topic === topic) ?? { topic, messages: 0, items: 0, oldestSeconds: 0 }
  })

const isEmpty = (topic: string) => Effect.map(statsOf(topic), (stats) => stats.messages === 0)

/** What every PubSub must do, whatever is behind it. The layer is built once and shared by the tests. */
export const pubSubConformance = <E>(
  name: string,
  layer: Layer.Layer<Services, E>,
  options: PubSubConformanceOptions<E> = {}
): void => {
  const patience = options.patience ?? defaultPatience
  const ordered = options.ordered ?? false
  const newTopic = options.topic ?? (() => unique("topic"))
  const soon = <E1, R>(what: string, check: Effect.Effect<boolean, E1, R>) =>
    eventually(what, check, patience)
  const arrived = (deliveries: ReadonlyArray<Delivery>, count: number) =>
    soon(
      `${count} deliveries`,
      Effect.sync(() => deliveries.length >= count)
    )

  suite(`PubSub: ${name}`, layer, (test) => {
    test("delivers what was published, unchanged", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const message: Message = {
          id: unique("message"),
          payload: JSON.stringify({ text: awkwardText }),
          items: 17,
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        }
        const deliveries = yield* collect(topic)
        yield* pubSub.publish(topic, message)
        yield* arrived(deliveries, 1)
        assert.deepStrictEqual(deliveries[0], { ...message, attempt: 1 })
      }))

    test("keeps a message published before any subscriber", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const message = makeMessage()
        yield* pubSub.publish(topic, message)
        const deliveries = yield* collect(topic)
        yield* arrived(deliveries, 1)
        assert.strictEqual(deliveries[0]?.id, message.id)
      }))

    test("carries a payload of 512 KiB", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const payload = JSON.stringify("é".repeat(256 * 1024 - 8))
        const deliveries = yield* collect(topic)
        yield* pubSub.publish(topic, makeMessage(payload, 500))
        yield* arrived(deliveries, 1)
        assert.isTrue(deliveries[0]?.payload === payload)
      }))

    test("delivers every message of many concurrent publishers", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const messages = Array.from({ length: 200 }, () => makeMessage())
        const deliveries = yield* collect(topic, { concurrency: 10 })
        yield* Effect.forEach(messages, (message) => pubSub.publish(topic, message), {
          concurrency: 20,
          discard: true
        })
        const seen = () => new Set(deliveries.map((delivery) => delivery.id))
        yield* soon(
          "all messages",
          Effect.sync(() => seen().size >= messages.length)
        )
        assert.deepStrictEqual([...seen()].sort(), messages.map((message) => message.id).sort())
        yield* soon("an empty queue", isEmpty(topic))
      }))

    test("keeps topics apart", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const [left, right] = [newTopic(), newTopic()]
        const toLeft = yield* collect(left)
        const toRight = yield* collect(right)
        const message = makeMessage()
        yield* pubSub.publish(left, message)
        yield* pubSub.publish(right, message)
        yield* arrived(toLeft, 1)
        yield* arrived(toRight, 1)
        yield* soon("an empty queue", isEmpty(left))
        yield* soon("an empty queue", isEmpty(right))
        assert.strictEqual(toLeft.length, 1)
        assert.strictEqual(toRight.length, 1)
      }))

    test("gives the handler the context of its subscriber", () =>
      Effect.gen(function* () {
        class Name extends Context.Tag("conformance/Name")<Name, string>() {}
        const pubSub = yield* PubSub
        const topic = newTopic()
        const heard = yield* Deferred.make<string>()
        yield* pubSub
          .subscribe(topic, defaults, () =>
            Effect.flatMap(Name, (known) => Deferred.succeed(heard, known)).pipe(Effect.asVoid)
          )
          .pipe(Effect.provideService(Name, "subscriber"))
        yield* pubSub.publish(topic, makeMessage())
        assert.strictEqual(yield* Effect.timeout(Deferred.await(heard), patience), "subscriber")
      }))

    test("counts a message as queued until its handler has succeeded", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const gate = yield* Deferred.make<void>()
        yield* pubSub.publish(topic, makeMessage("{}", 3))
        yield* pubSub.publish(topic, makeMessage("{}", 4))
        const before = yield* statsOf(topic)
        assert.strictEqual(before.messages, 2)
        assert.strictEqual(before.items, 7)
        assert.isAtLeast(before.oldestSeconds, 0)
        const deliveries = yield* collect(topic, { concurrency: 2 }, () => Deferred.await(gate))
        yield* arrived(deliveries, ordered ? 1 : 2)
        yield* Effect.sleep("50 millis")
        const during = yield* statsOf(topic)
        assert.strictEqual(during.messages, 2)
        assert.isAtLeast(during.oldestSeconds, 0.05)
        yield* Deferred.succeed(gate, undefined)
        yield* soon("an empty queue", isEmpty(topic))
        const after = yield* statsOf(topic)
        assert.strictEqual(after.items, 0)
        assert.strictEqual(after.oldestSeconds, 0)
      }))

    test("delivers again after Retry, later each time", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const times: Array<number> = []
        const deliveries = yield* collect(topic, {}, (delivery) => {
          times.push(performance.now())
          return delivery.attempt < 5 ? new Retry({ reason: "not now" }) : Effect.void
        })
        const message = makeMessage(JSON.stringify("kept"))
        yield* pubSub.publish(topic, message)
        yield* arrived(deliveries, 5)
        assert.deepStrictEqual(
          deliveries.map((delivery) => delivery.attempt),
          [1, 2, 3, 4, 5]
        )
        assert.isTrue(deliveries.every((delivery) => delivery.payload === message.payload))
        const gap = (index: number) => (times[index] ?? 0) - (times[index - 1] ?? 0)
        // Far enough apart that no jitter turns them round, also where a delay is only half as long again as the one before.
        assert.isAbove(gap(4), gap(1))
        yield* soon("an empty queue", isEmpty(topic))
        assert.strictEqual(deliveries.length, 5)
      }))

    test("delivers again after a defect, a throw and an interruption of the handler", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const deliveries = yield* collect(topic, {}, (delivery) => {
          if (delivery.attempt === 1) return Effect.die("defect")
          if (delivery.attempt === 2) throw new TypeError("thrown")
          return delivery.attempt === 3 ? Effect.interrupt : Effect.void
        })
        yield* pubSub.publish(topic, makeMessage())
        yield* arrived(deliveries, 4)
        yield* soon("an empty queue", isEmpty(topic))
        assert.strictEqual(deliveries.length, 4)
      }))

    test("stops a handler that is too slow and delivers again", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        let stopped = 0
        const deliveries = yield* collect(topic, { timeout: "100 millis" }, (delivery) =>
          delivery.attempt === 1
            ? Effect.onInterrupt(Effect.never, () =>
                Effect.sync(() => {
                  stopped += 1
                })
              )
            : Effect.void
        )
        yield* pubSub.publish(topic, makeMessage())
        yield* arrived(deliveries, 2)
        assert.strictEqual(stopped, 1)
        yield* soon("an empty queue", isEmpty(topic))
      }))

    test("dead-letters a rejected message at once, with the reason", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const deadLetters = yield* DeadLetters
        const topic = newTopic()
        const message = makeMessage(JSON.stringify("poison"), 9)
        const reason = `line 3: ${awkwardText.replaceAll("\u0000", "")}`
        const deliveries = yield* collect(topic, {}, () => new Reject({ reason }))
        yield* pubSub.publish(topic, message)
        yield* soon("a dead letter", Effect.map(deadLetters.get(message.id), Option.isSome))
        const letter = Option.getOrThrow(yield* deadLetters.get(message.id))
        assert.strictEqual(letter.reason, reason)
        assert.strictEqual(letter.topic, topic)
        assert.strictEqual(letter.payload, message.payload)
        assert.strictEqual(letter.items, 9)
        assert.strictEqual(letter.attempts, 1)
        yield* soon("an empty queue", isEmpty(topic))
        assert.strictEqual(deliveries.length, 1)
      }))

    test("dead-letters a message whose attempts are used up, with the last reason", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const deadLetters = yield* DeadLetters
        const topic = newTopic()
        const message = makeMessage()
        const deliveries = yield* collect(
          topic,
          { maxAttempts: 3 },
          (delivery) => new Retry({ reason: `failure ${delivery.attempt}` })
        )
        yield* pubSub.publish(topic, message)
        yield* soon("a dead letter", Effect.map(deadLetters.get(message.id), Option.isSome))
        const letter = Option.getOrThrow(yield* deadLetters.get(message.id))
        assert.strictEqual(letter.attempts, 3)
        assert.include(letter.reason, "failure 3")
        yield* soon("an empty queue", isEmpty(topic))
        assert.strictEqual(deliveries.length, 3)
      }))

    test("does not dead-letter a message for an outage that outlasts its attempts", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const deadLetters = yield* DeadLetters
        const topic = newTopic()
        const message = makeMessage()
        let left = 3
        const deliveries = yield* collect(topic, { maxAttempts: 2 }, () =>
          left-- > 0 ? new Retry({ reason: "nobody answers", outage: true }) : Effect.void
        )
        yield* pubSub.publish(topic, message)
        yield* arrived(deliveries, 4)
        yield* soon("an empty queue", isEmpty(topic))
        assert.deepStrictEqual(
          deliveries.map((delivery) => delivery.attempt),
          [1, 1, 1, 1]
        )
        assert.isTrue(Option.isNone(yield* deadLetters.get(message.id)))
      }))

    if (!ordered)
      test("delivers the others while one message fails again and again", () =>
        Effect.gen(function* () {
          const pubSub = yield* PubSub
          const topic = newTopic()
          const poison = makeMessage()
          const others = Array.from({ length: 20 }, () => makeMessage())
          const done = new Set<string>()
          yield* collect(topic, { concurrency: 1, maxAttempts: 100 }, (delivery) => {
            if (delivery.id === poison.id) return new Retry({ reason: "always" })
            done.add(delivery.id)
            return Effect.void
          })
          yield* pubSub.publish(topic, poison)
          yield* Effect.forEach(others, (message) => pubSub.publish(topic, message), { discard: true })
          yield* soon(
            "the other messages",
            Effect.sync(() => done.size === others.length)
          )
          assert.strictEqual((yield* statsOf(topic)).messages, 1)
        }))

    test("loses nothing when a message is published twice", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const message = makeMessage()
        yield* pubSub.publish(topic, message)
        yield* pubSub.publish(topic, message)
        const deliveries = yield* collect(topic)
        yield* arrived(deliveries, 1)
        yield* soon("an empty queue", isEmpty(topic))
        // A broker may deliver before it says that it took the message.
        const handled = deliveries.length
        yield* pubSub.publish(topic, message)
        yield* arrived(deliveries, handled + 1)
        yield* soon("an empty queue", isEmpty(topic))
        assert.isTrue(deliveries.every((delivery) => delivery.id === message.id))
      }))

    test("handles as many messages at once as it may, and no more", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        let running = 0
        let most = 0
        const work = Effect.acquireUseRelease(
          Effect.sync(() => {
            running += 1
            most = Math.max(most, running)
          }),
          () => Effect.sleep("30 millis"),
          () =>
            Effect.sync(() => {
              running -= 1
            })
        )
        yield* Effect.forEach(
          Array.from({ length: 15 }, () => makeMessage()),
          (message) => pubSub.publish(topic, message),
          { discard: true }
        )
        yield* collect(topic, { concurrency: 3 }, () => work)
        yield* soon("an empty queue", isEmpty(topic))
        assert.isAtMost(most, 3)
        if (!ordered) assert.strictEqual(most, 3)
      }))

    test("shares the messages of a topic among its subscriptions", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const pause = () => Effect.sleep("10 millis")
        const first = yield* collect(topic, { concurrency: 2 }, pause)
        const second = yield* collect(topic, { concurrency: 2 }, pause)
        const messages = Array.from({ length: 20 }, () => makeMessage())
        yield* Effect.forEach(messages, (message) => pubSub.publish(topic, message), { discard: true })
        yield* soon("an empty queue", isEmpty(topic))
        const ids = [...first, ...second].map((delivery) => delivery.id)
        assert.deepStrictEqual(ids.sort(), messages.map((message) => message.id).sort())
      }))

    test("lets running handlers finish when the scope closes, and takes nothing after", () =>
      Effect.gen(function* () {
        const pubSub = yield* PubSub
        const topic = newTopic()
        const scope = yield* Scope.make()
        let finished = 0
        const deliveries = yield* collect(topic, { concurrency: 1 }, () =>
          Effect.sleep("150 millis").pipe(
            Effect.zipRight(
              Effect.sync(() => {
                finished += 1
              })
            )
          )
        ).pipe(Scope.extend(scope))
        yield* pubSub.publish(topic, makeMessage())
        yield* arrived(deliveries, 1)
        yield* pubSub.publish(topic, makeMessage())
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(finished, 1)
        assert.strictEqual(deliveries.length, 1)
        assert.strictEqual((yield* statsOf(topic)).messages, 1)
        const later = yield* collect(topic)
        yield* arrived(later, 1)
        assert.strictEqual(later[0]?.attempt, 1)
        yield* soon("an empty queue", isEmpty(topic))
      }))
  })

  const { restartable } = options
  if (restartable === undefined) return
  describe(`PubSub across restarts: ${name}`, () => {
    it.scopedLive("delivers after a restart what was published before", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const topic = newTopic()
        const messages = Array.from({ length: 10 }, () => makeMessage())
        yield* Effect.forEach(messages, (message) =>
          Effect.flatMap(PubSub, (pubSub) => pubSub.publish(topic, message))
        ).pipe(Effect.provide(process))
        const ids = yield* Effect.gen(function* () {
          const deliveries = yield* collect(topic)
          yield* arrived(deliveries, messages.length)
          return deliveries.map((delivery) => delivery.id)
        }).pipe(Effect.scoped, Effect.provide(process))
        assert.deepStrictEqual([...new Set(ids)].sort(), messages.map((message) => message.id).sort())
      })
    )

    it.scopedLive("delivers again, as a further attempt, what was not acknowledged before the restart", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const topic = newTopic()
        const hanging = makeMessage()
        const messages = ordered ? [hanging] : [hanging, makeMessage()]
        yield* Effect.gen(function* () {
          const pubSub = yield* PubSub
          const deliveries = yield* collect(topic, { timeout: "1 hour" }, (delivery) =>
            delivery.id === hanging.id ? Effect.never : new Retry({ reason: "not now" })
          )
          yield* Effect.forEach(messages, (message) => pubSub.publish(topic, message), { discard: true })
          yield* arrived(deliveries, messages.length)
        }).pipe(Effect.scoped, Effect.provide(process))
        const deliveries = yield* Effect.gen(function* () {
          const again = yield* collect(topic)
          yield* arrived(again, messages.length)
          yield* soon("an empty queue", isEmpty(topic))
          return again
        }).pipe(Effect.scoped, Effect.provide(process))
        assert.deepStrictEqual(
          deliveries.map((delivery) => delivery.id).sort(),
          messages.map((message) => message.id).sort()
        )
        assert.isTrue(deliveries.every((delivery) => delivery.attempt >= 2))
      })
    )

    it.scopedLive("does not deliver again what was acknowledged before the restart", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const topic = newTopic()
        yield* Effect.gen(function* () {
          const pubSub = yield* PubSub
          const deliveries = yield* collect(topic)
          yield* pubSub.publish(topic, makeMessage())
          yield* arrived(deliveries, 1)
          yield* soon("an empty queue", isEmpty(topic))
        }).pipe(Effect.scoped, Effect.provide(process))
        const marker = makeMessage()
        const ids = yield* Effect.gen(function* () {
          const pubSub = yield* PubSub
          const deliveries = yield* collect(topic)
          yield* pubSub.publish(topic, marker)
          yield* arrived(deliveries, 1)
          return deliveries.map((delivery) => delivery.id)
        }).pipe(Effect.scoped, Effect.provide(process))
        assert.deepStrictEqual(ids, [marker.id])
      })
    )

    it.scopedLive("dead-letters a message under which the process ends every time", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const topic = newTopic()
        const message = makeMessage()
        const run = (react: () => Effect.Effect<void>, until: Effect.Effect<boolean, unknown, DeadLetters>) =>
          Effect.gen(function* () {
            const deliveries = yield* collect(topic, { maxAttempts: 2, timeout: "1 hour" }, react)
            yield* soon(
              "a delivery or a dead letter",
              Effect.map(until, (done) => done || deliveries.length > 0)
            )
            return deliveries.length
          }).pipe(Effect.scoped, Effect.provide(process))
        const isDead = Effect.flatMap(DeadLetters, (deadLetters) =>
          Effect.map(deadLetters.get(message.id), Option.isSome)
        )
        yield* Effect.flatMap(PubSub, (pubSub) => pubSub.publish(topic, message)).pipe(
          Effect.provide(process)
        )
        const never = Effect.succeed(false)
        assert.strictEqual(yield* run(() => Effect.never, never), 1)
        assert.strictEqual(yield* run(() => Effect.never, never), 1)
        assert.strictEqual(yield* run(() => Effect.void, isDead), 0)
      })
    )
  })
}
