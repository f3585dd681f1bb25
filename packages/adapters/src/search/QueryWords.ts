import { typoBudget } from "./Fuzzy.ts"
import { isLoneCharacter, visitTokens, wholeTerm } from "./Tokens.ts"

/** Longer queries are cut: more words make no better search, and every one costs time. */
export const maxWords = 16
export const maxQueryLength = 512

export interface QueryWord {
  readonly term: string
  /** Words that begin with the term match too. */
  readonly prefix: boolean
  readonly typoBudget: number
}

export interface QueryText {
  readonly words: ReadonlyArray<QueryWord>
  /**
   * All of the query without blanks and signs, to be compared with whole handles and names ("khaby lame" finds
   * khaby.lame and khabylame); undefined when it is no more than the one word there is.
   */
  readonly whole: QueryWord | undefined
}

const cutText = (text: string): string => {
  if (text.length <= maxQueryLength) return text
  const last = text.charCodeAt(maxQueryLength - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? maxQueryLength - 1 : maxQueryLength)
}

/** The words in order. The last character of a run of pairs adds nothing to the pair before it. */
const termsOf = (text: string): ReadonlyArray<string> => {
  const terms: Array<string> = []
  let previousEnd = 0
  visitTokens(text, (term, start, end) => {
    if (start >= previousEnd || !isLoneCharacter(term)) terms.push(term)
    previousEnd = end
  })
  return terms
}

/** Reads a query. Words after the sixteenth are left out, repeated words count once; the last one is a prefix. */
export const parseQuery = (q: string): QueryText => {
  const text = cutText(q)
  const all = termsOf(text)
  const last = all.length <= maxWords ? all[all.length - 1] : undefined
  const words = [...new Set(all.slice(0, maxWords))].map((term) => ({
    term,
    prefix: term === last || isLoneCharacter(term),
    typoBudget: typoBudget(term)
  }))
  const whole = wholeTerm(text)
  return {
    words,
    whole:
      whole === "" || (words.length === 1 && words[0]?.term === whole)
        ? undefined
        : { term: whole, prefix: true, typoBudget: typoBudget(whole) }
  }
}
