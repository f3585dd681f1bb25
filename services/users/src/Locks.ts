import * as Effect from "effect/Effect"

const stripes = 64

/** Lets effects with the same key run one after the other in this process; some of other keys wait with them. */
export const makeLocks = Effect.map(
  Effect.all(Array.from({ length: stripes }, () => Effect.makeSemaphore(1))),
  (locks) =>
    (key: string) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
      const lock = locks[Number(BigInt(Bun.hash(key)) % BigInt(stripes))]
      return lock === undefined ? effect : lock.withPermits(1)(effect)
    }
)
