import { isUtf8 } from "node:buffer"

/** A stretch of text. `mended`: its lines were no valid UTF-8 in a file that otherwise is, and were read as windows-1252. */
export interface TextSegment {
  readonly text: string
  readonly mended: boolean
}

export type Encoding = "utf-8" | "utf-16le" | "utf-16be"

/** Bytes of a line kept back while its end has not been seen. */
const maxHeldBytes = 256 * 1024

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
const windows1252 = new TextDecoder("windows-1252")

const lineFeed = 0x0a
const carriageReturn = 0x0d

const zerosAt = (head: Uint8Array, parity: 0 | 1): number => {
  let zeros = 0
  for (let at = parity; at < head.length; at += 2) if (head[at] === 0) zeros++
  return zeros / Math.max(1, Math.floor(head.length / 2))
}

/** The encoding by byte order mark, or by where the zero bytes are; UTF-8 (with fallback) otherwise. */
export const detectEncoding = (
  head: Uint8Array
): { readonly encoding: Encoding; readonly markBytes: number } => {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: "utf-8", markBytes: 3 }
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: "utf-16le", markBytes: 2 }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: "utf-16be", markBytes: 2 }
  const sample = head.subarray(0, 2048)
  const even = zerosAt(sample, 0)
  const odd = zerosAt(sample, 1)
  if (odd > 0.4 && even < 0.1) return { encoding: "utf-16le", markBytes: 0 }
  if (even > 0.4 && odd < 0.1) return { encoding: "utf-16be", markBytes: 0 }
  return { encoding: "utf-8", markBytes: 0 }
}

const lastLineEnd = (bytes: Uint8Array): number =>
  Math.max(bytes.lastIndexOf(lineFeed), bytes.lastIndexOf(carriageReturn)) + 1

/** Where the last whole UTF-8 character ends, looking back at most three bytes. */
const lastCharEnd = (bytes: Uint8Array): number => {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) return bytes.length - back
  }
  return bytes.length
}

const concat = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  if (left.length === 0) return right
  const joined = new Uint8Array(left.length + right.length)
  joined.set(left)
  joined.set(right, left.length)
  return joined
}

/** Lines of a block that is not valid UTF-8 as a whole: each is UTF-8 where that is valid, windows-1252 elsewhere. */
const decodeLines = (bytes: Uint8Array): ReadonlyArray<TextSegment> => {
  const segments: Array<TextSegment> = []
  const add = (text: string, mended: boolean): void => {
    const last = segments.at(-1)
    if (last?.mended === mended) segments[segments.length - 1] = { text: last.text + text, mended }
    else segments.push({ text, mended })
  }
  let from = 0
  while (from < bytes.length) {
    const feed = bytes.indexOf(lineFeed, from)
    const to = feed === -1 ? bytes.length : feed + 1
    const line = bytes.subarray(from, to)
    if (isUtf8(line)) add(utf8.decode(line), false)
    else add(windows1252.decode(line), true)
    from = to
  }
  return segments
}

/**
 * Bytes to text, block by block. UTF-16 by its mark; anything else as UTF-8, each line that is not valid UTF-8 as
 * windows-1252, wherever in the file it stands. A line feed is never part of another character in either, so blocks are
 * cut at line ends. The result depends only on the bytes when all blocks but the last have the same size.
 */
export class TextDecoding {
  private held: Uint8Array = new Uint8Array(0)
  private started = false
  private wide: TextDecoder | undefined
  private multibyte = false
  private fallback = false
  private marked = false
  private detected: Encoding = "utf-8"

  push(block: Uint8Array): ReadonlyArray<TextSegment> {
    let bytes = block
    if (!this.started) {
      this.started = true
      const { encoding, markBytes } = detectEncoding(block)
      this.detected = encoding
      this.marked = markBytes > 0
      if (encoding !== "utf-8") this.wide = new TextDecoder(encoding)
      bytes = block.subarray(markBytes)
    }
    if (this.wide !== undefined) return [{ text: this.wide.decode(bytes, { stream: true }), mended: false }]
    const all = concat(this.held, bytes)
    let cut = lastLineEnd(all)
    if (cut === 0) {
      if (all.length < maxHeldBytes) {
        this.held = all
        return []
      }
      cut = lastCharEnd(all)
    }
    this.held = all.slice(cut)
    return this.decode(all.subarray(0, cut))
  }

  /** The rest of the text: what stands after the last line end. */
  end(): ReadonlyArray<TextSegment> {
    if (this.wide !== undefined) return [{ text: this.wide.decode(), mended: false }]
    const rest = this.held
    this.held = new Uint8Array(0)
    return rest.length === 0 ? [] : this.decode(rest)
  }

  get encoding(): Encoding {
    return this.detected
  }

  get byteOrderMark(): boolean {
    return this.marked
  }

  /** What the characters beyond ASCII have been so far. */
  get evidence(): "ascii" | "utf-8" | "windows-1252" | "mixed" {
    if (this.fallback) return this.multibyte || this.marked ? "mixed" : "windows-1252"
    return this.multibyte || this.marked || this.wide !== undefined ? "utf-8" : "ascii"
  }

  private decode(bytes: Uint8Array): ReadonlyArray<TextSegment> {
    if (isUtf8(bytes)) {
      const text = utf8.decode(bytes)
      if (text.length !== bytes.length) this.multibyte = true
      return [{ text, mended: false }]
    }
    const segments = decodeLines(bytes)
    this.fallback = true
    if (!this.multibyte)
      this.multibyte = segments.some((segment) => !segment.mended && /[^\p{ASCII}]/u.test(segment.text))
    return segments
  }
}
