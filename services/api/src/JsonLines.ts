import * as Stream from "effect/Stream"

/** Longest line taken, in bytes: any post fits, however its letters are escaped. */
export const maxLineBytes = 512 * 1024

export interface Line {
  /** From 1. */
  readonly number: number
  /** Undefined when it is too long. */
  readonly text: string | undefined
}

const newline = 10

/** Cuts bytes into lines; holds no more than one. */
class LineReader {
  private held: Array<Uint8Array> = []
  private length = 0
  private number = 0

  push(bytes: Uint8Array): ReadonlyArray<Line> {
    const lines: Array<Line> = []
    let from = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      this.hold(bytes.subarray(from, end))
      lines.push(this.line())
      from = end + 1
    }
    this.hold(bytes.subarray(from))
    return lines
  }

  end(): ReadonlyArray<Line> {
    return this.length === 0 ? [] : [this.line()]
  }

  private hold(bytes: Uint8Array): void {
    this.length += bytes.length
    if (this.length > maxLineBytes) this.held = []
    else if (bytes.length > 0) this.held.push(bytes)
  }

  private line(): Line {
    this.number++
    const isTooLong = this.length > maxLineBytes
    const text = isTooLong ? undefined : Buffer.concat(this.held).toString("utf8")
    this.held = []
    this.length = 0
    return { number: this.number, text }
  }
}

/** The lines of a text in UTF-8 that are not blank. */
export const linesOf = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Line, E, R> =>
  Stream.suspend(() => {
    const reader = new LineReader()
    return bytes.pipe(
      Stream.mapConcat((piece) => reader.push(piece)),
      Stream.concat(Stream.suspend(() => Stream.fromIterable(reader.end()))),
      Stream.filter(({ text }) => text === undefined || text.trim() !== "")
    )
  })
