import { type DataPointsCollected, dataPointsCollected } from "@influscope/domain/Events"
import { consume } from "@influscope/pipeline/Consumer"
import { outage } from "@influscope/pipeline/Outage"
import { CollectionNotices } from "@influscope/ports/CollectionNotices"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { Reject, Retry } from "@influscope/ports/PubSub"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { pointLateness, pointsWritten } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { collectorConfig } from "./Config.ts"

/** Of mistakes; a store that is down is waited for, however long: the points wait in the queue. */
const maxAttempts = 25

/** Writes a batch of points; applied twice, late or in parts, the series are the same. */
const apply = Effect.fn("Sink.apply")(function* ({ origin, points }: DataPointsCollected) {
  const series = yield* TimeSeries
  const notices = yield* CollectionNotices
  const written = yield* series.write(points).pipe(
    Effect.catchAll(({ message, reason }): Effect.Effect<never, Retry | Reject> => {
      // What the store can never take waits for a person, not for another try.
      if (reason === "corrupt") return new Reject({ reason: message })
      return reason === "conflict" ? new Retry({ reason: message }) : outage(message)
    })
  )
  yield* Metric.incrementBy(pointsWritten, written)
  // Also what was there already: the process may have ended before anybody looked at it.
  const changed = points.map(({ id }) => id)
  yield* notices.note(origin === "given" ? { changed, given: changed } : { changed })
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
    const { sinkConcurrency, timeout } = yield* collectorConfig
    yield* consume(dataPointsCollected, { concurrency: sinkConcurrency, maxAttempts, timeout }, apply)
  })
)
