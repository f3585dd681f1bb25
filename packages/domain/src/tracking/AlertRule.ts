import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { applyFormula } from "../engagement/Formula.ts"
import { instagramByFollowers } from "../engagement/Instagram.ts"
import { platforms } from "../Platform.ts"
import { WebhookUrl } from "../Webhook.ts"
import { Anomaly, AnomalyKind, anomaliesOf, anomalyThresholds } from "./Anomalies.ts"
import { type DailySeries, Day, type SeriesByMetric } from "./DailySeries.ts"
import { MetricName } from "./DataPoint.ts"
import { Growth, GrowthWindow, growthOver } from "./Growth.ts"
import { InfluencerId, mockstagram, namespaceOf } from "./InfluencerId.ts"
import { bucketSeconds } from "./Resolution.ts"

export const AlertRuleId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_-]{1,64}$/),
  Schema.brand("AlertRuleId")
).annotations({ identifier: "AlertRuleId" })
export type AlertRuleId = typeof AlertRuleId.Type

const Side = Schema.Literal("above", "below")

/**
 * What a rule watches for. `percent` is of the figure `days` days ago in `growth` (signed) and `fall` (a loss of more
 * than that), and of the followers in `engagement`: average likes and comments, whatever the platform.
 */
export const AlertCondition = Schema.Union(
  Schema.Struct({
    kind: Schema.Literal("growth"),
    metric: MetricName,
    days: GrowthWindow,
    side: Side,
    percent: Schema.Finite
  }),
  Schema.Struct({
    kind: Schema.Literal("fall"),
    metric: MetricName,
    days: GrowthWindow,
    percent: Schema.Finite.pipe(Schema.between(0, 100))
  }),
  Schema.Struct({
    kind: Schema.Literal("engagement"),
    side: Side,
    percent: Schema.Finite.pipe(Schema.nonNegative())
  }),
  Schema.Struct({
    kind: Schema.Literal("anomaly"),
    metric: MetricName,
    kinds: Schema.NonEmptyArray(AnomalyKind)
  })
).annotations({ identifier: "AlertCondition" })
export type AlertCondition = typeof AlertCondition.Type

/** Whom a rule watches: everybody tracked, some, or all of a platform or provider. */
export const alertScopeOf = <I>(id: Schema.Schema<InfluencerId, I>) =>
  Schema.Union(
    Schema.Struct({ kind: Schema.Literal("all") }),
    Schema.Struct({
      kind: Schema.Literal("influencers"),
      ids: Schema.NonEmptyArray(id).pipe(Schema.maxItems(1_000))
    }),
    Schema.Struct({
      kind: Schema.Literal("namespace"),
      namespace: Schema.Literal(...platforms, mockstagram)
    })
  )

export const AlertScope = alertScopeOf(InfluencerId).annotations({ identifier: "AlertScope" })
export type AlertScope = typeof AlertScope.Type

export const AlertRuleName = Schema.NonEmptyString.pipe(Schema.maxLength(100))

export const AlertRule = Schema.Struct({
  id: AlertRuleId,
  name: AlertRuleName,
  condition: AlertCondition,
  scope: AlertScope,
  webhook: WebhookUrl
}).annotations({ identifier: "AlertRule" })
export type AlertRule = typeof AlertRule.Type

/** The rate (percent) and the figures of the day it comes from. */
const EngagementEvidence = Schema.Struct({
  kind: Schema.Literal("engagement"),
  rate: Schema.Number,
  formula: Schema.String,
  followers: Schema.Number,
  avgLikes: Schema.Number,
  avgComments: Schema.Number
})

export const AlertEvidence = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("growth"), metric: MetricName, growth: Growth }),
  EngagementEvidence,
  Schema.Struct({ kind: Schema.Literal("anomaly"), metric: MetricName, anomaly: Anomaly })
).annotations({ identifier: "AlertEvidence" })
export type AlertEvidence = typeof AlertEvidence.Type

/**
 * A rule that came true for an influencer. `time` is the UTC day that the evidence is of. `key` is made of rule, influencer and day: what is found again has the same one, and is delivered once.
 */
export const Alert = Schema.Struct({
  key: Schema.String,
  rule: AlertRuleId,
  influencer: InfluencerId,
  time: Day,
  evidence: AlertEvidence
}).annotations({ identifier: "Alert" })
export type Alert = typeof Alert.Type

