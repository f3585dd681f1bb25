import * as Schema from "effect/Schema"
import { type DailySeries, DailyValue, roundingStep } from "./DailySeries.ts"
import { bucketSeconds } from "./Resolution.ts"

/** Days; the windows that Social Blade made usual (github.com/SocialBlade/socialblade-js). */
export const growthWindows = [1, 3, 7, 14, 30, 60, 90, 180, 365] as const
export const GrowthWindow = Schema.Literal(...growthWindows).annotations({ identifier: "GrowthWindow" })
export type GrowthWindow = typeof GrowthWindow.Type

/**
 * Why there is no growth, or no percentage: no value near the window's start, a change smaller than the counts are told,
 * or a start at 0.
 */
export const NoGrowthReason = Schema.Literal("no-history", "within-rounding", "zero-start").annotations({
  identifier: "NoGrowthReason"
})
export type NoGrowthReason = typeof NoGrowthReason.Type

/**
 * The change over the last `days` days, from `start` to `end`. `absolute` is a count; `percent` is of the start;
 * `per30Days` is percent per 30 days. The true change is less than `uncertainty` (a count) away: the step of counts
 * that are shown rounded, 0 for exact ones. What is unknown is null and has a `reason`; it is never 0.
 */
export const Growth = Schema.Struct({
  days: GrowthWindow,
  start: Schema.NullOr(DailyValue),
  end: Schema.NullOr(DailyValue),
  absolute: Schema.NullOr(Schema.Number),
  percent: Schema.NullOr(Schema.Number),
  per30Days: Schema.NullOr(Schema.Number),
  uncertainty: Schema.NullOr(Schema.Number),
  reason: Schema.NullOr(NoGrowthReason)
}).annotations({ identifier: "Growth" })
export type Growth = typeof Growth.Type

const unknown = { absolute: null, percent: null, per30Days: null, uncertainty: null }

/**
 * Growth up to the last day of the series. The start is the last value at or before the beginning of the window, but no
 * older than half a window before it. `percent` is (end - start) / start x 100, `per30Days` the same x 30 / days between
 * the two (socialstatus.io). A change below one rounding step is null: within rounding.
 */
export const growthOver = (series: DailySeries, days: GrowthWindow): Growth => {
  const end = series.at(-1) ?? null
  if (end === null) return { ...unknown, days, start: null, end, reason: "no-history" }
  const opening = end.time - days * bucketSeconds.day
  const oldest = opening - (days * bucketSeconds.day) / 2
  const start = series.findLast(({ time }) => time <= opening && time >= oldest) ?? null
  if (start === null) return { ...unknown, days, start, end, reason: "no-history" }
  const absolute = end.value - start.value
  const step = roundingStep(series.map(({ value }) => value))(Math.max(start.value, end.value))
  const uncertainty = step > 1 ? step : 0
  if (Math.abs(absolute) < uncertainty)
    return { ...unknown, days, start, end, uncertainty, reason: "within-rounding" }
  if (start.value <= 0) return { ...unknown, days, start, end, absolute, uncertainty, reason: "zero-start" }
  const percent = (absolute / start.value) * 100
  const per30Days = (percent * 30 * bucketSeconds.day) / (end.time - start.time)
  return { days, start, end, absolute, percent, per30Days, uncertainty, reason: null }
}

/** Growth over each of the usual windows, shortest first; see `growthOver`. */
export const growthOf = (series: DailySeries): ReadonlyArray<Growth> =>
  growthWindows.map((days) => growthOver(series, days))
