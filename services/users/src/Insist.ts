import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

const pauses = Schedule.intersect(Schedule.jittered(Schedule.exponential("5 millis", 3)), Schedule.recurs(4))

/**
 * Writes again what the store did not take: where many write at once, some stores end one of them to let the others go on
 * (MySQL's deadlocks), and say so only in their own words.
 */
export const insist = <A, R>(write: Effect.Effect<A, StorageError, R>): Effect.Effect<A, StorageError, R> =>
  Effect.retry(write, { while: ({ reason }) => reason === "unavailable", schedule: pauses })
