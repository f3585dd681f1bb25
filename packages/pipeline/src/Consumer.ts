import type { Topic } from "@influscope/domain/Events"
import { type AppliedCounts, Outbox } from "@influscope/ports/Outbox"
import { type Delivery, PubSub, Reject, Retry, type SubscribeOptions } from "@influscope/ports/PubSub"
import type { StorageError } from "@influscope/ports/StorageError"
import { deadLettered, stageBatches, stageDuration, stageItems } from "@influscope/telemetry/Metrics"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"

const parentOf = (traceparent: string | undefined): Tracer.ExternalSpan | undefined => {
  const parts = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "")
  const [, traceId, spanId, flags] = parts ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: flags === "01" })
}

/**
 * Handles the events of a topic: decodes once, runs the effect, confirms it to the producer's outbox, and only then
 * acknowledges. What cannot be decoded, and what has used up its attempts, is dead-lettered with the reason and marked
 * so in the outbox, so that the audit stays complete.
 */
export const consume = <A, I, R>(
  topic: Topic<A, I>,
  options: SubscribeOptions,
  apply: (event: A, delivery: Delivery) => Effect.Effect<AppliedCounts, Retry | Reject, R>
): Effect.Effect<void, StorageError, PubSub | Outbox | R | Scope.Scope> =>
  Effect.gen(function* () {
    const pubsub = yield* PubSub
    const outbox = yield* Outbox
    const decode = Schema.decode(Schema.parseJson(topic.schema))
    const tagged = <M extends typeof stageBatches>(metric: M, stage: string) =>
      Metric.tagged(Metric.tagged(metric, "stage", stage), "topic", topic.name)
    const batches = tagged(stageBatches, "applied")
    const items = tagged(stageItems, "applied")
    const duration = Metric.tagged(Metric.tagged(stageDuration, "stage", "applied"), "topic", topic.name)
    const dead = Metric.tagged(deadLettered, "topic", topic.name)

    const again = (error: StorageError) => new Retry({ reason: error.message })

    const handle = (delivery: Delivery): Effect.Effect<void, Retry | Reject, R> =>
      Effect.gen(function* () {
        const event = yield* decode(delivery.payload).pipe(
          Effect.mapError(
            (error) =>
              new Reject({
                reason: `Not a ${topic.name} message: ${ParseResult.TreeFormatter.formatErrorSync(error)}`
              })
          )
        )
        const counts = yield* apply(event, delivery)
        yield* Effect.mapError(outbox.confirm(topic.name, delivery.id, counts), again)
        yield* Metric.increment(batches)
        yield* Metric.incrementBy(items, delivery.items)
      }).pipe(
        Metric.trackDurationWith(duration, Duration.toSeconds),
        Effect.catchTags({
          Retry: (error) =>
            delivery.attempt >= options.maxAttempts
              ? Effect.fail(
                  new Reject({ reason: `Gave up after ${delivery.attempt} attempts: ${error.reason}` })
                )
              : Effect.zipRight(
                  Effect.logWarning("A batch will be tried again", {
                    topic: topic.name,
                    id: delivery.id,
                    reason: error.reason
                  }),
                  Effect.fail(error)
                )
        }),
        Effect.tapErrorTag("Reject", (error) =>
          Effect.logError("A batch goes to the dead letters", {
            topic: topic.name,
            id: delivery.id,
            reason: error.reason
          }).pipe(
            Effect.zipRight(Metric.increment(dead)),
            Effect.zipRight(Effect.mapError(outbox.markDead(topic.name, delivery.id, "dead"), again))
          )
        )
      )

    yield* pubsub.subscribe(topic.name, options, (delivery) => {
      const parent = parentOf(delivery.traceparent)
      return Effect.withSpan(handle(delivery), "Consumer.handle", {
        attributes: { topic: topic.name, id: delivery.id, attempt: delivery.attempt },
        ...(parent === undefined ? {} : { parent })
      })
    })
  })
