import * as Effect from "effect/Effect"

/** Reads once a second until it is as it should be; answers the last reading in any case. */
export const settled = <A, E, R>(
  read: Effect.Effect<A, E, R>,
  isDone: (value: A) => boolean,
  seconds: number
): Effect.Effect<A, E, R> =>
  Effect.flatMap(read, (value) =>
    isDone(value) || seconds <= 0
      ? Effect.succeed(value)
      : Effect.delay(settled(read, isDone, seconds - 1), "1 second")
  )
