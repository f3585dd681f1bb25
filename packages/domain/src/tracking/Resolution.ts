import * as Schema from "effect/Schema"

/** Levels at which a series is kept: single points, and rollups of them by UTC hour, day, week (from Monday) and month. */
export const resolutions = ["raw", "hour", "day", "week", "month"] as const
export const Resolution = Schema.Literal(...resolutions).annotations({ identifier: "Resolution" })
export type Resolution = typeof Resolution.Type
export type RollupLevel = Exclude<Resolution, "raw">
export const rollupLevels: ReadonlyArray<RollupLevel> = ["hour", "day", "week", "month"]

const hour = 3_600
const day = 86_400
/** 1970-01-05 was the first Monday. */
const firstMonday = 4 * day

const monthStart = (seconds: number, months: number): number => {
  const date = new Date(seconds * 1_000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / 1_000
}

/** Start of the bucket that a time falls into; both epoch seconds. */
export const bucketStart = (level: RollupLevel, time: number): number => {
  switch (level) {
    case "hour":
      return time - (time % hour)
    case "day":
      return time - (time % day)
    case "week":
      // The days before the first Monday belong to a week that began in 1969.
      return Math.floor((time - firstMonday) / (7 * day)) * 7 * day + firstMonday
    case "month":
      return monthStart(time, 0)
  }
}

/** Start of the bucket after the one that starts at `start`; both epoch seconds. */
export const nextBucket = (level: RollupLevel, start: number): number => {
  switch (level) {
    case "hour":
      return start + hour
    case "day":
      return start + day
    case "week":
      return start + 7 * day
    case "month":
      return monthStart(start, 1)
  }
}

/** Usual length of a bucket in seconds, for estimates. */
export const bucketSeconds = { hour, day, week: 7 * day, month: 30 * day } as const

/**
 * The finest level that shows a range (seconds) in at most `points` points, where single points are `interval` seconds
 * apart; the coarsest when none does.
 */
export const resolutionFor = (range: number, points: number, interval: number): Resolution => {
  if (range / interval <= points) return "raw"
  return rollupLevels.find((level) => range / bucketSeconds[level] <= points) ?? "month"
}
