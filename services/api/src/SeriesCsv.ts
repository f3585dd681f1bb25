import type { MetricName } from "@influscope/domain/tracking/DataPoint"
import type { Row } from "./ReadSeries.ts"

const summaryNames = ["min", "max", "avg"] as const

/**
 * Rows as CSV (RFC 4180): the time, the last figure of each metric, and of rollups its least, greatest and mean. Everything
 * in it is a number or a time of ours, so nothing needs quoting.
 */
export const seriesCsv = (rows: ReadonlyArray<Row>, metrics: ReadonlyArray<MetricName>): string => {
  const isRollup = rows.some(({ summaries }) => summaries !== undefined)
  const names = isRollup
    ? metrics.flatMap((metric) => [metric, ...summaryNames.map((name) => `${metric}_${name}`)])
    : metrics
  const cells = ({ summaries, time, values }: Row): ReadonlyArray<string | number> => [
    new Date(time * 1_000).toISOString(),
    ...metrics.flatMap((metric) => {
      const value = values[metric] ?? ""
      const summary = summaries?.[metric]
      if (!isRollup) return [value]
      return summary === undefined
        ? [value, "", "", ""]
        : [value, summary.min, summary.max, summary.sum / summary.count]
    })
  ]
  return [["time", ...names], ...rows.map(cells)].map((line) => `${line.join(",")}\r\n`).join("")
}
