import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StorageError } from "./StorageError.ts"

/** A stored value (JSON) with the tag of this very version of it. */
export interface StateEntry {
  readonly value: string
  readonly etag: string
}

export interface SetOptions {
  /** Write only over this version; `null`: only when the key is absent. Otherwise last write wins. */
  readonly ifMatch?: string | null
  /** Forget the key after this long. */
  readonly ttl?: Duration.DurationInput
}

export type StateOperation =
  | { readonly _tag: "Set"; readonly key: string; readonly value: string; readonly options?: SetOptions }
  | { readonly _tag: "Delete"; readonly key: string; readonly ifMatch?: string }

export type StateCapability = "etag" | "transactional" | "ttl"

/**
 * Small JSON values by key. A write whose condition does not hold fails with StorageError `conflict` and writes nothing;
 * a transaction writes all of its operations or none. Expired keys are absent from the moment they expire.
 */
export class StateStore extends Context.Tag("@influscope/ports/StateStore")<
  StateStore,
  {
    readonly capabilities: ReadonlySet<StateCapability>
    readonly get: (key: string) => Effect.Effect<Option.Option<StateEntry>, StorageError>
    /** In the order of the keys. */
    readonly getMany: (
      keys: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<Option.Option<StateEntry>>, StorageError>
    readonly set: (key: string, value: string, options?: SetOptions) => Effect.Effect<void, StorageError>
    readonly delete: (key: string, ifMatch?: string) => Effect.Effect<void, StorageError>
    readonly transact: (operations: ReadonlyArray<StateOperation>) => Effect.Effect<void, StorageError>
  }
>() {}
