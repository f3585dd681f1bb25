import { popularityBits } from "./Columns.ts"
import { follows, placement, rankOf, wholeIdentity } from "./Placement.ts"
import type { QueryText } from "./QueryWords.ts"
import type { Segment } from "./Segment.ts"
import { TermFinder, type TermRange } from "./TermRanges.ts"

/** How leniently a query is read. A cursor carries it, so that all pages are read alike whatever is written meanwhile. */
export interface MatchMode {
  /** Typos forgiven per word. */
  readonly typos: number
  /** Words that must match. */
  readonly minWords: number
}

/** The documents that match a text, `slots[0 .. count]`, and how well. Valid until the next match. */
export interface Matches {
  readonly mode: MatchMode
  readonly count: number
  readonly slots: Uint32Array
  /** The text's part of the score, in the place above popularity. */
  readonly scores: Float64Array
}

// How a word was found in a document, best first by number: 2 bits for typos, 1 for a whole handle or name, 4 for the rank.
const wholeBit = 16
const rankMask = 15
const typosShift = 5
const perfectTypos = 3
const maxProximity = 15

const qualityOf = (typos: number, exact: boolean, place: number): number =>
  ((perfectTypos - typos) << typosShift) |
  (exact && (place & wholeIdentity) !== 0 ? wholeBit : 0) |
  rankOf(place, exact)

const typosOf = (quality: number): number => perfectTypos - (quality >> typosShift)

// The score, most important part first: words matched, typos, whole handle or name, ranks of the places, words side by
// side, popularity. It depends on the document and the query alone, never on other documents: so cursors hold.
const proximityScale = 2 ** popularityBits
const ranksScale = proximityScale * 2 ** 4
const wholeScale = ranksScale * 2 ** 8
const typosScale = wholeScale * 2
const wordsScale = typosScale * 2 ** 5
const typosCeiling = 31

const packed = (words: number, typos: number, whole: boolean, ranks: number, proximity: number): number =>
  words * wordsScale +
  (typosCeiling - Math.min(typos, typosCeiling)) * typosScale +
  (whole ? wholeScale : 0) +
  ranks * ranksScale +
  Math.min(proximity, maxProximity) * proximityScale

/** Scores of queries of one word. */
const scoreOfQuality = Float64Array.from({ length: (perfectTypos + 1) << typosShift }, (_, quality) =>
  packed(1, typosOf(quality), (quality & wholeBit) !== 0, quality & rankMask, 0)
)

const wholePlaces = wholeIdentity | placement.wholeCategory

/** Matches texts against segments. Holds working memory that grows with the documents. */
export class TextMatcher {
  private epoch = 0
  private marks = new Uint32Array(0)
  private candidateOf = new Uint32Array(0)
  private slots = new Uint32Array(0)
  private scores = new Float64Array(0)
  private wholes = new Uint8Array(0)
  private qualities: Array<Uint8Array> = []
  private places: Array<Uint32Array> = []
  private count = 0
  private words = 0

  /** All documents that match, in the given mode or in the strictest that finds some. */
  match(
    segments: ReadonlyArray<Segment>,
    alive: Uint8Array,
    text: QueryText,
    mode: MatchMode | undefined
  ): Matches {
    this.prepare(alive.length, text.words.length)
    const finder = new TermFinder(segments, text)
    const run = (wanted: MatchMode): Matches => this.run(finder, alive, wanted)
    const matches = mode === undefined ? this.runStrictest(text, run) : run(mode)
    this.release()
    return matches
  }

  private runStrictest(text: QueryText, run: (mode: MatchMode) => Matches): Matches {
    const wordCount = text.words.length
    const budget = Math.max(text.whole?.typoBudget ?? 0, ...text.words.map((word) => word.typoBudget))
    // Typos are forgiven only when nothing matches without: else they would only dilute totals, facets and sorts.
    for (let typos = 0; typos <= budget; typos++) {
      const matches = run({ typos, minWords: wordCount })
      if (matches.count > 0 || (typos === budget && wordCount === 1)) return matches
    }
    const fewer = run({ typos: budget, minWords: Math.ceil(wordCount / 2) })
    return this.withMostWords(fewer)
  }

  private withMostWords(matches: Matches): Matches {
    let most = matches.mode.minWords
    for (let i = 0; i < matches.count; i++)
      most = Math.max(most, Math.floor((matches.scores[i] ?? 0) / wordsScale))
    let kept = 0
    for (let i = 0; i < matches.count; i++) {
      const score = matches.scores[i] ?? 0
      if (score < most * wordsScale) continue
      matches.slots[kept] = matches.slots[i] ?? 0
      matches.scores[kept] = score
      kept++
    }
    return { ...matches, mode: { ...matches.mode, minWords: most }, count: kept }
  }

  private prepare(capacity: number, words: number): void {
    this.words = words
    if (this.marks.length < capacity) {
      this.marks = new Uint32Array(capacity)
      this.candidateOf = new Uint32Array(capacity)
      this.slots = new Uint32Array(capacity)
      this.scores = new Float64Array(capacity)
      this.wholes = new Uint8Array(capacity)
      this.qualities = []
      this.places = []
      this.epoch = 0
    }
    while (this.qualities.length < words) {
      this.qualities.push(new Uint8Array(this.marks.length))
      this.places.push(new Uint32Array(this.marks.length))
    }
  }

