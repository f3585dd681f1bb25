import { type DataPointsCollected, dataPointsCollected } from "@influscope/domain/Events"
import { consume } from "@influscope/pipeline/Consumer"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { Reject, Retry } from "@influscope/ports/PubSub"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { pointLateness, pointsWritten } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { trackerConfig } from "./Config.ts"

/** Of mistakes; a store that is down is waited for, however long: the points wait in the queue. */
const maxAttempts = 25

/** Writes a batch of points; applied twice, late or in parts, the series are the same. */
const apply = Effect.fn("Sink.apply")(function* ({ origin, points }: DataPointsCollected) {
  const series = yield* TimeSeries
  const written = yield* series.write(points).pipe(
    Effect.mapError((error): Retry | Reject =>
      // What the store can never take waits for a person, not for another try.
      error.reason === "corrupt"
        ? new Reject({ reason: error.message })
        : new Retry({ reason: error.message, outage: error.reason !== "conflict" })
    )
  )
  yield* Metric.incrementBy(pointsWritten, written)
  // History is as late as it is old: only what is tracked now says how tracking does.
  if (origin === "fetched") {
    const seconds = (yield* Clock.currentTimeMillis) / 1_000 - points[0].time
    yield* Metric.update(pointLateness, seconds)
  }
  return { created: written, updated: 0, unchanged: points.length - written } satisfies AppliedCounts
})

/** Feeds the time series from `datapoints.collected` for as long as the layer lives. */
export const SinkLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { sinkConcurrency, timeout } = yield* trackerConfig
    yield* consume(dataPointsCollected, { concurrency: sinkConcurrency, maxAttempts, timeout }, apply)
  })
)
