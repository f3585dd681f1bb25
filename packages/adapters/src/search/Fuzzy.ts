import { type Segment, termCount } from "./Segment.ts"
import { containsDigit, maxTermLength } from "./Tokens.ts"

/** Typos that may be forgiven in a word at all. */
export const maxTypos = 2

/** How many typos a word may have by its length: one from 4 characters, two from 8, none where there are digits. */
export const typoBudget = (word: string): number =>
  word.length < 4 || containsDigit(word) ? 0 : word.length < 8 ? 1 : maxTypos

/** Terms `from..to` of a segment, found with so many typos; `exact` when as whole words, else by a prefix of them. */
export type VisitTerms = (from: number, to: number, typos: number, exact: boolean) => void

const digit = /\p{N}/u
/** By code unit: 0 not looked at yet, 1 no digit, 2 a digit. A walk asks this at every step. */
const digits = new Uint8Array(0x1_0000)
const isDigit = (code: number): boolean => {
  if (digits[code] === 0) digits[code] = digit.test(String.fromCharCode(code)) ? 2 : 1
  return digits[code] === 2
}

const width = maxTermLength + 2
// Rows of the distance table by depth. A walk never suspends, so one table serves all.
const table = new Uint8Array((maxTermLength + 2) * width)
/** Stands for every distance outside the band of cells that can stay within the budget. */
const far = 100

const fillFirstRow = (word: string): void => {
  for (let j = 0; j <= word.length; j++) table[j] = j
}

/**
 * Fills row `depth + 1` of the table of Damerau-Levenshtein distances (with transpositions of neighbours, no edit twice
 * in one place) for the term's character `code` at `depth`, in the band of `budget` around the diagonal; the least value
 * of the row.
 */
const fillRow = (word: string, budget: number, depth: number, code: number, previous: number): number => {
  const above = depth * width
  const row = above + width
  const first = Math.max(1, depth + 1 - budget)
  const last = Math.min(word.length, depth + 1 + budget)
  let left = first === 1 ? depth + 1 : far
  let least = left
  table[row + first - 1] = left
  for (let j = first; j <= last; j++) {
    const wanted = word.charCodeAt(j - 1)
    const diagonal = table[above + j - 1] ?? far
    let value = wanted === code ? diagonal : Math.min(diagonal, left, table[above + j] ?? far) + 1
    if (wanted === previous && j > 1 && depth > 0 && word.charCodeAt(j - 2) === code)
      value = Math.min(value, (table[above - width + j - 2] ?? far) + 1)
    table[row + j] = value
    if (value < least) least = value
    left = value
  }
  table[row + last + 1] = far
  return least
}

/** Distance of the whole word to the term's first `depth` characters. */
const distanceAt = (word: string, budget: number, depth: number): number =>
  Math.abs(word.length - depth) > budget ? far : (table[depth * width + word.length] ?? far)

class Walk {
  constructor(
    private readonly segment: Segment,
    private readonly word: string,
    private readonly budget: number,
    private readonly prefix: boolean,
    private readonly visit: VisitTerms
  ) {}

  /**
   * Terms `low..high` share their first `depth` characters, whose row of distances has `least` as its lowest; `best` is
   * the distance their subtree was visited with.
   */
  node(low: number, high: number, depth: number, previous: number, least: number, best: number): void {
    const { termStarts } = this.segment
    const distance = distanceAt(this.word, this.budget, depth)
    let next = low
    if ((termStarts[low + 1] ?? 0) - (termStarts[low] ?? 0) === depth) {
      if (distance > 0 && distance <= this.budget) this.visit(low, low + 1, distance, true)
      next = low + 1
    }
    let visited = best
    if (this.prefix && distance > 0 && distance < best && next < high) {
      this.visit(next, high, distance, false)
      visited = distance
    }
    if (least < this.budget) this.allChildren(next, high, depth, previous, visited)
    else this.matchingChildren(next, high, depth, previous, visited)
  }

