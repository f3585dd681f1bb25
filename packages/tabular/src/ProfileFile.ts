import { type ColumnReport, maxListedRejections, type Rejection } from "@influscope/domain/Imports"
import type { Platform } from "@influscope/domain/Platform"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { planColumns } from "./Columns.ts"
import { decompress } from "./Decompress.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import { meaningOf } from "./HeaderMeaning.ts"
import { repairMojibake } from "./Mojibake.ts"
import { ofAccount } from "./OneAccount.ts"
import { planPlatform } from "./PlatformEvidence.ts"
import { type MappedRow, type Problem, type ProfileRow, RowMapper } from "./RowMapper.ts"
import { type Table, type TableEvent, TableReader } from "./TableReader.ts"
import { isDated, type Reshaped, unfold } from "./Unfold.ts"

/**
 * Where reading stood after a batch: plain JSON, to be kept and given back to read on from there.
 * `rows` counts rows of data, `rejected` those not kept, `repaired` those kept with something mended.
 */
export interface Checkpoint {
  readonly rows: number
  readonly rejected: number
  readonly repaired: number
  /** At most `maxListedRejections`; a row not kept has a reason that starts with "row rejected", a value left out of a row that was kept with "value left out". */
  readonly rejections: ReadonlyArray<Rejection>
  /** How often something worth a note happened, and the line of the first time. */
  readonly tallies: Readonly<Record<string, { readonly count: number; readonly line: number }>>
}

/** All that is known about the file after a batch: cumulative. */
export interface ReadReport {
  readonly rows: number
  readonly rejected: number
  readonly repaired: number
  readonly columns: ReadonlyArray<ColumnReport>
  readonly rejections: ReadonlyArray<Rejection>
  readonly notes: ReadonlyArray<string>
}

/** Up to `batchRows` rows of data in file order, less the rejected ones. */
export interface RowBatch {
  readonly rows: ReadonlyArray<ProfileRow>
  readonly report: ReadReport
  readonly checkpoint: Checkpoint
  /** Bytes taken from the source so far. */
  readonly bytesRead: number
}

export interface ReadOptions {
  readonly fileName: string
  /** The platform of all rows; found out from the file when undefined. */
  readonly platform: Platform | undefined
  /** `column=field` entries: see `readMapping`. */
  readonly map: ReadonlyArray<string>
  /** Reads on after the rows of this checkpoint, which are passed over. The bytes and the other options must be the same. */
  readonly resume: Checkpoint | undefined
  /** Most bytes a compressed file may unpack to; infinite when undefined. */
  readonly maxUnpackedBytes: number | undefined
  /** Whether columns may be named by the days that their figures are of: see `unfold`. */
  readonly hasDays: boolean
  /** `platform:handle` of the one account that a file without a column for it is about. */
  readonly account: string | undefined
}

/** Rows of data per batch: batch n always ends at row n times this, whatever pieces the bytes come in. */
export const batchRows = 500

/** Bytes parsed without a pause: a few milliseconds. */
const blockBytes = 32 * 1024

export const startOfFile: Checkpoint = { rows: 0, rejected: 0, repaired: 0, rejections: [], tallies: {} }

const tallyTexts: Readonly<Record<string, (count: number, line: number) => string>> = {
  blank: (count, line) =>
    `${count} blank ${count === 1 ? "row was" : "rows were"} passed over (the first on line ${line}).`,
  header: (count, line) =>
    `The header is repeated ${count === 1 ? "once" : `${count} times`} among the rows (first on line ${line}) and was passed over there.`,
  short: (count, line) =>
    `${count} ${count === 1 ? "row has" : "rows have"} fewer cells than the header (first on line ${line}): the missing ones count as empty.`,
  long: (count, line) =>
    `${count} ${count === 1 ? "row has" : "rows have"} more cells than the header (first on line ${line}).`,
  leftOut: (count, line) =>
    `${count} ${count === 1 ? "value" : "values"} could not be read and ${count === 1 ? "was" : "were"} left out; the rows were kept (first on line ${line}).`,
  replacement: (count, line) =>
    `${count} ${count === 1 ? "row has" : "rows have"} characters that were lost before (\ufffd, first on line ${line}).`,
  "repair encoding": (count, line) =>
    `Text in a wrong encoding was repaired in ${count} ${count === 1 ? "row" : "rows"} (first on line ${line}).`,
  "repair stray mark": (count, line) =>
    `Stray marks around numbers were dropped in ${count} ${count === 1 ? "row" : "rows"} (first on line ${line}).`,
  "repair cells": (count, line) =>
    `Cells torn apart by an unquoted separator were put together in ${count} ${count === 1 ? "row" : "rows"} (first on line ${line}).`,
  "repair fraction of a whole figure": (count, line) =>
    `Figures that are whole by nature had fractions and were rounded in ${count} ${count === 1 ? "row" : "rows"} (first on line ${line}).`
}

