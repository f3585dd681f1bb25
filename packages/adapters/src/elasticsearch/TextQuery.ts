import type { estypes } from "@elastic/elasticsearch"
import type { QueryText, QueryWord } from "../search/QueryWords.ts"
import type { MatchMode } from "../search/TextMatch.ts"
import { encodeTerm } from "./IndexedDocument.ts"

type Query = estypes.QueryDslQueryContainer
type SpanQuery = estypes.QueryDslSpanQuery

// The score is the embedded index's, packed into the 24 bits that Elasticsearch's floats count exactly. Most important
// part first: fewest typos, a whole handle or name, the ranks of the places (at most 16 words of 15), words side by side
// (at most 15). It depends on the document and the query alone, never on other documents: so cursors hold.
const ranksScale = 2 ** 4
const wholeScale = ranksScale * 2 ** 8
const typosScale = wholeScale * 2
const perfectTypos = 3
const maxProximity = 15

/** Where a word can stand, with its rank as a whole word and as a beginning (see `rankOf` of the embedded index). */
const places = [
  { field: "leading", start: "leadingStart", exact: 15, prefix: 11 },
  { field: "naming", start: "namingStart", exact: 14, prefix: 10 },
  { field: "topics", start: "topicsStart", exact: 12, prefix: 6 },
  { field: "bio", start: "bioStart", exact: 8, prefix: 3 }
] as const

/** A whole handle or name is long and has few neighbours: more typos cost much and find nothing. */
const maxWholeTypos = 1

/** Terms that a word may stand for when its neighbour is looked for. */
const neighbours = "top_terms_64"

const scored = (filter: Query, boost: number): Query => ({ constant_score: { filter, boost } })
const bestOf = (queries: ReadonlyArray<Query>): Query => ({ dis_max: { queries: [...queries] } })

const term = (field: string, value: string): Query => ({ term: { [field]: { value: encodeTerm(value) } } })
const prefix = (field: string, value: string): Query => ({
  prefix: { [field]: { value: encodeTerm(value), rewrite: "constant_score" } }
})
/** Words with typos have no digits. Every term that near counts, however many there are. */
const fuzzy = (field: string, value: string, typos: number): Query => ({
  fuzzy: { [field]: { value, fuzziness: typos, rewrite: "constant_score" } }
})

/** 1 up to the typos forgiven in a word. */
const typosUpTo = (most: number, { typoBudget }: QueryWord): ReadonlyArray<number> =>
  Array.from({ length: Math.min(most, typoBudget) }, (_, at) => at + 1)

const scoreOfWord = (typos: number, rank: number): number =>
  (perfectTypos - typos) * typosScale + rank * ranksScale

/** A word wherever it stands, at the score of its best place. `alone`: it is the whole query. */
const wordQuery = (word: QueryWord, typos: number, alone: boolean): Query => {
  const found: Array<Query> = []
  for (const { exact, field, prefix: rank, start } of places) {
    found.push(scored(term(field, word.term), scoreOfWord(0, exact)))
    if (word.prefix) found.push(scored(prefix(field, word.term), scoreOfWord(0, rank)))
    for (const many of typosUpTo(typos, word)) {
      found.push(scored(fuzzy(field, word.term, many), scoreOfWord(many, exact)))
      if (word.prefix) found.push(scored(fuzzy(start, word.term, many), scoreOfWord(many, rank)))
    }
  }
  if (alone) {
    found.push(scored(term("identity", word.term), scoreOfWord(0, 15) + wholeScale))
    for (const many of typosUpTo(typos, word))
      found.push(scored(fuzzy("identity", word.term, many), scoreOfWord(many, 15) + wholeScale))
  }
  return bestOf(found)
}

/** The query without its blanks and signs as a whole handle, name or category, or the beginning of the former. */
const wholeQuery = (whole: QueryWord, typos: number, words: number): Query => {
  const score = (many: number, rank: number): number =>
    (perfectTypos * words - many) * typosScale + words * rank * ranksScale + (words > 1 ? maxProximity : 0)
  const found = [
    scored(term("identity", whole.term), score(0, 15) + wholeScale),
    scored(term("wholeTopics", whole.term), score(0, 12)),
    scored(prefix("identity", whole.term), score(0, 11))
  ]
  for (const many of typosUpTo(Math.min(typos, maxWholeTypos), whole))
    found.push(
      scored(fuzzy("identity", whole.term, many), score(many, 15) + wholeScale),
      scored(fuzzy("wholeTopics", whole.term, many), score(many, 12)),
      scored(fuzzy("identityStart", whole.term, many), score(many, 11))
    )
  return bestOf(found)
}

const spanOf = (word: QueryWord, typos: number): SpanQuery => {
  const value = encodeTerm(word.term)
  const spans: Array<SpanQuery> = [{ span_term: { sequence: value } }]
  if (word.prefix)
    spans.push({ span_multi: { match: { prefix: { sequence: { value, rewrite: neighbours } } } } })
  const most = Math.min(typos, word.typoBudget)
  if (most > 0)
    spans.push({
      span_multi: {
        match: { fuzzy: { sequence: { value: word.term, fuzziness: most, rewrite: neighbours } } }
      }
    })
  const [only] = spans
  return spans.length === 1 && only !== undefined ? only : { span_or: { clauses: spans } }
}

/** One point for each two words of the query that stand side by side. */
const besideQueries = ({ words }: QueryText, typos: number): ReadonlyArray<Query> =>
  words.slice(1).flatMap((word, at) => {
    const before = words[at]
    if (before === undefined) return []
    const clauses = [spanOf(before, typos), spanOf(word, typos)]
    return [scored({ span_near: { clauses, slop: 0, in_order: true } }, 1)]
  })

/** All documents that match a text in a mode, with their scores. The text has at least one word. */
export const textQuery = (text: QueryText, { minWords, typos }: MatchMode): Query => {
  const { whole, words } = text
  const each = words.map((word) => wordQuery(word, typos, words.length === 1))
  const byWords: Query = {
    bool: {
      must: [{ bool: { should: each, minimum_should_match: minWords } }],
      should: [...besideQueries(text, typos)]
    }
  }
  return whole === undefined ? byWords : bestOf([byWords, wholeQuery(whole, typos, words.length)])
}

/** How leniently a text may be read, strictest first. */
export const modesOf = ({ whole, words }: QueryText): ReadonlyArray<MatchMode> => {
  const budget = Math.max(whole?.typoBudget ?? 0, ...words.map((word) => word.typoBudget))
  const modes: Array<MatchMode> = []
  // Typos are forgiven only when nothing matches without: else they would only dilute totals, facets and sorts.
  for (let typos = 0; typos <= budget; typos++) modes.push({ typos, minWords: words.length })
  for (let minWords = words.length - 1; minWords >= Math.ceil(words.length / 2) && minWords > 0; minWords--)
    modes.push({ typos: budget, minWords })
  return modes
}
