import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { StorageError } from "./StorageError.ts"

/** Values by key; a key that nobody has set is left out. */
export type ConfigurationValues = Readonly<Record<string, string>>

/** Settings that operators change while services run. */
export class Configuration extends Context.Tag("@influscope/ports/Configuration")<
  Configuration,
  {
    readonly get: (keys: ReadonlyArray<string>) => Effect.Effect<ConfigurationValues, StorageError>
    /**
     * The values of these keys now, and all of them again after each change; never the same twice in a row. Ends with the
     * first failure: retry it, and what changed meanwhile comes first.
     */
    readonly changes: (keys: ReadonlyArray<string>) => Stream.Stream<ConfigurationValues, StorageError>
  }
>() {}
