import type { ImportParams } from "@influscope/domain/api/ImportsApi"
import { ColumnReport, type ImportJob, type ImportReport, Rejection } from "@influscope/domain/Imports"
import { Platform } from "@influscope/domain/Platform"
import { Imports, ImportsBusy } from "@influscope/ports/Imports"
import { type JobProgress, Outbox } from "@influscope/ports/Outbox"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { importedRows, rejectedRows } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { importLimits } from "./Config.ts"
import { Ids } from "./Ids.ts"
import { JobStore } from "./JobStore.ts"
import { makePreview, type Preview } from "./Preview.ts"
import { observationsOf, PublishProfiles } from "./PublishProfiles.ts"
import { Spool } from "./Spool.ts"
import { checkMapping, type FileBatch, readFile } from "./sources/File.ts"

const Counted = Schema.Int.pipe(Schema.nonNegative())

/** An import as it is kept. `read` is the checkpoint: what of the file is safely in the pipeline, and the report so far. */
const StoredImport = Schema.Struct({
  id: Schema.String,
  file: Schema.String,
  source: Schema.String,
  platform: Schema.NullOr(Platform),
  map: Schema.Array(Schema.String),
  dryRun: Schema.Boolean,
  createdAt: Schema.Int,
  observedAt: Schema.Int,
  bytesTotal: Counted,
  state: Schema.Literal("queued", "reading", "indexing", "done", "failed"),
  failure: Schema.NullOr(Schema.String),
  read: Schema.Struct({
    bytes: Counted,
    batches: Counted,
    rows: Counted,
    published: Counted,
    rejected: Counted,
    repaired: Counted,
    columns: Schema.Array(ColumnReport),
    rejections: Schema.Array(Rejection),
    notes: Schema.Array(Schema.String),
    /** Where the reader goes on. */
    checkpoint: Schema.NullOr(
      Schema.Struct({
        rows: Counted,
        rejected: Counted,
        repaired: Counted,
        rejections: Schema.Array(Rejection),
        tallies: Schema.Record({
          key: Schema.String,
          value: Schema.Struct({ count: Counted, line: Counted })
        })
      })
    )
  }),
  /** Of a dry run while it reads; of a real one once everything is in the index. */
  counts: Schema.NullOr(
    Schema.Struct({ created: Counted, updated: Counted, unchanged: Counted, dead: Counted })
  )
})
type StoredImport = typeof StoredImport.Type

const nothingRead: StoredImport["read"] = {
  bytes: 0,
  batches: 0,
  rows: 0,
  published: 0,
  rejected: 0,
  repaired: 0,
  columns: [],
  rejections: [],
  notes: [],
  checkpoint: null
}

/** What a batch adds to a checkpoint. */
const advance = (batch: FileBatch, batches: number, published: number): StoredImport["read"] => ({
  bytes: batch.bytesRead,
  batches,
  published,
  rows: batch.report.rows,
  rejected: batch.report.rejected,
  repaired: batch.report.repaired,
  columns: batch.report.columns,
  rejections: batch.report.rejections,
  notes: batch.report.notes,
  checkpoint: batch.checkpoint
})

const settled = (progress: JobProgress): boolean =>
  progress.confirmedBatches + progress.deadLetteredBatches >= progress.batches

const countsOf = (progress: JobProgress): NonNullable<StoredImport["counts"]> => ({
  created: progress.created,
  updated: progress.updated,
  unchanged: progress.unchanged,
  dead: progress.deadLetteredItems
})

const reportOf = (job: StoredImport, counts: NonNullable<StoredImport["counts"]>): ImportReport => ({
  rows: job.read.rows,
  imported: counts.created,
  updated: counts.updated,
  unchanged: counts.unchanged,
  rejected: job.read.rejected + counts.dead,
  repaired: job.read.repaired,
  columns: job.read.columns,
  rejections: job.read.rejections,
  notes:
    counts.dead === 0
      ? job.read.notes
      : [
          ...job.read.notes,
          `${counts.dead} rows could not be indexed and wait in the dead letters: influscope dlq list`
        ]
})

const retryStorage = Schedule.exponential("200 millis").pipe(
  Schedule.union(Schedule.spaced("10 seconds")),
  Schedule.jittered
)