const relevance = (columns: ReadonlyArray<string>, hasDays: boolean): number => {
  const targets = new Set(
    columns.map((column) => meaningOf(column).target).filter((target) => target !== undefined)
  )
  const names = ["handle", "person", "url", "channelId", "name"] as const
  const figures = [
    "followers",
    "following",
    "posts",
    "likes",
    "views",
    "avgLikes",
    "avgViews",
    "bio",
    "verified"
  ] as const
  const who = names.some((name) => targets.has(name))
  const what =
    figures.filter((name) => targets.has(name)).length + (hasDays ? columns.filter(isDated).length : 0)
  return who && what > 0 ? 1 + what : 0
}

const encodedTwice = (table: Table): boolean => {
  let broken = 0
  let sound = 0
  for (const row of table.sample)
    for (const cell of row) {
      if (repairMojibake(cell).repaired) broken++
      else if (/[^\p{ASCII}]/u.test(cell)) sound++
    }
  return broken > 2 && broken > sound
}

/** Columns listed in a report besides those that are used: the report is kept with every checkpoint. */
const maxListedColumns = 1_000

interface Plan {
  readonly mapper: RowMapper
  readonly width: number
  readonly columns: ReadonlyArray<ColumnReport>
  readonly notes: ReadonlyArray<string>
  readonly expand: Reshaped["expand"]
}

/** The table as it is to be read. */
const reshape = (table: Table, { account, hasDays }: ReadOptions): Reshaped | FileUnreadable => {
  const asItIs: Reshaped = { table, expand: (event) => [event] }
  const byRows = (hasDays ? unfold(table) : undefined) ?? asItIs
  return account === undefined ? byRows : ofAccount(account, byRows)
}

const makePlan = (file: Table, options: ReadOptions): Plan | FileUnreadable => {
  const reshaped = reshape(file, options)
  if (reshaped instanceof FileUnreadable) return reshaped
  const { expand, table } = reshaped
  const trusting = encodedTwice(table)
  const columns = planColumns(table, options.map, trusting)
  if (columns instanceof FileUnreadable) return columns
  if (!columns.uses.some((use) => use.role === "handle" || use.role === "url" || use.role === "channelId"))
    return new FileUnreadable({
      reason: "identity",
      message:
        "No column of the file holds handles, profile links or channel ids, so nobody knows whose figures these are.",
      hint: `Pass --map COLUMN=handle with one of its columns: ${table.names.slice(0, 40).join(", ")}.${options.hasDays ? " Or --of platform:handle when all of it is about one account." : ""}`
    })
  const platform = planPlatform(table, columns, options.platform, options.fileName)
  if (platform instanceof FileUnreadable) return platform
  const separator = table.delimiter ?? ", "
  const mapper = new RowMapper(columns, platform, table.names.length, separator, trusting, table.mendedCounts)
  const listed = columns.reports.filter(
    (column, index) => index < maxListedColumns || column.mappedTo !== null
  )
  const unlisted = columns.reports.length - listed.length
  const twice = trusting ? ["The text was encoded as UTF-8 twice; it is repaired."] : []
  return {
    mapper,
    width: table.names.length,
    columns: listed,
    notes: [
      ...table.notes,
      ...twice,
      ...columns.notes,
      platform.note,
      ...(unlisted === 0 ? [] : [`${unlisted} more columns are not used and not listed.`])
    ],
    expand
  }
}

/** Reads one file: fed blocks, gives batches. */
class FileReader {
  private readonly table: TableReader
  private plan: Plan | undefined
  private failed: FileUnreadable | undefined
  private seen = 0
  private readonly skip: number
  private rows = 0
  private rejected = 0
  private repaired = 0
  private rejections: ReadonlyArray<Rejection>
  private newRejections: Array<Rejection> = []
  private readonly tallies: Map<string, { count: number; line: number }>
  private pending: Array<ProfileRow> = []
  private pendingRows = 0
  bytesRead = 0

