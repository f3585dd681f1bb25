import { type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { RollupLevel } from "@influscope/domain/tracking/Resolution"

const columns = new Map(
  metricNames.map((metric) => [metric, metric.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)])
)

/** The column of a metric in every table of points and rollups. */
export const columnOf = (metric: MetricName): string => columns.get(metric) ?? metric

export const metricColumns: ReadonlyArray<string> = [...columns.values()]

/** SQL for every metric, as a list. */
export const eachMetric = (sql: (column: string) => string): string => metricColumns.map(sql).join(", ")

/** SQL of the start of the bucket that a time falls into, as `bucketStart`. */
export const startOf: { readonly [L in RollupLevel]: (time: string) => string } = {
  hour: (time) => `(${time} - ${time} % 3600)`,
  day: (time) => `(${time} - ${time} % 86400)`,
  // Three days before 1970 was a Monday; the sum is never negative, so its quotient is rounded down.
  week: (time) => `((${time} + 259200) / 604800 * 604800 - 259200)`,
  month: (time) => `extract(epoch FROM date_trunc('month', to_timestamp(${time}) AT TIME ZONE 'UTC'))::bigint`
}

/** Series that become dirty together are 64 numbers in a row. */
export const blockOf = (series: number): number => series >> 6
export const blockSize = 64
