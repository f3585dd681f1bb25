import {
  type DataPointsCollected,
  dataPointsCollected,
  type InfluencersDue,
  influencersDue
} from "@influscope/domain/Events"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { maxLateness } from "@influscope/domain/tracking/Settings"
import { consume } from "@influscope/pipeline/Consumer"
import { outage } from "@influscope/pipeline/Outage"
import { Publisher } from "@influscope/pipeline/Publisher"
import { CollectionNotices } from "@influscope/ports/CollectionNotices"
import { MetricsProviders, type Provider, ProviderUnavailable } from "@influscope/ports/MetricsProvider"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { Reject } from "@influscope/ports/PubSub"
import { providerFailures, slotsUnknown } from "@influscope/telemetry/Metrics"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { collectorConfig } from "./Config.ts"

/** Of mistakes; an outage ends by the slot's lateness, not by the number of attempts. */
const maxAttempts = 25

/** What has been fetched is handed on within this time. */
const handingOnWithin = Duration.seconds(10)

const failuresOf = ({ name }: Provider) => Metric.tagged(providerFailures, "provider", name).register()

/**
 * Fetches the figures of one cohort for one nominal time and hands them on as points of that time. A provider that does
 * not answer is asked again soon, without moving any nominal time; a slot that is too late by then is given up and counted.
 */
const apply = Effect.fn("Fetch.apply")(function* (
  due: InfluencersDue,
  latest: Duration.Duration,
  patience: Duration.Duration
) {
  const providers = yield* MetricsProviders
  const publisher = yield* Publisher
  const notices = yield* CollectionNotices
  const none: AppliedCounts = { created: 0, updated: 0, unchanged: 0 }

  const lateness = (yield* Clock.currentTimeMillis) - due.time * 1_000
  if (lateness > Duration.toMillis(latest)) {
    yield* Effect.logWarning("A batch of slots is too late to be fetched", { id: due.id, lateness })
    yield* Effect.catchAll(notices.missed(due.influencers.length), ({ message }) => outage(message))
    return none
  }
  const provider = providers.find(({ name }) => name === due.provider)
  if (provider === undefined)
    return yield* new Reject({ reason: `There is no provider ${due.provider} any more` })
  const { figures, unknown: strangers } = yield* provider.fetch(due.influencers).pipe(
    Effect.timeoutFail({
      duration: patience,
      onTimeout: () =>
        new ProviderUnavailable({
          provider: provider.name,
          reason: `no figures within ${Duration.format(patience)}`,
          retryAfterSeconds: undefined
        })
    }),
    Effect.tapError(() => Metric.increment(failuresOf(provider))),
    Effect.catchAll(({ message }) => outage(message))
  )
  yield* Metric.incrementBy(slotsUnknown, strangers.length)
  yield* notices.note({ asked: due.influencers, unknown: strangers })
  const points = figures.map(
    ({ id, observedAt, values }): DataPoint => ({ id, time: due.time, observedAt, ...values })
  )
  if (!Arr.isNonEmptyReadonlyArray(points)) return none
  const event: DataPointsCollected = { version: 1, id: `points/${due.id}`, origin: "fetched", points }
  yield* publisher
    // That the slots are fetched gets written after it.
    .publish(dataPointsCollected, event, { items: points.length, job: undefined, repeats: true })
    .pipe(Effect.catchAll(({ message }) => outage(message)))
  return { ...none, created: points.length }
})

/** Asks the providers about whoever is due, for as long as the layer lives. */
export const FetchLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { fetchConcurrency, timeout } = yield* collectorConfig
    const latest = yield* maxLateness
    for (const provider of yield* MetricsProviders) failuresOf(provider)
    // Who waits for a provider's limit has done nothing wrong: the batch must not run out of its own time meanwhile.
    const options = {
      concurrency: fetchConcurrency,
      maxAttempts,
      timeout: Duration.sum(timeout, handingOnWithin)
    }
    yield* consume(influencersDue, options, (due) => apply(due, latest, timeout))
  })
)
