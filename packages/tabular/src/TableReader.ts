import { DelimitedParser, type DelimitedRecord } from "./Delimited.ts"
import { delimiterNames, sniffDialect } from "./Dialect.ts"
import { foreignKind, looksBinary } from "./FileKind.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import {
  cellsOf,
  columnPaths,
  describeLayout,
  type JsonRecord,
  looksLikeJson,
  recordOf,
  scannerOf,
  sniffJsonLayout
} from "./JsonRecords.ts"
import { type JsonItem, type JsonLayout, maxItemLength } from "./JsonScanner.ts"
import { repairMojibake } from "./Mojibake.ts"
import { displayNames, findHeader, isBlankRow, makeRowKind, type RowKind } from "./TableRows.ts"
import { shortened } from "./Text.ts"
import { TextDecoding, type TextSegment } from "./TextDecoding.ts"

export interface TableRow {
  readonly _tag: "Row"
  /** Line on which the row starts, from 1; of JSON arrays the item's place. */
  readonly line: number
  /** At least as many as the table has columns; more when the row has cells too many that are not empty. */
  readonly cells: ReadonlyArray<string>
  /** How many cells the row had in the file. */
  readonly found: number
  readonly mended: boolean
}

/** A row that could not be read, or that is none. */
export interface TableReject {
  readonly _tag: "Reject"
  readonly line: number
  readonly value: string
  readonly reason: string
}

/** Something passed over that is no row. */
export interface TableNotice {
  readonly _tag: "Notice"
  readonly what: "blank" | "header"
  /** The first of the `lines` it stands on. */
  readonly line: number
  readonly lines: number
}

export type TableEvent = TableRow | TableReject | TableNotice

/** What the beginning of a file tells about the table in it. */
export interface Table {
  /** One per column, unique unless the file repeats a name under the same position. */
  readonly names: ReadonlyArray<string>
  readonly format: "delimited" | "json"
  readonly delimiter: string | undefined
  readonly notes: ReadonlyArray<string>
  /** Cells of the first rows, at most `sampleRows`. */
  readonly sample: ReadonlyArray<ReadonlyArray<string>>
  /** Whether lines read as windows-1252 count as mended: not when the whole file is in windows-1252. */
  readonly mendedCounts: boolean
}

export interface TableOptions {
  readonly fileName: string
  /** Whether a header cell is a name of something wanted: finds the header below junk. */
  readonly isKnownName: (name: string) => boolean
  /** How much the columns of a JSON record look like what is wanted; 0 is not at all. */
  readonly relevance: (columns: ReadonlyArray<string>) => number
}

/** Rows looked at before the columns are understood. */
export const sampleRows = 1_000
const sampleLength = 2 * 1024 * 1024
const delimitedSniffLength = 64 * 1024
const jsonSniffLength = 1024 * 1024

interface RawRecord {
  readonly line: number
  readonly lines: number
  readonly content: ReadonlyArray<string> | JsonRecord
  readonly mended: boolean
  readonly problem: string | undefined
  readonly excerpt: string
  readonly size: number
}

interface RecordSource {
  readonly push: (segment: TextSegment) => ReadonlyArray<RawRecord>
  readonly end: () => ReadonlyArray<RawRecord>
  /** What is wrong with the text as a whole, once it shows. */
  readonly failure: () => string | undefined
}

const isCells = (content: RawRecord["content"]): content is ReadonlyArray<string> => Array.isArray(content)

const sizeOf = (cells: ReadonlyArray<string>): number => cells.reduce((sum, cell) => sum + cell.length + 1, 0)

const rawOfDelimited = (record: DelimitedRecord): RawRecord => ({
  line: record.line,
  lines: record.lines,
  content: record.cells,
  mended: record.mended,
  problem: record.problem,
  excerpt: record.excerpt,
  size: sizeOf(record.cells)
})

const rawOfJson = (line: number, text: string | undefined, mended: boolean): RawRecord => {
  const content = text === undefined ? `it is longer than ${maxItemLength} characters` : recordOf(text)
  return typeof content === "string"
    ? { line, lines: 1, content: [], mended, problem: content, excerpt: shortened(text ?? ""), size: 0 }
    : { line, lines: 1, content, mended, problem: undefined, excerpt: "", size: text?.length ?? 0 }
}