  /** Gives back the working memory of unusually long queries. */
  private release(): void {
    this.qualities.length = Math.min(this.qualities.length, 4)
    this.places.length = this.qualities.length
  }

  private run(finder: TermFinder, alive: Uint8Array, mode: MatchMode): Matches {
    this.beginRun()
    this.scanWhole(finder.whole(mode.typos), alive)
    const found = finder.words(mode.typos, this.words - mode.minWords)
    // A document that lacks the first `words - minWords + 1` words lacks too many.
    const admitting = this.words - mode.minWords + 1
    for (const [order, word] of found.entries())
      this.scanWord(word.index, word.ranges, alive, order < admitting)
    this.scoreAll(mode.minWords)
    return { mode, count: this.count, slots: this.slots, scores: this.scores }
  }

  private beginRun(): void {
    this.count = 0
    this.epoch++
    if (this.epoch === 0xffffffff) {
      this.marks.fill(0)
      this.epoch = 1
    }
  }

  private admit(slot: number): number {
    const candidate = this.count++
    this.marks[slot] = this.epoch
    this.candidateOf[slot] = candidate
    this.slots[candidate] = slot
    this.wholes[candidate] = 0
    for (let word = 0; word < this.words; word++) {
      const qualities = this.qualities[word]
      const places = this.places[word]
      if (qualities !== undefined) qualities[candidate] = 0
      if (places !== undefined) places[candidate] = 0
    }
    return candidate
  }

  private scanWord(
    word: number,
    ranges: ReadonlyArray<TermRange>,
    alive: Uint8Array,
    admitting: boolean
  ): void {
    const qualities = this.qualities[word]
    const places = this.places[word]
    if (qualities === undefined || places === undefined) return
    const { marks, candidateOf, epoch } = this
    for (const { segment, from, to, typos, exact } of ranges) {
      for (let i = from; i < to; i++) {
        const slot = segment.slots[i] ?? 0
        if (alive[slot] === 0) continue
        const known = marks[slot] === epoch
        if (!known && !admitting) continue
        const candidate = known ? (candidateOf[slot] ?? 0) : this.admit(slot)
        const place = segment.places[i] ?? 0
        const quality = qualityOf(typos, exact, place)
        if (quality > (qualities[candidate] ?? 0)) qualities[candidate] = quality
        places[candidate] = (places[candidate] ?? 0) | place
      }
    }
  }

  private scanWhole(ranges: ReadonlyArray<TermRange>, alive: Uint8Array): void {
    const { marks, candidateOf, epoch, wholes } = this
    for (const { segment, from, to, typos, exact } of ranges) {
      const wanted = exact ? wholePlaces : wholeIdentity
      for (let i = from; i < to; i++) {
        const slot = segment.slots[i] ?? 0
        const place = (segment.places[i] ?? 0) & wanted
        if (place === 0 || alive[slot] === 0) continue
        const candidate = marks[slot] === epoch ? (candidateOf[slot] ?? 0) : this.admit(slot)
        const quality = qualityOf(typos, exact, place)
        if (quality > (wholes[candidate] ?? 0)) wholes[candidate] = quality
      }
    }
  }

  /** Scores the candidates and leaves out those with too few words. */
  private scoreAll(minWords: number): void {
    if (this.words === 1) this.scoreSingle()
    else this.scoreSeveral(minWords)
  }

  private scoreSingle(): void {
    const qualities = this.qualities[0]
    if (qualities === undefined) return
    for (let candidate = 0; candidate < this.count; candidate++) {
      const quality = Math.max(qualities[candidate] ?? 0, this.wholes[candidate] ?? 0)
      this.scores[candidate] = scoreOfQuality[quality] ?? 0
    }
  }

  private scoreSeveral(minWords: number): void {
    let kept = 0
    for (let candidate = 0; candidate < this.count; candidate++) {
      const score = Math.max(this.scoreOfWords(candidate, minWords), this.scoreOfWhole(candidate))
      if (score === 0) continue
      this.slots[kept] = this.slots[candidate] ?? 0
      this.scores[kept] = score
      kept++
    }
    this.count = kept
  }

  private scoreOfWhole(candidate: number): number {
    const quality = this.wholes[candidate] ?? 0
    if (quality === 0) return 0
    const ranks = this.words * (quality & rankMask)
    return packed(this.words, typosOf(quality), (quality & wholeBit) !== 0, ranks, maxProximity)
  }

  /** 0 when fewer than `minWords` words were found. */
  private scoreOfWords(candidate: number, minWords: number): number {
    let matched = 0
    let typos = 0
    let ranks = 0
    let proximity = 0
    let placeBefore = 0
    for (let word = 0; word < this.words; word++) {
      const quality = this.qualities[word]?.[candidate] ?? 0
      if (quality === 0) {
        placeBefore = 0
        continue
      }
      matched++
      typos += typosOf(quality)
      ranks += quality & rankMask
      const place = this.places[word]?.[candidate] ?? 0
      if (follows(placeBefore, place)) proximity++
      placeBefore = place
    }
    if (matched < minWords) return 0
    return packed(matched, typos, false, ranks, proximity)
  }
}
