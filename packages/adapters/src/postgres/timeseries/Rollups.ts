import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { bucketSeconds, bucketStart, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import type { Rollup, Summary } from "@influscope/ports/TimeSeries"
import { isAtEnd, readArray, readerOf } from "../Arrays.ts"
import { columnOf } from "./Columns.ts"

type Metrics = { [M in MetricName]?: Summary }

type Table = "series_hours" | "series_days"

const hoursOfDay = 24

/** Where the buckets of a whole row are, in hours of its day. */
const everyBucket: { readonly [T in Table]: ReadonlyArray<number> } = {
  series_hours: Array.from({ length: hoursOfDay }, (_, hour) => hour),
  series_days: [0]
}

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
  numbers: ReadonlyArray<number>,
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
export type Packed = { readonly heads: string | null } & {
  readonly [M in MetricName]?: string | null
}

/**
 * Rows of a table of rollups, in the order of the FROM clause, as a text for their heads and one for each metric, which the
 * driver reads in a fraction of the time it takes for as many values as there are days and metrics. A head is an array of a day
 * and of its hours if the table has some, none standing for all; a metric is an array for each row, empty when it is null.
 */
export const packed = (table: Table, metrics: ReadonlyArray<MetricName>): string => {
  const hours = `CASE WHEN cardinality(hours) < ${hoursOfDay} THEN hours END`
  const head = table === "series_hours" ? `day || (${hours})::bigint[]` : "ARRAY[day]"
  const summaries = metrics.map(
    (metric) => `string_agg(coalesce(${columnOf(metric)}::text, '{}'), '') AS "${metric}"`
  )
  return [`string_agg((${head})::text, '') AS heads`, ...summaries].join(", ")
}

/** The rollups of rows of the same table, with the same metrics. */
export const unpacked = (
  table: Table,
  metrics: ReadonlyArray<MetricName>,
  row: Packed | undefined
): ReadonlyArray<Rollup> => {
  if (!row?.heads) return []
  const heads = readerOf(row.heads)
  const readers = metrics.flatMap((metric) => {
    const arrays = row[metric]
    return arrays ? [{ metric, reader: readerOf(arrays) }] : []
  })
  const all: Array<{ readonly time: number; readonly metrics: Metrics }> = []
  while (!isAtEnd(heads)) {
    const [day = 0, ...some] = readArray(heads)
    const hours = some.length > 0 ? some : everyBucket[table]
    const first = all.length
    for (const hour of hours) all.push({ time: day + hour * bucketSeconds.hour, metrics: {} })
    for (const { metric, reader } of readers) {
      const numbers = readArray(reader)
      let summary: Summary | undefined
      for (let place = 0; place < hours.length; place++) {
        summary = summaryAt(numbers, hours.length, place, summary)
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
