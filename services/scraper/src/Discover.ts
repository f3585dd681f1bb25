import { type DiscoveryJob, DiscoveryParams } from "@influscope/domain/api/OperationsApi"
import { maxBatchItems } from "@influscope/domain/Events"
import { Discoveries } from "@influscope/ports/Discoveries"
import { Outbox } from "@influscope/ports/Outbox"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Ids } from "./Ids.ts"
import { JobStore } from "./JobStore.ts"
import { PublishProfiles } from "./PublishProfiles.ts"
import { Sources } from "./Sources.ts"

/** A run as it is kept: `discovered` is how many profiles are safely in the pipeline, and where to go on after a restart. */
const StoredDiscovery = Schema.Struct({
  id: Schema.String,
  params: DiscoveryParams,
  createdAt: Schema.Int,
  discovered: Schema.Int,
  batches: Schema.Int,
  state: Schema.Literal("running", "published", "failed"),
  failure: Schema.NullOr(Schema.String)
})
type StoredDiscovery = typeof StoredDiscovery.Type

const retryStorage = Schedule.exponential("200 millis").pipe(
  Schedule.union(Schedule.spaced("10 seconds")),
  Schedule.jittered
)

/** Runs sources in the background, at most two at a time, each from where it was when the process stopped. */
export const DiscoveriesLive = Layer.scoped(
  Discoveries,
  Effect.gen(function* () {
    const sources = yield* Sources
    const publishing = yield* PublishProfiles
    const outbox = yield* Outbox
    const ids = yield* Ids
    const jobs = yield* JobStore.make("discoveries", StoredDiscovery)
    const running = yield* FiberMap.make<string, void>()
    const turns = yield* Effect.makeSemaphore(2)

    const publishFrom = (job: StoredDiscovery) =>
      Effect.gen(function* () {
        const source = yield* sources.get(job.params.source)
        const rest = {
          ...job.params,
          offset: job.params.offset + job.discovered,
          count: job.params.count - job.discovered
        }
        if (rest.count <= 0) return job
        return yield* source.discover(rest).pipe(
          Stream.grouped(maxBatchItems),
          Stream.runFoldEffect(job, (current, profiles) =>
            Effect.gen(function* () {
              yield* publishing.awaitRoom
              yield* publishing.publish(Chunk.toReadonlyArray(profiles), {
                batch: `${current.id}:${current.batches}`,
                job: current.id,
                source: current.params.source,
                observedAt: current.createdAt,
                ingestedAt: current.createdAt,
                firstOrdinal: current.discovered
              })
              const next: StoredDiscovery = {
                ...current,
                discovered: current.discovered + profiles.length,
                batches: current.batches + 1
              }
              yield* jobs.set(next)
              return next
            })
          )
        )
      })

    const run = (id: string) =>
      Effect.gen(function* () {
        const job = yield* Effect.flatMap(jobs.get(id), Effect.orDie)
        const published = yield* publishFrom(job)
        yield* jobs.set({ ...published, state: "published" })
      }).pipe(
        Effect.tapErrorTag("StorageError", (error) =>
          Effect.logWarning("A discovery waits for its store", { id, reason: error.message })
        ),
        Effect.retry({ while: (error) => error._tag === "StorageError", schedule: retryStorage }),
        Effect.catchTags({
          SourceFailed: (error) => fail(id, error.detail),
          UnknownSource: (error) => fail(id, `There is no source named ${error.source}.`)
        }),
        Effect.catchTag("StorageError", (error) =>
          Effect.logError("A discovery stopped", { id, reason: error.message })
        ),
        turns.withPermits(1),
        Effect.withSpan("Discover.run", { attributes: { id } })
      )

    const fail = (id: string, failure: string): Effect.Effect<void, StorageError> =>
      Effect.flatMap(jobs.get(id), (job) =>
        Option.isNone(job) ? Effect.void : jobs.set({ ...job.value, state: "failed", failure })
      )

    const view = (job: StoredDiscovery): Effect.Effect<DiscoveryJob, StorageError> =>
      Effect.map(outbox.progress(job.id), (progress) => {
        const settled = progress.confirmedBatches + progress.deadLetteredBatches >= progress.batches
        return {
          id: job.id,
          source: job.params.source,
          state: job.state === "published" ? (settled ? "done" : "indexing") : job.state,
          count: job.params.count,
          discovered: job.discovered,
          indexed: progress.created + progress.updated + progress.unchanged,
          failure: job.failure
        }
      })

    const unfinished = (yield* jobs.list).filter((job) => job.state === "running")
    yield* Effect.forEach(unfinished, (job) => FiberMap.run(running, job.id, run(job.id)), { discard: true })

    return {
      start: (params) =>
        Effect.gen(function* () {
          yield* sources.get(params.source)
          const createdAt = yield* ids.ingestedAt
          const id = yield* ids.make("dsc", createdAt)
          const job: StoredDiscovery = {
            id,
            params,
            createdAt,
            discovered: 0,
            batches: 0,
            state: "running",
            failure: null
          }
          yield* jobs.set(job)
          yield* FiberMap.run(running, id, run(id))
          return yield* view(job)
        }),
      get: (id) =>
        Effect.flatMap(
          jobs.get(id),
          Option.match({
            onNone: () => Effect.succeed(Option.none()),
            onSome: (job) => Effect.asSome(view(job))
          })
        )
    }
  })
)
