/** Where the records of a JSON text are. */
export type JsonLayout =
  /** One value per line. */
  | { readonly _tag: "Lines" }
  /** The root values themselves, one after the other. */
  | { readonly _tag: "Roots" }
  /** The items of the array at this path of keys from each root; the root itself when the path is empty. */
  | { readonly _tag: "Array"; readonly path: ReadonlyArray<string> }

export interface JsonItem {
  /** Its place in the array, from 1. */
  readonly place: number
  /** The text of the item; undefined when it was longer than `maxItemLength` and passed over. */
  readonly text: string | undefined
}

/** Longest record in UTF-16 code units; anything longer is passed over. */
export const maxItemLength = 4 * 1024 * 1024
const maxKeyLength = 512
const maxDepth = 512

enum Expect {
  Value = 0,
  ValueOrEnd = 1,
  Key = 2,
  KeyOrEnd = 3,
  Colon = 4,
  CommaOrEnd = 5
}

interface Frame {
  readonly array: boolean
  /** Whether the items of this array are the records. */
  readonly records: boolean
  key: string
  expect: Expect
}

const isBlank = (code: number): boolean =>
  code === 32 || code === 10 || code === 13 || code === 9 || code === 0xfeff
const isCloser = (code: number): boolean => code === 125 || code === 93
const quote = 34
const backslash = 92

/**
 * Cuts the records out of a JSON text that is fed piece by piece, without holding more than one record. Finds structure
 * only: whether a record is valid JSON shows when its text is parsed. Stops at the first structural error.
 */
export class JsonScanner {
  private readonly frames: Array<Frame> = []
  private capturing = false
  private depth = 0
  private captured: Array<string> = []
  private capturedLength = 0
  private inString = false
  private escaped = false
  private keyText: string | undefined
  private inPrimitive = false
  private place = 0
  private roots = 0
  private error: string | undefined

  /** `wanted` tells whether the items of the array at a path are records. */
  constructor(
    private readonly wantsRoot: boolean,
    private readonly wanted: (path: ReadonlyArray<string>) => boolean,
    private readonly onItem: (item: JsonItem, path: ReadonlyArray<string>) => void
  ) {}

  /** What is structurally wrong; nothing is read after that. */
  get failure(): string | undefined {
    return this.error
  }

  /** Whether everything opened has been closed. */
  get complete(): boolean {
    return (
      this.roots > 0 && this.frames.length === 0 && !this.capturing && !this.inString && !this.inPrimitive
    )
  }

  push(text: string): void {
    let at = 0
    while (at < text.length && this.error === undefined)
      at = this.capturing ? this.capture(text, at) : this.walk(text, at)
  }

  /** Ends a number or word that stands at the very end of the text. */
  end(): void {
    if (this.inPrimitive) this.endPrimitive()
  }

  private path(): ReadonlyArray<string> {
    return this.frames.slice(0, -1).flatMap((frame) => (frame.array ? [] : [frame.key]))
  }

  private fail(what: string): number {
    this.error = what
    return Number.MAX_SAFE_INTEGER
  }

  private beginCapture(): void {
    this.capturing = true
    this.depth = 0
    this.captured = []
    this.capturedLength = 0
  }

  /** Reads on inside a record; returns where reading goes on. */
  private capture(text: string, from: number): number {
    let at = from
    while (at < text.length) {
      if (this.inString) {
        at = this.skipString(text, at)
        continue
      }
      const code = text.charCodeAt(at)
      at++
      if (code === quote) this.inString = true
      else if (code === 123 || code === 91) this.depth++
      else if (isCloser(code) && --this.depth === 0) {
        this.keep(text.slice(from, at))
        this.capturing = false
        this.emit(this.capturedLength > maxItemLength ? undefined : this.captured.join(""))
        return at
      }
    }
    this.keep(text.slice(from))
    return at
  }

  private keep(part: string): void {
    this.capturedLength += part.length
    if (this.capturedLength > maxItemLength) this.captured = []
    else this.captured.push(part)
  }

  private emit(text: string | undefined): void {
    this.captured = []
    this.place++
    const path = this.path()
    this.afterValue()
    this.onItem({ place: this.place, text }, path)
  }

