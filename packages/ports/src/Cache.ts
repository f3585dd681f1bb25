import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StorageError } from "./StorageError.ts"

/**
 * Texts by key that may be gone at any time, and are gone when their time to live is over: nothing belongs here alone.
 * Bounded: what is used least makes room, or the server behind it is set up so. Services share what they put here. See
 * ReadThrough.ts for reading a store through it.
 */
export class Cache extends Context.Tag("@influscope/ports/Cache")<
  Cache,
  {
    readonly get: (key: string) => Effect.Effect<Option.Option<string>, StorageError>
    /** Writes where nothing is, and tells whether it did: of many at once, one does. */
    readonly add: (
      key: string,
      value: string,
      timeToLive: Duration.DurationInput
    ) => Effect.Effect<boolean, StorageError>
    /** Writes the same under all of these keys, over whatever is there. */
    readonly set: (
      keys: ReadonlyArray<string>,
      value: string,
      timeToLive: Duration.DurationInput
    ) => Effect.Effect<void, StorageError>
    readonly delete: (key: string) => Effect.Effect<void, StorageError>
  }
>() {}