const jsonLinesSource = (): RecordSource => {
  let held = ""
  let heldMended = false
  let line = 1
  let passingOver = false
  const add = (records: Array<RawRecord>, text: string, mended: boolean): void => {
    if (passingOver) passingOver = false
    else if (text.trim() !== "") records.push(rawOfJson(line, text, mended))
    line++
  }
  return {
    push: (segment) => {
      const records: Array<RawRecord> = []
      const text = held + segment.text
      const mended = heldMended || segment.mended
      let from = 0
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
        add(records, text.slice(from, end), mended)
        from = end + 1
      }
      held = text.slice(from)
      heldMended = segment.mended && held !== ""
      if (held.length > maxItemLength) {
        if (!passingOver) records.push(rawOfJson(line, undefined, mended))
        passingOver = true
      }
      if (passingOver) held = ""
      return records
    },
    end: () => {
      const records: Array<RawRecord> = []
      if (held.trim() !== "") add(records, held, heldMended)
      return records
    },
    failure: () => undefined
  }
}

const jsonSource = (layout: JsonLayout): RecordSource => {
  if (layout._tag === "Lines") return jsonLinesSource()
  let records: Array<RawRecord> = []
  let mended = false
  let ended = false
  const scanner = scannerOf(layout, (item: JsonItem) => {
    records.push(rawOfJson(item.place, item.text, mended))
  })
  const taken = (): ReadonlyArray<RawRecord> => {
    const all = records
    records = []
    return all
  }
  return {
    push: (segment) => {
      mended = segment.mended
      scanner.push(segment.text)
      return taken()
    },
    end: () => {
      scanner.end()
      ended = true
      return taken()
    },
    failure: () => scanner.failure ?? (ended && !scanner.complete ? "it ends in the middle" : undefined)
  }
}

/** Unique display names and the way to the cells of each record. */
interface Opening {
  readonly names: ReadonlyArray<string>
  readonly notes: ReadonlyArray<string>
  readonly cells: (content: RawRecord["content"]) => ReadonlyArray<string>
  readonly kind: (cells: ReadonlyArray<string>) => RowKind
  /** Index in the sample of the first record below the header. */
  readonly first: number
  readonly header: ReadonlyArray<string> | undefined
}

const nameText = (name: string): string => repairMojibake(name, true).text

const openDelimited = (
  records: ReadonlyArray<RawRecord>,
  isKnownName: TableOptions["isKnownName"]
): Opening => {
  const readable = records.flatMap((record, index) =>
    record.problem === undefined && isCells(record.content) && !isBlankRow(record.content)
      ? [{ index, line: record.line, cells: record.content }]
      : []
  )
  const header = findHeader(
    readable.map((record) => record.cells),
    (name) => isKnownName(nameText(name))
  )
  const found = readable[header.index]
  const notes: Array<string> = []
  if (found === undefined) notes.push("The file has no header: columns are known by their position.")
  else if (header.index > 0)
    notes.push(
      `The header is on line ${found.line}; ${header.index === 1 ? "1 record above it was" : `${header.index} records above it were`} passed over.`
    )
  return {
    names: displayNames(header.names.map(nameText)),
    notes,
    cells: (content) => (isCells(content) ? content : []),
    kind: makeRowKind(found?.cells, header.names.length),
    first: found === undefined ? 0 : found.index + 1,
    header: found?.cells
  }
}

const openJson = (records: ReadonlyArray<RawRecord>): Opening => {
  const objects = records.flatMap((record) =>
    record.problem === undefined && !isCells(record.content) ? [record.content] : []
  )
  const paths = columnPaths(objects.slice(0, sampleRows))
  const ways = Array.from(paths.values())
  const places = ways.length > 0 && ways.every((way, index) => way.length === 1 && way[0] === `${index + 1}`)
  const first = objects[0]
  // Rows written as arrays carry their names in the first one.
  const named = places && first !== undefined
  const names = named ? cellsOf(first, ways) : Array.from(paths.keys())
  return {
    names: displayNames(names.map(nameText)),
    notes: [],
    cells: (content) => (isCells(content) ? content : cellsOf(content, ways)),
    kind: (cells) => (isBlankRow(cells) ? "blank" : "row"),
    first: named ? 1 : 0,
    header: undefined
  }
}

/**
 * Bytes to rows. Feed blocks (all but the last of one size, so that the outcome depends on the bytes alone); once the
 * beginning has been understood `table` is set and every event from the first row on is given in order.
 * `failure` is set when nothing more can be read; events given until then stand.
 */
