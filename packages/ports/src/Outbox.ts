import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Message } from "./PubSub.ts"
import type { StorageError } from "./StorageError.ts"

/** What became of the items of a batch in the consumer's sink. */
export interface AppliedCounts {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
}

/** One topic's account: every number counts items except where it says batches. */
export interface TopicAudit {
  readonly topic: string
  readonly sent: number
  readonly sentBatches: number
  readonly applied: number
  /** Deliveries of batches that had been applied before. */
  readonly duplicateBatches: number
  readonly deadLettered: number
  /** Sent and dropped from the dead letters by hand. */
  readonly dropped: number
  /** Sent, not yet confirmed, younger than the grace period: on its way. */
  readonly pending: number
  /** Sent, not confirmed, and overdue: the relay is sending it again. 0 in a healthy system. */
  readonly missing: number
}

export interface JobProgress extends AppliedCounts {
  readonly batches: number
  readonly items: number
  readonly confirmedBatches: number
  readonly deadLetteredItems: number
  readonly deadLetteredBatches: number
}

/** Of a job that has sent nothing yet. */
export const noProgress: JobProgress = {
  batches: 0,
  items: 0,
  confirmedBatches: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  deadLetteredItems: 0,
  deadLetteredBatches: 0
}

/** How long a batch may be on its way until it is sent again, in ms. */
export interface Grace {
  /** After the first sending. */
  readonly first: number
  /** After each further one it is as long as the batch had been on its way by then, so it doubles; at most this, and at least `first`. */
  readonly longest: number
}

/** Epoch ms: which confirmed batches are forgotten. */
export interface ConfirmedBefore {
  /** Of jobs: a job that goes on where it was appends them again. */
  readonly ofJobs: number
  readonly others: number
}

export interface AppendOptions {
  /**
   * Whether what led to the batch happens again when the last moments before a power cut are lost: then a store that keeps
   * everything in one file, in the order of the writes, need not sync this one by itself.
   */
  readonly repeats?: boolean
}

/**
 * The producer's memory of what it has sent until the consumer's effect is confirmed. A broker's acknowledgement is not
 * proof of delivery, so the relay re-sends what is overdue from here, and the audit is counted here.
 * Every write is durable when it succeeds, but for appends that repeat by themselves: those survive the death of the process.
 */
export class Outbox extends Context.Tag("@influscope/ports/Outbox")<
  Outbox,
  {
    /** Keeps a batch; a batch that is already there is left as it is and answers false. */
    readonly append: (
      topic: string,
      message: Message,
      job: string | undefined,
      options?: AppendOptions
    ) => Effect.Effect<boolean, StorageError>
    /** The consumer's effect is durable. Answers false when it had been confirmed before (a duplicate delivery). */
    readonly confirm: (
      topic: string,
      id: string,
      counts: AppliedCounts
    ) => Effect.Effect<boolean, StorageError>
    /**
     * The batch was dead-lettered; `dropped` when it was then removed for good. A later `confirm` (replay) overrides.
     * Answers false when the batch is confirmed, and leaves it so: only a duplicate of it has died.
     */
    readonly markDead: (
      topic: string,
      id: string,
      state: "dead" | "dropped"
    ) => Effect.Effect<boolean, StorageError>
    /** Batches of a topic, neither confirmed nor dead, whose grace is over at a time (epoch ms); sent longest ago first. */
    readonly overdue: (
      topic: string,
      at: number,
      grace: Grace,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Message>, StorageError>
    /** Notes that a batch was sent again now; a dead one (replay) is on its way again and no longer counts as dead. */
    readonly resent: (topic: string, id: string) => Effect.Effect<void, StorageError>
    readonly audit: (graceMillis: number) => Effect.Effect<ReadonlyArray<TopicAudit>, StorageError>
    readonly progress: (job: string) => Effect.Effect<JobProgress, StorageError>
    /**
     * Forgets batches confirmed before those times, and answers how many; the totals of the audit stay. A delivery of a forgotten
     * batch still counts as a duplicate, but appended again it is a new one.
     */
    readonly prune: (before: ConfirmedBefore) => Effect.Effect<number, StorageError>
  }
>() {}
