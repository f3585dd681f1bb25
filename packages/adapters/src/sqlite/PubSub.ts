import {
  type Delivery,
  PubSub,
  type Reject,
  type Retry,
  type SubscribeOptions
} from "@influscope/ports/PubSub"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { type Outcome, runHandler, within } from "../Handling.ts"
import { Database, type SqliteDatabase } from "./Database.ts"
import { type LocalTopic, LocalTopics } from "./LocalTopics.ts"
import * as QueueTable from "./QueueTable.ts"

export interface QueueOptions {
  /** Delay after the first failed delivery; it doubles with each further one. */
  readonly minDelay: Duration.DurationInput
  /** Longest delay between two deliveries. */
  readonly maxDelay: Duration.DurationInput
  /** How long the closing of a subscription waits for its running handlers before it interrupts them. */
  readonly drainTimeout: Duration.DurationInput
}

export const defaultQueueOptions: QueueOptions = {
  minDelay: "200 millis",
  maxDelay: "30 seconds",
  drainTimeout: "20 seconds"
}

/** Longest reason kept, in UTF-16 code units: a stack trace fits, a payload quoted in full does not. */
const maxReasonLength = 2_000

/** Longest wait for interrupted handlers to end. */
const interruptTimeout = Duration.seconds(5)

/**
 * Losing these at a power cut only delivers a message again, or loses one from the queue that its sender's outbox has and
 * sends again. To sync every message would double the time that writing it takes.
 */
const lazy = { commit: "lazy" } as const

const storageRetries = Schedule.exponential("200 millis").pipe(
  Schedule.union(Schedule.spaced("10 seconds")),
  Schedule.jittered
)

/**
 * Counted before they are handled, deliveries can be used up without a word from the handler: the process died under it.
 */
const abandonedReason = (message: QueueTable.ClaimedMessage): string => {
  const before = message.lastReason === undefined ? "" : `; the failure before: ${message.lastReason}`
  return `the process ended during delivery ${message.attempt - 1}${before}`
}

interface Shared {
  readonly database: SqliteDatabase
  readonly minDelay: number
  readonly maxDelay: number
  readonly drainTimeout: Duration.Duration
}

/** Milliseconds to wait after a failed delivery: doubling, capped, and spread over its upper half. */
const backOff = (shared: Shared, attempt: number): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => {
    const delay = Math.min(shared.maxDelay, shared.minDelay * 2 ** (attempt - 1))
    return Math.ceil(delay * (0.5 + random / 2))
  })

/** Writes down what became of a delivery; while the store cannot be written it keeps trying. */
const settle = Effect.fnUntraced(function* (
  shared: Shared,
  message: QueueTable.ClaimedMessage,
  outcome: Outcome,
  maxAttempts: number
) {
  const now = yield* Clock.currentTimeMillis
  const delay = yield* backOff(shared, message.attempt)
  const exhausted = outcome._tag === "Again" && message.attempt >= maxAttempts
  const reason = outcome._tag === "Done" ? "" : outcome.reason.slice(0, maxReasonLength)
  const write = shared.database.transaction(
    "settle a message",
    (db) => {
      if (outcome._tag === "Done") QueueTable.remove(db, message.seq)
      else if (outcome._tag === "Dead" || exhausted)
        QueueTable.bury(db, message.seq, message.attempt, reason, now)
      else {
        QueueTable.postpone(db, message.seq, reason, now + delay)
        if (outcome._tag === "Outage") QueueTable.forgetAttempts(db, message.seq)
      }
    },
    lazy
  )
  yield* write.pipe(
    Effect.tapError((error) => Effect.logWarning(`trying again: ${error.message}`)),
    Effect.retry(storageRetries)
  )
})

const handle = Effect.fnUntraced(function* <R>(
  shared: Shared,
  topic: LocalTopic,
  options: SubscribeOptions,
  handler: (delivery: Delivery) => Effect.Effect<void, Retry | Reject, R>,
  message: QueueTable.ClaimedMessage
) {
  const release = Effect.sync(() => topic.claimed.delete(message.seq))
  const { lastReason: _, seq: __, ...delivery } = message
  const outcome: Effect.Effect<Outcome, never, R> =
    message.attempt > options.maxAttempts
      ? Effect.succeed({ _tag: "Dead", reason: abandonedReason(message) })
      : runHandler(handler, delivery, options.timeout)
  yield* outcome.pipe(
    Effect.flatMap((known) => settle(shared, message, known, options.maxAttempts)),
    Effect.zipRight(release),
    // The subscription closed under a handler that would not end: another one may have the message.
    Effect.onInterrupt(() => Effect.zipRight(release, Effect.sync(topic.wake))),
    // Stays claimed, so that a mistake of ours does not deliver the message in a tight loop until the process restarts.
    Effect.catchAllCause((cause) => Effect.logError("a message cannot be settled", cause))
  )
})

interface Claim {
  readonly messages: ReadonlyArray<QueueTable.ClaimedMessage>
  /** Epoch ms. */
  readonly nextVisible: number | undefined
  readonly now: number
}

