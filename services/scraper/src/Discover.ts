import { type DiscoveryJob, DiscoveryParams } from "@influscope/domain/api/OperationsApi"
import { maxBatchItems } from "@influscope/domain/Events"
import { Discoveries, DiscoveriesBusy } from "@influscope/ports/Discoveries"
import { Outbox } from "@influscope/ports/Outbox"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Ids } from "./Ids.ts"
import { JobStore, retryStorage } from "./JobStore.ts"
import { PublishProfiles } from "./PublishProfiles.ts"
import { Sources } from "./Sources.ts"

/** A run as it is kept: `discovered` is how many profiles are safely in the pipeline, `next` the place where to go on. */
const StoredDiscovery = Schema.Struct({
  id: Schema.String,
  params: DiscoveryParams,
  createdAt: Schema.Int,
  discovered: Schema.Int,
  next: Schema.Int,
  batches: Schema.Int,
  state: Schema.Literal("running", "published", "failed"),
  failure: Schema.NullOr(Schema.String)
})
type StoredDiscovery = typeof StoredDiscovery.Type

const isOver = (job: StoredDiscovery): boolean => job.state !== "running"

/** Runs that may wait for their turn before more are turned away. */
const maxWaiting = 100

/** Runs sources in the background, at most two at a time, each from where it was when the process stopped. */
export const DiscoveriesLive = Layer.scoped(
  Discoveries,
  Effect.gen(function* () {
    const sources = yield* Sources
    const publishing = yield* PublishProfiles
    const outbox = yield* Outbox
    const index = yield* SearchIndex
    const ids = yield* Ids
    const jobs = yield* JobStore.make("discoveries", StoredDiscovery, isOver)
    const running = yield* FiberMap.make<string, void>()
    const turns = yield* Effect.makeSemaphore(2)

    const publishFrom = (job: StoredDiscovery) =>
      Effect.gen(function* () {
        const source = yield* sources.get(job.params.source)
        const count = job.params.offset + job.params.count - job.next
        if (count <= 0) return job
        const rest = { ...job.params, offset: job.next, count }
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
                next: Chunk.unsafeLast(profiles).place + 1,
                batches: current.batches + 1
              }
              yield* jobs.set(next)
              return next
            })
          )
        )
      })

    const fail = (id: string, failure: string): Effect.Effect<void, StorageError> =>
      Effect.flatMap(jobs.get(id), (job) =>
        Option.isNone(job) ? Effect.void : jobs.set({ ...job.value, state: "failed", failure })
      )

    const runOnce = (id: string) =>
      Effect.gen(function* () {
        const job = Option.getOrUndefined(yield* jobs.get(id))
        if (job === undefined) return
        const published = yield* publishFrom(job)
        yield* jobs.set({ ...published, state: "published" })
      }).pipe(
        Effect.catchTags({
          SourceFailed: (error) => fail(id, error.detail),
          UnknownSource: (error) =>
            fail(
              id,
              `There is no source named ${error.source}; there ${error.known.length === 1 ? "is" : "are"} ${error.known.join(", ") || "none"}.`
            )
        })
      )

    const persist = (effect: Effect.Effect<void, StorageError>, id: string) =>
      effect.pipe(
        Effect.tapError((error) =>
          Effect.logWarning("A discovery waits for its store", { id, reason: error.message })
        ),
        Effect.retry({ schedule: retryStorage, while: (error) => error.reason !== "corrupt" })
      )

    const run = (id: string) =>
      persist(runOnce(id), id).pipe(
        Effect.catchAllDefect((defect) =>
          Effect.zipRight(
            Effect.logError("A discovery broke off", { id, reason: String(defect) }),
            persist(
              fail(id, "The run broke off because of an error on our side; the log has the details."),
              id
            )
          )
        ),
        Effect.catchTag("StorageError", (error) =>
          Effect.zipRight(
            Effect.logError("A discovery stopped: stored data is damaged", { id, reason: error.message }),
            persist(fail(id, "The run stopped because stored data is damaged; the log has the details."), id)
          )
        ),
        Effect.catchTag("StorageError", (error) =>
          Effect.logError("A discovery cannot be marked as failed", { id, reason: error.message })
        ),
        turns.withPermits(1),
        Effect.withSpan("Discover.run", { attributes: { id } })
      )

    /** Runs whose accounts searches find: an index is not made to show them at every question. */
    const visible = new Set<string>()

    const view = (job: StoredDiscovery): Effect.Effect<DiscoveryJob, StorageError> =>
      Effect.gen(function* () {
        const progress = yield* outbox.progress(job.id)
        const settled = progress.confirmedBatches + progress.deadLetteredBatches >= progress.batches
        // Done is what searches can find.
        if (job.state === "published" && settled && !visible.has(job.id)) {
          yield* index.refresh
          visible.add(job.id)
        }
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

    const unfinished = (yield* jobs.list).filter((job) => !isOver(job))
    yield* Effect.forEach(unfinished.toReversed(), (job) => FiberMap.run(running, job.id, run(job.id)), {
      discard: true
    })

    return {
      start: (params) =>
        Effect.gen(function* () {
          yield* sources.get(params.source)
          const waiting = yield* FiberMap.size(running)
          if (waiting >= maxWaiting) return yield* new DiscoveriesBusy({ waiting })
          const createdAt = yield* ids.ingestedAt
          const id = yield* ids.make("dsc", createdAt)
          const job: StoredDiscovery = {
            id,
            params,
            createdAt,
            discovered: 0,
            next: params.offset,
            batches: 0,
            state: "running",
            failure: null
          }
          // Who goes away leaves either no trace or a run that goes on.
          yield* Effect.uninterruptible(Effect.zipRight(jobs.set(job), FiberMap.run(running, id, run(id))))
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
