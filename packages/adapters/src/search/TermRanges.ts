import { visitSimilar } from "./Fuzzy.ts"
import type { QueryText, QueryWord } from "./QueryWords.ts"
import { isTerm, lowerBound, prefixEnd, type Segment } from "./Segment.ts"

/** Postings `from..to` of a segment: documents in which a word was found with so many typos. */
export interface TermRange {
  readonly segment: Segment
  readonly from: number
  readonly to: number
  readonly typos: number
  /** As a whole word, else by a prefix. */
  readonly exact: boolean
}

const rangeOfTerms = (
  segment: Segment,
  from: number,
  to: number,
  typos: number,
  exact: boolean
): TermRange => ({
  segment,
  from: segment.postingStarts[from] ?? 0,
  to: segment.postingStarts[to] ?? 0,
  typos,
  exact
})

const collectExact = (segment: Segment, word: QueryWord, ranges: Array<TermRange>): void => {
  let first = lowerBound(segment, word.term)
  if (isTerm(segment, first, word.term)) {
    ranges.push(rangeOfTerms(segment, first, first + 1, 0, true))
    first++
  }
  if (!word.prefix) return
  const end = prefixEnd(segment, first, word.term)
  if (end > first) ranges.push(rangeOfTerms(segment, first, end, 0, false))
}

const findTermRanges = (
  segments: ReadonlyArray<Segment>,
  word: QueryWord,
  typos: number
): ReadonlyArray<TermRange> => {
  const ranges: Array<TermRange> = []
  const budget = Math.min(typos, word.typoBudget)
  for (const segment of segments) {
    collectExact(segment, word, ranges)
    if (budget > 0)
      visitSimilar(segment, word.term, budget, word.prefix, (from, to, found, exact) =>
        ranges.push(rangeOfTerms(segment, from, to, found, exact))
      )
  }
  return ranges
}

const costOf = (ranges: ReadonlyArray<TermRange>): number =>
  ranges.reduce((sum, range) => sum + range.to - range.from, 0)

/** Where a word of a query is found. */
export interface FoundWord {
  /** Its place in the query; -1: the query as a whole. */
  readonly index: number
  readonly ranges: ReadonlyArray<TermRange>
  /** Postings to be looked at. */
  readonly cost: number
}

// A whole handle or name is long and has few neighbours: more typos cost much and find nothing.
const maxWholeTypos = 1

/** Finds the words of one query, each at most once per number of typos. */
export class TermFinder {
  private readonly known = new Map<string, FoundWord>()

  constructor(
    private readonly segments: ReadonlyArray<Segment>,
    private readonly text: QueryText
  ) {}

  /** The words with at most `typos` typos, cheapest first; none when more than `mayLack` of them are nowhere. */
  words(typos: number, mayLack: number): ReadonlyArray<FoundWord> {
    const found: Array<FoundWord> = []
    let lacking = 0
    for (const index of this.longestFirst()) {
      const word = this.word(index, typos)
      if (word.cost === 0 && ++lacking > mayLack) return []
      found.push(word)
    }
    return found.sort((a, b) => a.cost - b.cost)
  }

  /** The query as a whole handle or name. */
  whole(typos: number): ReadonlyArray<TermRange> {
    return this.found(-1, this.text.whole, Math.min(typos, maxWholeTypos)).ranges
  }

  /** Long words are the rarest: when one is nowhere the others need not be looked for. */
  private longestFirst(): ReadonlyArray<number> {
    const { words } = this.text
    const lengthOf = (index: number): number => words[index]?.term.length ?? 0
    return words.map((_, index) => index).sort((a, b) => lengthOf(b) - lengthOf(a))
  }

  private word(index: number, typos: number): FoundWord {
    return this.found(index, this.text.words[index], typos)
  }

  private found(index: number, word: QueryWord | undefined, typos: number): FoundWord {
    const budget = Math.min(typos, word?.typoBudget ?? 0)
    const key = `${index} ${budget}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const ranges = word === undefined ? [] : findTermRanges(this.segments, word, budget)
    const found = { index, ranges, cost: costOf(ranges) }
    this.known.set(key, found)
    return found
  }
}
