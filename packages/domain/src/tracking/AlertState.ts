import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Alert } from "./AlertRule.ts"
import { Day } from "./DailySeries.ts"

/**
 * What is remembered of a rule and an influencer from the first alert on: whether the condition held when it was last
 * looked at, and the day of the latest alert.
 */
export const AlertState = Schema.Struct({ holds: Schema.Boolean, raised: Day })
export type AlertState = typeof AlertState.Type

export interface Advanced {
  readonly state: AlertState | undefined
  /** To be raised now. */
  readonly alert: Option.Option<Alert>
}

/**
 * One crossing makes one alert: what `evaluate` finds is raised when the condition did not hold before; of anomalies, which
 * do not end, each later one. A figure that swings around the limit makes one alert a day at most.
 */
export const advance = (before: AlertState | undefined, found: Option.Option<Alert>): Advanced => {
  if (Option.isNone(found)) return { state: before && { ...before, holds: false }, alert: Option.none() }
  const { evidence, time } = found.value
  const isNew =
    before === undefined || (time > before.raised && (!before.holds || evidence.kind === "anomaly"))
  return isNew
    ? { state: { holds: true, raised: time }, alert: found }
    : { state: { ...before, holds: true }, alert: Option.none() }
}
