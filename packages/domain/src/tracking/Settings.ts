import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

/**
 * TRACKER_MAX_LATENESS: a slot that has not been fetched by then is given up and counted as missed, whether nobody handed it
 * out or nobody could fetch it.
 */
export const maxLateness = Config.duration("MAX_LATENESS").pipe(
  Config.withDefault(Duration.hours(1)),
  Config.nested("TRACKER")
)