export class TableReader {
  private readonly decoding = new TextDecoding()
  private begun = false
  private sniffed: Array<TextSegment> = []
  private sniffedLength = 0
  private source: RecordSource | undefined
  private parser: DelimitedParser | undefined
  private pending: Array<RawRecord> = []
  private pendingSize = 0
  private opening: Opening | undefined
  private opened: Table | undefined
  private failed: FileUnreadable | undefined
  private format: {
    readonly kind: Table["format"]
    readonly delimiter: string | undefined
    readonly note: string
  } = {
    kind: "delimited",
    delimiter: undefined,
    note: ""
  }

  constructor(private readonly options: TableOptions) {}

  get table(): Table | undefined {
    return this.opened
  }

  get failure(): FileUnreadable | undefined {
    return this.failed
  }

  push(block: Uint8Array): ReadonlyArray<TableEvent> {
    if (this.failed !== undefined) return []
    if (!this.begun) {
      this.begun = true
      this.failed = foreignKind(block)
      if (this.failed !== undefined) return []
    }
    const segments = this.decoding.push(block)
    if (this.source === undefined && this.decoding.encoding === "utf-8" && looksBinary(block)) {
      this.failed = new FileUnreadable({
        reason: "format",
        message: "The file is not text: it is full of control characters.",
        hint: "Import a table: CSV, tab-separated text or JSON, plain or compressed with gzip."
      })
      return []
    }
    return this.take(segments, false)
  }

  /** Ends the text. `cut`: the bytes broke off, so an unfinished last record is not to be trusted. */
  end(cut = false): ReadonlyArray<TableEvent> {
    if (this.failed !== undefined) return []
    return this.take(cut ? [] : this.decoding.end(), true, cut)
  }

  private take(segments: ReadonlyArray<TextSegment>, final: boolean, cut = false): ReadonlyArray<TableEvent> {
    const records: Array<RawRecord> = []
    if (this.source === undefined) {
      for (const segment of segments) {
        this.sniffed.push(segment)
        this.sniffedLength += segment.text.length
      }
      if (!this.sniff(final)) return []
    } else for (const segment of segments) this.feed(segment, records)
    const source = this.source
    if (source === undefined) return []
    if (this.sniffed.length > 0) {
      const held = this.sniffed
      this.sniffed = []
      for (const segment of held) this.feed(segment, records)
    }
    if (final && !cut) for (const record of source.end()) records.push(record)
    const events =
      this.opening === undefined ? this.sample(records, final) : this.events(records, this.opening)
    this.checkSource(source)
    return events
  }

  private feed(segment: TextSegment, into: Array<RawRecord>): void {
    if (this.source !== undefined) for (const record of this.source.push(segment)) into.push(record)
  }

  private checkSource(source: RecordSource): void {
    const problem = source.failure()
    if (problem !== undefined && this.failed === undefined)
      this.failed = new FileUnreadable({
        reason: "damaged",
        message: `The JSON is broken: ${problem}; the records before that were read.`,
        hint: "Fetch the file again, or mend it where it breaks, and import it once more."
      })
  }

  /** Decides on the format once enough text is there; false while it is not. */
  private sniff(final: boolean): boolean {
    const json = looksLikeJson(this.sniffed[0]?.text ?? "")
    const enough = json ? jsonSniffLength : delimitedSniffLength
    if (!final && this.sniffedLength < enough) return false
    const text = this.sniffed.map((segment) => segment.text).join("")
    if (text.trim() === "") {
      this.failed = emptyFile()
      return false
    }
    const sample = text.slice(0, enough)
    const whole = final && text.length <= enough
    if (looksLikeJson(text)) {
      const layout = sniffJsonLayout(sample, whole, this.options.relevance)
      this.source = jsonSource(layout)
      this.format = { kind: "json", delimiter: undefined, note: `The file is ${describeLayout(layout)}.` }
      return true
    }
    const lineEnd = Math.max(sample.lastIndexOf("\n"), sample.lastIndexOf("\r")) + 1
    const dialect = sniffDialect(
      whole || lineEnd === 0 ? sample : sample.slice(0, lineEnd),
      this.options.fileName
    )
    const parser = new DelimitedParser(dialect)
    this.parser = parser
    this.source = {
      push: (segment) => parser.push(segment.text, segment.mended).map(rawOfDelimited),
      end: () => parser.end().map(rawOfDelimited),
      failure: () => undefined
    }
    this.format = {
      kind: "delimited",
      delimiter: dialect.delimiter,
      note: `Cells are separated by ${delimiterNames[dialect.delimiter]}${dialect.quoteEscape === "backslash" ? ", quotes are escaped by backslash" : ""}${dialect.lineEnd === "\r" ? ", lines end in a carriage return" : ""}.`
    }
    return true
  }