/**
 * Takes files in, reads them one at a time in the background, and hands them to the pipeline in batches. After every
 * batch there is a checkpoint, and a batch has the same id on every attempt: whenever the process stops, the import
 * goes on where it was, and nothing is sent twice.
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
    const jobs = yield* JobStore.make("imports", StoredImport)
    const running = yield* FiberMap.make<string, void>()
    const turn = yield* Effect.makeSemaphore(1)

    const context = (job: StoredImport) => ({
      batch: `${job.id}:${job.read.batches}`,
      job: job.id,
      source: job.source,
      observedAt: job.observedAt,
      ingestedAt: job.createdAt,
      firstOrdinal: job.read.published
    })

    /** Publishes a batch, or previews it, and checkpoints. */
    const takeBatch = (
      preview: Preview,
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
          yield* publishing.awaitRoom
          yield* publishing.publish(batch.profiles, context(job))
        }
        yield* Metric.incrementBy(importedRows, batch.report.rows - job.read.rows)
        yield* Metric.incrementBy(rejectedRows, batch.report.rejected - job.read.rejected)
        const read = advance(
          batch,
          job.read.batches + (some ? 1 : 0),
          job.read.published + batch.profiles.length
        )
        const next: StoredImport = { ...job, read, counts }
        yield* jobs.set(next)
        return next
      })

    const readThrough = (queued: StoredImport) =>
      Effect.gen(function* () {
        // A preview keeps nothing between attempts, so it always starts over.
        const begun: StoredImport = queued.dryRun
          ? { ...queued, state: "reading", read: nothingRead, counts: null }
          : { ...queued, state: "reading" }
        yield* jobs.set(begun)
        const preview = makePreview(index)
        return yield* readFile(
          {
            name: begun.file,
            platform: begun.platform ?? undefined,
            map: begun.map,
            resume: begun.read.checkpoint ?? undefined
          },
          spool.read(begun.id)
        ).pipe(Stream.runFoldEffect(begun, (job, batch) => takeBatch(preview, job, batch)))
      })

    const awaitIndexed = (id: string) =>
      outbox
        .progress(id)
        .pipe(Effect.repeat(Schedule.recurUntil(settled).pipe(Schedule.addDelay(() => "50 millis"))))

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
        Effect.retry(retryStorage)
      )

    const readOne = (id: string) =>
      Effect.gen(function* () {
        const job = Option.getOrUndefined(yield* jobs.get(id))
        if (job === undefined) return
        if (job.state === "queued" || job.state === "reading") {
          yield* readThrough(job).pipe(
            Effect.asVoid,
            Effect.catchTag("SourceFailed", (error) => fail(id, error.detail))
          )
          const read = Option.getOrElse(yield* jobs.get(id), () => job)
          yield* jobs.set({ ...read, state: "indexing" })
        }
        yield* spool.remove(id)
      })

    const run = (id: string) =>
      Effect.gen(function* () {
        yield* turn.withPermits(1)(persist(readOne(id), id))
        yield* persist(settle(id), id)
      }).pipe(
        Effect.catchAllDefect((defect) =>
          Effect.gen(function* () {
            yield* Effect.logError("An import broke off", { id, reason: String(defect) })
            yield* fail(id, "The import broke off because of an error on our side; the log has the details.")
            yield* settle(id)
          })
        ),
        Effect.catchTag("StorageError", (error) =>
          Effect.logError("An import stopped", { id, reason: error.message })
        ),
        Effect.withSpan("ImportFiles.run", { attributes: { id } })
      )

    const view = (job: StoredImport): Effect.Effect<ImportJob, StorageError> =>
      Effect.gen(function* () {
        const counts =
          job.counts ??
          (job.dryRun
            ? { created: 0, updated: 0, unchanged: 0, dead: 0 }
            : countsOf(yield* outbox.progress(job.id)))
        return {
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
        }
      })

    /** The moment these very bytes were first told, unless this is it: importing a file again states nothing new. */
    const firstTold = (sha256: string, now: number) =>
      Effect.gen(function* () {
        const key = `imports/first-told/${sha256}`
        const known = yield* state.get(key)
        if (Option.isSome(known)) return Number(known.value.value)
        yield* state.set(key, String(now))
        return now
      })

    const submit = <E>(params: ImportParams, bytes: Stream.Stream<Uint8Array, E>) =>
      Effect.gen(function* () {
        yield* checkMapping(params.map)
        const waiting = yield* FiberMap.size(running)
        if (waiting >= limits.maxWaiting) return yield* new ImportsBusy({ waiting })
        const createdAt = yield* ids.ingestedAt
        const id = yield* ids.make("imp", createdAt)
        const spooled = yield* spool.save(id, bytes, limits.maxBytes)
        const file = params.file ?? "upload"
        const observedAt =
          params.observedAt?.getTime() ??
          (params.dryRun ? createdAt : yield* firstTold(spooled.sha256, createdAt))
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
        return yield* view(job)
      }).pipe(Effect.withSpan("ImportFiles.submit"))

    const unfinished = (yield* jobs.list).filter((job) => job.state !== "done" && job.state !== "failed")
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
