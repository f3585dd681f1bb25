import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { bucketSeconds, bucketStart, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import type { Rollup, Summary } from "@influscope/ports/TimeSeries"
import { isAtEnd, readArray, readBigint, readerOf } from "../Arrays.ts"
import { columnOf } from "./Columns.ts"

type Metrics = { [M in MetricName]?: Summary }

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

/**
 * Rows of a table of rollups in one value, which the driver reads in a fraction of the time it takes for as many values as there
 * are days and metrics. A row is its day, its hours if the table has some, and an array for each metric, empty when it is null.
 */
export const packed = (table: "series_hours" | "series_days", metrics: ReadonlyArray<MetricName>): string => {
  const summaries = metrics.map(
    (metric) => `coalesce(array_send(${columnOf(metric)}), array_send('{}'::float8[]))`
  )
  const hours = table === "series_hours" ? ["array_send(hours)"] : []
  return `string_agg(${["int8send(day)", ...hours, ...summaries].join(" || ")}, '' ORDER BY day)`
}

/** What `packed` made of rows of the same table and the same metrics. */
export const unpacked = (
  table: "series_hours" | "series_days",
  metrics: ReadonlyArray<MetricName>,
  bytes: Uint8Array
): ReadonlyArray<Rollup> => {
  const reader = readerOf(bytes)
  const all: Array<{ readonly time: number; readonly metrics: Metrics }> = []
  while (!isAtEnd(reader)) {
    const day = readBigint(reader)
    const hours = table === "series_hours" ? readArray(reader) : oneBucket
    const first = all.length
    for (const hour of hours) all.push({ time: day + hour * bucketSeconds.hour, metrics: {} })
    for (const metric of metrics) {
      const numbers = readArray(reader)
      for (let place = 0; place < hours.length; place++) {
        const summary = summaryAt(numbers, hours.length, place)
        const rollup = all[first + place]
        if (summary !== undefined && rollup !== undefined) rollup.metrics[metric] = summary
      }
    }
  }
  return all
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
