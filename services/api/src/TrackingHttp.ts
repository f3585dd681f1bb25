import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import { NotFound, Unavailable } from "@influscope/domain/api/Problems"
import {
  type GivenPoint,
  GivenPoints,
  GrowthAnswer,
  InfluencerAnalytics,
  maxNamedInfluencers,
  maxSeriesPoints,
  SeriesAnswer,
  type SeriesParams,
  type SeriesRow,
  TrackParams,
  UntrackParams
} from "@influscope/domain/api/TrackingApi"
import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId, mockstagram } from "@influscope/domain/tracking/InfluencerId"
import { retention } from "@influscope/domain/tracking/Retention"
import {
  TrackedPage,
  TrackingAdded,
  TrackingOf,
  TrackingRemoved,
  TrackingStatus
} from "@influscope/domain/tracking/Tracking"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import type { StorageError } from "@influscope/ports/StorageError"
import type { Rollup } from "@influscope/ports/TimeSeries"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { type TooMuchTracking, Tracking } from "@influscope/ports/Tracking"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { makeEventStreams, serverSentEvent } from "./EventStreams.ts"
import { readGrowth } from "./ReadGrowth.ts"
import { type Row, readSeries } from "./ReadSeries.ts"
import { seriesCsv } from "./SeriesCsv.ts"

const addedAnswer = jsonAnswer(TrackingAdded)
const removedAnswer = jsonAnswer(TrackingRemoved)
const trackingOfAnswer = jsonAnswer(TrackingOf)
const pageAnswer = jsonAnswer(TrackedPage)
const statusAnswer = jsonAnswer(TrackingStatus)
const seriesAnswer = jsonAnswer(SeriesAnswer)
const growthAnswer = jsonAnswer(GrowthAnswer)
const analyticsAnswer = jsonAnswer(InfluencerAnalytics)

const defaultRangeSeconds = 30 * 86_400
/** Of who is no longer tracked; only to guess a level. */
const usualInterval = 60

interface Named {
  readonly ids: ReadonlyArray<InfluencerId>
  readonly range?: { readonly from: number; readonly to: number }
}

const idsOf = ({ ids, range }: Named): ReadonlyArray<InfluencerId> =>
  range === undefined
    ? ids
    : [
        ...ids,
        ...Array.from({ length: range.to - range.from + 1 }, (_, place) =>
          InfluencerId.make(`${mockstagram}:${range.from + place}`)
        )
      ]

const only = <A>(record: { readonly [M in MetricName]?: A }, wanted: ReadonlyArray<MetricName>) => {
  const some: { [M in MetricName]?: A } = {}
  for (const name of wanted) {
    const value = record[name]
    if (value !== undefined) some[name] = value
  }
  return some
}

const summariesOf = (metrics: Rollup["metrics"], wanted: ReadonlyArray<MetricName>) => {
  const summaries: { [M in MetricName]?: NonNullable<SeriesRow["summaries"]>[M] } = {}
  for (const name of wanted) {
    const summary = metrics[name]
    if (summary === undefined) continue
    const { sum, ...rest } = summary
    summaries[name] = { ...rest, avg: sum / summary.count }
  }
  return summaries
}

const toSeriesRow = ({ summaries, time, values }: Row, wanted: ReadonlyArray<MetricName>): SeriesRow => ({
  time: new Date(time * 1_000),
  values: only(values, wanted),
  ...(summaries === undefined ? {} : { summaries: summariesOf(summaries, wanted) })
})

const toAnalyticsPoint = ({ time, values }: Row) => ({
  time,
  followers: values.followers ?? null,
  following: values.following ?? null,
  posts: values.posts ?? null,
  total_likes: values.totalLikes ?? null,
  total_views: values.totalViews ?? null,
  avg_likes: values.avgLikes ?? null,
  avg_comments: values.avgComments ?? null
})

/** Given points have no schedule: their time is when they were true. */
const toDataPoint = ({ time, ...rest }: GivenPoint): DataPoint => {
  const seconds = Math.floor(time.getTime() / 1_000)
  return { ...rest, time: seconds, observedAt: seconds }
}

