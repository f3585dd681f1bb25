/** How a delimited text is written. */
export interface Dialect {
  readonly delimiter: "," | ";" | "\t" | "|"
  /** How a quote inside a quoted cell is written. */
  readonly quoteEscape: "doubled" | "backslash"
  readonly lineEnd: "\n" | "\r"
}

export interface DelimitedRecord {
  /** Line of the file on which the record starts, from 1. */
  readonly line: number
  readonly cells: ReadonlyArray<string>
  /** How many lines in a row the record stands for: more than one only for empty lines. */
  readonly lines: number
  readonly mended: boolean
  /** Set when the record could not be read; `cells` is then empty. */
  readonly problem: string | undefined
  /** The text of a record with a problem, shortened. */
  readonly excerpt: string
}

/** Longest record in UTF-16 code units; anything longer is passed over. */
export const maxRecordLength = 256 * 1024
const excerptLength = 200

const blank: ReadonlyArray<string> = [""]

type Slow =
  | {
      readonly _tag: "Record"
      readonly cells: ReadonlyArray<string>
      readonly end: number
      readonly lines: number
    }
  | { readonly _tag: "Incomplete" }
  | { readonly _tag: "Unclosed" }

const countOf = (text: string, char: string): number => {
  let count = 0
  for (let at = text.indexOf(char); at !== -1; at = text.indexOf(char, at + 1)) count++
  return count
}

/**
 * Parser of delimited text that is fed piece by piece. A record longer than `maxRecordLength` and a quote that is never
 * closed give one record with a problem, after which reading goes on at the next line, so memory stays bounded.
 */
export class DelimitedParser {
  private text = ""
  private at = 0
  private line = 1
  private nextQuote = -1
  private passingOver = false
  private heldMended = false
  private width: number | undefined

  constructor(private readonly dialect: Dialect) {}

  /** Tells how many cells a record has: helps with stray carriage returns. */
  expectWidth(width: number): void {
    this.width = width
  }

  push(text: string, mended: boolean): ReadonlyArray<DelimitedRecord> {
    const records = this.read(text, this.heldMended || mended, false)
    this.heldMended = mended && this.at < this.text.length
    return records
  }

  end(): ReadonlyArray<DelimitedRecord> {
    return this.read("", this.heldMended, true)
  }

  private read(added: string, mended: boolean, final: boolean): ReadonlyArray<DelimitedRecord> {
    this.text = this.at === this.text.length ? added : this.text.slice(this.at) + added
    this.at = 0
    this.nextQuote = -1
    const records: Array<DelimitedRecord> = []
    while (this.at < this.text.length && this.readOne(records, mended, final));
    return records
  }

  /** Reads one record from `at`; false when more text is needed first. */
  private readOne(records: Array<DelimitedRecord>, mended: boolean, final: boolean): boolean {
    const { text, at } = this
    const { lineEnd } = this.dialect
    if (!this.passingOver && this.readBlanks(records, mended)) return true
    const found = text.indexOf(lineEnd, at)
    if (this.passingOver) {
      this.passingOver = found === -1
      this.at = found === -1 ? text.length : found + 1
      if (found !== -1) this.line++
      return true
    }
    if (found === -1 && !final) return this.awaitMore(records, mended)
    const end = found === -1 ? text.length : found
    if (this.nextQuote < at) {
      const quote = text.indexOf('"', at)
      this.nextQuote = quote === -1 ? text.length : quote
    }
    if (this.nextQuote >= end) {
      this.addLine(records, text.slice(at, end), mended)
      this.at = end + 1
      this.line++
      return true
    }
    const slow = this.readQuoted(final)
    if (slow._tag === "Record") {
      records.push({ line: this.line, cells: slow.cells, lines: 1, mended, problem: undefined, excerpt: "" })
      this.at = slow.end
      this.line += slow.lines
      return true
    }
    if (slow._tag === "Incomplete" && text.length - at <= maxRecordLength) return false
    this.reject(
      records,
      text.slice(at, end),
      mended,
      "a quote is opened on this line and never properly closed; reading goes on at the next line"
    )
    this.at = end + 1
    this.line++
    return true
  }

  /** Empty lines from `at` on as one record: a file can hold millions of them. False when there is none. */
  private readBlanks(records: Array<DelimitedRecord>, mended: boolean): boolean {
    const { text } = this
    const lineEnd = this.dialect.lineEnd.charCodeAt(0)
    let lines = 0
    let end = this.at
    for (;;) {
      const code = text.charCodeAt(end)
      if (code === lineEnd) end++
      else if (code === 13 && text.charCodeAt(end + 1) === lineEnd) end += 2
      else break
      lines++
    }
    if (lines === 0) return false
    records.push({ line: this.line, cells: blank, lines, mended, problem: undefined, excerpt: "" })
    this.at = end
    this.line += lines
    return true
  }

