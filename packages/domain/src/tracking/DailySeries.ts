import * as Schema from "effect/Schema"
import { EpochSeconds, type MetricName } from "./DataPoint.ts"
import { bucketSeconds } from "./Resolution.ts"

/** The start of a day in UTC: epoch seconds here, ISO 8601 for everybody else. */
export const Day = Schema.transform(
  Schema.String.annotations({ jsonSchema: { type: "string", format: "date-time" } }),
  EpochSeconds,
  {
    strict: true,
    decode: (text) => Date.parse(text) / 1_000,
    encode: (seconds) => new Date(seconds * 1_000).toISOString()
  }
)

/** The last figure of a day (a count). */
export const DailyValue = Schema.Struct({ time: Day, value: Schema.Number }).annotations({
  identifier: "DailyValue"
})
export type DailyValue = typeof DailyValue.Type

/** Oldest first, at most one value a day; days may be missing. */
export type DailySeries = ReadonlyArray<DailyValue>

/** The daily series of one influencer; metrics that are not known are absent. */
export type SeriesByMetric = { readonly [M in MetricName]?: DailySeries }

/** From one value to the next, `days` later. `rate` is percent per day, compounded: spread evenly over a gap. */
export interface Change {
  readonly time: number
  readonly before: number
  readonly after: number
  readonly days: number
  readonly rate: number
}

/** The changes of a series, in order. A change from 0 has no rate and is left out. */
export const changesOf = (series: DailySeries): ReadonlyArray<Change> =>
  series.slice(1).flatMap(({ time, value: after }, index) => {
    const previous = series[index]
    if (previous === undefined || previous.value <= 0) return []
    const days = (time - previous.time) / bucketSeconds.day
    const rate = ((after / previous.value) ** (1 / days) - 1) * 100
    return [{ time, before: previous.value, after, days, rate }]
  })

const stepAt = (count: number): number => 10 ** Math.max(0, String(Math.trunc(count)).length - 3)

/**
 * How finely these counts are told around one of them: 10^(floor(log10 count) - 2) when none of them has more than three
 * significant digits, as on YouTube (rounded down, help.rivaliq.com/en/articles/9788197); else 1. Counts below 1,000 do not tell whether they are rounded, and count as exact.
 */
export const roundingStep = (counts: ReadonlyArray<number>): ((count: number) => number) => {
  const rounded =
    counts.some((count) => count >= 1_000) && counts.every((count) => count % stepAt(count) === 0)
  return rounded ? stepAt : () => 1
}
