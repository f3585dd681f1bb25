import type { Highlight } from "@influscope/domain/Search"
import { compact, isAscii } from "./Folding.ts"
import { typosBetween } from "./Fuzzy.ts"
import type { QueryText, QueryWord } from "./QueryWords.ts"
import type { ShownProfile } from "./ToHit.ts"
import { visitHandleParts, visitTokens, wholeTerm } from "./Tokens.ts"

interface Span {
  readonly start: number
  readonly end: number
}

/** How much of a term a query matched, in characters of its folded form; `whole` when all or when typos blur it. */
type MatchedLength = number | "whole" | "none"

const notWord = /[^a-z0-9]/i
const letterOrDigit = /[a-z0-9]/i
/** What folding may turn into other ASCII words: letters and digits that are not ASCII, apostrophes in words, "™". */
const foldable = /[^\P{Alphabetic}a-z]|[^\P{N}0-9]|\p{M}|['’™]/iu
/** Whether folding does no more than make letters small. */
const isUnfolded = (text: string): boolean => (isAscii(text) ? !text.includes("'") : !foldable.test(text))
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** The end, in the original text, of its first `length` folded letters and digits. */
const endOfFolded = (raw: string, length: number): number => {
  if (isAscii(raw) && !notWord.test(raw)) return length
  let folded = 0
  for (const { segment, index } of graphemes.segment(raw)) {
    folded += compact(segment).length
    if (folded >= length) return index + segment.length
  }
  return raw.length
}

const mergeSpans = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  if (spans.length < 2) return spans
  const merged: Array<Span> = []
  for (const span of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = merged[merged.length - 1]
    if (last === undefined || span.start >= last.end) merged.push(span)
    else if (span.end > last.end) merged[merged.length - 1] = { start: last.start, end: span.end }
  }
  return merged
}

/** Finds the stretches of a profile's texts that a query matched. */
export class Highlighter {
  // Hits of one query share most of their matching words.
  private readonly known = new Map<string, MatchedLength>()

  /** Every match of a word is a plain stretch of a text that folding leaves alone. */
  private readonly isPlain: boolean

  constructor(
    private readonly text: QueryText,
    private readonly typos: number
  ) {
    this.isPlain = typos === 0 && text.words.every(({ term }) => isAscii(term))
  }

  highlights(profile: ShownProfile): ReadonlyArray<Highlight> {
    const { name, bio, categories } = profile.fields
    const found: Array<Highlight> = []
    const add = (field: Highlight["field"], spans: ReadonlyArray<Span>, index?: number): void => {
      for (const { start, end } of mergeSpans(spans))
        found.push(index === undefined ? { field, start, end } : { field, index, start, end })
    }
    if (name !== undefined)
      add(
        "name",
        this.orElse(this.wordSpans(name), () => this.wholeSpans(name))
      )
    add(
      "handle",
      this.orElse(this.handleSpans(profile.handle), () => this.wholeSpans(profile.handle))
    )
    if (bio !== undefined) add("bio", this.wordSpans(bio))
    for (const [index, category] of (categories ?? []).entries())
      add(
        "categories",
        this.orElse(this.wordSpans(category), () => this.wholeCategorySpans(category)),
        index
      )
    return found
  }

  /** Words are the finer answer. */
  private orElse(words: ReadonlyArray<Span>, whole: () => ReadonlyArray<Span>): ReadonlyArray<Span> {
    return words.length > 0 ? words : whole()
  }

  /** A glance that spares many texts being split into words: most bios have none of what was asked for. */
  private mayMatch(text: string): boolean {
    if (!this.isPlain || !isUnfolded(text)) return true
    const seen = text.toLowerCase()
    return this.text.words.some(({ term }) => seen.includes(term))
  }

  /** The same for whole handles and names: they begin with a letter that a word begins with. */
  private mayBegin(text: string): boolean {
    if (!this.isPlain || !isUnfolded(text)) return true
    const first = text.charAt(text.search(letterOrDigit)).toLowerCase()
    return this.text.words.some(({ term }) => term.startsWith(first))
  }

  private wordSpans(text: string): ReadonlyArray<Span> {
    if (!this.mayMatch(text)) return []
    const spans: Array<Span> = []
    visitTokens(text, (term, start, end) => this.push(spans, text, term, start, end))
    return spans
  }

  private handleSpans(handle: string): ReadonlyArray<Span> {
    if (!this.mayMatch(handle)) return []
    const spans: Array<Span> = []
    visitHandleParts(handle, (term, start, end) => this.push(spans, handle, term, start, end))
    return spans
  }

  private push(spans: Array<Span>, text: string, term: string, start: number, end: number): void {
    const length = this.matchedLength(term)
    if (length === "none") return
    const raw = text.slice(start, end)
    spans.push({ start, end: length === "whole" ? end : start + endOfFolded(raw, length) })
  }

  /** The whole handle or name, or its beginning, found without regard to blanks and signs. */
  private wholeSpans(text: string): ReadonlyArray<Span> {
    if (!this.mayBegin(text)) return []
    const whole = wholeTerm(text)
    const length = this.longest(
      whole,
      this.text.whole === undefined ? this.text.words : [...this.text.words, this.text.whole]
    )
    if (length === "none") return []
    const start = this.firstLetter(text)
    return [{ start, end: length === "whole" ? this.afterLastLetter(text) : endOfFolded(text, length) }]
  }

  private wholeCategorySpans(category: string): ReadonlyArray<Span> {
    return this.text.whole !== undefined && this.text.whole.term === wholeTerm(category)
      ? [{ start: this.firstLetter(category), end: this.afterLastLetter(category) }]
      : []
  }

  private firstLetter(text: string): number {
    return Math.max(text.search(/[\p{Alphabetic}\p{N}]/u), 0)
  }

  private afterLastLetter(text: string): number {
    return endOfFolded(text, compact(text).length)
  }

  private matchedLength(term: string): MatchedLength {
    const known = this.known.get(term)
    if (known !== undefined) return known
    const length = this.longest(term, this.text.words)
    this.known.set(term, length)
    return length
  }

  private longest(term: string, words: ReadonlyArray<QueryWord>): MatchedLength {
    let longest: MatchedLength = "none"
    for (const word of words) {
      const length = this.lengthFor(term, word)
      if (length === "whole") return length
      if (length !== "none" && (longest === "none" || length > longest)) longest = length
    }
    return longest
  }

  private lengthFor(term: string, word: QueryWord): MatchedLength {
    if (term === word.term) return "whole"
    if (word.prefix && term.startsWith(word.term)) return word.term.length
    const budget = Math.min(this.typos, word.typoBudget)
    return budget > 0 && typosBetween(word.term, term, budget, word.prefix) <= budget ? "whole" : "none"
  }
}
