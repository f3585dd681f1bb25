import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { StorageError } from "./StorageError.ts"

/** One message, which carries a batch. `id` is the producer's and the same on every delivery. */
export interface Message {
  readonly id: string
  /** JSON. */
  readonly payload: string
  /** How many items the payload carries; for counting only. */
  readonly items: number
  /** W3C traceparent of the producer, so that a trace spans the queue. */
  readonly traceparent: string | undefined
}

export interface Delivery extends Message {
  /** 1 on the first delivery. */
  readonly attempt: number
}

/**
 * The handler cannot do it now: deliver again after back-off, dead-letter when the attempts are used up. With `outage`
 * nothing is wrong with the message, but what the handler needs does not answer: however long that lasts, the message
 * does not die of it, and its attempts are counted anew.
 */
export class Retry extends Data.TaggedError("Retry")<{
  readonly reason: string
  readonly outage?: boolean
}> {}

/** The message can never succeed: to the dead letters at once, with the reason. */
export class Reject extends Data.TaggedError("Reject")<{ readonly reason: string }> {}

export interface SubscribeOptions {
  /** Most messages handled at once by this subscription. */
  readonly concurrency: number
  /** Deliveries before a message is dead-lettered. */
  readonly maxAttempts: number
  /** A handler slower than this is treated as having asked for Retry. */
  readonly timeout: Duration.DurationInput
}

export interface QueueStats {
  readonly topic: string
  /** Messages and items neither acknowledged nor dead-lettered. */
  readonly messages: number
  readonly items: number
  /** Age of the oldest of them, in seconds; 0 when there is none. */
  readonly oldestSeconds: number
}

/**
 * Publish/subscribe with at-least-once delivery in no promised order.
 *
 * - `publish` succeeds only when the message is durable: it survives kill -9 of every process from then on. A message
 *   published before any subscriber exists waits for the first one.
 * - `subscribe` registers a handler for as long as the scope is open. A message is acknowledged after the handler
 *   succeeds and not before. `Retry`, a defect, a timeout or the death of the process deliver it again, with growing
 *   delays; `Reject`, or more than `maxAttempts` deliveries, moves it to `DeadLetters` with the reason. Closing the scope
 *   lets running handlers finish.
 */
export class PubSub extends Context.Tag("@influscope/ports/PubSub")<
  PubSub,
  {
    readonly publish: (topic: string, message: Message) => Effect.Effect<void, StorageError>
    readonly subscribe: <R>(
      topic: string,
      options: SubscribeOptions,
      handler: (delivery: Delivery) => Effect.Effect<void, Retry | Reject, R>
    ) => Effect.Effect<void, StorageError, R | Scope.Scope>
    readonly stats: Effect.Effect<ReadonlyArray<QueueStats>, StorageError>
  }
>() {}
