import type { ImportParams } from "@influscope/domain/api/ImportsApi"
import type { ImportJob } from "@influscope/domain/Imports"
import { Imports, ImportsBusy } from "@influscope/ports/Imports"
import { Outbox } from "@influscope/ports/Outbox"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { importedRows, rejectedRows } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { importLimits } from "./Config.ts"
import { Ids } from "./Ids.ts"
import { JobStore, retryStorage } from "./JobStore.ts"
import { makePreview, type Preview } from "./Preview.ts"
import { observationsOf, PublishProfiles } from "./PublishProfiles.ts"
import { Spool, type SpooledFile } from "./Spool.ts"
import {
  advance,
  counted,
  countsOf,
  isOver,
  noCounts,
  nothingRead,
  reportOf,
  StoredImport,
  settled
} from "./StoredImport.ts"
import { checkMapping, type FileBatch, readFile } from "./sources/File.ts"

/** Between checkpoints: what is read again after a crash takes no longer. */
const checkpointMillis = 200

/** Asks about a job again and again until it is settled: after 2 % more of the time it has waited, 50 ms to 2 s. */
const untilSettled = Schedule.recurUntil(settled).pipe(
  Schedule.intersect(Schedule.elapsed),
  Schedule.addDelay(([, waited]) =>
    Duration.clamp(Duration.times(waited, 0.02), { minimum: "50 millis", maximum: "2 seconds" })
  ),
  Schedule.map(([progress]) => progress)
)

/**
 * Takes files in, reads them one at a time in the background, and hands them to the pipeline in batches. Every now and
 * then there is a checkpoint, and a batch has the same id on every attempt: whenever the process stops, the import goes
 * on from the checkpoint, and nothing is sent twice.
 */
