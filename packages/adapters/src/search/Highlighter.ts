import type { Highlight } from "@influscope/domain/Search"
import { compact, isAscii } from "./Folding.ts"
import { typosBetween } from "./Fuzzy.ts"
import type { QueryText, QueryWord } from "./QueryWords.ts"
import type { ShownProfile } from "./ToHit.ts"
import { isAsciiWord, maxTermLength, unaccented, visitHandleParts, visitTokens, wholeTerm } from "./Tokens.ts"

interface Span {
  readonly start: number
  readonly end: number
}

/** How much of a term a query matched, in characters of its folded form; `whole` when all or when typos blur it. */
type MatchedLength = number | "whole" | "none"

const notWord = /[^a-z0-9]/i
const letterOrDigit = /[a-z0-9]/
/** What folding may turn into other ASCII words: letters and digits that are not ASCII, apostrophes in words, "™". */
const foldable = /[^\P{Alphabetic}a-z]|[^\P{N}0-9]|\p{M}|['’™]/iu
const emojiStyle = /(?<=\p{Extended_Pictographic})\ufe0f/gu

/** A text folded character by character, small, its words runs of a-z and 0-9; undefined where it takes more than that. */
const plainly = (text: string): string | undefined => {
  if (isAscii(text)) return text.includes("'") ? undefined : text.toLowerCase()
  const plain = unaccented(text).replace(emojiStyle, " ")
  return plain.length !== text.length || foldable.test(plain) ? undefined : plain.toLowerCase()
}

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}
/** Between two words, or at either end. */
const isBetween = (text: string, at: number): boolean =>
  !isAsciiWord(text.charCodeAt(at - 1)) || !isAsciiWord(text.charCodeAt(at))
/** Between a letter and a digit, where words of handles are split once more. */
const isTurn = (text: string, at: number): boolean => isDigit(text, at - 1) !== isDigit(text, at)
const lettersAndDigits = /[a-z][0-9]|[0-9][a-z]/

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

  /** A match of a word in a text that folds plainly is the word itself. */
  private readonly isPlain: boolean

  constructor(
    private readonly text: QueryText,
    private readonly typos: number
  ) {
    this.isPlain = typos === 0 && text.words.every(({ term }) => isAscii(term) && term.length < maxTermLength)
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

  private plainly(text: string): string | undefined {
    return this.isPlain ? plainly(text) : undefined
  }

  /** The spans that the ways below would find, without splitting the text into words. */
  private plainSpans(seen: string, inHandle: boolean): ReadonlyArray<Span> {
    const spans: Array<Span> = []
    for (const { prefix, term } of this.text.words) {
      const isPart = inHandle && !lettersAndDigits.test(term)
      const isEdge = (at: number): boolean => isBetween(seen, at) || (isPart && isTurn(seen, at))
      for (let start = seen.indexOf(term); start !== -1; start = seen.indexOf(term, start + 1)) {
        const end = start + term.length
        if (isEdge(start) && (prefix || isEdge(end))) spans.push({ start, end })
      }
    }
    return spans
  }

  /** Whether a whole handle or name may begin with a word: then it begins with the same letter. */
  private mayBegin(text: string): boolean {
    const seen = this.plainly(text)
    if (seen === undefined) return true
    const first = seen.charAt(seen.search(letterOrDigit))
    return this.text.words.some(({ term }) => term.startsWith(first))
  }

  private wordSpans(text: string): ReadonlyArray<Span> {
    const seen = this.plainly(text)
    if (seen !== undefined) return this.plainSpans(seen, false)
    const spans: Array<Span> = []
    visitTokens(text, (term, start, end) => this.push(spans, text, term, start, end))
    return spans
  }

  private handleSpans(handle: string): ReadonlyArray<Span> {
    // Of words that are cut, letters and digits are not split.
    const seen = handle.length > maxTermLength ? undefined : this.plainly(handle)
    if (seen !== undefined) return this.plainSpans(seen, true)
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
