import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"

/**
 * Makes writes visible to searches: one refresh at a time, and one for everybody who asked before it began. Succeeds when a refresh
 * that began after the call is done.
 */
export const makeRefresher = (
  refresh: Effect.Effect<void, StorageError>
): Effect.Effect<Effect.Effect<void, StorageError>> =>
  Effect.map(Effect.makeSemaphore(1), (one) => {
    let asked = 0
    let served = 0
    return Effect.suspend(() => {
      const mine = ++asked
      return one.withPermits(1)(
        Effect.suspend(() => {
          if (served >= mine) return Effect.void
          const all = asked
          return Effect.map(refresh, () => {
            served = Math.max(served, all)
          })
        })
      )
    })
  })
