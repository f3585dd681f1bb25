import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import { relayed } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"

/** How long a batch may be on its way before the relay doubts that the broker still has it. */
export const relayGrace = Config.duration("INFLUSCOPE_RELAY_GRACE").pipe(
  Config.withDefault(Duration.seconds(30))
)

const batchesPerRound = 100
/** Confirmed batches stay in the outbox this long, for the reports of their jobs. */
const keepConfirmed = Duration.days(7)

/**
 * Sends again what has been on its way for longer than the grace. A backlog is not a loss: the age of the oldest waiting
 * message of the topic is added to the grace. What the broker has dead-lettered is marked, not sent again.
 */
export const relayOnce = Effect.gen(function* () {
  const outbox = yield* Outbox
  const pubsub = yield* PubSub
  const deadLetters = yield* DeadLetters
  const grace = Duration.toMillis(yield* relayGrace)
  const now = yield* Clock.currentTimeMillis
  const waiting = new Map(
    (yield* pubsub.stats).map((entry) => [entry.topic, entry.oldestSeconds * 1_000] as const)
  )
  const slowest = Math.max(0, ...waiting.values())
  const overdue = yield* outbox.overdue(now - grace - slowest, batchesPerRound)
  yield* Effect.forEach(
    overdue,
    ({ topic, message }) =>
      Effect.gen(function* () {
        if (Option.isSome(yield* deadLetters.get(message.id)))
          return yield* outbox.markDead(topic, message.id, "dead")
        yield* pubsub.publish(topic, message)
        yield* outbox.resent(topic, message.id)
        yield* Metric.increment(Metric.tagged(relayed, "topic", topic))
      }),
    { concurrency: 4, discard: true }
  )
  yield* outbox.prune(now - Duration.toMillis(keepConfirmed))
  return overdue.length
}).pipe(Effect.withSpan("Relay.round"))

/** Runs the relay every few seconds for as long as the layer lives. */
export const RelayLive = Layer.scopedDiscard(
  relayOnce.pipe(
    Effect.catchTag("StorageError", (error) =>
      Effect.as(Effect.logWarning("The relay could not do its round; it will try again", error.message), 0)
    ),
    Effect.repeat(Schedule.spaced("5 seconds")),
    Effect.interruptible,
    Effect.forkScoped
  )
)
