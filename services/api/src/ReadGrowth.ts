import type { MetricGrowth } from "@influscope/domain/api/TrackingApi"
import { anomaliesOf } from "@influscope/domain/tracking/Anomalies"
import type { DailySeries } from "@influscope/domain/tracking/DailySeries"
import { type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { growthOf } from "@influscope/domain/tracking/Growth"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { crossedMilestones, nextMilestone } from "@influscope/domain/tracking/Milestones"
import { projectionOf } from "@influscope/domain/tracking/Projection"
import { dailySeries } from "@influscope/ports/DailySeries"
import type { StorageError } from "@influscope/ports/StorageError"
import type { TimeSeries } from "@influscope/ports/TimeSeries"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Two years: the window of 365 days may begin half as long before it. */
const historyDays = 730

const growthOfMetric = (series: DailySeries): MetricGrowth => ({
  days: series.length,
  growth: growthOf(series),
  projection: projectionOf(series),
  anomalies: anomaliesOf(series),
  milestones: { passed: crossedMilestones(series), next: nextMilestone(series) }
})

/** How the metrics of an influencer grew in the two years up to `now` (epoch seconds); all known ones when none is named. */
export const readGrowth = (
  series: Context.Tag.Service<TimeSeries>,
  id: InfluencerId,
  metrics: ReadonlyArray<MetricName>,
  now: number
): Effect.Effect<{ readonly [M in MetricName]?: MetricGrowth }, StorageError> =>
  Effect.gen(function* () {
    const known = yield* dailySeries(series, id, now, historyDays)
    const wanted = metrics.length > 0 ? metrics : metricNames.filter((name) => known[name] !== undefined)
    const grown: { [M in MetricName]?: MetricGrowth } = {}
    for (const name of wanted) {
      grown[name] = growthOfMetric(known[name] ?? [])
      // Each takes some milliseconds, during which nobody else is answered.
      yield* Effect.yieldNow()
    }
    return grown
  })