  constructor(private readonly options: ReadOptions) {
    const from = options.resume ?? startOfFile
    this.skip = from.rows
    this.rows = from.rows
    this.rejected = from.rejected
    this.repaired = from.repaired
    this.rejections = from.rejections
    this.tallies = new Map(Object.entries(from.tallies).map(([key, tally]) => [key, { ...tally }]))
    this.table = new TableReader({
      fileName: options.fileName,
      isKnownName: (name) =>
        meaningOf(name).target !== undefined ||
        meaningOf(name).reason !== "" ||
        (options.hasDays && isDated(name)),
      relevance: (columns) => relevance(columns, options.hasDays)
    })
  }

  get failure(): FileUnreadable | undefined {
    return this.failed ?? this.table.failure
  }

  push(block: Uint8Array): ReadonlyArray<RowBatch> {
    return this.take(this.table.push(block))
  }

  /** The last batch, also when it has no rows, so that there is a report. `cut`: the bytes broke off. */
  end(cut: boolean): ReadonlyArray<RowBatch> {
    const batches = this.take(this.table.end(cut))
    return this.plan === undefined ? batches : [...batches, this.batch()]
  }

  private take(events: ReadonlyArray<TableEvent>): ReadonlyArray<RowBatch> {
    const { table } = this.table
    if (this.failed !== undefined || table === undefined) return []
    if (this.plan === undefined) {
      // A file that ends before its first row has its own failure.
      if (table.sample.length === 0 && this.table.failure !== undefined) return []
      const plan = makePlan(table, this.options)
      if (plan instanceof FileUnreadable) {
        this.failed = this.table.failure ?? plan
        return []
      }
      this.plan = plan
    }
    const batches: Array<RowBatch> = []
    for (const event of events)
      for (const each of this.plan.expand(event)) {
        this.handle(each, this.plan)
        if (this.pendingRows === batchRows) batches.push(this.batch())
      }
    return batches
  }

  private handle(event: TableEvent, plan: Plan): void {
    if (event._tag !== "Notice") {
      this.seen++
      if (this.seen <= this.skip) return
      this.rows++
      this.pendingRows++
    } else if (this.isKnownNotice()) return
    switch (event._tag) {
      case "Notice":
        this.tally(event.what, event.line, event.lines)
        return
      case "Reject":
        this.reject({
          line: event.line,
          column: null,
          value: event.value,
          reason: `row rejected: ${event.reason}`
        })
        return
      case "Row": {
        if (event.found < plan.width) this.tally("short", event.line)
        else if (event.cells.length > plan.width) this.tally("long", event.line)
        this.book(plan.mapper.map(event), event.line)
      }
    }
  }

  /**
   * Whether the checkpoint has counted what stands here: all before its last row, and nothing after it, since a batch ends
   * with its last row, but for the last batch of the file.
   */
  private isKnownNotice(): boolean {
    return this.seen < this.skip || (this.seen === this.skip && this.skip % batchRows !== 0)
  }

  private book(mapped: MappedRow, line: number): void {
    if (mapped.rejected !== undefined) this.reject(mapped.rejected)
    if (mapped.row === undefined) return
    for (const problem of mapped.leftOut) {
      this.tally("leftOut", line)
      this.list(problem)
    }
    if (mapped.repairs.length > 0) {
      this.repaired++
      for (const repair of mapped.repairs) this.tally(`repair ${repair}`, line)
    }
    if (mapped.row.fields.name?.includes("\ufffd") === true) this.tally("replacement", line)
    this.pending.push(mapped.row)
  }

  private reject(problem: Problem): void {
    this.rejected++
    this.list(problem)
  }

  private list(problem: Problem): void {
    if (this.rejections.length + this.newRejections.length < maxListedRejections)
      this.newRejections.push(problem)
  }

  private tally(key: string, line: number, count = 1): void {
    const tally = this.tallies.get(key)
    if (tally === undefined) this.tallies.set(key, { count, line })
    else tally.count += count
  }

  private notes(): ReadonlyArray<string> {
    const counted = Object.entries(tallyTexts).flatMap(([key, text]) => {
      const tally = this.tallies.get(key)
      return tally === undefined ? [] : [text(tally.count, tally.line)]
    })
    return [...(this.plan?.notes ?? []), ...counted]
  }

