import type { DeadLetter } from "@influscope/ports/DeadLetters"
import type { QueueStats } from "@influscope/ports/PubSub"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/** How often a message has been handed to a handler, this time included, and how the time before ended. */
export interface DeliveryCount {
  readonly attempt: number
  /** None when the delivery before ended without a word: the process died under it. */
  readonly lastReason: Option.Option<string>
}

/**
 * What a sidecar does not remember about messages: how often each was delivered, which died, and how many are on their
 * way. Shared by all replicas of a service and durable, so that a message that kills its process is counted too.
 */
export class Ledger extends Context.Tag("@influscope/adapters/dapr/Ledger")<
  Ledger,
  {
    /** Counts a delivery before its handler runs. */
    readonly begin: (topic: string, id: string) => Effect.Effect<DeliveryCount, StorageError>
    /** The handler asked for another delivery. */
    readonly failed: (topic: string, id: string, reason: string) => Effect.Effect<void, StorageError>
    /** The message is done with: its count is forgotten. */
    readonly settled: (topic: string, id: string) => Effect.Effect<void, StorageError>
    /** Keeps a dead message, over an older one of the same topic and id, and forgets its count: in one transaction. */
    readonly bury: (letter: DeadLetter) => Effect.Effect<void, StorageError>
    /**
     * What was sent and is neither confirmed nor dead, by topic, from the outbox: brokers do not tell through Dapr.
     * `oldestSeconds` is how long the batch confirmed last had been on its way, when that was within the last minute, and
     * else 0: the age of the backlog, without what was lost in it.
     */
    readonly backlog: Effect.Effect<ReadonlyArray<QueueStats>, StorageError>
  }
>() {}
