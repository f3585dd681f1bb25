import * as Config from "effect/Config"
import * as Option from "effect/Option"
import { bucketStart, type Resolution } from "./Resolution.ts"

/** How long points and rollups are kept, in days; null for ever. */
export type Retention = { readonly [L in Resolution]: number | null }

const days = (name: string) =>
  Config.integer(name).pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 })
  )

const forEver = (name: string): Config.Config<number | null> =>
  Config.map(Config.option(days(name)), Option.getOrNull)

/** TRACKER_RETENTION_RAW (30 days), HOUR (400), DAY, WEEK and MONTH, which stay for ever unless a number of days is given. */
export const retention: Config.Config<Retention> = Config.all({
  raw: Config.withDefault(days("RAW"), 30),
  hour: Config.withDefault(days("HOUR"), 400),
  day: forEver("DAY"),
  week: forEver("WEEK"),
  month: forEver("MONTH")
}).pipe(Config.nested("RETENTION"), Config.nested("TRACKER"))

/** Whether a level still has what was at a time; both times in epoch seconds. */
export const isKept = (retained: Retention, level: Resolution, time: number, now: number): boolean => {
  const days = retained[level]
  return days === null || time >= now - days * 86_400
}

/**
 * From when a store keeps points, or buckets that start then, as of `now`; all in epoch seconds. Never less than isKept
 * says: whole buckets are dropped, and points by whole UTC days, so that no hour or day loses a part of its points.
 */
export const keptFrom = (retained: Retention, level: Resolution, now: number): number => {
  const days = retained[level]
  if (days === null) return 0
  const bucket = level === "raw" || level === "hour" ? "day" : level
  return Math.max(0, bucketStart(bucket, Math.max(0, now - days * 86_400)))
}
