import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { maxBatchItems } from "../Events.ts"
import { normalizeHandle } from "../ProfileId.ts"
import { Anomaly } from "../tracking/Anomalies.ts"
import { DataPoint, EpochSeconds, MetricName, metricNames } from "../tracking/DataPoint.ts"
import { Growth } from "../tracking/Growth.ts"
import { InfluencerId, mockstagram } from "../tracking/InfluencerId.ts"
import { Crossing, NextMilestone } from "../tracking/Milestones.ts"
import { Projection } from "../tracking/Projection.ts"
import { Resolution } from "../tracking/Resolution.ts"
import {
  IntervalSeconds,
  TrackedPage,
  TrackingAdded,
  TrackingOf,
  TrackingRemoved,
  TrackingStatus
} from "../tracking/Tracking.ts"
import { allErrors, dateSince1970Param, limitParam, listParam, optional, textParam } from "./Params.ts"
import {
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"

/** Most influencers of one request that names them. */
export const maxNamedInfluencers = 10_000
/** Most rows of one answer. */
export const maxSeriesPoints = 10_000

/** What may stand for an id: any case, and a number alone for an account of mockstagram. */
const normalizeInfluencer = (raw: string): string => {
  if (/^[0-9]+$/.test(raw)) return `${mockstagram}:${raw}`
  const at = raw.indexOf(":")
  const handle = normalizeHandle(raw.slice(at + 1))
  return Option.isSome(handle) ? `${raw.slice(0, at).toLowerCase()}:${handle.value}` : raw
}

/** An id as people write it. */
export const GivenInfluencer = Schema.transform(
  Schema.String.annotations({
    jsonSchema: {
      type: "string",
      maxLength: 200,
      description: "platform:handle, for example youtube:mkbhd; a number alone is an account of mockstagram"
    }
  }),
  InfluencerId,
  { strict: true, decode: normalizeInfluencer, encode: (id) => id }
)

const influencerPath = Schema.Struct({ id: GivenInfluencer })

const MockstagramNumber = Schema.Int.pipe(Schema.between(1, 9_999_999_999))

/** Accounts of mockstagram by their numbers, both ends included. */
export const InfluencerRange = Schema.Struct({ from: MockstagramNumber, to: MockstagramNumber })
  .pipe(
    Schema.filter(({ from, to }) => from <= to && to - from < 1_000_000, {
      message: () => "expected `from` not above `to`, and at most 1,000,000 numbers"
    })
  )
  .annotations({ identifier: "InfluencerRange" })

const named = {
  ids: Schema.optionalWith(Schema.Array(GivenInfluencer).pipe(Schema.maxItems(maxNamedInfluencers)), {
    default: () => []
  }),
  range: optional(InfluencerRange)
}

export const TrackParams = Schema.Struct({
  ...named,
  /** Seconds between two points; the provider's own when absent. */
  interval: optional(IntervalSeconds)
}).annotations({ identifier: "TrackParams" })

export const UntrackParams = Schema.Struct(named).annotations({ identifier: "UntrackParams" })

const { id: _id, observedAt: _observedAt, time: _time, ...metricFields } = DataPoint.fields

/** One sample, as a caller sends it: `time` is when the figures were true. */
export const GivenPoint = Schema.Struct({
  id: GivenInfluencer,
  time: dateSince1970Param("When the figures were true."),
  ...metricFields
})
  .pipe(
    Schema.filter((point) => metricNames.some((name) => point[name] !== undefined), {
      message: () => "expected at least one figure"
    })
  )
  .annotations({ identifier: "GivenPoint" })
export type GivenPoint = typeof GivenPoint.Type

export const GivenPoints = Schema.Struct({
  points: Schema.NonEmptyArray(GivenPoint).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "GivenPoints" })

/** The batch is durable; `batch` finds it in the audit and the dead letters until it is in the series. */
export const PointsAccepted = Schema.Struct({ batch: Schema.String, accepted: Schema.Int }).annotations({
  identifier: "PointsAccepted"
})

const timeParam = (description: string) =>
  Schema.compose(Schema.NumberFromString, EpochSeconds).annotations({
    message: () => ({ message: "expected whole seconds since 1970-01-01T00:00:00Z", override: true }),
    jsonSchema: { type: "integer", minimum: 0, maximum: 4_294_967_295, description }
  })

const momentPattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i

/** A day or a moment as ISO 8601 has it, future ones included. */
const momentParam = (description: string) =>
  Schema.compose(
    Schema.String.pipe(
      Schema.pattern(momentPattern, {
        message: () => "expected a day or a moment, for example 2026-01-31 or 2026-01-31T12:00:00Z"
      })
    ),
    Schema.Date.pipe(Schema.validDate())
  ).annotations({ jsonSchema: { type: "string", format: "date-time", description } })

export const SeriesParams = Schema.Struct({
  metrics: listParam(MetricName, "Repeat for more; all when left out."),
  from: optional(momentParam("Start, inclusive; 30 days before the end when left out.")),
  to: optional(momentParam("End, exclusive; now when left out.")),
  resolution: optional(Resolution),
  points: Schema.optionalWith(limitParam(maxSeriesPoints), { default: () => 500 }),
  cursor: optional(textParam(20, "nextCursor of the page before, with all other parameters the same.")),
  format: Schema.optionalWith(Schema.Literal("json", "csv"), { default: () => "json" as const })
}).annotations(allErrors)
export type SeriesParams = typeof SeriesParams.Type

/** Of one metric over the points of one row. */
export const MetricSummary = Schema.Struct({
  first: Schema.Number,
  last: Schema.Number,
  min: Schema.Number,
  max: Schema.Number,
  avg: Schema.Number,
  count: Schema.Int
}).annotations({ identifier: "MetricSummary" })

/** `values`: the last figure of each metric; `summaries`: of rollups only. */
export const SeriesRow = Schema.Struct({
  time: Schema.Date,
  values: Schema.partial(Schema.Record({ key: MetricName, value: Schema.Number })),
  summaries: optional(Schema.partial(Schema.Record({ key: MetricName, value: MetricSummary })))
}).annotations({ identifier: "SeriesRow" })
export type SeriesRow = typeof SeriesRow.Type

/** Rows oldest first; `resolution` is the level that was chosen when none was asked for. */
export const SeriesAnswer = Schema.Struct({
  id: InfluencerId,
  resolution: Resolution,
  from: Schema.Date,
  to: Schema.Date,
  rows: Schema.Array(SeriesRow),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Series" })
export type SeriesAnswer = typeof SeriesAnswer.Type

export const GrowthParams = Schema.Struct({
  metrics: listParam(MetricName, "Repeat for more; all that are known when left out.")
}).annotations(allErrors)

/**
 * Of one metric, by the last figure of each of `days` UTC days: change over the usual windows up to the last of them,
 * where it leads, what was out of line, and the milestones that were passed and the next one.
 */
export const MetricGrowth = Schema.Struct({
  days: Schema.Int,
  growth: Schema.Array(Growth),
  projection: Schema.NullOr(Projection),
  anomalies: Schema.Array(Anomaly),
  milestones: Schema.Struct({ passed: Schema.Array(Crossing), next: Schema.NullOr(NextMilestone) })
}).annotations({ identifier: "MetricGrowth" })
export type MetricGrowth = typeof MetricGrowth.Type

export const GrowthAnswer = Schema.Struct({
  id: InfluencerId,
  metrics: Schema.partial(Schema.Record({ key: MetricName, value: MetricGrowth }))
}).annotations({ identifier: "InfluencerGrowth" })
export type GrowthAnswer = typeof GrowthAnswer.Type

/** The address people know: times in epoch seconds, the end included. */
export const InfluencerAnalyticsParams = Schema.Struct({
  start_time: timeParam("Epoch seconds, inclusive."),
  end_time: timeParam("Epoch seconds, inclusive; not before start_time."),
  resolution: optional(Resolution),
  cursor: optional(textParam(20, "next_cursor of the page before, with all other parameters the same."))
}).annotations(allErrors)

const AnalyticsPoint = Schema.Struct({
  /** Epoch seconds. */
  time: EpochSeconds,
  followers: Schema.NullOr(Schema.Number),
  following: Schema.NullOr(Schema.Number),
  posts: Schema.NullOr(Schema.Number),
  total_likes: Schema.NullOr(Schema.Number),
  total_views: Schema.NullOr(Schema.Number),
  avg_likes: Schema.NullOr(Schema.Number),
  avg_comments: Schema.NullOr(Schema.Number)
}).annotations({ identifier: "AnalyticsPoint" })

export const InfluencerAnalytics = Schema.Struct({
  influencer_id: InfluencerId,
  start_time: EpochSeconds,
  end_time: EpochSeconds,
  resolution: Resolution,
  data: Schema.Array(AnalyticsPoint),
  next_cursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "InfluencerAnalytics" })
export type InfluencerAnalytics = typeof InfluencerAnalytics.Type

export class TrackingApi extends HttpApiGroup.make("tracking")
  .add(
    HttpApiEndpoint.post("track", "/v1/tracking")
      .setPayload(TrackParams)
      .addSuccess(TrackingAdded)
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "tracking:write")
      .annotate(OpenApi.Summary, "Track influencers")
  )
  .add(
    HttpApiEndpoint.post("untrack", "/v1/tracking/remove")
      .setPayload(UntrackParams)
      .addSuccess(TrackingRemoved)
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "tracking:write")
      .annotate(OpenApi.Summary, "Track influencers no more; what was collected stays")
  )
  .add(
    HttpApiEndpoint.get("listTracked", "/v1/tracking")
      .setUrlParams(
        Schema.Struct({
          limit: Schema.optionalWith(limitParam(1_000), { default: () => 100 }),
          cursor: optional(textParam(20, "nextCursor of the page before."))
        })
      )
      .addSuccess(TrackedPage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "tracking:read")
      .annotate(OpenApi.Summary, "Who is tracked")
  )
  .add(
    HttpApiEndpoint.get("trackingStatus", "/v1/tracking/status")
      .addSuccess(TrackingStatus)
      .addError(Unavailable)
      .annotate(RequiredScope, "tracking:read")
      .annotate(OpenApi.Summary, "How tracking stands")
  )
  .add(
    HttpApiEndpoint.post("collect", "/v1/points")
      .setPayload(GivenPoints)
      .addSuccess(PointsAccepted, { status: 202 })
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "tracking:write")
      .annotate(OpenApi.Summary, "Hand in up to 500 points that were collected elsewhere")
  )
  .add(
    HttpApiEndpoint.get("influencerAnalytics", "/influencer_analytics/:id")
      .setPath(influencerPath)
      .setUrlParams(InfluencerAnalyticsParams)
      .addSuccess(InfluencerAnalytics)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "tracking:read")
      .annotate(OpenApi.Summary, "Figures of an influencer over time (short address, epoch seconds)")
  )
  .add(
    HttpApiEndpoint.get("series", "/v1/influencers/:id/series")
      .setPath(influencerPath)
      .setUrlParams(SeriesParams)
      .addSuccess(SeriesAnswer)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "tracking:read")
      .annotate(OpenApi.Summary, "Figures of an influencer over time")
  )
  .add(
    HttpApiEndpoint.get("growth", "/v1/influencers/:id/growth")
      .setPath(influencerPath)
      .setUrlParams(GrowthParams)
      .addSuccess(GrowthAnswer)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "tracking:read")
      .annotate(OpenApi.Summary, "How an influencer grows: changes, projection, anomalies, milestones")
  )
  .add(
    HttpApiEndpoint.get("trackingOf", "/v1/influencers/:id/tracking")
      .setPath(influencerPath)
      .addSuccess(TrackingOf)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "tracking:read")
      .annotate(OpenApi.Summary, "Whether an influencer is tracked, and how often")
  )
  .add(
    HttpApiEndpoint.get("live", "/v1/influencers/:id/live")
      .setPath(influencerPath)
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "tracking:read")
      .annotate(OpenApi.Summary, "Points of an influencer as they come (server-sent events)")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Tracking") {}
