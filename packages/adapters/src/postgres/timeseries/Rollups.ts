import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { bucketSeconds, bucketStart, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import type { Rollup, Summary } from "@influscope/ports/TimeSeries"
import { isAtEnd, type Reader, readArray, readBigint, readerOf } from "../Arrays.ts"
import { columnOf } from "./Columns.ts"

type Metrics = { [M in MetricName]?: Summary }

/** Hours of a row of days. */
const oneBucket = Float64Array.of(0)
const allHours = Float64Array.from({ length: 24 }, (_, hour) => hour)

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

/**
 * Of `count` summaries, or of so many figures alone. Most figures are those of the hour before, and share its summary: a year
 * of hours has tens of thousands of them.
 */
const summaryAt = (
  numbers: Float64Array,
  count: number,
  place: number,
  before: Summary | undefined
): Summary | undefined => {
  const isAlone = numbers.length === count
  const at = isAlone ? place : place * summaryLength
  const first = numbers[at]
  if (first === undefined || Number.isNaN(first)) return undefined
  if (isAlone) return before?.count === 1 && before.first === first ? before : summaryOfOne(first)
  return {
    first,
    last: numbers[at + 1] ?? 0,
    min: numbers[at + 2] ?? 0,
    max: numbers[at + 3] ?? 0,
    sum: numbers[at + 4] ?? 0,
    count: numbers[at + 5] ?? 0
  }
}

/** What `packed` selects; null when there are no rows. */
export type Packed = { readonly heads: Uint8Array | null } & {
  readonly [M in MetricName]?: Uint8Array | null
}

/**
 * Rows of a table of rollups, in the order of the FROM clause, as a value for their heads and one for each metric, which the
 * driver reads in a fraction of the time it takes for as many values as there are days and metrics. A head is a day, and its
 * hours if the table has some, none standing for all; a metric is an array for each row, empty when it is null.
 */
export const packed = (table: "series_hours" | "series_days", metrics: ReadonlyArray<MetricName>): string => {
  const hours = `CASE WHEN cardinality(hours) = ${allHours.length} THEN '{}'::integer[] ELSE hours END`
  const head = table === "series_hours" ? `int8send(day) || array_send(${hours})` : "int8send(day)"
  const summaries = metrics.map(
    (metric) =>
      `string_agg(coalesce(array_send(${columnOf(metric)}), array_send('{}'::float8[])), '') AS "${metric}"`
  )
  return [`string_agg(${head}, '') AS heads`, ...summaries].join(", ")
}

const readHours = (reader: Reader): Float64Array => {
  const hours = readArray(reader)
  return hours.length > 0 ? hours : allHours
}

/** The rollups of rows of the same table, with the same metrics. */
export const unpacked = (
  table: "series_hours" | "series_days",
  metrics: ReadonlyArray<MetricName>,
  row: Packed | undefined
): ReadonlyArray<Rollup> => {
  if (!row?.heads) return []
  const reader = readerOf(row.heads)
  const readers = metrics.flatMap((metric) => {
    const bytes = row[metric]
    return bytes ? [{ metric, reader: readerOf(bytes) }] : []
  })
  const all: Array<{ readonly time: number; readonly metrics: Metrics }> = []
  while (!isAtEnd(reader)) {
    const day = readBigint(reader)
    const hours = table === "series_hours" ? readHours(reader) : oneBucket
    const first = all.length
    for (const hour of hours) all.push({ time: day + hour * bucketSeconds.hour, metrics: {} })
    for (const of of readers) {
      const numbers = readArray(of.reader)
      let summary: Summary | undefined
      for (let place = 0; place < hours.length; place++) {
        summary = summaryAt(numbers, hours.length, place, summary)
        const rollup = all[first + place]
        if (summary !== undefined && rollup !== undefined) rollup.metrics[of.metric] = summary
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