  /** Collects the first records; opens the table once there are enough of them. */
  private sample(records: ReadonlyArray<RawRecord>, final: boolean): ReadonlyArray<TableEvent> {
    for (const record of records) {
      this.pending.push(record)
      this.pendingSize += record.size
    }
    if (
      !final &&
      this.source?.failure() === undefined &&
      this.pending.length <= sampleRows &&
      this.pendingSize < sampleLength
    )
      return []
    const pending = this.pending
    this.pending = []
    const sample = firstOf(pending)
    const opening =
      this.format.kind === "json" ? openJson(sample) : openDelimited(sample, this.options.isKnownName)
    this.opening = opening
    this.parser?.expectWidth(opening.names.length)
    const events = this.events(pending.slice(opening.first), opening)
    const until = sample.at(-1)?.line ?? 0
    const rows = events.flatMap((event) => (event._tag === "Row" && event.line <= until ? [event.cells] : []))
    this.opened = {
      names: opening.names,
      format: this.format.kind,
      delimiter: this.format.delimiter,
      notes: [...this.encodingNotes(), this.format.note, ...opening.notes],
      sample: rows.slice(0, sampleRows),
      mendedCounts: this.decoding.evidence !== "windows-1252"
    }
    if (!events.some((event) => event._tag !== "Notice") && final && this.source?.failure() === undefined)
      this.failed = opening.header === undefined ? emptyFile() : headerOnly()
    return events
  }

  private encodingNotes(): ReadonlyArray<string> {
    const mark = this.decoding.byteOrderMark ? " with a byte order mark" : ""
    if (this.decoding.encoding !== "utf-8")
      return [`The text is ${this.decoding.encoding.toUpperCase()}${mark}.`]
    switch (this.decoding.evidence) {
      case "ascii":
        return []
      case "utf-8":
        return [`The text is UTF-8${mark}.`]
      case "windows-1252":
        return ["The text is not UTF-8: it was read as windows-1252 (latin-1)."]
      case "mixed":
        return [
          `The text is UTF-8${mark}, except for lines that are no valid UTF-8: those were read as windows-1252 (latin-1).`
        ]
    }
  }

  private events(records: ReadonlyArray<RawRecord>, opening: Opening): ReadonlyArray<TableEvent> {
    const width = opening.names.length
    return records.map((record) => eventOf(record, opening, width))
  }
}

const eventOf = (record: RawRecord, opening: Opening, width: number): TableEvent => {
  const { line } = record
  if (record.problem !== undefined)
    return { _tag: "Reject", line, value: shortened(record.excerpt), reason: record.problem }
  const cells = opening.cells(record.content)
  const kind = opening.kind(cells)
  if (kind === "blank" || kind === "header") return { _tag: "Notice", what: kind, line, lines: record.lines }
  if (kind === "row")
    return { _tag: "Row", line, cells: fitted(cells, width), found: cells.length, mended: record.mended }
  return {
    _tag: "Reject",
    line,
    value: shortened(cells.filter((cell) => cell !== "").join(" ")),
    reason: "a total, source or note, not an account"
  }
}

/** The first records up to the size of a sample. */
const firstOf = (records: ReadonlyArray<RawRecord>): ReadonlyArray<RawRecord> => {
  let size = 0
  const count = records.findIndex((record, index) => {
    size += record.size
    return index > sampleRows || size > sampleLength
  })
  return count === -1 ? records : records.slice(0, Math.max(count, 1))
}

/** Cells padded to the width of the table, and without empty ones beyond it. */
const fitted = (cells: ReadonlyArray<string>, width: number): ReadonlyArray<string> => {
  if (cells.length === width) return cells
  if (cells.length < width) return [...cells, ...Array.from({ length: width - cells.length }, () => "")]
  let end = cells.length
  while (end > width && cells[end - 1]?.trim() === "") end--
  return cells.slice(0, end)
}

const emptyFile = () =>
  new FileUnreadable({
    reason: "empty",
    message: "The file is empty.",
    hint: "Check that the export or download has finished and import it again."
  })

const headerOnly = () =>
  new FileUnreadable({
    reason: "empty",
    message: "The file has a header but no rows below it.",
    hint: "Check that the export or download has finished and import it again."
  })