  private allChildren(low: number, high: number, depth: number, previous: number, best: number): void {
    let from = low
    while (from < high) {
      const code = this.codeAt(from, depth)
      const to = this.endOf(code, from, high, depth)
      this.child(from, to, depth, code, previous, best)
      from = to
    }
  }

  /** No typo is left: only characters that the word has about there can go on. */
  private matchingChildren(low: number, high: number, depth: number, previous: number, best: number): void {
    if (low >= high) return
    const first = Math.max(0, depth - this.budget)
    const end = Math.min(this.word.length, depth + 1 + this.budget)
    for (let place = first; place < end; place++) {
      const code = this.word.charCodeAt(place)
      const before = this.word.indexOf(this.word.charAt(place), first)
      if (before < place) continue
      const from = this.startOf(code, low, high, depth)
      if (from < high && this.codeAt(from, depth) === code)
        this.child(from, this.endOf(code, from, high, depth), depth, code, previous, best)
    }
  }

  private child(
    low: number,
    high: number,
    depth: number,
    code: number,
    previous: number,
    best: number
  ): void {
    // Typos in numbers are never forgiven, and the word has no digit.
    if (isDigit(code)) return
    const least = fillRow(this.word, this.budget, depth, code, previous)
    if (least <= this.budget) this.node(low, high, depth + 1, code, least, best)
  }

  private codeAt(term: number, depth: number): number {
    const { chars, termStarts } = this.segment
    return chars[(termStarts[term] ?? 0) + depth] ?? 0
  }

  /** The first of the terms `low..high` whose character at `depth` is not below `code`. */
  private startOf(code: number, low: number, high: number, depth: number): number {
    let from = low
    let end = high
    while (from < end) {
      const middle = (from + end) >>> 1
      if (this.codeAt(middle, depth) < code) from = middle + 1
      else end = middle
    }
    return from
  }

  /** The end of the run of terms from `from` whose character at `depth` is `code`. */
  private endOf(code: number, from: number, high: number, depth: number): number {
    let low = from + 1
    let reach = 1
    while (low < high && this.codeAt(Math.min(low + reach, high) - 1, depth) === code) {
      low = Math.min(low + reach, high)
      reach *= 2
    }
    let end = Math.min(low + reach, high)
    while (low < end) {
      const middle = (low + end) >>> 1
      if (this.codeAt(middle, depth) === code) low = middle + 1
      else end = middle
    }
    return low
  }
}

/**
 * Visits the terms within 1 to `budget` typos of a word without digits, and with `prefix` those that begin with
 * something that near. A term may be visited more than once. Walks the sorted terms as a tree and leaves a branch as
 * soon as it cannot come near enough.
 */
export const visitSimilar = (
  segment: Segment,
  word: string,
  budget: number,
  prefix: boolean,
  visit: VisitTerms
): void => {
  if (termCount(segment) === 0 || budget <= 0) return
  fillFirstRow(word)
  new Walk(segment, word, budget, prefix, visit).node(0, termCount(segment), 0, 0, 0, budget + 1)
}

/**
 * Typos between a word without digits and a term, or with `prefix` the nearest beginning of the term; `budget + 1` when
 * there are more than that. Agrees with `visitSimilar`.
 */
export const typosBetween = (word: string, term: string, budget: number, prefix: boolean): number => {
  fillFirstRow(word)
  let nearest = budget + 1
  for (let depth = 0; depth < term.length; depth++) {
    const code = term.charCodeAt(depth)
    if (isDigit(code)) return nearest
    const previous = depth === 0 ? 0 : term.charCodeAt(depth - 1)
    if (fillRow(word, budget, depth, code, previous) > budget) return nearest
    if (prefix) nearest = Math.min(nearest, distanceAt(word, budget, depth + 1))
  }
  return Math.min(nearest, distanceAt(word, budget, term.length))
}