export const ImportsLive = Layer.scoped(
  Imports,
  Effect.gen(function* () {
    const limits = yield* importLimits
    const spool = yield* Spool
    const state = yield* StateStore
    const publishing = yield* PublishProfiles
    const outbox = yield* Outbox
    const ids = yield* Ids
    const index = yield* SearchIndex
    const jobs = yield* JobStore.make("imports", StoredImport, isOver)
    const running = yield* FiberMap.make<string, void>()
    const turn = yield* Effect.makeSemaphore(1)
    const admission = yield* Effect.makeSemaphore(1)
    const uploading = yield* Ref.make(0)

    const context = (job: StoredImport) => ({
      batch: `${job.id}:${job.read.batches}`,
      job: job.id,
      source: job.source,
      observedAt: job.observedAt,
      ingestedAt: job.createdAt,
      firstOrdinal: job.read.published
    })

    /** Publishes a batch, or previews it; when it has to wait for room, there is a checkpoint first. */
    const takeBatch = (
      preview: Preview,
      checkpoint: Effect.Effect<void, StorageError>,
      job: StoredImport,
      batch: FileBatch
    ): Effect.Effect<StoredImport, StorageError> =>
      Effect.gen(function* () {
        const some = batch.profiles.length > 0
        let counts = job.counts
        if (some && job.dryRun) {
          const would = yield* preview(observationsOf(batch.profiles, context(job)))
          counts = {
            created: (counts?.created ?? 0) + would.created,
            updated: (counts?.updated ?? 0) + would.updated,
            unchanged: (counts?.unchanged ?? 0) + would.unchanged,
            dead: 0
          }
        } else if (some) {
          if (!(yield* publishing.hasRoom)) yield* Effect.zipRight(checkpoint, publishing.awaitRoom)
          yield* publishing.publish(batch.profiles, context(job))
        }
        yield* Metric.incrementBy(importedRows, batch.report.rows - job.read.rows)
        yield* Metric.incrementBy(rejectedRows, batch.report.rejected - job.read.rejected)
        const read = advance(
          batch,
          job.read.batches + (some ? 1 : 0),
          job.read.published + batch.profiles.length
        )
        return { ...job, read, counts } satisfies StoredImport
      })

    const readThrough = (queued: StoredImport) =>
      Effect.gen(function* () {
        // A preview keeps nothing between attempts, so it always starts over.
        const begun: StoredImport = queued.dryRun
          ? { ...queued, state: "reading", failure: null, read: nothingRead, counts: null }
          : { ...queued, state: "reading", failure: null }
        yield* jobs.set(begun)
        const preview = makePreview(index)
        const latest = yield* Ref.make(begun)
        const checkpoint = Effect.flatMap(Ref.get(latest), jobs.set)
        let checkpointed = yield* Clock.currentTimeMillis
        const take = (batch: FileBatch) =>
          Effect.gen(function* () {
            yield* Ref.set(latest, yield* takeBatch(preview, checkpoint, yield* Ref.get(latest), batch))
            const now = yield* Clock.currentTimeMillis
            if (now - checkpointed < checkpointMillis) return
            yield* checkpoint
            checkpointed = now
          })
        yield* readFile(
          {
            name: begun.file,
            platform: begun.platform ?? undefined,
            map: begun.map,
            resume: begun.read.checkpoint ?? undefined,
            maxUnpackedBytes: limits.maxBytes
          },
          spool.read(begun.id)
        ).pipe(
          Stream.runForEach(take),
          Effect.tapError(() => checkpoint)
        )
        yield* checkpoint
      })

    const awaitIndexed = (id: string) => outbox.progress(id).pipe(Effect.repeat(untilSettled))

    const fail = (id: string, failure: string) =>
      Effect.flatMap(
        jobs.get(id),
        Option.match({
          onNone: () => Effect.void,
          onSome: (job) => jobs.set({ ...job, failure })
        })
      )

    const settle = (id: string) =>
      Effect.gen(function* () {
        const progress = yield* awaitIndexed(id)
        yield* index.refresh
        const job = Option.getOrUndefined(yield* jobs.get(id))
        if (job === undefined) return
        yield* jobs.set({
          ...job,
          state: job.failure === null ? "done" : "failed",
          counts: job.dryRun ? job.counts : countsOf(progress)
        })
      })

    const persist = <A>(effect: Effect.Effect<A, StorageError>, id: string) =>
      effect.pipe(
        Effect.tapError((error) =>
          Effect.logWarning("An import waits for its store", { id, reason: error.message })
        ),
        Effect.retry({ schedule: retryStorage, while: (error) => error.reason !== "corrupt" })
      )

    const readOne = (id: string) =>
      Effect.gen(function* () {
        const job = Option.getOrUndefined(yield* jobs.get(id))
        if (job === undefined) return
        if (job.state === "queued" || job.state === "reading") {
          yield* readThrough(job).pipe(
            Effect.catchTags({
              SourceFailed: (error) => fail(id, error.detail),
              SpooledFileGone: () =>
                fail(
                  id,
                  "The uploaded file is not in the import directory any more, so the rest of it cannot be read. Import it once more: rows already imported are recognised."
                )
            })
          )
          const read = Option.getOrElse(yield* jobs.get(id), () => job)
          yield* jobs.set({ ...read, state: "indexing" })
        }
        yield* spool.remove(id)
      })

    /** Ends an import that cannot go on; what is in the pipeline already is still counted. */
    const giveUp = (id: string, failure: string) =>
      persist(fail(id, failure), id).pipe(
        Effect.zipRight(persist(settle(id), id)),
        Effect.zipRight(persist(spool.remove(id), id))
      )

    const run = (id: string) =>
      Effect.gen(function* () {
        yield* turn.withPermits(1)(persist(readOne(id), id))
        yield* persist(settle(id), id)
      }).pipe(
        Effect.catchAllDefect((defect) =>
          Effect.zipRight(
            Effect.logError("An import broke off", { id, reason: String(defect) }),
            giveUp(id, "The import broke off because of an error on our side; the log has the details.")
          )
        ),
        Effect.catchTag("StorageError", (error) =>
          Effect.zipRight(
            Effect.logError("An import stopped: stored data is damaged", { id, reason: error.message }),
            giveUp(id, "The import stopped because stored data is damaged; the log has the details.")
          )
        ),
        Effect.catchTag("StorageError", (error) =>
          Effect.logError("An import cannot be marked as failed", { id, reason: error.message })
        ),
        Effect.withSpan("ImportFiles.run", { attributes: { id } })
      )

    /** What has become of the rows by now: also after the end, while dead letters wait to be replayed. */
    const countsNow = (job: StoredImport) =>
      Effect.gen(function* () {
        const { counts } = job
        if (job.dryRun) return counts ?? noCounts
        if (counts !== null && counts.dead === 0) return counts
        const now = countsOf(yield* outbox.progress(job.id))
        return counts !== null && counted(counts) !== counted(now) ? counts : now
      })

    const view = (job: StoredImport): Effect.Effect<ImportJob, StorageError> =>
      Effect.map(countsNow(job), (counts) => ({
        id: job.id,
        state: job.state,
        file: job.file,
        source: job.source,
        dryRun: job.dryRun,
        createdAt: new Date(job.createdAt),
        observedAt: new Date(job.observedAt),
        bytesRead: job.state === "queued" ? 0 : job.read.bytes,
        bytesTotal: job.bytesTotal,
        failure: job.failure,
        report: reportOf(job, counts)
      }))

    /** The moment these very bytes were first told, unless this is it: importing a file again states nothing new. */
    const firstTold = (sha256: string, now: number, remember: boolean) =>
      Effect.gen(function* () {
        const key = `imports/first-told/${sha256}`
        const known = yield* state.get(key)
        if (Option.isSome(known)) return Number(known.value.value)
        if (remember) yield* state.set(key, String(now))
        return now
      })

    /** Takes one of the places that files being uploaded, read or indexed share, until the scope closes. */
    const admit = Effect.acquireRelease(
      Effect.gen(function* () {
        const waiting = (yield* FiberMap.size(running)) + (yield* Ref.get(uploading))
        if (waiting >= limits.maxWaiting) return yield* new ImportsBusy({ waiting })
        yield* Ref.update(uploading, (count) => count + 1)
      }).pipe(admission.withPermits(1)),
      () => Ref.update(uploading, (count) => count - 1)
    )

    const enqueue = (params: ImportParams, id: string, createdAt: number, spooled: SpooledFile) =>
      Effect.gen(function* () {
        const file = params.file ?? "upload"
        const observedAt =
          params.observedAt?.getTime() ?? (yield* firstTold(spooled.sha256, createdAt, !params.dryRun))
        const job: StoredImport = {
          id,
          file,
          source: params.source ?? file,
          platform: params.platform ?? null,
          map: params.map,
          dryRun: params.dryRun,
          createdAt,
          observedAt,
          bytesTotal: spooled.bytes,
          state: "queued",
          failure: null,
          read: nothingRead,
          counts: null
        }
        yield* jobs.set(job)
        yield* FiberMap.run(running, id, run(id))
        return job
      }).pipe(Effect.onError(() => Effect.ignoreLogged(spool.remove(id))))

    const submit = <E>(params: ImportParams, bytes: Stream.Stream<Uint8Array, E>) =>
      Effect.gen(function* () {
        yield* checkMapping(params.map)
        yield* admit
        const createdAt = yield* ids.ingestedAt
        const id = yield* ids.make("imp", createdAt)
        // A sender that goes away leaves either no trace or an import that runs.
        const job = yield* Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(spool.save(id, bytes, limits.maxBytes)), (spooled) =>
            enqueue(params, id, createdAt, spooled)
          )
        )
        return yield* view(job)
      }).pipe(Effect.scoped, Effect.withSpan("ImportFiles.submit"))

    yield* spool.sweep((id) =>
      jobs.get(id).pipe(
        Effect.map(Option.exists((job) => !isOver(job))),
        // Nobody can tell whether it is still needed.
        Effect.catchIf(
          (error) => error.reason === "corrupt",
          () => Effect.succeed(true)
        )
      )
    )
    const unfinished = (yield* jobs.list).filter((job) => !isOver(job))
    yield* Effect.forEach(unfinished.toReversed(), (job) => FiberMap.run(running, job.id, run(job.id)), {
      discard: true
    })

    return {
      submit,
      get: (id) =>
        Effect.flatMap(
          jobs.get(id),
          Option.match({
            onNone: () => Effect.succeed(Option.none()),
            onSome: (job) => Effect.asSome(view(job))
          })
        ),
      list: Effect.flatMap(jobs.list, (all) => Effect.forEach(all, view, { concurrency: 4 }))
    }
  })
)
