import type { Topic } from "@influscope/domain/Events"
import { Outbox } from "@influscope/ports/Outbox"
import { type Message, PubSub } from "@influscope/ports/PubSub"
import { StorageError } from "@influscope/ports/StorageError"
import { stageBatches, stageItems } from "@influscope/telemetry/Metrics"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"

export interface PublishOptions {
  /** Items in the event, for the accounts. */
  readonly items: number
  /** The import or discovery the event belongs to. */
  readonly job: string | undefined
  /** See AppendOptions of Outbox. */
  readonly repeats?: boolean
}

/** Messages one topic may have waiting before producers are held back. */
const maxWaiting = Config.integer("INFLUSCOPE_MAX_QUEUED_BATCHES").pipe(
  Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
  Config.withDefault(400)
)

/** A broker in trouble may take no message for minutes; who sent one that is durable already does not wait for it. */
const brokerPatience = "3 seconds"

const outboxMode = Config.literal("on", "off")("INFLUSCOPE_OUTBOX").pipe(Config.withDefault("on"))

/** W3C trace context of the running span. */
const traceparent = Effect.map(Effect.option(Effect.currentSpan), (span) =>
  Option.isSome(span)
    ? `00-${span.value.traceId}-${span.value.spanId}-${span.value.sampled ? "01" : "00"}`
    : undefined
)

/**
 * Sends events so that none is lost: first into the outbox, then to the broker. `publish` succeeds when the event is
 * durable in the outbox; when the broker then fails, the relay sends it later. An event whose id was published before
 * is not sent twice.
 *
 * With INFLUSCOPE_OUTBOX=off events go to the broker in the background and unconfirmed, as fire-and-forget producers do.
 * That loses data when the process dies; it exists to show that the outbox does what it is for.
 */
export class Publisher extends Effect.Service<Publisher>()("@influscope/pipeline/Publisher", {
  scoped: Effect.gen(function* () {
    const outbox = yield* Outbox
    const pubsub = yield* PubSub
    const limit = yield* maxWaiting
    const mode = yield* outboxMode
    const unconfirmed = yield* FiberSet.make<void, StorageError>()

    const sent = (topic: string, items: number) =>
      Effect.zipRight(
        Metric.increment(Metric.tagged(Metric.tagged(stageBatches, "stage", "published"), "topic", topic)),
        Metric.incrementBy(
          Metric.tagged(Metric.tagged(stageItems, "stage", "published"), "topic", topic),
          items
        )
      )

    const publishSafely = (topic: string, message: Message, { job, repeats = false }: PublishOptions) =>
      Effect.gen(function* () {
        const isNew = yield* outbox.append(topic, message, job, { repeats })
        if (!isNew) return false
        yield* pubsub.publish(topic, message).pipe(
          Effect.timeoutFail({
            duration: brokerPatience,
            onTimeout: () =>
              new StorageError({
                reason: "unavailable",
                operation: `publish to ${topic}`,
                cause: `no answer in ${brokerPatience}`
              })
          }),
          // The batch is in the outbox: the relay sends it when the broker is back.
          Effect.catchTag("StorageError", (error) =>
            Effect.logWarning("The broker did not take a batch; the relay will send it again", error.message)
          )
        )
        return true
      })

    const publish = <A extends { readonly id: string }, I>(
      topic: Topic<A, I>,
      event: A,
      options: PublishOptions
    ): Effect.Effect<void, StorageError> =>
      Effect.gen(function* () {
        const message: Message = {
          id: event.id,
          payload: JSON.stringify(event),
          items: options.items,
          traceparent: yield* traceparent
        }
        if (mode === "off")
          yield* FiberSet.run(unconfirmed, Effect.delay(pubsub.publish(topic.name, message), "200 millis"))
        else if (!(yield* publishSafely(topic.name, message, options))) return
        yield* sent(topic.name, options.items)
      }).pipe(
        Effect.withSpan("Publisher.publish", { attributes: { topic: topic.name, items: options.items } })
      )

    /** True when fewer messages than `most` wait in the topic; producers that cannot wait answer "try later" instead. */
    const hasRoom = (topic: string, most = limit): Effect.Effect<boolean, StorageError> =>
      Effect.map(pubsub.stats, (stats) => {
        const waiting = stats.find((entry) => entry.topic === topic)?.messages ?? 0
        return waiting < most
      })

    /** Waits until the topic has room: the back-pressure of producers that can wait. */
    const awaitRoom = (topic: string): Effect.Effect<void, StorageError> =>
      hasRoom(topic).pipe(
        Effect.repeat({ until: (room) => room, schedule: Schedule.spaced("25 millis") }),
        Effect.asVoid
      )

    return { publish, hasRoom, awaitRoom, confirms: mode === "on" }
  })
}) {}
