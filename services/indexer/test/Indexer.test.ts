import { assert, describe, it } from "@effect/vitest"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as Queue from "@influscope/adapters/sqlite/Queue"
import { profilesDiscovered } from "@influscope/domain/Events"
import type { Observation } from "@influscope/domain/Observation"
import { Publisher } from "@influscope/pipeline/Publisher"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { AnalyticsUnavailable, EngagementAnalytics } from "@influscope/ports/EngagementAnalytics"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { IndexerLive } from "../src/Indexer.ts"
import { allProfiles, analytics, batchOf, observe, profileOf, searchIndex } from "./Embedded.ts"

/** Everything around the indexer in one process; each build on the same directory is that process started again. */
const around = (directory: string, analyticsLayer = analytics) =>
  Publisher.Default.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        Queue.layerWith({ minDelay: "1 millis", maxDelay: "4 millis", drainTimeout: "1 second" }),
        SqliteOutbox.layer
      ).pipe(Layer.provide(MainDatabase.layer(directory)))
    ),
    Layer.provideMerge(Layer.merge(searchIndex(directory), analyticsLayer))
  )

const publish = (id: string, ...observations: ReadonlyArray<Observation>) =>
  Effect.flatMap(Publisher, (publisher) =>
    publisher.publish(profilesDiscovered, batchOf(observations, id), {
      items: observations.length,
      job: "job"
    })
  )

const drained = eventually(
  "an empty queue",
  Effect.flatMap(PubSub, (pubsub) =>
    Effect.map(pubsub.stats, (stats) => stats.every(({ messages }) => messages === 0))
  )
)

const quiet = Logger.withMinimumLogLevel(LogLevel.None)

describe("the indexer", () => {
  it.scopedLive("applies what was published before it ran, and counts it for its job", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        yield* publish("one", observe("a", { followers: 1 }), observe("b", { followers: 2 }, { ordinal: 1 }))
        yield* publish("two", observe("a", { followers: 3 }, { observedAt: 200, ingestedAt: 2_000 }))
        yield* publish("three", observe("b", { followers: 2 }, { ingestedAt: 3_000 }))
      }).pipe(Effect.provide(around(directory)))
      yield* Effect.gen(function* () {
        yield* drained
        assert.strictEqual((yield* profileOf("a"))?.fields.followers, 3)
        assert.strictEqual((yield* allProfiles).length, 2)
        const outbox = yield* Outbox
        const { confirmedBatches, created, unchanged, updated } = yield* outbox.progress("job")
        assert.strictEqual(confirmedBatches, 3)
        assert.strictEqual(created + updated + unchanged, 4)
        assert.strictEqual(created, 2)
        const [account] = yield* outbox.audit(0)
        assert.deepStrictEqual([account?.sent, account?.applied, account?.missing], [4, 4, 0])
      }).pipe(Effect.provide(IndexerLive.pipe(Layer.provideMerge(around(directory)))))
    })
  )

  it.scopedLive("keeps what it indexed, and indexes the rest, when the process is started again", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const life = IndexerLive.pipe(Layer.provideMerge(around(directory)))
      const batches = Array.from({ length: 12 }, (_, number) => number)
      for (const from of [0, 4, 8])
        yield* Effect.forEach(
          batches.slice(from, from + 4),
          (number) => publish(`batch-${number}`, observe(`account${number}`, { followers: number })),
          { discard: true }
        ).pipe(Effect.provide(life))
      yield* Effect.gen(function* () {
        yield* drained
        assert.strictEqual((yield* allProfiles).length, batches.length)
        const [account] = yield* Effect.flatMap(Outbox, (outbox) => outbox.audit(0))
        assert.deepStrictEqual([account?.sent, account?.applied], [12, 12])
      }).pipe(Effect.provide(life))
    })
  )

  it.scopedLive("tries again until analytics answers", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      let failures = 3
      const flaky = Layer.effect(
        EngagementAnalytics,
        Effect.map(EngagementAnalytics, (inner) => ({
          computeBatch: (inputs: Parameters<typeof inner.computeBatch>[0]) =>
            Effect.suspend(() => {
              if (failures === 0) return inner.computeBatch(inputs)
              failures -= 1
              return new AnalyticsUnavailable({ cause: "not yet" })
            })
        }))
      ).pipe(Layer.provide(analytics))
      yield* Effect.gen(function* () {
        yield* publish("one", observe("a", { followers: 1 }))
        yield* drained
        assert.strictEqual(failures, 0)
        assert.strictEqual((yield* profileOf("a"))?.fields.followers, 1)
      }).pipe(Effect.provide(IndexerLive.pipe(Layer.provideMerge(around(directory, flaky)))), quiet)
    })
  )

  it.scopedLive("gives up after as many attempts as it is told, and applies the replay", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      let answers = false
      const flaky = Layer.effect(
        EngagementAnalytics,
        Effect.map(EngagementAnalytics, (inner) => ({
          computeBatch: (inputs: Parameters<typeof inner.computeBatch>[0]) =>
            answers
              ? inner.computeBatch(inputs)
              : new AnalyticsUnavailable({ cause: "switched off", refused: true })
        }))
      ).pipe(Layer.provide(analytics))
      yield* Effect.gen(function* () {
        const deadLetters = yield* DeadLetters
        yield* publish("one", observe("a", { followers: 1 }))
        yield* drained
        const letter = Option.getOrThrow(yield* deadLetters.get("one"))
        assert.strictEqual(letter.attempts, 2)
        assert.include(letter.reason, "switched off")
        answers = true
        assert.isTrue(yield* deadLetters.replay("one"))
        yield* drained
        assert.strictEqual((yield* profileOf("a"))?.fields.followers, 1)
      }).pipe(
        Effect.provide(
          IndexerLive.pipe(
            Layer.provideMerge(around(directory, flaky)),
            Layer.provide(settings({ INDEXER_MAX_ATTEMPTS: "2" }))
          )
        ),
        quiet
      )
    })
  )

  it.scopedLive("does not start with settings that cannot work", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      for (const [name, value] of [
        ["INDEXER_CONCURRENCY", "0"],
        ["INDEXER_CONCURRENCY", "65"],
        ["INDEXER_CONCURRENCY", "two"],
        ["INDEXER_MAX_ATTEMPTS", "0"],
        ["INDEXER_TIMEOUT", "soon"]
      ] as const) {
        const life = IndexerLive.pipe(
          Layer.provideMerge(around(directory)),
          Layer.provide(settings({ [name]: value }))
        )
        const error = yield* Effect.flip(Effect.scoped(Layer.build(life)))
        assert.include(String(error), name.slice("INDEXER_".length))
      }
    })
  )
})
