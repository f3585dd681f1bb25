/**
 * An immutable inverted index over some documents: terms sorted by UTF-16 code units in one buffer, and for each term
 * the documents (slots of `Columns`) it stands in and its placement there. Postings lie in the order of the terms, so a
 * range of terms (a prefix) is one range of postings.
 */
export interface Segment {
  /** All terms one after the other; term t is `chars[termStarts[t] .. termStarts[t + 1]]`. */
  readonly chars: Uint16Array
  readonly termStarts: Uint32Array
  /** Postings of term t are `postingStarts[t] .. postingStarts[t + 1]`. */
  readonly postingStarts: Uint32Array
  readonly slots: Uint32Array
  readonly places: Uint32Array
}

export const termCount = (segment: Segment): number => segment.termStarts.length - 1

export const postingCount = (segment: Segment): number => segment.slots.length

/** Negative, zero or positive as the term comes before, is, or comes after `wanted`. */
const compareTerm = (segment: Segment, term: number, wanted: string): number => {
  const { chars, termStarts } = segment
  const start = termStarts[term] ?? 0
  const length = (termStarts[term + 1] ?? 0) - start
  const shared = Math.min(length, wanted.length)
  for (let i = 0; i < shared; i++) {
    const difference = (chars[start + i] ?? 0) - wanted.charCodeAt(i)
    if (difference !== 0) return difference
  }
  return length - wanted.length
}

/** The first term that does not come before `wanted`; `termCount` when there is none. */
export const lowerBound = (segment: Segment, wanted: string): number => {
  let low = 0
  let high = termCount(segment)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareTerm(segment, middle, wanted) < 0) low = middle + 1
    else high = middle
  }
  return low
}

export const isTerm = (segment: Segment, term: number, wanted: string): boolean =>
  term < termCount(segment) && compareTerm(segment, term, wanted) === 0

const startsWith = (segment: Segment, term: number, prefix: string): boolean => {
  const { chars, termStarts } = segment
  const start = termStarts[term] ?? 0
  if ((termStarts[term + 1] ?? 0) - start < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (chars[start + i] !== prefix.charCodeAt(i)) return false
  return true
}

/** The end of the terms that begin with `prefix`, given the first of them. */
export const prefixEnd = (segment: Segment, first: number, prefix: string): number => {
  let low = first
  let high = termCount(segment)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (startsWith(segment, middle, prefix)) low = middle + 1
    else high = middle
  }
  return low
}

const initialCapacity = 4_096

const grown = (from: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> => {
  const to = new Uint32Array(capacity)
  to.set(from)
  return to
}

/** Collects the terms of some documents and makes a segment of them. */
export class SegmentBuilder {
  private readonly numbers = new Map<string, number>()
  private terms = new Uint32Array(initialCapacity)
  private slots = new Uint32Array(initialCapacity)
  private places = new Uint32Array(initialCapacity)
  private count = 0
  /** Of each term number: its newest posting plus one. */
  private newest: Array<number> = []

  /** Documents must be added one after the other: the places of a term in the newest document are united. */
  add(term: string, slot: number, place: number): void {
    const number = this.numberOf(term)
    const before = (this.newest[number] ?? 0) - 1
    if (before >= 0 && this.slots[before] === slot) {
      this.places[before] = (this.places[before] ?? 0) | place
      return
    }
    if (this.count === this.terms.length) this.grow()
    this.terms[this.count] = number
    this.slots[this.count] = slot
    this.places[this.count] = place
    this.count++
    this.newest[number] = this.count
  }

  private numberOf(term: string): number {
    const known = this.numbers.get(term)
    if (known !== undefined) return known
    const number = this.numbers.size
    this.numbers.set(term, number)
    this.newest.push(0)
    return number
  }

  private grow(): void {
    const capacity = this.terms.length * 2
    this.terms = grown(this.terms, capacity)
    this.slots = grown(this.slots, capacity)
    this.places = grown(this.places, capacity)
  }

  build(): Segment {
    const sorted = [...this.numbers.keys()].sort()
    const termStarts = new Uint32Array(sorted.length + 1)
    const rankOfNumber = new Uint32Array(sorted.length)
    let length = 0
    for (const [rank, term] of sorted.entries()) {
      termStarts[rank] = length
      length += term.length
      rankOfNumber[this.numbers.get(term) ?? 0] = rank
    }
    termStarts[sorted.length] = length
    const chars = new Uint16Array(length)
    let at = 0
    for (const term of sorted) for (let i = 0; i < term.length; i++) chars[at++] = term.charCodeAt(i)
    return { chars, termStarts, ...this.sortPostings(rankOfNumber) }
  }

  /** Counting sort of the postings by the rank of their term. */
  private sortPostings(rankOfNumber: Uint32Array): Pick<Segment, "postingStarts" | "slots" | "places"> {
    const postingStarts = new Uint32Array(rankOfNumber.length + 1)
    for (let i = 0; i < this.count; i++) {
      const rank = rankOfNumber[this.terms[i] ?? 0] ?? 0
      postingStarts[rank + 1] = (postingStarts[rank + 1] ?? 0) + 1
    }
    for (let rank = 1; rank < postingStarts.length; rank++)
      postingStarts[rank] = (postingStarts[rank] ?? 0) + (postingStarts[rank - 1] ?? 0)
    const next = postingStarts.slice()
    const slots = new Uint32Array(this.count)
    const places = new Uint32Array(this.count)
    for (let i = 0; i < this.count; i++) {
      const rank = rankOfNumber[this.terms[i] ?? 0] ?? 0
      const to = next[rank] ?? 0
      next[rank] = to + 1
      slots[to] = this.slots[i] ?? 0
      places[to] = this.places[i] ?? 0
    }
    return { postingStarts, slots, places }
  }
}
