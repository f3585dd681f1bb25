import { join } from "node:path"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as Queue from "@influscope/adapters/sqlite/Queue"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import type { Topic } from "@influscope/domain/Events"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { Publisher } from "@influscope/pipeline/Publisher"
import { type CollectionNotes, CollectionNotices } from "@influscope/ports/CollectionNotices"
import { NotInTime } from "@influscope/ports/conformance/Conformance"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import {
  type Fetched,
  MetricsProviders,
  type Provider,
  type ProviderUnavailable
} from "@influscope/ports/MetricsProvider"
import { Outbox, type TopicAudit } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import type { StorageError } from "@influscope/ports/StorageError"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import type { FetchLive } from "../src/Fetch.ts"
import type { SinkLive } from "../src/Sink.ts"

/** What stands between the workers and what they need, and can be changed while they work. */
export class Surroundings {
  /** How the provider answers: all figures are 7. */
  answer: (ids: ReadonlyArray<InfluencerId>) => Effect.Effect<Fetched, ProviderUnavailable> = figuresNow
  /** What becomes of a write to the time series. */
  write: (inner: TimeSeries["Type"]["write"]) => TimeSeries["Type"]["write"] = (inner) => inner

  /** How the tracker takes missed slots. */
  count: (slots: number) => Effect.Effect<void, StorageError> = () => Effect.void
  /** Slots that it took. */
  missed = 0
  readonly notes: Array<CollectionNotes> = []

  readonly notices = CollectionNotices.of({
    missed: (slots) =>
      Effect.zipRight(
        Effect.suspend(() => this.count(slots)),
        Effect.sync(() => {
          this.missed += slots
        })
      ),
    note: (notes) => Effect.sync(() => this.notes.push(notes))
  })

  readonly provider: Provider = {
    name: "mockstagram",
    defaultIntervalSeconds: 60,
    knows: () => true,
    fetch: (ids) => Effect.suspend(() => this.answer(ids))
  }

  readonly series = (inner: TimeSeries["Type"]): TimeSeries["Type"] => ({
    ...inner,
    write: (points) => Effect.suspend(() => this.write(inner.write)(points))
  })
}

/** Figures of everybody, true now. */
export const figuresNow = (ids: ReadonlyArray<InfluencerId>): Effect.Effect<Fetched> =>
  Effect.map(Clock.currentTimeMillis, (millis) => ({
    figures: ids.map((id) => ({ id, observedAt: Math.floor(millis / 1_000), values: { followers: 7 } })),
    unknown: []
  }))

/** The stores of a directory: built again, they are those of a process that is started again. */
export const stores = (directory: string, surroundings: Surroundings) =>
  Layer.mergeAll(
    Queue.layerWith({ minDelay: "10 millis", maxDelay: "50 millis", drainTimeout: "1 second" }),
    SqliteOutbox.layer,
    Layer.effect(TimeSeries, Effect.map(TimeSeries, surroundings.series)).pipe(
      Layer.provide(SqliteTimeSeries.layer(join(directory, "series.db")))
    ),
    Layer.succeed(MetricsProviders, [surroundings.provider])
  ).pipe(Layer.provide(MainDatabase.layer(directory)))

type Worker = typeof FetchLive | typeof SinkLive

/** Some of the workers of a process, and what they work on. */
export const process = (
  directory: string,
  surroundings: Surroundings,
  workers: Layer.Layer<never, Layer.Layer.Error<Worker>, Layer.Layer.Context<Worker>>
) =>
  workers.pipe(
    Layer.provide(Layer.succeed(CollectionNotices, surroundings.notices)),
    Layer.provideMerge(Publisher.Default),
    Layer.provideMerge(stores(directory, surroundings)),
    Layer.fresh
  )

/** Sends an event as its producer does. */
export const send = <A extends { readonly id: string }, I>(topic: Topic<A, I>, event: A, items: number) =>
  Effect.flatMap(Publisher, (publisher) => publisher.publish(topic, event, { items, job: undefined }))

/** What is no matter of the clock gets its turn: promises, as those of a request. */
const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Lets the time of the test clock pass until a check holds, ten minutes at most. */
export const passUntil = <E, R>(what: string, check: Effect.Effect<boolean, E, R>) =>
  Effect.gen(function* () {
    for (let step = 0; step < 2_400; step++) {
      if (yield* check) return
      yield* Effect.zipRight(turn, TestClock.adjust("250 millis"))
    }
    return yield* new NotInTime({ what })
  })

/** No message of the topic waits or is in work. */
export const isDrained = (topic: string) =>
  Effect.flatMap(PubSub, (pubsub) =>
    Effect.map(pubsub.stats, (stats) => !stats.some((entry) => entry.topic === topic && entry.messages > 0))
  )

export const drained = (topic: string) => passUntil(`${topic} is empty`, isDrained(topic))

export const auditOf = (topic: string): Effect.Effect<Partial<TopicAudit>, unknown, Outbox> =>
  Effect.flatMap(Outbox, (outbox) =>
    Effect.map(
      outbox.audit(Number.MAX_SAFE_INTEGER),
      (all) => all.find((account) => account.topic === topic) ?? {}
    )
  )

/** Why messages died, by id. */
export const deaths = Effect.flatMap(DeadLetters, (letters) =>
  Effect.map(letters.list({ topic: undefined, limit: 100, before: undefined }), (all) =>
    Object.fromEntries(all.map(({ id, reason }) => [id, reason]))
  )
)

/** `id time observedAt` of every point of some influencers. */
export const pointsOf = (ids: ReadonlyArray<InfluencerId>) =>
  Effect.flatMap(TimeSeries, (series) =>
    Effect.map(
      Effect.forEach(ids, (id) => series.points(id, { from: 0, to: 2 ** 32 - 1, limit: 10_000 })),
      (all) => all.flat().map(({ id, observedAt, time }) => `${id} ${time} ${observedAt}`)
    )
  )
