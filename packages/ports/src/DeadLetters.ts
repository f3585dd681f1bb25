import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StorageError } from "./StorageError.ts"

export interface DeadLetter {
  /** The message's id. */
  readonly id: string
  readonly topic: string
  readonly payload: string
  readonly items: number
  readonly reason: string
  readonly attempts: number
  /** Epoch ms. */
  readonly deadAt: number
}

/** The messages that could not be handled: kept until somebody replays or drops them. */
export class DeadLetters extends Context.Tag("@influscope/ports/DeadLetters")<
  DeadLetters,
  {
    /** Newest first; `before` is the (deadAt, id) of the last entry of the page before. */
    readonly list: (options: {
      readonly topic: string | undefined
      readonly limit: number
      readonly before: { readonly deadAt: number; readonly id: string } | undefined
    }) => Effect.Effect<ReadonlyArray<DeadLetter>, StorageError>
    readonly get: (id: string) => Effect.Effect<Option.Option<DeadLetter>, StorageError>
    /** Publishes the message again on its topic with its attempts forgotten; false when there is no such entry. */
    readonly replay: (id: string) => Effect.Effect<boolean, StorageError>
    /** Removes the entry for good; false when there is no such entry. */
    readonly drop: (id: string) => Effect.Effect<boolean, StorageError>
    readonly count: Effect.Effect<number, StorageError>
  }
>() {}
