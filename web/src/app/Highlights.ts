/** A stretch of text, in UTF-16 code units; `end` is exclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface Piece {
  readonly text: string
  readonly marked: boolean
}

/** Whether a place lies between the two halves of one letter. */
const isWithinLetter = (text: string, at: number): boolean => (text.codePointAt(at - 1) ?? 0) > 0xffff

/** A range that cuts a letter in two takes all of it. */
const wholeLetters = (text: string, { end, start }: Range): Range => ({
  start: isWithinLetter(text, start) ? start - 1 : start,
  end: isWithinLetter(text, end) ? end + 1 : end
})

/** Sorts, clips to the text, drops what is empty and joins what touches. */
const normalizeRanges = (ranges: ReadonlyArray<Range>, text: string): ReadonlyArray<Range> => {
  const joined: Array<Range> = []
  const clipped = ranges
    .map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(text.length, end) }))
    .filter(({ start, end }) => start < end)
    .map((range) => wholeLetters(text, range))
    .sort((a, b) => a.start - b.start)
  for (const range of clipped) {
    const last = joined.at(-1)
    if (last === undefined || range.start > last.end) joined.push(range)
    else joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) }
  }
  return joined
}

/** Cuts a text into marked and unmarked pieces; the pieces' texts joined are the text. */
export const splitByRanges = (text: string, ranges: ReadonlyArray<Range>): ReadonlyArray<Piece> => {
  const pieces: Array<Piece> = []
  let at = 0
  for (const { start, end } of normalizeRanges(ranges, text)) {
    if (start > at) pieces.push({ text: text.slice(at, start), marked: false })
    pieces.push({ text: text.slice(start, end), marked: true })
    at = end
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false })
  return pieces
}

/** How much of a text may stand before its first match, and how much of that is kept when it is cut. */
const lead = { most: 110, kept: 40 } as const

/** Cuts the beginning off a long text when its first match would be out of sight, at a blank. */
export const snippet = (
  text: string,
  ranges: ReadonlyArray<Range>
): { readonly text: string; readonly ranges: ReadonlyArray<Range> } => {
  const first = normalizeRanges(ranges, text)[0]
  if (first === undefined || first.start <= lead.most) return { text, ranges }
  const blank = text.indexOf(" ", first.start - lead.kept)
  const from = blank >= 0 && blank < first.start ? blank + 1 : first.start
  const shift = from - 1
  return {
    text: `…${text.slice(from)}`,
    ranges: ranges.map(({ start, end }) => ({ start: start - shift, end: end - shift }))
  }
}
