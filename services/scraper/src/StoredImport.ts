import { ColumnReport, ImportKind, type ImportReport, Rejection } from "@influscope/domain/Imports"
import { Platform } from "@influscope/domain/Platform"
import { ProfileId } from "@influscope/domain/ProfileId"
import type { JobProgress } from "@influscope/ports/Outbox"
import * as Schema from "effect/Schema"
import type { BatchRead } from "./sources/File.ts"

const Counted = Schema.Int.pipe(Schema.nonNegative())

/** What became of the rows that could be read; `dead` are those in dead-lettered batches. */
const Counts = Schema.Struct({ created: Counted, updated: Counted, unchanged: Counted, dead: Counted })
type Counts = typeof Counts.Type

/** An import as it is kept. `read` is the checkpoint: what of the file is safely in the pipeline, and the report so far. */
export const StoredImport = Schema.Struct({
  id: Schema.String,
  file: Schema.String,
  source: Schema.String,
  /** Imports of before there was another kind do not say. */
  kind: Schema.optionalWith(ImportKind, { default: () => "profiles" as const }),
  of: Schema.optionalWith(Schema.NullOr(ProfileId), { default: () => null }),
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
  counts: Schema.NullOr(Counts)
})
export type StoredImport = typeof StoredImport.Type

export const nothingRead: StoredImport["read"] = {
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
export const advance = (batch: BatchRead, batches: number, published: number): StoredImport["read"] => ({
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

export const settled = (progress: JobProgress): boolean =>
  progress.confirmedBatches + progress.deadLetteredBatches >= progress.batches

export const countsOf = (progress: JobProgress): Counts => ({
  created: progress.created,
  updated: progress.updated,
  unchanged: progress.unchanged,
  dead: progress.deadLetteredItems
})

export const counted = (counts: Counts): number =>
  counts.created + counts.updated + counts.unchanged + counts.dead

export const noCounts: Counts = { created: 0, updated: 0, unchanged: 0, dead: 0 }

export const isOver = (job: StoredImport): boolean => job.state === "done" || job.state === "failed"

export const reportOf = (job: StoredImport, counts: Counts): ImportReport => ({
  // A batch can be in the pipeline before the checkpoint says that it was read.
  rows: Math.max(job.read.rows, job.read.rejected + counted(counts)),
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