/** Where a page goes on, in epoch seconds. */
const startOf = (cursor: string | undefined, from: number, to: number) => {
  if (cursor === undefined) return Effect.succeed(from)
  const time = /^[0-9]{1,10}$/.test(cursor) ? Number(cursor) : Number.NaN
  return time >= from && time < to
    ? Effect.succeed(time)
    : Effect.fail(invalid("cursor", "expected nextCursor of the page before, with the same times"))
}

const tooMuch = (error: TooMuchTracking): string =>
  `expected no more than ${error.mostInfluencers} influencers and ${error.mostPointsPerSecond} points a second in all; with these there would be ${error.influencers} and ${Math.ceil(error.pointsPerSecond)}: track fewer, or at a longer interval`

const eventOf = ({ id, time, ...rest }: DataPoint): string =>
  serverSentEvent(
    "point",
    String(time),
    JSON.stringify({
      id,
      time: new Date(time * 1_000).toISOString(),
      ...rest,
      observedAt: new Date(rest.observedAt * 1_000).toISOString()
    })
  )

export const TrackingHttp = HttpApiBuilder.group(
  Api,
  "tracking",
  Effect.fnUntraced(function* (handlers) {
    const tracking = yield* Tracking
    const series = yield* TimeSeries
    const retained = yield* Effect.orDie(retention)
    const now = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1_000))

    const someone = (named: Named) =>
      named.ids.length === 0 && named.range === undefined
        ? Effect.fail(
            invalid("ids", `name up to ${maxNamedInfluencers} influencers in ids, or a range of numbers`)
          )
        : Effect.succeed(idsOf(named))

    /** Seconds between points of somebody we know: tracked, or with points from earlier. */
    const intervalOf = (id: InfluencerId): Effect.Effect<number, NotFound | StorageError> =>
      Effect.gen(function* () {
        const interval = yield* tracking.intervalOf(id)
        if (Option.isSome(interval)) return interval.value
        const [latest] = yield* series.last([id], 4_294_967_295)
        if (latest !== undefined && Option.isSome(latest)) return usualInterval
        return yield* new NotFound({
          detail: `There are no figures of ${id}, and nobody tracks it. Track it with POST /v1/tracking.`
        })
      })

    const track = Effect.gen(function* () {
      const params = yield* jsonBody(TrackParams)
      const ids = yield* someone(params)
      const added = yield* tracking.add(ids, params.interval)
      return yield* addedAnswer(added)
    }).pipe(
      Effect.catchTags({
        NoProvider: ({ count, id, known }) =>
          Effect.fail(
            invalid(
              "ids",
              `no provider has figures of ${id}${count > 1 ? ` and ${count - 1} others` : ""}; there ${known.length === 1 ? "is" : "are"} ${known.join(", ") || "none"}`
            )
          ),
        TooMuchTracking: (error) => Effect.fail(invalid("body", tooMuch(error))),
        StorageError: storageProblem
      })
    )

    const untrack = Effect.gen(function* () {
      const ids = yield* someone(yield* jsonBody(UntrackParams))
      return yield* removedAnswer(yield* tracking.remove(ids))
    }).pipe(Effect.catchTag("StorageError", storageProblem))

    const collect = Effect.gen(function* () {
      const given = yield* jsonBody(GivenPoints)
      const batch = yield* tracking.collect(Arr.map(given.points, toDataPoint))
      return HttpServerResponse.text(JSON.stringify({ batch, accepted: given.points.length }), {
        status: 202,
        contentType: "application/json"
      })
    }).pipe(
      Effect.catchTags({
        PipelineBusy: () =>
          Effect.fail(
            new Unavailable({ detail: "Too many points wait to be written. Send them again later." })
          ),
        StorageError: storageProblem
      })
    )

    const readRange = (id: InfluencerId, params: SeriesParams) =>
      Effect.gen(function* () {
        const moment = yield* now
        const to = params.to === undefined ? moment + 1 : Math.ceil(params.to.getTime() / 1_000)
        const from =
          params.from === undefined
            ? Math.max(0, to - defaultRangeSeconds)
            : Math.ceil(params.from.getTime() / 1_000)
        if (from >= to) return yield* invalid("to", "expected a time after `from`")
        if (from < 0 || to > 4_294_967_295) return yield* invalid("from", "expected times from 1970 to 2106")
        const interval = yield* intervalOf(id)
        const start = yield* startOf(params.cursor, from, to)
        const metrics = params.metrics.length === 0 ? metricNames : params.metrics
        const found = yield* readSeries(series, retained, {
          id,
          from: start,
          to,
          resolution: params.resolution,
          points: params.points,
          metrics,
          interval,
          now: moment
        })
        if (params.format === "csv")
          return HttpServerResponse.text(seriesCsv(found.rows, metrics), {
            contentType: "text/csv; charset=utf-8; header=present",
            headers: {
              "content-disposition": `attachment; filename="series.csv"`,
              ...(found.next === undefined ? {} : { "x-next-cursor": String(found.next) })
            }
          })
        return yield* seriesAnswer({
          id,
          resolution: found.resolution,
          from: new Date(from * 1_000),
          to: new Date(to * 1_000),
          rows: found.rows.map((row) => toSeriesRow(row, metrics)),
          nextCursor: found.next === undefined ? null : String(found.next)
        })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const streams = makeEventStreams()

    const live = (id: InfluencerId) =>
      Effect.gen(function* () {
        yield* intervalOf(id)
        return yield* streams(-1, (last) =>
          Effect.gen(function* () {
            const [point = Option.none()] = yield* series.last([id], (yield* now) + 60)
            if (Option.isNone(point) || point.value.time <= last) return [last, ""] as const
            return [point.value.time, eventOf(point.value)] as const
          })
        )
      }).pipe(Effect.catchTag("StorageError", readProblem))

    return handlers
      .handleRaw("track", () => track)
      .handleRaw("untrack", () => untrack)
      .handleRaw("collect", () => collect)
      .handle("listTracked", ({ urlParams }) =>
        tracking.list(urlParams.cursor, urlParams.limit).pipe(
          Effect.catchTag("StorageError", readProblem),
          Effect.flatMap(
            Option.match({
              onNone: () => Effect.fail(invalid("cursor", "expected nextCursor of the page before")),
              onSome: pageAnswer
            })
          )
        )
      )
      .handle("trackingStatus", () =>
        tracking.status.pipe(Effect.catchTag("StorageError", readProblem), Effect.flatMap(statusAnswer))
      )
      .handle("influencerAnalytics", ({ path, urlParams }) =>
        Effect.gen(function* () {
          const { end_time, resolution, start_time } = urlParams
          if (end_time < start_time)
            return yield* invalid("end_time", "expected a time not before start_time")
          const interval = yield* intervalOf(path.id)
          const from = yield* startOf(urlParams.cursor, start_time, end_time + 1)
          const found = yield* readSeries(series, retained, {
            id: path.id,
            from,
            to: end_time + 1,
            resolution,
            points: resolution === undefined ? 1_500 : maxSeriesPoints,
            metrics: metricNames,
            interval,
            now: yield* now
          })
          return yield* analyticsAnswer({
            influencer_id: path.id,
            start_time,
            end_time,
            resolution: found.resolution,
            data: found.rows.map(toAnalyticsPoint),
            next_cursor: found.next === undefined ? null : String(found.next)
          })
        }).pipe(Effect.catchTag("StorageError", readProblem))
      )
      .handle("series", ({ path, urlParams }) => readRange(path.id, urlParams))
      .handle("growth", ({ path, urlParams }) =>
        Effect.gen(function* () {
          yield* intervalOf(path.id)
          const metrics = yield* readGrowth(series, path.id, urlParams.metrics, yield* now)
          return yield* growthAnswer({ id: path.id, metrics })
        }).pipe(Effect.catchTag("StorageError", readProblem))
      )
      .handle("trackingOf", ({ path: { id } }) =>
        Effect.gen(function* () {
          const interval = yield* tracking.intervalOf(id)
          const [point = Option.none()] = yield* series.last([id], yield* now)
          const latest = Option.map(point, ({ time }) => new Date(time * 1_000))
          return yield* trackingOfAnswer({
            id,
            interval: Option.getOrNull(interval),
            latest: Option.getOrNull(latest)
          })
        }).pipe(Effect.catchTag("StorageError", readProblem))
      )
      .handle("live", ({ path }) => live(path.id))
  })
)
