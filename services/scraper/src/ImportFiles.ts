import type { ImportParams } from "@influscope/domain/api/ImportsApi"
import type { ImportJob } from "@influscope/domain/Imports"
import type { MergeOutcome } from "@influscope/domain/Profile"
import { PublishPosts } from "@influscope/pipeline/PublishPosts"
import { toPost } from "@influscope/pipeline/ToPost"
import { ImportRefused, Imports, ImportsBusy } from "@influscope/ports/Imports"
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
import { PublishPoints } from "./PublishPoints.ts"
import { observationsOf, PublishProfiles } from "./PublishProfiles.ts"
import type { SourceFailed } from "./Sources.ts"
import { Spool, type SpooledFile, type SpooledFileGone } from "./Spool.ts"
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
import { type BatchRead, checkMapping, type FileBatch, readFile } from "./sources/File.ts"
import { type PointsBatch, readPoints } from "./sources/History.ts"
import { type PostsBatch, readPosts } from "./sources/Posts.ts"

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

type AnyBatch = FileBatch | PointsBatch | PostsBatch

/** Of what only shows when it is written whether it was known already. */
const allNew = (items: number) => Effect.succeed({ created: items, updated: 0, unchanged: 0 })

/** What a batch holds, and what is done with it. */
interface Content {
  readonly items: number
  /** What would become of them. */
  readonly foretold: Effect.Effect<Readonly<Record<MergeOutcome, number>>, StorageError>
  readonly way: Pick<PublishPoints, "awaitRoom" | "hasRoom">
  readonly publish: Effect.Effect<unknown, StorageError>
}

/** Points say themselves when they were true, and of points and posts nobody keeps who said so. */
const checkKind = ({ kind, observedAt, of, source }: ImportParams): Effect.Effect<void, ImportRefused> => {
  if (kind === "profiles")
    return of === undefined
      ? Effect.void
      : new ImportRefused({ parameter: "of", detail: "only a history or posts can be all about one account" })
  if (kind === "history" && observedAt !== undefined)
    return new ImportRefused({ parameter: "observedAt", detail: "each row of a history says it itself" })
  return source === undefined
    ? Effect.void
    : new ImportRefused({ parameter: "source", detail: "of a history or of posts nobody keeps who said it" })
}

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
    const publishingPoints = yield* PublishPoints
    const publishingPosts = yield* PublishPosts
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

    const contentOf = (job: StoredImport, batch: AnyBatch, preview: Preview): Content => {
      if ("points" in batch) {
        const { points } = batch
        return {
          items: points.length,
          foretold: allNew(points.length),
          way: publishingPoints,
          publish: publishingPoints.publish(points, { batch: context(job).batch, job: job.id })
        }
      }
      if ("posts" in batch) {
        const posts = batch.posts.map((post) => toPost(post, job.observedAt))
        return {
          items: posts.length,
          foretold: allNew(posts.length),
          way: publishingPosts,
          publish: publishingPosts.publish(posts, {
            batch: context(job).batch,
            job: job.id,
            stored: false
          })
        }
      }
      const { profiles } = batch
      return {
        items: profiles.length,
        foretold: Effect.suspend(() => preview(observationsOf(profiles, context(job)))),
        way: publishing,
        publish: publishing.publish(profiles, context(job))
      }
    }

    /** Publishes a batch, or previews it; when it has to wait for room, there is a checkpoint first. */
    const takeBatch = (
      checkpoint: Effect.Effect<void, StorageError>,
      job: StoredImport,
      batch: BatchRead,
      { foretold, items, publish, way }: Content
    ): Effect.Effect<StoredImport, StorageError> =>
      Effect.gen(function* () {
        const some = items > 0
        let counts = job.counts
        if (some && job.dryRun) {
          const would = yield* foretold
          counts = {
            created: (counts?.created ?? 0) + would.created,
            updated: (counts?.updated ?? 0) + would.updated,
            unchanged: (counts?.unchanged ?? 0) + would.unchanged,
            dead: 0
          }
        } else if (some) {
          if (!(yield* way.hasRoom)) yield* Effect.zipRight(checkpoint, way.awaitRoom)
          yield* publish
        }
        yield* Metric.incrementBy(importedRows, batch.report.rows - job.read.rows)
        yield* Metric.incrementBy(rejectedRows, batch.report.rejected - job.read.rejected)
        const read = advance(batch, job.read.batches + (some ? 1 : 0), job.read.published + items)
        return { ...job, read, counts } satisfies StoredImport
      })

    const batchesOf = ({
      file,
      id,
      kind,
      map,
      of,
      platform,
      read
    }: StoredImport): Stream.Stream<AnyBatch, SourceFailed | SpooledFileGone | StorageError> => {
      const options = { name: file, platform: platform ?? undefined, map, maxUnpackedBytes: limits.maxBytes }
      const bytes = spool.read(id)
      const account = of ?? undefined
      const resume = read.checkpoint ?? undefined
      switch (kind) {
        case "history":
          return readPoints({ ...options, account }, bytes)
        case "posts":
          return readPosts({ ...options, account, resume }, bytes)
        case "profiles":
          return readFile({ ...options, resume }, bytes)
      }
    }

    const readThrough = (queued: StoredImport) =>
      Effect.gen(function* () {
        // A preview and a history keep nothing between attempts, so they always start over.
        const begun: StoredImport =
          queued.dryRun || queued.kind === "history"
            ? { ...queued, state: "reading", failure: null, read: nothingRead, counts: null }
            : { ...queued, state: "reading", failure: null }
        yield* jobs.set(begun)
        const preview = makePreview(index)
        const latest = yield* Ref.make(begun)
        const checkpoint = Effect.flatMap(Ref.get(latest), jobs.set)
        let checkpointed = yield* Clock.currentTimeMillis
        const take = (batch: AnyBatch) =>
          Effect.gen(function* () {
            const job = yield* Ref.get(latest)
            yield* Ref.set(latest, yield* takeBatch(checkpoint, job, batch, contentOf(job, batch, preview)))
            const now = yield* Clock.currentTimeMillis
            if (now - checkpointed < checkpointMillis) return
            yield* checkpoint
            checkpointed = now
          })
        yield* batchesOf(begun).pipe(
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
        kind: job.kind,
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
          kind: params.kind,
          of: params.of ?? null,
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
        yield* checkKind(params)
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