  /** The line has not ended yet. A line that is too long is given up and passed over. */
  private awaitMore(records: Array<DelimitedRecord>, mended: boolean): boolean {
    const { text, at } = this
    if (text.length - at <= maxRecordLength) return false
    this.reject(
      records,
      text.slice(at, at + excerptLength),
      mended,
      `the line is longer than ${maxRecordLength} characters`
    )
    this.at = text.length
    this.passingOver = true
    return true
  }

  private reject(records: Array<DelimitedRecord>, text: string, mended: boolean, problem: string): void {
    records.push({
      line: this.line,
      cells: [],
      lines: 1,
      mended,
      problem,
      excerpt: text.slice(0, excerptLength).trimEnd()
    })
  }

  private addLine(records: Array<DelimitedRecord>, whole: string, mended: boolean): void {
    if (whole.length > maxRecordLength) {
      this.reject(records, whole, mended, `the line is longer than ${maxRecordLength} characters`)
      return
    }
    const { delimiter } = this.dialect
    const last = whole.length - 1
    const line = whole.charCodeAt(last) === 13 ? whole.slice(0, last) : whole
    const cells = line.split(delimiter)
    if (this.width !== undefined && cells.length !== this.width && line.includes("\r")) {
      // Lines that end in a lone carriage return amid others that do not: each has to have the full width.
      const parts = line.split("\r").map((part) => part.split(delimiter))
      if (parts.every((part) => part.length === this.width)) {
        for (const part of parts)
          records.push({ line: this.line, cells: part, lines: 1, mended, problem: undefined, excerpt: "" })
        return
      }
    }
    records.push({ line: this.line, cells, lines: 1, mended, problem: undefined, excerpt: "" })
  }

  /** Reads a record with quotes in it from `at`. */
  private readQuoted(final: boolean): Slow {
    const { text } = this
    const { delimiter, lineEnd } = this.dialect
    const cells: Array<string> = []
    let lines = 1
    let at = this.at
    for (;;) {
      let start = at
      while (text.charAt(start) === " ") start++
      let tail: number
      if (text.charAt(start) === '"') {
        const close = this.closingQuote(start + 1)
        if (close === -1 || (close === text.length - 1 && !final))
          return { _tag: close === -1 && final ? "Unclosed" : "Incomplete" }
        const raw = text.slice(start + 1, close)
        tail = this.cellEnd(close + 1)
        if (tail === -1) {
          if (!final) return { _tag: "Incomplete" }
          tail = text.length
        }
        const after = text.slice(close + 1, tail).trim()
        const breaks = countOf(raw, lineEnd)
        // A quote in the middle of nowhere after line breaks: it opens the cell of a later row, ours was never closed.
        if (after !== "" && breaks > 0) return { _tag: "Unclosed" }
        lines += breaks
        cells.push(
          after === "" ? this.unescape(raw) : `${this.unescape(raw)}${text.slice(close + 1, tail).trimEnd()}`
        )
      } else {
        tail = this.cellEnd(at)
        if (tail === -1) {
          if (!final) return { _tag: "Incomplete" }
          tail = text.length
        }
        const cell = text.slice(at, tail)
        cells.push(cell.charCodeAt(cell.length - 1) === 13 ? cell.slice(0, -1) : cell)
      }
      if (text.charAt(tail) !== delimiter) return { _tag: "Record", cells, end: tail + 1, lines }
      at = tail + 1
    }
  }

  /** Index of the next delimiter or line end from `from`; -1 when neither has been seen. */
  private cellEnd(from: number): number {
    const { text } = this
    const delimiter = this.dialect.delimiter.charCodeAt(0)
    const lineEnd = this.dialect.lineEnd.charCodeAt(0)
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === delimiter || code === lineEnd) return at
    }
    return -1
  }

  /** Index of the quote that closes a cell whose content starts at `from`; -1 when it has not been seen. */
  private closingQuote(from: number): number {
    const { text } = this
    let at = from
    for (;;) {
      const quote = text.indexOf('"', at)
      if (quote === -1) return -1
      if (this.dialect.quoteEscape === "backslash" && this.isEscaped(quote, from)) at = quote + 1
      else if (text.charCodeAt(quote + 1) === 34) at = quote + 2
      else return quote
    }
  }

  private isEscaped(quote: number, from: number): boolean {
    let slashes = 0
    for (let at = quote - 1; at >= from && this.text.charAt(at) === "\\"; at--) slashes++
    return slashes % 2 === 1
  }

  private unescape(raw: string): string {
    const doubled = raw.includes('""') ? raw.replaceAll('""', '"') : raw
    return this.dialect.quoteEscape === "backslash" && doubled.includes("\\")
      ? doubled.replace(/\\(["\\])/g, "$1")
      : doubled
  }
}