const claim = Effect.fnUntraced(function* (
  shared: Shared,
  name: string,
  topic: LocalTopic,
  limit: number
): Effect.fn.Return<Claim, StorageError> {
  const now = yield* Clock.currentTimeMillis
  if (limit <= 0) return { messages: [], nextVisible: undefined, now }
  let messages: ReadonlyArray<QueueTable.ClaimedMessage> = []
  // The claims are set inside the transaction: between two steps of this fiber another one could take the same message.
  const take = shared.database.transaction(
    "take messages",
    (db) => {
      messages = QueueTable.takeDue(db, name, topic.claimed, limit, now)
      for (const message of messages) topic.claimed.add(message.seq)
      return { messages, nextVisible: QueueTable.nextVisible(db, name, now), now }
    },
    lazy
  )
  return yield* Effect.tapErrorCause(take, () =>
    Effect.sync(() => {
      for (const message of messages) topic.claimed.delete(message.seq)
    })
  )
})

/** Until the latch opens (something was published or settled) or the next delayed message is due. */
const rest = (latch: Effect.Latch, { nextVisible, now }: Claim): Effect.Effect<void> =>
  nextVisible === undefined
    ? latch.await
    : latch.await.pipe(Effect.timeoutOption(Math.max(1, nextVisible - now)), Effect.asVoid)

/** One fiber hands out the messages of a subscription, each to a fiber of its own, never more than `concurrency`. */
const subscribe =
  (shared: Shared, topics: LocalTopics["Type"]): PubSub["Type"]["subscribe"] =>
  (name, options, handler) =>
    Effect.gen(function* () {
      const topic = topics.topic(name)
      const handlersScope = yield* Scope.make()
      const handlers = yield* FiberSet.make<void>().pipe(Scope.extend(handlersScope))
      const latch = yield* Effect.makeLatch(true)
      yield* topic.join(latch)
      let running = 0

      const finished = Effect.sync(() => {
        running -= 1
        latch.unsafeOpen()
      })
      const start = (message: QueueTable.ClaimedMessage) =>
        Effect.suspend(() => {
          running += 1
          const handling = Effect.ensuring(handle(shared, topic, options, handler, message), finished)
          return FiberSet.run(handlers, Effect.interruptible(handling))
        })
      // Not to be interrupted between the claim of a message and the start of its handler.
      const take = Effect.uninterruptible(
        Effect.gen(function* () {
          latch.unsafeClose()
          const taken = yield* claim(shared, name, topic, options.concurrency - running)
          yield* Effect.forEach(taken.messages, start, { discard: true })
          return taken
        })
      )
      const round = take.pipe(
        Effect.tapError((error) => Effect.logWarning(`trying again: ${error.message}`)),
        Effect.retry(storageRetries),
        // The schedule has no end.
        Effect.orDie,
        Effect.flatMap((taken) => rest(latch, taken)),
        Effect.catchAllDefect((defect) =>
          Effect.logError("taking messages went wrong; trying again", defect).pipe(
            Effect.zipRight(Effect.sleep("10 seconds"))
          )
        )
      )

      const drain = (dispatcher: Fiber.Fiber<void>) =>
        Fiber.interrupt(dispatcher).pipe(
          Effect.zipRight(within(shared.drainTimeout, FiberSet.awaitEmpty(handlers))),
          Effect.flatMap((drained) =>
            drained
              ? Effect.void
              : Effect.logWarning(`interrupting ${running} handlers of ${name}; their messages come again`)
          ),
          Effect.zipRight(
            within(Duration.min(shared.drainTimeout, interruptTimeout), Scope.close(handlersScope, Exit.void))
          ),
          Effect.flatMap((ended) =>
            ended ? Effect.void : Effect.logError(`${running} handlers of ${name} cannot be interrupted`)
          )
        )
      yield* Effect.acquireRelease(Effect.forkDaemon(Effect.interruptible(Effect.forever(round))), drain)
    })

const make = Effect.fnUntraced(function* (options: QueueOptions) {
  const database = yield* Database
  const topics = yield* LocalTopics
  const shared: Shared = {
    database,
    minDelay: Duration.toMillis(options.minDelay),
    maxDelay: Duration.toMillis(options.maxDelay),
    drainTimeout: Duration.decode(options.drainTimeout)
  }
  const started = yield* Clock.currentTimeMillis
  yield* database.transaction("release the queue", (db) => QueueTable.releaseAll(db, started))

  const stats = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const queued = yield* database.read("read queue statistics", (db) => QueueTable.stats(db, now))
    const known = new Set(queued.map((entry) => entry.topic))
    const empty = topics
      .subscribed()
      .filter((topic) => !known.has(topic))
      .map((topic) => ({ topic, messages: 0, items: 0, oldestSeconds: 0 }))
    return [...queued, ...empty]
  })

  return PubSub.of({
    // Not to be interrupted between the commit and the wake-up: the message would wait for the next one.
    publish: Effect.fn("SqlitePubSub.publish")(function* (topic, message) {
      const now = yield* Clock.currentTimeMillis
      yield* database.transaction("publish", (db) => QueueTable.enqueue(db, topic, message, now), lazy)
      topics.topic(topic).wake()
    }, Effect.uninterruptible),
    subscribe: subscribe(shared, topics),
    stats
  })
})

/**
 * The embedded queue's publish/subscribe. A message whose topic and id are still queued is not queued twice. All
 * subscriptions of a topic share its messages. Deliveries are counted before the handler runs, so a message that kills
 * the process ends in the dead letters too.
 */
export const layer = (options: QueueOptions): Layer.Layer<PubSub, StorageError, Database | LocalTopics> =>
  Layer.effect(PubSub, make(options))
