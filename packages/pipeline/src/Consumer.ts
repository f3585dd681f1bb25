import type { Topic } from "@influscope/domain/Events"
import { type AppliedCounts, Outbox } from "@influscope/ports/Outbox"
import { type Delivery, PubSub, Reject, Retry, type SubscribeOptions } from "@influscope/ports/PubSub"
import { quickDecode } from "@influscope/ports/QuickDecode"
import type { StorageError } from "@influscope/ports/StorageError"
import { deadLettered, stageBatches, stageDuration, stageItems } from "@influscope/telemetry/Metrics"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as ParseResult from "effect/ParseResult"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"

/** An account of what went wrong may quote from the payload: its beginning, up to 1,000 UTF-16 code units. */
const bounded = (reason: string): string => reason.slice(0, 1_000)

/** W3C trace context: ids of zeros only are not ids. */
const traceparentPattern = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

const parentOf = (traceparent: string | undefined): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId, flags] = traceparentPattern.exec(traceparent ?? "") ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  // Bit 0 says "sampled"; the others have their own meanings.
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags ?? "0", 16) & 1) === 1 })
}

/**
 * Handles the events of a topic: decodes once, runs the effect, confirms it to the producer's outbox, and only then
 * acknowledges. What cannot be decoded, and what has used up its attempts, is dead-lettered with the reason and marked
 * so in the outbox, so that the audit stays complete. What the broker buries on its own (the last attempt was cut off by
 * the timeout or the end of the process) is marked by the relay. A defect counts as having asked for Retry.
 */
export const consume = <A, I, R>(
  topic: Topic<A, I>,
  options: SubscribeOptions,
  apply: (event: A, delivery: Delivery) => Effect.Effect<AppliedCounts, Retry | Reject, R>
): Effect.Effect<void, StorageError, PubSub | Outbox | R | Scope.Scope> =>
  Effect.gen(function* () {
    const pubsub = yield* PubSub
    const outbox = yield* Outbox
    const decode = quickDecode(topic.schema)
    const tagged = <M extends typeof stageBatches>(metric: M, stage: string) =>
      Metric.tagged(Metric.tagged(metric, "stage", stage), "topic", topic.name).register()
    const batches = tagged(stageBatches, "applied")
    const items = tagged(stageItems, "applied")
    const retried = tagged(stageBatches, "retried")
    const duration = Metric.tagged(Metric.tagged(stageDuration, "stage", "applied"), "topic", topic.name)
    const dead = Metric.tagged(deadLettered, "topic", topic.name).register()

    const notAMessage = (why: string) =>
      new Reject({ reason: `Not a ${topic.name} message: ${bounded(why)}` })
    const again = (error: StorageError) => new Retry({ reason: error.message })

    /** Fails with the rejection, unless the batch had been applied before: of a duplicate nobody needs to know. */
    const reject = (delivery: Delivery, error: Reject) =>
      Effect.gen(function* () {
        const details = { topic: topic.name, id: delivery.id, reason: error.reason }
        const isLoss = yield* outbox.markDead(topic.name, delivery.id, "dead").pipe(
          // The message dies with its own reason all the same, and the relay finds it among the dead letters.
          Effect.catchTag("StorageError", (failure) =>
            Effect.as(
              Effect.logWarning("The outbox does not know yet that a batch is dead", failure.message),
              true
            )
          )
        )
        if (!isLoss) return yield* Effect.logWarning("A duplicate of an applied batch failed", details)
        yield* Effect.logError("A batch goes to the dead letters", details)
        yield* Metric.increment(dead)
        return yield* error
      })

    const retry = (delivery: Delivery, error: Retry): Effect.Effect<never, Retry | Reject> => {
      const { attempt, id } = delivery
      if (attempt >= options.maxAttempts && error.outage !== true)
        return new Reject({ reason: `Gave up after ${attempt} attempts: ${error.reason}` })
      const details = { topic: topic.name, id, reason: error.reason }
      return Effect.logWarning("A batch will be tried again", details).pipe(
        Effect.zipRight(Metric.increment(retried)),
        Effect.zipRight(error)
      )
    }

    const handle = (delivery: Delivery): Effect.Effect<void, Retry | Reject, R> =>
      Effect.gen(function* () {
        const event = yield* decode(delivery.payload).pipe(
          Effect.mapError((error) => notAMessage(ParseResult.TreeFormatter.formatErrorSync(error))),
          // What is nested deep enough ends the stack of the decoder, and would do so every time.
          Effect.catchAllDefect((defect) => notAMessage(String(defect)))
        )
        const counts = yield* apply(event, delivery)
        yield* Effect.mapError(outbox.confirm(topic.name, delivery.id, counts), again)
        yield* Metric.increment(batches)
        yield* Metric.incrementBy(items, delivery.items)
      }).pipe(
        Metric.trackDurationWith(duration, Duration.toSeconds),
        Effect.catchAllDefect((defect) => new Retry({ reason: bounded(Cause.pretty(Cause.die(defect))) })),
        Effect.catchTag("Retry", (error) => retry(delivery, error)),
        Effect.catchTag("Reject", (error) => reject(delivery, error))
      )

    yield* pubsub.subscribe(topic.name, options, (delivery) => {
      const parent = parentOf(delivery.traceparent)
      return Effect.withSpan(handle(delivery), "Consumer.handle", {
        attributes: { topic: topic.name, id: delivery.id, attempt: delivery.attempt },
        // Not below the span in which somebody subscribed.
        ...(parent === undefined ? { root: true } : { parent })
      })
    })
  })
