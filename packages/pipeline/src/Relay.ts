import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import { type Message, PubSub } from "@influscope/ports/PubSub"
import { relayed } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { accounts } from "./Audit.ts"

/** How long a batch may be on its way before the relay doubts that the broker still has it. */
export const relayGrace = Config.duration("INFLUSCOPE_RELAY_GRACE").pipe(
  Config.withDefault(Duration.seconds(30))
)

/**
 * While a consumer is down, every sending of a batch leaves one more copy of it in the broker's queue: each time the relay
 * waits twice as long as before, up to so many times the grace, and never longer than this.
 */
const longestGrace = { times: 32, atMost: Duration.minutes(10) }

/** Most batches of one topic in one round. */
const batchesPerRound = 100
/** As many while nothing of the topic gets on: its consumer is down, and more would only be copies in its queue. */
const probesPerRound = 4

/** How many items of each topic had been settled, one way or another, at a look. */
export type Found = Map<string, number>
/**
 * How long confirmed batches stay in the outbox, to be recognised when they are appended again: by a job that goes on
 * where it was, or by a dispatcher that died before it had noted what it handed out, which is much sooner.
 */
const keepConfirmed = { ofJobs: Duration.days(7), others: Duration.minutes(10) }

export interface RoundOptions {
  /** Other topics are left to other relays; all are ours when absent. */
  readonly isOurs?: (topic: string) => boolean
  /** What the round before found, to be brought up to date; nothing when absent. */
  readonly found?: Found
}

/**
 * Sends again what has been on its way for longer than the grace and the backlog of its topic (see `accounts`), and after
 * that more and more rarely; answers how many batches that were. What the broker has dead-lettered is marked, not sent again. A batch that the
 * broker does not take waits for the next round and holds up no other.
 */
export const relayOnce = Effect.fn("Relay.round")(function* (
  grace: Duration.Duration,
  { found = new Map(), isOurs = () => true }: RoundOptions = {}
) {
  const outbox = yield* Outbox
  const pubsub = yield* PubSub
  const deadLetters = yield* DeadLetters

  const isDead = (topic: string, id: string) =>
    Effect.map(
      deadLetters.get(id),
      Option.exists((letter) => letter.topic === topic)
    )
  const sendAgain = (topic: string, message: Message, sent: typeof relayed) =>
    Effect.gen(function* () {
      if (yield* isDead(topic, message.id)) {
        yield* outbox.markDead(topic, message.id, "dead")
        return 0
      }
      yield* pubsub.publish(topic, message)
      yield* outbox.resent(topic, message.id)
      yield* Metric.increment(sent)
      return 1
    }).pipe(
      Effect.catchTag("StorageError", (error) =>
        Effect.as(
          Effect.logWarning("A batch could not be sent again; the next round will try", {
            topic,
            id: message.id,
            reason: error.message
          }),
          0
        )
      )
    )

  // Read before the queue is, so that a batch which waits there is never older than its topic's backlog.
  const now = yield* Clock.currentTimeMillis
  const longest = Duration.toMillis(
    Duration.min(Duration.times(grace, longestGrace.times), longestGrace.atMost)
  )
  let count = 0
  for (const account of yield* accounts(grace)) {
    const { applied, deadLettered, duplicateBatches, graceMillis, missing, topic } = account
    if (!isOurs(topic)) continue
    const sentAgain = Metric.tagged(relayed, "topic", topic).register()
    const settled = applied + deadLettered + duplicateBatches
    const limit = found.get(topic) === settled ? probesPerRound : batchesPerRound
    found.set(topic, settled)
    if (missing === 0) continue
    const overdue = yield* outbox.overdue(topic, now, { first: graceMillis, longest }, limit)
    const sent = yield* Effect.forEach(overdue, (message) => sendAgain(topic, message, sentAgain), {
      concurrency: 4
    })
    count += sent.reduce((sum, one) => sum + one, 0)
  }
  yield* outbox.prune({
    ofJobs: now - Duration.toMillis(keepConfirmed.ofJobs),
    others: now - Duration.toMillis(keepConfirmed.others)
  })
  return count
})

const relay = (isOurs: (topic: string) => boolean) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const grace = yield* relayGrace
      const found: Found = new Map()
      yield* relayOnce(grace, { isOurs, found }).pipe(
        Effect.catchTag("StorageError", (error) =>
          Effect.logWarning("The relay could not do its round; it will try again", error.message)
        ),
        Effect.catchAllDefect((defect) =>
          Effect.logError("The relay's round went wrong; it will try again", defect)
        ),
        Effect.repeat(Schedule.spaced("5 seconds")),
        Effect.interruptible,
        Effect.forkScoped
      )
    })
  )

/** Runs a relay for all topics every few seconds for as long as the layer lives. */
export const RelayLive = relay(() => true)

/** As `RelayLive`, for the topics of one of several producers that share an outbox. */
export const relayOf = (...topics: ReadonlyArray<{ readonly name: string }>) =>
  relay((topic) => topics.some(({ name }) => name === topic))
