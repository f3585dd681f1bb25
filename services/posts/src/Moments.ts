import { KeyReused } from "@influscope/ports/Posts"
import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { readStored } from "@influscope/ports/StoredJson"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const remembered = "1 day"

/** `digest`: null of a stream. */
const First = Schema.Struct({ at: Schema.Int, digest: Schema.NullOr(Schema.String) })
type First = typeof First.Type
const Stored = Schema.parseJson(First)

/** Remembers when a key was first used and with what, so that a request sent again is of the same moment. */
export class Moments extends Effect.Service<Moments>()("@influscope/posts/Moments", {
  effect: Effect.gen(function* () {
    const state = yield* StateStore

    const firstUse = (name: string, digest: string | null): Effect.Effect<First, StorageError> =>
      Effect.gen(function* () {
        const known = yield* readStored(state, name, Stored)
        if (Option.isSome(known)) return known.value
        const first: First = { at: yield* Clock.currentTimeMillis, digest }
        yield* state.set(name, JSON.stringify(first), { ifMatch: null, ttl: remembered })
        return first
      }).pipe(
        // Somebody used it at the same moment.
        Effect.retry({ times: 3, while: (error) => error.reason === "conflict" })
      )

    return {
      momentOf: (key: string, digest: string | undefined): Effect.Effect<number, KeyReused | StorageError> =>
        Effect.gen(function* () {
          const first = yield* firstUse(`posts/request/${key}`, digest ?? null)
          if (first.digest !== (digest ?? null)) return yield* new KeyReused()
          return first.at
        })
    }
  })
}) {}
