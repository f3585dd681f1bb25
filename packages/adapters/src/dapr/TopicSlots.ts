import type { Message } from "@influscope/ports/PubSub"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Answer } from "./Callbacks.ts"

/** A subscription as its topic sees it: how many messages it handles at once, and how. */
export interface Slots {
  readonly concurrency: number
  /** Handles a message in the slot that was taken for it, and gives the slot back, however it ends. */
  readonly run: (message: Message, release: Effect.Effect<void>) => Effect.Effect<Answer>
}

/** Handles a message in a slot. To be run once. */
export type Run = (message: Message) => Effect.Effect<Answer>

interface Waiting {
  readonly granted: Deferred.Deferred<void>
  member: Slots | undefined
}

/** Hands the deliveries of one topic to its subscriptions, first come first served, never more than they take. */
export class TopicSlots {
  readonly #running = new Map<Slots, number>()
  readonly #waiting = new Set<Waiting>()
  #closed = false

  join(member: Slots): void {
    this.#running.set(member, 0)
    this.#grant()
  }

  /** It gets no further messages; what runs goes on. */
  leave(member: Slots): void {
    this.#running.delete(member)
  }

  /** Gives back everything that waits, and whatever comes. */
  close(): void {
    this.#closed = true
    this.#running.clear()
    for (const waiting of this.#waiting) Deferred.unsafeDone(waiting.granted, Effect.void)
    this.#waiting.clear()
  }

  /** Waits for a free slot; none when there was none in time, the sidecar hung up, or the end has come. */
  acquire(patience: Duration.DurationInput, hungUp: AbortSignal): Effect.Effect<Option.Option<Run>> {
    return Effect.gen(this, function* () {
      if (this.#closed || hungUp.aborted) return Option.none()
      const waiting: Waiting = { granted: yield* Deferred.make<void>(), member: undefined }
      const end = () => Deferred.unsafeDone(waiting.granted, Effect.void)
      this.#waiting.add(waiting)
      this.#grant()
      if (waiting.member === undefined) {
        hungUp.addEventListener("abort", end, { once: true })
        yield* Effect.timeoutOption(Deferred.await(waiting.granted), patience)
        hungUp.removeEventListener("abort", end)
      }
      this.#waiting.delete(waiting)
      const { member } = waiting
      if (member === undefined) return Option.none()
      return Option.some((message: Message) => member.run(message, this.#release(member)))
    })
  }

  #release(member: Slots): Effect.Effect<void> {
    return Effect.sync(() => {
      const running = this.#running.get(member)
      // It may have left in between.
      if (running !== undefined) this.#running.set(member, running - 1)
      this.#grant()
    })
  }

  #grant(): void {
    for (const waiting of this.#waiting) {
      const member = this.#free()
      if (member === undefined) return
      this.#running.set(member, (this.#running.get(member) ?? 0) + 1)
      waiting.member = member
      this.#waiting.delete(waiting)
      Deferred.unsafeDone(waiting.granted, Effect.void)
    }
  }

  /** The one with the most room, relative to what it takes. */
  #free(): Slots | undefined {
    let best: Slots | undefined
    let least = 1
    for (const [member, running] of this.#running) {
      const load = running / member.concurrency
      if (load < least) {
        best = member
        least = load
      }
    }
    return best
  }
}
