import { type ColumnReport, maxListedRejections, type Rejection } from "@influscope/domain/Imports"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { decompress } from "./Decompress.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import { type Table, type TableEvent, TableReader, type TableRow } from "./TableReader.ts"
import type { Reshaped } from "./Unfold.ts"

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
export interface RowBatch<Row> {
  readonly rows: ReadonlyArray<Row>
  readonly report: ReadReport
  readonly checkpoint: Checkpoint
  /** Bytes taken from the source so far. */
  readonly bytesRead: number
}

/** A value that was left out of a row that was kept, or the reason a row was not. */
export interface Problem {
  readonly line: number
  readonly column: string | null
  readonly value: string
  readonly reason: string
}

/** What became of a row. `repairs` name what was mended in it. */
export interface Mapped<Row> {
  readonly row: Row | undefined
  readonly rejected: Problem | undefined
  readonly leftOut: ReadonlyArray<Problem>
  readonly repairs: ReadonlyArray<string>
}

/** How the rows of one table are read. */
export interface RowPlan<Row> {
  readonly map: (row: TableRow) => Mapped<Row>
  /** Columns of the table. */
  readonly width: number
  readonly columns: ReadonlyArray<ColumnReport>
  readonly notes: ReadonlyArray<string>
  /** What a row of the file is: itself, or several. */
  readonly expand: Reshaped["expand"]
}

/** A kind of file: what its columns are called, and what its rows are. */
export interface RowKind<Row> {
  readonly isKnownName: (name: string) => boolean
  /** How much the columns of a JSON record look like what is wanted; 0 is not at all. */
  readonly relevance: (columns: ReadonlyArray<string>) => number
  readonly plan: (table: Table) => RowPlan<Row> | FileUnreadable
  /** The text of a row in which characters lost before would be missed. */
  readonly textOf: (row: Row) => string | undefined
}

export interface FileOptions {
  readonly fileName: string
  /** Reads on after the rows of this checkpoint, which are passed over. The bytes and the other options must be the same. */
  readonly resume: Checkpoint | undefined
  /** Most bytes a compressed file may unpack to; infinite when undefined. */
  readonly maxUnpackedBytes: number | undefined
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

/** Columns listed in a report besides those that are used: the report is kept with every checkpoint. */
const maxListedColumns = 1_000

/** The reports of columns that fit a report, and a note of those that do not. */
export const listed = (
  columns: ReadonlyArray<ColumnReport>
): { readonly columns: ReadonlyArray<ColumnReport>; readonly notes: ReadonlyArray<string> } => {
  const some = columns.filter((column, index) => index < maxListedColumns || column.mappedTo !== null)
  const unlisted = columns.length - some.length
  return {
    columns: some,
    notes: unlisted === 0 ? [] : [`${unlisted} more columns are not used and not listed.`]
  }
}

/** Reads one file: fed blocks, gives batches. */
class FileReader<Row> {
  private readonly table: TableReader
  private plan: RowPlan<Row> | undefined
  private failed: FileUnreadable | undefined
  private seen = 0
  private readonly skip: number
  private rows = 0
  private rejected = 0
  private repaired = 0
  private rejections: ReadonlyArray<Rejection>
  private newRejections: Array<Rejection> = []
  private readonly tallies: Map<string, { count: number; line: number }>
  private pending: Array<Row> = []
  private pendingRows = 0
  bytesRead = 0

  constructor(
    options: FileOptions,
    private readonly kind: RowKind<Row>
  ) {
    const from = options.resume ?? startOfFile
    this.skip = from.rows
    this.rows = from.rows
    this.rejected = from.rejected
    this.repaired = from.repaired
    this.rejections = from.rejections
    this.tallies = new Map(Object.entries(from.tallies).map(([key, tally]) => [key, { ...tally }]))
    this.table = new TableReader({
      fileName: options.fileName,
      isKnownName: kind.isKnownName,
      relevance: kind.relevance
    })
  }

  get failure(): FileUnreadable | undefined {
    return this.failed ?? this.table.failure
  }

  push(block: Uint8Array): ReadonlyArray<RowBatch<Row>> {
    return this.take(this.table.push(block))
  }

  /** The last batch, also when it has no rows, so that there is a report. `cut`: the bytes broke off. */
  end(cut: boolean): ReadonlyArray<RowBatch<Row>> {
    const batches = this.take(this.table.end(cut))
    return this.plan === undefined ? batches : [...batches, this.batch()]
  }

  private take(events: ReadonlyArray<TableEvent>): ReadonlyArray<RowBatch<Row>> {
    const { table } = this.table
    if (this.failed !== undefined || table === undefined) return []
    if (this.plan === undefined) {
      // A file that ends before its first row has its own failure.
      if (table.sample.length === 0 && this.table.failure !== undefined) return []
      const plan = this.kind.plan(table)
      if (plan instanceof FileUnreadable) {
        this.failed = this.table.failure ?? plan
        return []
      }
      this.plan = plan
    }
    const batches: Array<RowBatch<Row>> = []
    for (const event of events)
      for (const each of this.plan.expand(event)) {
        this.handle(each, this.plan)
        if (this.pendingRows === batchRows) batches.push(this.batch())
      }
    return batches
  }

  private handle(event: TableEvent, plan: RowPlan<Row>): void {
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
        this.book(plan.map(event), event.line)
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

  private book(mapped: Mapped<Row>, line: number): void {
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
    if (this.kind.textOf(mapped.row)?.includes("\ufffd") === true) this.tally("replacement", line)
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

  private batch(): RowBatch<Row> {
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
const emit = <Row>(
  reader: FileReader<Row>,
  batches: ReadonlyArray<RowBatch<Row>>
): Stream.Stream<RowBatch<Row>, FileUnreadable> => {
  const stream = Stream.fromIterable(batches)
  const { failure } = reader
  return failure === undefined ? stream : Stream.concat(stream, Stream.fail(failure))
}

/** What is wrong with the part that was read, unless that is only that it has no rows yet. */
const moreTelling = <Row>(reader: FileReader<Row>): FileUnreadable | undefined =>
  reader.failure?.reason === "empty" ? undefined : reader.failure

/** The bytes ended before the file did. */
const isCut = (error: unknown): error is FileUnreadable =>
  error instanceof FileUnreadable && (error.reason === "damaged" || error.reason === "size")

/**
 * Reads a file (CSV in any dialect, JSON, JSON Lines, each also gzipped) as a stream of batches, the last of which carries
 * the whole report. Fails with `FileUnreadable` when the file as a whole cannot be read (further); batches before the
 * failure stand. Errors of the byte stream are passed on.
 */
export const readRows = <Row, E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: FileOptions,
  kind: RowKind<Row>
): Stream.Stream<RowBatch<Row>, E | FileUnreadable, R> =>
  Stream.suspend(() => {
    const reader = new FileReader(options, kind)
    const blocks = new Blocks()
    const drain = (cut: boolean): ReadonlyArray<RowBatch<Row>> => {
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