  private batch(): RowBatch {
    const rows = this.pending
    this.pending = []
    this.pendingRows = 0
    if (this.newRejections.length > 0) {
      this.rejections = [...this.rejections, ...this.newRejections]
      this.newRejections = []
    }
    const { rejected, repaired, rejections } = this
    const counts = { rows: this.rows, rejected, repaired, rejections }
    return {
      rows,
      report: { ...counts, columns: this.plan?.columns ?? [], notes: this.notes() },
      checkpoint: {
        ...counts,
        tallies: Object.fromEntries(Array.from(this.tallies, ([key, tally]) => [key, { ...tally }]))
      },
      bytesRead: this.bytesRead
    }
  }
}

/** Lets the event loop turn: Effect's own yield stays within one turn. */
const pause = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Cuts bytes into blocks of one size, so that what is read depends on the bytes alone, not on the pieces they come in. */
class Blocks {
  private held: Array<Uint8Array> = []
  private length = 0

  push(bytes: Uint8Array): ReadonlyArray<Uint8Array> {
    this.held.push(bytes)
    this.length += bytes.length
    if (this.length < blockBytes) return []
    const all = Buffer.concat(this.held)
    const blocks: Array<Uint8Array> = []
    let at = 0
    for (; at + blockBytes <= all.length; at += blockBytes) blocks.push(all.subarray(at, at + blockBytes))
    this.held = [all.subarray(at)]
    this.length = all.length - at
    return blocks
  }

  end(): Uint8Array {
    return Buffer.concat(this.held)
  }
}

/** Batches and then, if there is one, the failure. */
const emit = (
  reader: FileReader,
  batches: ReadonlyArray<RowBatch>
): Stream.Stream<RowBatch, FileUnreadable> => {
  const stream = Stream.fromIterable(batches)
  const { failure } = reader
  return failure === undefined ? stream : Stream.concat(stream, Stream.fail(failure))
}

const readBlocks = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: ReadOptions
): Stream.Stream<RowBatch, E | FileUnreadable, R> =>
  Stream.suspend(() => {
    const reader = new FileReader(options)
    const blocks = new Blocks()
    const drain = (cut: boolean): ReadonlyArray<RowBatch> => {
      const last = blocks.end()
      const batches = last.length === 0 ? [] : reader.push(last)
      return [...batches, ...reader.end(cut || reader.failure !== undefined)]
    }
    const counted = bytes.pipe(
      Stream.tap((piece) =>
        Effect.sync(() => {
          reader.bytesRead += piece.length
        })
      )
    )
    return decompress(counted, options.maxUnpackedBytes ?? Number.POSITIVE_INFINITY).pipe(
      Stream.mapConcat((piece) => blocks.push(piece)),
      Stream.rechunk(1),
      Stream.mapEffect((block) => Effect.map(pause, () => reader.push(block))),
      Stream.flatMap((batches) =>
        reader.failure === undefined
          ? Stream.fromIterable(batches)
          : emit(reader, [...batches, ...reader.end(true)])
      ),
      // What was read before the bytes broke off is given first.
      Stream.catchAll((error) => {
        if (!isCut(error) || reader.failure !== undefined) return Stream.fail(error)
        const batches = drain(true)
        const failure = error.reason === "damaged" ? (moreTelling(reader) ?? error) : error
        return Stream.concat(Stream.fromIterable(batches), Stream.fail(failure))
      }),
      Stream.concat(Stream.suspend(() => emit(reader, drain(false))))
    )
  })

/** What is wrong with the part that was read, unless that is only that it has no rows yet. */
const moreTelling = (reader: FileReader): FileUnreadable | undefined =>
  reader.failure?.reason === "empty" ? undefined : reader.failure

/** The bytes ended before the file did. */
const isCut = (error: unknown): error is FileUnreadable =>
  error instanceof FileUnreadable && (error.reason === "damaged" || error.reason === "size")

/**
 * Reads a file of influencer figures (CSV in any dialect, JSON, JSON Lines, each also gzipped) as a stream of batches, the
 * last of which carries the whole report. Fails with `FileUnreadable` when the file as a whole cannot be read (further);
 * batches before the failure stand. Errors of the byte stream are passed on.
 */
export const read = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: ReadOptions
): Stream.Stream<RowBatch, E | FileUnreadable, R> => readBlocks(bytes, options)

/** The report of the last batch alone; none when the file failed before its first row. */
export const lastReport = <E, R>(
  batches: Stream.Stream<RowBatch, E, R>
): Effect.Effect<ReadReport | undefined, E, R> =>
  Effect.map(Stream.runLast(batches), (batch) =>
    Option.getOrUndefined(Option.map(batch, ({ report }) => report))
  )
