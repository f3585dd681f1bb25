import type { Database } from "@influscope/adapters/sqlite/Database"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as Queue from "@influscope/adapters/sqlite/Queue"
import * as SqliteState from "@influscope/adapters/sqlite/StateStore"
import type { Topic } from "@influscope/domain/Events"
import { NotInTime } from "@influscope/ports/conformance/Conformance"
import type { DeadLetters } from "@influscope/ports/DeadLetters"
import { type AppliedCounts, Outbox, type TopicAudit } from "@influscope/ports/Outbox"
import { type Message, PubSub, type SubscribeOptions } from "@influscope/ports/PubSub"
import type { StateStore } from "@influscope/ports/StateStore"
import { StorageError } from "@influscope/ports/StorageError"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { Publisher } from "../src/Publisher.ts"

/** What the tests send: a batch of numbers. */
export const Numbers = Schema.Struct({
  id: Schema.NonEmptyString,
  numbers: Schema.Array(Schema.Int)
})
export type Numbers = typeof Numbers.Type

export const topic: Topic<Numbers, Numbers> = { name: "numbers", schema: Numbers }

export const batch = (id: string, items = 1): Numbers => ({
  id,
  numbers: Array.from({ length: items }, (_, place) => place)
})

export const subscription: SubscribeOptions = { concurrency: 2, maxAttempts: 3, timeout: "5 seconds" }

export const allCreated = ({ numbers }: Numbers): AppliedCounts => ({
  created: numbers.length,
  updated: 0,
  unchanged: 0
})

export type Services = PubSub | DeadLetters | Outbox | StateStore | Database

/**
 * The queue, outbox and state of one process. Every build on the same directory is that process started again.
 * `drainTimeout` is what running handlers have left when it ends.
 */
export const embedded = (
  directory: string,
  drainTimeout: Duration.DurationInput = "1 second"
): Layer.Layer<Services, StorageError> =>
  Layer.mergeAll(
    Queue.layerWith({ minDelay: "1 millis", maxDelay: "4 millis", drainTimeout }),
    SqliteOutbox.layer,
    SqliteState.layer
  ).pipe(Layer.provideMerge(MainDatabase.layer(directory)))

/** The same, on a directory that lives as long as the layer. */
export const embeddedOnce = Layer.unwrapScoped(Effect.map(temporaryDirectory, (path) => embedded(path)))

/**
 * `up`: as it is. `down`: refuses everything. `lossy`: answers success and forgets the message, as brokers have been
 * seen to do.
 */
export type BrokerState = "up" | "down" | "lossy"

/** Something that can go wrong at will, in front of the real adapters. */
export class Faults {
  broker: BrokerState = "up"
  /** Ids that the broker refuses even when it is up. */
  readonly refused = new Set<string>()
  /** Confirmations that fail before they are written. */
  confirmsToFail = 0
  /** Marks of dead batches that fail before they are written. */
  marksToFail = 0
  /** The batches of those marks. */
  readonly unmarked = new Set<string>()
  /** Confirmations after which the process stops working on the batch: it is confirmed, but not acknowledged. */
  confirmsToDieAfter = 0
  /** What reached the broker, whatever became of it. */
  readonly published: Array<Message> = []

  private failure(operation: string): StorageError {
    return new StorageError({ reason: "unavailable", operation, cause: "made to fail" })
  }

  private readonly pubSub = (inner: PubSub["Type"]): PubSub["Type"] => ({
    ...inner,
    publish: (name, message) =>
      Effect.suspend(() => {
        if (this.broker === "down" || this.refused.has(message.id)) return this.failure("publish")
        this.published.push(message)
        return this.broker === "lossy" ? Effect.void : inner.publish(name, message)
      })
  })

  private readonly outbox = (inner: Outbox["Type"]): Outbox["Type"] => ({
    ...inner,
    confirm: (name, id, counts) =>
      Effect.suspend(() => {
        if (this.confirmsToFail > 0) {
          this.confirmsToFail -= 1
          return this.failure("confirm")
        }
        const confirmed = inner.confirm(name, id, counts)
        if (this.confirmsToDieAfter === 0) return confirmed
        this.confirmsToDieAfter -= 1
        return Effect.zipRight(confirmed, Effect.dieMessage("stopped after the confirmation"))
      }),
    markDead: (name, id, state) =>
      Effect.suspend(() => {
        if (this.marksToFail === 0) return inner.markDead(name, id, state)
        this.marksToFail -= 1
        this.unmarked.add(id)
        return this.failure("mark dead")
      })
  })

  /** Puts the faults in front of services. */
  readonly before = <E>(services: Layer.Layer<Services, E>): Layer.Layer<Services, E> =>
    Layer.merge(
      Layer.effect(PubSub, Effect.map(PubSub, this.pubSub)),
      Layer.effect(Outbox, Effect.map(Outbox, this.outbox))
    ).pipe(Layer.provideMerge(services))
}

export const noAudit: TopicAudit = {
  topic: topic.name,
  sent: 0,
  sentBatches: 0,
  applied: 0,
  duplicateBatches: 0,
  deadLettered: 0,
  dropped: 0,
  pending: 0,
  missing: 0
}

/** The account of the tests' topic, in which nothing counts as missing unless a grace is given. */
export const audit = (graceMillis = Number.MAX_SAFE_INTEGER) =>
  Effect.flatMap(Outbox, (outbox) =>
    Effect.map(
      outbox.audit(graceMillis),
      (all) => all.find((account) => account.topic === topic.name) ?? noAudit
    )
  )

/** Messages that wait or are in work. */
export const queued = Effect.flatMap(PubSub, (pubsub) =>
  Effect.map(pubsub.stats, (stats) => stats.find((entry) => entry.topic === topic.name)?.messages ?? 0)
)

export const isDrained = Effect.map(queued, (messages) => messages === 0)

/** Lets the time of the test clock pass until a check holds. */
export const passUntil = <E, R>(
  what: string,
  check: Effect.Effect<boolean, E, R>
): Effect.Effect<void, E | NotInTime, R> =>
  Effect.gen(function* () {
    for (let step = 0; step < 500; step++) {
      if (yield* check) return
      yield* TestClock.adjust("2 millis")
    }
    return yield* new NotInTime({ what })
  })

export const drained = passUntil("an empty queue", isDrained)

/** A process with a producer, on a directory of its own. */
export const process = (faults = new Faults()) =>
  Publisher.Default.pipe(Layer.provideMerge(faults.before(embeddedOnce)))

/** Publishes a batch of the job "job". */
export const publish = (id: string, items = 1, on = topic) =>
  Effect.flatMap(Publisher, (publisher) => publisher.publish(on, batch(id, items), { items, job: "job" }))

/** Puts a message of any content on the topic, as a producer with a bug would. */
export const publishRaw = Effect.fnUntraced(function* (
  id: string,
  payload: string,
  traceparent: string | undefined = undefined
) {
  const message = { id, payload, items: 1, traceparent }
  yield* Effect.flatMap(Outbox, (outbox) => outbox.append(topic.name, message, undefined))
  yield* Effect.flatMap(PubSub, (pubsub) => pubsub.publish(topic.name, message))
})
