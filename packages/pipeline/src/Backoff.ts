import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Milliseconds until the next of some attempts: `first` doubled after each one, at most `longest`, spread over its upper half. */
export const delayAfter = (
  attempts: number,
  first: Duration.Duration,
  longest: Duration.Duration
): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => {
    const delay = Math.min(Duration.toMillis(longest), Duration.toMillis(first) * 2 ** (attempts - 1))
    return Math.ceil(delay * (0.5 + random / 2))
  })