/** How old an anomaly may be: a purge is known as one only after its recovery days, some of which may be missing. */
const anomalyReachDays = 2 * anomalyThresholds.recoveryDays

/** Fewer days do not tell whether a count is rounded. */
const fewestDays = 60
/** The last figures may be of some days ago, and gaps reach over the beginning. */
const spareDays = 14

/** How many days of a series, up to today, decide about a condition. */
export const daysNeeded = (condition: AlertCondition): number => {
  switch (condition.kind) {
    case "growth":
    case "fall":
      return Math.max(fewestDays, Math.ceil(1.5 * condition.days)) + spareDays
    case "engagement":
      return fewestDays
    case "anomaly":
      // A fall is a purge after a rise up to a window earlier, which has changes of its own to be compared with.
      return anomalyReachDays + 2 * anomalyThresholds.windowDays + spareDays
  }
}

type Finding = Pick<Alert, "time" | "evidence">

const isBeyond = (percent: number, side: typeof Side.Type, limit: number): boolean =>
  side === "above" ? percent > limit : percent < limit

const findGrowth = (
  series: SeriesByMetric,
  metric: MetricName,
  days: GrowthWindow,
  side: typeof Side.Type,
  limit: number
): Finding | undefined => {
  const growth = growthOver(series[metric] ?? [], days)
  if (growth.end === null || growth.percent === null || !isBeyond(growth.percent, side, limit))
    return undefined
  return { time: growth.end.time, evidence: { kind: "growth", metric, growth } }
}

const findEngagement = (
  series: SeriesByMetric,
  side: typeof Side.Type,
  limit: number
): Finding | undefined => {
  const last = series.followers?.at(-1)
  if (last === undefined) return undefined
  const { time, value: followers } = last
  const avgLikes = series.avgLikes?.findLast((day) => day.time === time)?.value
  const avgComments = series.avgComments?.findLast((day) => day.time === time)?.value
  if (avgLikes === undefined || avgComments === undefined) return undefined
  const { rate } = applyFormula(instagramByFollowers, { followers, avgLikes, avgComments })
  if (rate === null || !isBeyond(rate, side, limit)) return undefined
  const { id: formula } = instagramByFollowers
  return { time, evidence: { kind: "engagement", rate, formula, followers, avgLikes, avgComments } }
}

const findAnomaly = (
  series: DailySeries,
  metric: MetricName,
  kinds: ReadonlyArray<AnomalyKind>
): Finding | undefined => {
  const oldest = (series.at(-1)?.time ?? 0) - anomalyReachDays * bucketSeconds.day
  const anomaly = anomaliesOf(series).findLast(({ kind, time }) => kinds.includes(kind) && time >= oldest)
  return anomaly && { time: anomaly.time, evidence: { kind: "anomaly", metric, anomaly } }
}

const find = (condition: AlertCondition, series: SeriesByMetric): Finding | undefined => {
  switch (condition.kind) {
    case "growth":
      return findGrowth(series, condition.metric, condition.days, condition.side, condition.percent)
    case "fall":
      return findGrowth(series, condition.metric, condition.days, "below", -condition.percent)
    case "engagement":
      return findEngagement(series, condition.side, condition.percent)
    case "anomaly":
      return findAnomaly(series[condition.metric] ?? [], condition.metric, condition.kinds)
  }
}

const covers = (scope: AlertScope, influencer: InfluencerId): boolean => {
  switch (scope.kind) {
    case "all":
      return true
    case "influencers":
      return scope.ids.includes(influencer)
    case "namespace":
      return scope.namespace === namespaceOf(influencer)
  }
}

/**
 * The alert of a rule whose scope has the influencer, if its condition holds on the last day of the series (an
 * anomaly: the latest one of the last 14 days). What is unknown, or within rounding, is no alert. Engagement is
 * (avgLikes + avgComments) / followers x 100 of the last day with followers (`instagramByFollowers`, also where a
 * platform's own formula needs views, which are not tracked per post).
 */
export const evaluate = (
  rule: AlertRule,
  influencer: InfluencerId,
  series: SeriesByMetric
): Option.Option<Alert> => {
  if (!covers(rule.scope, influencer)) return Option.none()
  return Option.map(Option.fromNullable(find(rule.condition, series)), ({ time, evidence }) => ({
    key: `${rule.id}/${influencer}/${time}`,
    rule: rule.id,
    influencer,
    time,
    evidence
  }))
}
