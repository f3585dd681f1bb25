import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

/** A number of something there has to be. */
export const positive = (name: string, fallback: number) =>
  Config.integer(name).pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(fallback)
  )

/**
 * TRACKER_MAX_LATENESS: a slot that has not been fetched by then is given up and counted as missed, whether nobody handed it
 * out or nobody could fetch it.
 */
export const maxLateness = Config.duration("MAX_LATENESS").pipe(
  Config.withDefault(Duration.hours(1)),
  Config.nested("TRACKER")
)
