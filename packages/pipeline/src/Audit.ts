import { Outbox, type TopicAudit } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** A topic's account, and the grace (ms) after which its batches count as missing. */
export interface Account extends TopicAudit {
  readonly graceMillis: number
}

/**
 * The account of every topic. A backlog is not a loss: the age of the oldest message that waits in a topic is added to
 * the grace of that topic.
 */
export const accounts = (
  grace: Duration.Duration
): Effect.Effect<ReadonlyArray<Account>, StorageError, Outbox | PubSub> =>
  Effect.gen(function* () {
    const outbox = yield* Outbox
    const pubsub = yield* PubSub
    const waiting = new Map((yield* pubsub.stats).map(({ oldestSeconds, topic }) => [topic, oldestSeconds]))
    const patient = (audit: TopicAudit) =>
      Effect.gen(function* () {
        const graceMillis = Duration.toMillis(grace) + (waiting.get(audit.topic) ?? 0) * 1_000
        const again = audit.missing === 0 ? [] : yield* outbox.audit(graceMillis)
        return { ...(again.find(({ topic }) => topic === audit.topic) ?? audit), graceMillis }
      })
    return yield* Effect.forEach(yield* outbox.audit(Duration.toMillis(grace)), patient)
  })