  private skipString(text: string, from: number): number {
    let at = from
    if (this.escaped) {
      this.escaped = false
      at++
    }
    while (at < text.length) {
      const code = text.charCodeAt(at)
      if (code === backslash) {
        at += 2
        if (at > text.length) this.escaped = true
      } else {
        at++
        if (code === quote) {
          this.inString = false
          return at
        }
      }
    }
    return text.length
  }

  private afterValue(): void {
    const frame = this.frames.at(-1)
    if (frame === undefined) this.roots++
    else frame.expect = Expect.CommaOrEnd
  }

  private endPrimitive(): void {
    this.inPrimitive = false
    const frame = this.frames.at(-1)
    if (frame?.records === true) this.emit("null")
    else this.afterValue()
  }

  /** Reads structure outside records; returns where reading goes on. */
  private walk(text: string, from: number): number {
    if (this.inString) return this.walkString(text, from)
    const code = text.charCodeAt(from)
    if (this.inPrimitive) {
      if (!isBlank(code) && code !== 44 && !isCloser(code)) return from + 1
      this.endPrimitive()
    }
    if (isBlank(code)) return from + 1
    const frame = this.frames.at(-1)
    const expect = frame?.expect ?? Expect.Value
    switch (expect) {
      case Expect.Colon:
        if (code !== 58 || frame === undefined) return this.fail("a colon is missing after a key")
        frame.expect = Expect.Value
        return from + 1
      case Expect.CommaOrEnd:
        if (frame === undefined) return this.fail("there is text after the end")
        if (code === 44) {
          frame.expect = frame.array ? Expect.ValueOrEnd : Expect.KeyOrEnd
          return from + 1
        }
        return this.close(code, frame, from)
      case Expect.Key:
      case Expect.KeyOrEnd:
        if (code === quote) {
          this.inString = true
          this.keyText = ""
          return from + 1
        }
        return frame === undefined ? this.fail("a key is missing") : this.close(code, frame, from)
      case Expect.Value:
      case Expect.ValueOrEnd:
        return this.value(code, frame, from)
    }
  }

  private close(code: number, frame: Frame, from: number): number {
    if (code !== (frame.array ? 93 : 125))
      return this.fail(`a comma or ${frame.array ? "]" : "}"} is missing`)
    this.frames.pop()
    this.afterValue()
    return from + 1
  }

  private value(code: number, frame: Frame | undefined, from: number): number {
    if (code === 123 || code === 91) {
      const records = frame === undefined ? this.wantsRoot : frame.records
      if (records && (frame !== undefined || code === 123)) {
        this.beginCapture()
        return from
      }
      return this.open(code === 91, from)
    }
    if (isCloser(code)) {
      if (frame?.expect === Expect.ValueOrEnd) return this.close(code, frame, from)
      return this.fail("a value is missing")
    }
    if (code === 44 || code === 58) return this.fail("a value is missing")
    if (frame === undefined && code === 44) return this.fail("a value is missing")
    if (code === quote) {
      this.inString = true
      this.keyText = undefined
      return from + 1
    }
    this.inPrimitive = true
    return from + 1
  }

  private open(array: boolean, from: number): number {
    if (this.frames.length >= maxDepth) return this.fail("it is nested too deeply")
    const frame: Frame = {
      array,
      records: false,
      key: "",
      expect: array ? Expect.ValueOrEnd : Expect.KeyOrEnd
    }
    this.frames.push(frame)
    if (array && this.wanted(this.path())) this.frames[this.frames.length - 1] = { ...frame, records: true }
    return from + 1
  }

  /** Inside a string outside records: a key is kept, a value passed over. */
  private walkString(text: string, from: number): number {
    const at = this.skipString(text, from)
    if (this.keyText !== undefined && this.keyText.length < maxKeyLength)
      this.keyText += text.slice(from, Math.min(at - (this.inString ? 0 : 1), from + maxKeyLength))
    if (this.inString) return at
    const frame = this.frames.at(-1)
    if (this.keyText !== undefined && frame !== undefined) {
      frame.key = this.keyText
      frame.expect = Expect.Colon
      this.keyText = undefined
    } else if (frame?.records === true) this.emit("null")
    else this.afterValue()
    return at
  }
}
