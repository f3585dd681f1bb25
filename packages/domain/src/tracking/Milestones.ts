import * as Schema from "effect/Schema"
import { type DailySeries, Day } from "./DailySeries.ts"
import { DaysUntil, daysUntil, fitTrend } from "./Projection.ts"

/** Counts that are celebrated: 1,000, 2,500, 5,000 and so on, up to 5 x 10^12 (views). */
export const milestones: ReadonlyArray<number> = Array.from(
  { length: 10 },
  (_, index) => 10 ** (index + 3)
).flatMap((unit) => [unit, 2.5 * unit, 5 * unit])

/** A milestone counts again only after the count fell so many percent below it. Above any rounding step. Ours. */
export const milestoneHysteresisPercent = 5

/** `time` is the first day with `value` at or above the milestone. */
export const Crossing = Schema.Struct({
  milestone: Schema.Number,
  time: Day,
  value: Schema.Number
}).annotations({ identifier: "Crossing" })
export type Crossing = typeof Crossing.Type

const crossingsOf = (series: DailySeries, milestone: number): ReadonlyArray<Crossing> => {
  const farBelow = milestone * (1 - milestoneHysteresisPercent / 100)
  const crossings: Array<Crossing> = []
  // What the series begins above was crossed before it, nobody knows when.
  let below = series[0] !== undefined && series[0].value < milestone
  for (const { time, value } of series) {
    if (below && value >= milestone) crossings.push({ milestone, time, value })
    below = below ? value < milestone : value < farBelow
  }
  return crossings
}

/**
 * The milestones that a series crossed upwards, oldest first. A count that swings around a milestone crosses it once; one
 * that falls 5 % below it can cross it again.
 */
export const crossedMilestones = (series: DailySeries): ReadonlyArray<Crossing> =>
  milestones
    .flatMap((milestone) => crossingsOf(series, milestone))
    .toSorted((a, b) => a.time - b.time || a.milestone - b.milestone)

/** The next milestone, the count that is missing, and days until it is reached; these are null when nothing can be projected. */
export const NextMilestone = Schema.Struct({
  milestone: Schema.Number,
  remaining: Schema.Number,
  days: Schema.NullOr(DaysUntil)
}).annotations({ identifier: "NextMilestone" })
export type NextMilestone = typeof NextMilestone.Type

/** The lowest milestone above the last value; null for an empty series, and beyond the last milestone. */
export const nextMilestone = (series: DailySeries): NextMilestone | null => {
  const last = series.at(-1)
  if (last === undefined) return null
  const milestone = milestones.find((count) => count > last.value)
  if (milestone === undefined) return null
  const trend = fitTrend(series)
  return {
    milestone,
    remaining: milestone - last.value,
    days: trend === null ? null : daysUntil(trend, milestone)
  }
}
