import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { StorageError } from "./StorageError.ts"

/** The store has no such secret, or will not tell it to this app. */
export class SecretMissing extends Data.TaggedError("SecretMissing")<{
  readonly name: string
  readonly key: string
  readonly why: string
}> {
  override get message(): string {
    return `no ${this.key} in the secret ${this.name}: ${this.why}`
  }
}

/** Secrets by name and key, as component files refer to them. */
export class Secrets extends Context.Tag("@influscope/ports/Secrets")<
  Secrets,
  {
    readonly get: (
      name: string,
      key: string
    ) => Effect.Effect<Redacted.Redacted, SecretMissing | StorageError>
  }
>() {}
