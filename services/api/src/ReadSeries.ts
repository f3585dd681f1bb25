import { type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { type Resolution, resolutionFor, resolutions } from "@influscope/domain/tracking/Resolution"
import { isKept, type Retention } from "@influscope/domain/tracking/Retention"
import type { StorageError } from "@influscope/ports/StorageError"
import type { Rollup, Summary, TimeSeries } from "@influscope/ports/TimeSeries"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** One point, or one bucket of a rollup. `time` is epoch seconds; `summaries` are there in rollups only. */
export interface Row {
  readonly time: number
  readonly values: { readonly [M in MetricName]?: number }
  readonly summaries?: Rollup["metrics"]
}

export interface Asked {
  readonly id: InfluencerId
  /** Epoch seconds: `from` inclusive, `to` exclusive. */
  readonly from: number
  readonly to: number
  /** Undefined: the finest level that needs no more than `points` rows. */
  readonly resolution: Resolution | undefined
  readonly points: number
  readonly metrics: ReadonlyArray<MetricName>
  /** Seconds between two points of this influencer. */
  readonly interval: number
  /** Epoch seconds. */
  readonly now: number
}

export interface Found {
  readonly resolution: Resolution
  readonly rows: ReadonlyArray<Row>
  /** Where the rows after these begin (epoch seconds); undefined when there are none. */
  readonly next: number | undefined
}

const valuesOf = (from: { readonly [M in MetricName]?: number }): Row["values"] => {
  const values: { [M in MetricName]?: number } = {}
  for (const name of metricNames) {
    const value = from[name]
    if (value !== undefined) values[name] = value
  }
  return values
}

const lastOf = (metrics: { readonly [M in MetricName]?: Summary }): Row["values"] => {
  const values: { [M in MetricName]?: number } = {}
  for (const name of metricNames) {
    const summary = metrics[name]
    if (summary !== undefined) values[name] = summary.last
  }
  return values
}

const rowsAt = (
  series: Context.Tag.Service<TimeSeries>,
  { from, id, metrics, points, to }: Asked,
  level: Resolution
): Effect.Effect<ReadonlyArray<Row>, StorageError> => {
  // One more than asked for, to know whether there are more.
  const range = { from, to, limit: points + 1 }
  return level === "raw"
    ? Effect.map(series.points(id, range), (all) =>
        all.map((point) => ({ time: point.time, values: valuesOf(point) }))
      )
    : Effect.map(series.rollups(id, level, range, metrics), (all) =>
        all.map((rollup) => ({
          time: rollup.time,
          values: lastOf(rollup.metrics),
          summaries: rollup.metrics
        }))
      )
}

/**
 * Reads a stretch of a series at the level that was asked for, in pages of `points` rows; or, when none was, at the finest
 * level that still has the stretch and shows all of it in `points` rows.
 */
export const readSeries = (
  series: Context.Tag.Service<TimeSeries>,
  retained: Retention,
  asked: Asked
): Effect.Effect<Found, StorageError> =>
  Effect.gen(function* () {
    const estimated = resolutionFor(asked.to - asked.from, asked.points, asked.interval)
    const levels =
      asked.resolution === undefined
        ? resolutions
            .slice(resolutions.indexOf(estimated))
            .filter((level) => level === "month" || isKept(retained, level, asked.from, asked.now))
        : [asked.resolution]
    for (const level of levels) {
      const rows = yield* rowsAt(series, asked, level)
      const isLast = level === levels[levels.length - 1]
      // People take points more often than tracking does: the estimate can be too fine.
      if (rows.length > asked.points && !isLast) continue
      const shown = rows.slice(0, asked.points)
      return { resolution: level, rows: shown, next: rows[asked.points]?.time }
    }
    return { resolution: estimated, rows: [], next: undefined }
  })
