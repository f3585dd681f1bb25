import { platforms } from "@influscope/domain/Platform"
import { noFilters, type SearchFilters, type SearchQuery } from "@influscope/domain/Search"
import { generateProfile } from "@influscope/scraper/synthetic/Profiles"
import { makeRandom } from "./Numbers.ts"

/** What people do in a search box, and how often. */
const mix = {
  /** One word of a bio, a name or a category. */
  word: 0.21,
  /** Stopped somewhere while typing one or two words. */
  typing: 0.25,
  twoWords: 0.13,
  typo: 0.12,
  name: 0.08,
  handle: 0.05,
  /** A word, narrowed down. */
  filtered: 0.08,
  /** No words: everything, or a part of it, in some order. */
  browse: 0.05,
  /** The second page of a word. */
  page: 0.03
} as const
export type QueryKind = keyof typeof mix

export const queryKinds: ReadonlyArray<QueryKind> = [
  "word",
  "typing",
  "twoWords",
  "typo",
  "name",
  "handle",
  "filtered",
  "browse",
  "page"
]

export interface LoadQuery {
  readonly kind: QueryKind
  /** As the address has it, after the question mark. */
  readonly address: string
  /** The same as the index takes it. */
  readonly query: SearchQuery
}

/** What can be searched for, most frequent (of accounts: largest) first. */
export interface Vocabulary {
  readonly bioWords: ReadonlyArray<string>
  readonly nameWords: ReadonlyArray<string>
  readonly categories: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  readonly handles: ReadonlyArray<string>
  readonly countries: ReadonlyArray<string>
  readonly languages: ReadonlyArray<string>
}

const count = (counts: Map<string, number>, value: string): void => {
  counts.set(value, (counts.get(value) ?? 0) + 1)
}

const byFrequency = (counts: ReadonlyMap<string, number>): ReadonlyArray<string> =>
  [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([value]) => value)

const wordsOf = (text: string): ReadonlyArray<string> =>
  text.toLowerCase().match(/[\p{L}\p{M}\p{N}]{2,}/gu) ?? []

/** Everything that can be searched for among the first profiles of the synthetic world of a seed. */
export const readVocabulary = (profiles: number, seed: number): Vocabulary => {
  const bioWords = new Map<string, number>()
  const nameWords = new Map<string, number>()
  const categories = new Map<string, number>()
  const countries = new Map<string, number>()
  const languages = new Map<string, number>()
  const accounts: Array<{ readonly handle: string; readonly name: string; readonly followers: number }> = []
  for (let index = 0; index < profiles; index++) {
    const { fields, handle } = generateProfile(seed, index)
    const { name = handle } = fields
    for (const word of wordsOf(fields.bio ?? "")) count(bioWords, word)
    for (const word of wordsOf(name)) count(nameWords, word)
    for (const category of fields.categories ?? []) count(categories, category)
    if (fields.country !== undefined) count(countries, fields.country)
    if (fields.language !== undefined) count(languages, fields.language)
    accounts.push({ handle, name, followers: fields.followers ?? 0 })
  }
  accounts.sort((a, b) => b.followers - a.followers)
  return {
    bioWords: byFrequency(bioWords),
    nameWords: byFrequency(nameWords),
    categories: byFrequency(categories),
    names: accounts.map(({ name }) => name),
    handles: accounts.map(({ handle }) => handle),
    countries: byFrequency(countries),
    languages: byFrequency(languages)
  }
}

export const toAddress = ({ cursor, filters, limit, order, q, sort }: SearchQuery): string => {
  const address = new URLSearchParams()
  if (q !== "") address.set("q", q)
  for (const name of ["platform", "category", "country", "language", "tier"] as const)
    for (const value of filters[name]) address.append(name, value)
  for (const name of ["verified", "followersMin", "followersMax", "engagementMin", "engagementMax"] as const)
    if (filters[name] !== undefined) address.set(name, String(filters[name]))
  if (sort !== "relevance") address.set("sort", sort)
  if (order !== "desc") address.set("order", order)
  address.set("limit", String(limit))
  if (cursor !== undefined) address.set("cursor", cursor)
  return address.toString()
}

