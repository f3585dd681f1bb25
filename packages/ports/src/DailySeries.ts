import type { DailySeries, SeriesByMetric } from "@influscope/domain/tracking/DailySeries"
import { type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { bucketSeconds, bucketStart } from "@influscope/domain/tracking/Resolution"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { StorageError } from "./StorageError.ts"
import type { Rollup, TimeSeries } from "./TimeSeries.ts"

const seriesOf = (rollups: ReadonlyArray<Rollup>, metric: MetricName): DailySeries =>
  rollups.flatMap(({ metrics, time }) => {
    const summary = metrics[metric]
    return summary === undefined ? [] : [{ time, value: summary.last }]
  })

/**
 * The last figures of each of the `days` UTC days up to the day of `until` (epoch seconds), from the day rollups: what
 * growth, projections, anomalies and alerts are worked out from.
 */
export const dailySeries = (
  series: Context.Tag.Service<TimeSeries>,
  id: InfluencerId,
  until: number,
  days: number
): Effect.Effect<SeriesByMetric, StorageError> => {
  const to = bucketStart("day", until) + bucketSeconds.day
  const from = Math.max(0, to - days * bucketSeconds.day)
  return Effect.map(series.rollups(id, "day", { from, to, limit: days }), (rollups) => {
    const found: { [M in MetricName]?: DailySeries } = {}
    for (const metric of metricNames) {
      const values = seriesOf(rollups, metric)
      if (values.length > 0) found[metric] = values
    }
    return found
  })
}
