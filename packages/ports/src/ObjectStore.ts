import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { StorageError } from "./StorageError.ts"

export interface StoredObject {
  readonly bytes: Uint8Array
  readonly contentType: string
}

/**
 * Whole objects by key (`avatars/...`). A key is one to eight segments of `[A-Za-z0-9._-]`, none of them dots only, joined
 * by `/`; any other key is a defect of the caller. The bucket or directory is made when it is missing, at start and at
 * every write, so it may disappear while running. A `put` that fails leaves no torn object.
 */
export class ObjectStore extends Context.Tag("@influscope/ports/ObjectStore")<
  ObjectStore,
  {
    readonly put: (key: string, object: StoredObject) => Effect.Effect<void, StorageError>
    readonly get: (key: string) => Effect.Effect<Option.Option<StoredObject>, StorageError>
    /** Deleting an absent object succeeds. */
    readonly delete: (key: string) => Effect.Effect<void, StorageError>
    /** Keys under a prefix, sorted. */
    readonly list: (prefix: string) => Stream.Stream<string, StorageError>
    /**
     * An address where anybody can GET the object for a time of up to seven days, in whole seconds, whether it exists or
     * not; none where the store has no such thing.
     */
    readonly presign: (
      key: string,
      ttl: Duration.DurationInput
    ) => Effect.Effect<Option.Option<string>, StorageError>
  }
>() {}