/**
 * Queries as people type them, the same for the same seed: popular words and accounts far more often than others (Zipf).
 * `nextCursor` answers where the first page of a query ended, for the queries that ask for a second page.
 */
export const makeQueries = async (
  vocabulary: Vocabulary,
  wanted: number,
  seed: number,
  nextCursor: (query: SearchQuery) => Promise<string | null>
): Promise<ReadonlyArray<LoadQuery>> => {
  const random = makeRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  /** The n-th is drawn with a probability of about 1/n. */
  const zipf = (values: ReadonlyArray<string>): string =>
    values[Math.min(values.length - 1, Math.floor((values.length + 1) ** random()) - 1)] ?? ""
  const word = (): string => {
    const kind = random()
    if (kind < 0.5) return zipf(vocabulary.bioWords)
    if (kind < 0.8) return zipf(vocabulary.nameWords)
    return zipf(vocabulary.categories).toLowerCase()
  }
  const longWord = (): string => {
    for (;;) {
      const candidate = word()
      if ([...candidate].length >= 4) return candidate
    }
  }
  const twoWords = (): string => `${word()} ${word()}`
  const misspelt = (right: string): string => {
    const letters = [...right]
    const at = below(letters.length - 1)
    const letter = String.fromCharCode(97 + below(26))
    const kind = below(4)
    if (kind === 0) letters.splice(at, 1)
    else if (kind === 1) letters.splice(at, 0, letter)
    else if (kind === 2) letters[at] = letter
    else letters.splice(at, 2, letters[at + 1] ?? "", letters[at] ?? "")
    return letters.join("")
  }
  const typed = (): string => {
    const letters = [...(random() < 0.6 ? word() : twoWords())]
    return letters.slice(0, 1 + below(letters.length)).join("")
  }
  const filters = (): SearchFilters => ({
    ...noFilters,
    platform: random() < 0.6 ? [platforms[below(platforms.length)] ?? "instagram"] : [],
    country: random() < 0.4 ? [zipf(vocabulary.countries)] : [],
    language: random() < 0.2 ? [zipf(vocabulary.languages)] : [],
    category: random() < 0.3 ? [zipf(vocabulary.categories), zipf(vocabulary.categories)] : [],
    tier: random() < 0.2 ? ["micro", "mid"] : [],
    ...(random() < 0.2 ? { verified: true } : {}),
    ...(random() < 0.4 ? { followersMin: 10_000, followersMax: 1_000_000 } : {}),
    ...(random() < 0.2 ? { engagementMin: 2 } : {})
  })
  const sorts = ["relevance", "followers", "engagement", "recency"] as const
  const plain = (q: string): SearchQuery => ({
    q,
    filters: noFilters,
    sort: "relevance",
    order: "desc",
    limit: 20,
    cursor: undefined
  })
  const make: { readonly [K in QueryKind]: () => SearchQuery } = {
    word: () => plain(word()),
    typing: () => plain(typed()),
    twoWords: () => plain(twoWords()),
    typo: () => plain(misspelt(longWord())),
    name: () => plain(zipf(vocabulary.names)),
    handle: () => plain(zipf(vocabulary.handles)),
    filtered: () => ({ ...plain(word()), filters: filters(), sort: sorts[below(2)] ?? "relevance" }),
    browse: () => ({
      ...plain(""),
      filters: random() < 0.6 ? filters() : noFilters,
      sort: sorts[below(sorts.length)] ?? "relevance"
    }),
    page: () => plain(word())
  }
  const kindAt = (place: number): QueryKind => {
    let end = 0
    for (const kind of queryKinds) {
      end += mix[kind]
      if (place < end) return kind
    }
    return "word"
  }

  const queries: Array<LoadQuery> = []
  while (queries.length < wanted) {
    const kind = kindAt(random())
    const query = make[kind]()
    if (kind !== "page") {
      queries.push({ kind, address: toAddress(query), query })
      continue
    }
    const cursor = await nextCursor(query)
    if (cursor === null) continue
    const second = { ...query, cursor }
    queries.push({ kind, address: toAddress(second), query: second })
  }
  return queries
}
