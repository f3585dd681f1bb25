import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { bucketSeconds, bucketStart, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import type { Rollup, Summary } from "@influscope/ports/TimeSeries"
import { decodeArray } from "../Arrays.ts"
import { columnOf } from "./Columns.ts"

type Metrics = { [M in MetricName]?: Summary }

/** A row of series_hours or, without `hours`, of series_days; arrays are in binary form. */
export interface StoredRow {
  readonly day: number
  /** Metrics by their column. */
  readonly [column: string]: number | Uint8Array | null
}

/** Hours of a row of days. */
const oneBucket = Float64Array.of(0)

/** Numbers of a stored summary. */
const summaryLength = 6

const summaryOfOne = (figure: number): Summary => ({
  first: figure,
  last: figure,
  min: figure,
  max: figure,
  sum: figure,
  count: 1
})

/** Of `count` summaries, or of so many figures alone. */
const summaryAt = (numbers: Float64Array, count: number, place: number): Summary | undefined => {
  const isAlone = numbers.length === count
  const at = isAlone ? place : place * summaryLength
  const first = numbers[at]
  if (first === undefined || Number.isNaN(first)) return undefined
  if (isAlone) return summaryOfOne(first)
  return {
    first,
    last: numbers[at + 1] ?? 0,
    min: numbers[at + 2] ?? 0,
    max: numbers[at + 3] ?? 0,
    sum: numbers[at + 4] ?? 0,
    count: numbers[at + 5] ?? 0
  }
}

const arrayIn = (row: StoredRow, column: string): Float64Array | undefined => {
  const bytes = row[column]
  return bytes instanceof Uint8Array ? decodeArray(bytes) : undefined
}

export const rollupsOfRow = (row: StoredRow): ReadonlyArray<Rollup> => {
  const hours = arrayIn(row, "hours") ?? oneBucket
  const rollups: Array<{ readonly time: number; readonly metrics: Metrics }> = []
  for (const hour of hours) rollups.push({ time: row.day + hour * bucketSeconds.hour, metrics: {} })
  for (const metric of metricNames) {
    const numbers = arrayIn(row, columnOf(metric))
    if (numbers === undefined) continue
    let place = 0
    for (const { metrics } of rollups) {
      const summary = summaryAt(numbers, rollups.length, place++)
      if (summary !== undefined) metrics[metric] = summary
    }
  }
  return rollups
}

/** Some metrics of a point as a rollup of nothing else. */
export const rollupOfPoint = (point: DataPoint, wanted: ReadonlyArray<MetricName>): Rollup => {
  const metrics: Metrics = {}
  for (const metric of wanted) {
    const value = point[metric]
    if (value !== undefined) metrics[metric] = summaryOfOne(value)
  }
  return { time: point.time, metrics }
}

/** Of two summaries, the second of later points. */
const joined = (earlier: Summary | undefined, later: Summary): Summary =>
  earlier === undefined
    ? later
    : {
        first: earlier.first,
        last: later.last,
        min: Math.min(earlier.min, later.min),
        max: Math.max(earlier.max, later.max),
        sum: earlier.sum + later.sum,
        count: earlier.count + later.count
      }

/** Rolls up what is in the order of time into buckets of a level. */
export const coarser = (level: RollupLevel, rollups: ReadonlyArray<Rollup>): ReadonlyArray<Rollup> => {
  const buckets = new Map<number, Metrics>()
  for (const { metrics, time } of rollups) {
    const start = bucketStart(level, time)
    const bucket = buckets.get(start) ?? {}
    buckets.set(start, bucket)
    for (const metric of metricNames) {
      const summary = metrics[metric]
      if (summary !== undefined) bucket[metric] = joined(bucket[metric], summary)
    }
  }
  return Array.from(buckets, ([time, metrics]) => ({ time, metrics }))
}
