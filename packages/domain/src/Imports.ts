import * as Schema from "effect/Schema"

const Counted = Schema.Int.pipe(Schema.nonNegative())

/** How one column of a file was understood. */
export const ColumnReport = Schema.Struct({
  /** The header as it stands in the file, trimmed; repeated names carry their position, as in `views(avg) [5]`. */
  name: Schema.String,
  /** The field it feeds (a profile field, `handle`, `platform`, `observedAt`), or null when it is not used. */
  mappedTo: Schema.NullOr(Schema.String),
  /** 0 to 1. */
  confidence: Schema.Number,
  /** In words: which name matched, what the values look like, why it was re-mapped or left out. */
  why: Schema.String
}).annotations({ identifier: "ColumnReport" })
export type ColumnReport = typeof ColumnReport.Type

export const Rejection = Schema.Struct({
  /** Line of the file on which the row starts, from 1. For JSON arrays and nested JSON, the item's place, from 1. */
  line: Counted,
  /** Null when the row as a whole is meant. */
  column: Schema.NullOr(Schema.String),
  /** The offending text, shortened to 200 characters. */
  value: Schema.String,
  reason: Schema.String
}).annotations({ identifier: "Rejection" })
export type Rejection = typeof Rejection.Type

/** Most rejections listed one by one in a report; all of them are counted. */
export const maxListedRejections = 1_000

/**
 * What a file holds: accounts, a row each; or their figures over time, a row for each account and moment (or a column for
 * each day); or posts, a row each.
 */
export const ImportKind = Schema.Literal("profiles", "history", "posts").annotations({
  identifier: "ImportKind"
})
export type ImportKind = typeof ImportKind.Type

/**
 * What became of a file: `rows` = `imported` + `updated` + `unchanged` + `rejected` once the import is done.
 * Of a history, a row is one influencer at one moment: `imported` are new points, `unchanged` those that were there, which
 * stay. `repaired` counts rows in which a value needed mending (encoding, broken number, stray mark) and was kept.
 */
export const ImportReport = Schema.Struct({
  rows: Counted,
  imported: Counted,
  updated: Counted,
  unchanged: Counted,
  rejected: Counted,
  repaired: Counted,
  columns: Schema.Array(ColumnReport),
  rejections: Schema.Array(Rejection),
  /** What was found out about the file as a whole: encoding, separator, skipped junk, platform and why. */
  notes: Schema.Array(Schema.String)
}).annotations({ identifier: "ImportReport" })
export type ImportReport = typeof ImportReport.Type

export const ImportState = Schema.Literal("queued", "reading", "indexing", "done", "failed").annotations({
  identifier: "ImportState"
})
export type ImportState = typeof ImportState.Type

/** An import as the API shows it. */
export const ImportJob = Schema.Struct({
  id: Schema.NonEmptyString,
  state: ImportState,
  file: Schema.String,
  source: Schema.String,
  kind: ImportKind,
  dryRun: Schema.Boolean,
  createdAt: Schema.Date,
  /** When the figures in the file were true, unless a row says otherwise. */
  observedAt: Schema.Date,
  /** Bytes of the file read so far, and in all. */
  bytesRead: Counted,
  bytesTotal: Counted,
  /** Set when `state` is "failed": what went wrong and what to do. */
  failure: Schema.NullOr(Schema.String),
  report: ImportReport
}).annotations({ identifier: "ImportJob" })
export type ImportJob = typeof ImportJob.Type
