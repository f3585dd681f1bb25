import type { estypes } from "@elastic/elasticsearch"
import type { FacetCount, Facets, SearchFilters, SearchQuery } from "@influscope/domain/Search"
import { categoryKey, popularityBits } from "../search/Columns.ts"
import type { PageEnd } from "../search/Cursor.ts"
import { maxCategories } from "../search/FacetCounter.ts"
import type { QueryText } from "../search/QueryWords.ts"
import type { MatchMode } from "../search/TextMatch.ts"
import type { Position } from "../search/TopHits.ts"
import { shownFields } from "./IndexedDocument.ts"
import { textQuery } from "./TextQuery.ts"

type Query = estypes.QueryDslQueryContainer
type Aggregation = estypes.AggregationsAggregationContainer
type Aggregations = Record<string, Aggregation>

export const facetNames = ["platform", "category", "country", "language", "tier", "verified"] as const
type FacetName = (typeof facetNames)[number]

/** Every country, language, platform and tier there can be in practice. */
const maxValues = 1_000

/** What stands for an unknown number in an order: beyond every number that is stored. */
const beyond = 1e300

const popularityScale = 2 ** popularityBits
/** Above the score of every text. */
const maxScore = 2 ** 24

const alive: Query = { term: { alive: true } }

const terms = (field: string, values: ReadonlyArray<string>): ReadonlyArray<Query> =>
  values.length === 0 ? [] : [{ terms: { [field]: [...values] } }]

const range = (field: string, min: number | undefined, max: number | undefined): ReadonlyArray<Query> =>
  min === undefined && max === undefined
    ? []
    : [
        {
          range: {
            [field]: {
              ...(min === undefined ? {} : { gte: min }),
              ...(max === undefined ? {} : { lte: max })
            }
          }
        }
      ]

/** By the facet they belong to; ranges have none. */
type Filters = ReadonlyMap<FacetName | "range", ReadonlyArray<Query>>

const filtersOf = (filters: SearchFilters): Filters =>
  new Map<FacetName | "range", ReadonlyArray<Query>>([
    ["platform", terms("platform", filters.platform)],
    ["category", terms("category", filters.category.map(categoryKey))],
    [
      "country",
      terms(
        "country",
        filters.country.map((each) => each.toUpperCase())
      )
    ],
    [
      "language",
      terms(
        "language",
        filters.language.map((each) => each.toLowerCase())
      )
    ],
    ["tier", terms("tier", filters.tier)],
    ["verified", filters.verified === undefined ? [] : [{ term: { verified: filters.verified } }]],
    [
      "range",
      [
        ...range("followers", filters.followersMin, filters.followersMax),
        ...range("engagement", filters.engagementMin, filters.engagementMax),
        ...range("growth", filters.growth30Min, filters.growth30Max)
      ]
    ]
  ])

/** All filters but one. */
const filtersBut = (filters: Filters, ignored: FacetName | undefined): Array<Query> =>
  [...filters].flatMap(([name, queries]) => (name === ignored ? [] : [...queries]))

const countedBy = (name: FacetName): Aggregation => ({
  terms: {
    field: name,
    size: name === "category" ? maxCategories : maxValues,
    order: [{ _count: "desc" }, { _key: "asc" }]
  }
})

/** Without a filter around it where nothing is filtered: a filter that every document passes is asked about each. */
const facetAggregations = (filters: Filters): Aggregations =>
  Object.fromEntries(
    facetNames.map((name): [string, Aggregation] => {
      const others = filtersBut(filters, name)
      return others.length === 0
        ? [name, countedBy(name)]
        : [name, { filter: { bool: { filter: others } }, aggs: { values: countedBy(name) } }]
    })
  )

/** The column of an order; undefined: the score. */
const sortField = (query: SearchQuery, hasText: boolean): string | undefined => {
  switch (query.sort) {
    case "engagement":
    case "growth":
      return query.sort
    case "recency":
      return "observedAt"
    case "relevance":
      return hasText ? undefined : "followers"
    case "followers":
      return "followers"
  }
}

const missingValue = (query: SearchQuery): number => (query.order === "asc" ? beyond : -beyond)

const sortOf = (query: SearchQuery, hasText: boolean): Array<estypes.SortCombinations> => {
  const { order } = query
  const field = sortField(query, hasText)
  return field === undefined
    ? [{ _score: { order } }, { popularity: { order } }, { id: { order: "asc" } }]
    : [{ [field]: { order, missing: missingValue(query) } }, { id: { order: "asc" } }]
}

const signOf = (query: SearchQuery): number => (query.order === "asc" ? -1 : 1)

/** The position of the embedded index's cursors as sort values. */
const searchAfter = (query: SearchQuery, hasText: boolean, { id, key }: Position): Array<string | number> => {
  const value = signOf(query) * key
  if (sortField(query, hasText) !== undefined) return [Number.isFinite(key) ? value : missingValue(query), id]
  const bounded = Math.min(Math.max(Number.isFinite(key) ? value : 0, 0), maxScore * popularityScale)
  return [Math.floor(bounded / popularityScale), bounded % popularityScale, id]
}

/** Score and popularity as one number, as the embedded index has it. */
export const scoreOf = (textScore: number, popularity: number): number =>
  textScore * popularityScale + popularity

/** Where a hit stands: the inverse of `searchAfter`. */
export const positionOf = (
  query: SearchQuery,
  hasText: boolean,
  id: string,
  sort: ReadonlyArray<unknown>
): Position => {
  const [first, second] = sort.map(Number)
  const value = first ?? 0
  const key =
    sortField(query, hasText) === undefined
      ? scoreOf(value, second ?? 0)
      : Math.abs(value) >= beyond
        ? Number.NEGATIVE_INFINITY
        : value
  return { key: Number.isFinite(key) ? signOf(query) * key : key, id }
}

/** What is asked for a page, to be carried out side by side. */
interface PageRequests {
  /** One hit more than fit, to see whether anything follows. Not counted: what cannot be among them is passed over. */
  readonly hits: estypes.SearchRequest
  /**
   * How many there are, in all and by facet. The same for every page and order of a query, so that Elasticsearch, which
   * keeps answers without hits until documents change, counts once for all of them.
   */
  readonly counts: estypes.SearchRequest
}

export const pageRequests = (
  query: SearchQuery,
  text: QueryText,
  mode: MatchMode,
  after: PageEnd | undefined
): PageRequests => {
  const hasText = text.words.length > 0
  const matching = hasText ? [textQuery(text, mode)] : []
  const filters = filtersOf(query.filters)
  const filter = filtersBut(filters, undefined)
  return {
    hits: {
      query: { bool: { must: matching, filter: [alive, ...filter] } },
      sort: sortOf(query, hasText),
      size: query.limit + 1,
      track_total_hits: false,
      track_scores: hasText,
      _source: shownFields,
      ...(after === undefined ? {} : { search_after: searchAfter(query, hasText, after.position) })
    },
    counts: {
      query: { bool: { filter: [alive, ...matching] } },
      post_filter: { bool: { filter } },
      aggs: facetAggregations(filters),
      size: 0,
      track_total_hits: true
    }
  }
}

/** Counts what a text matches in each of several modes. */
export const modesRequest = (text: QueryText, modes: ReadonlyArray<MatchMode>): estypes.SearchRequest => ({
  query: { bool: { filter: [alive] } },
  size: 0,
  track_total_hits: false,
  aggs: Object.fromEntries(
    modes.map((mode, at): [string, Aggregation] => [
      String(at),
      { filter: { bool: { filter: [textQuery(text, mode)] } } }
    ])
  )
})

const mostFrequentFirst = (a: FacetCount, b: FacetCount): number =>
  b.count - a.count || (a.value < b.value ? -1 : 1)

interface Bucket {
  readonly key: string | number
  readonly key_as_string?: string
  readonly doc_count: number
}

interface Values {
  readonly buckets?: ReadonlyArray<Bucket>
}

/** An answer's aggregation: documents by value, perhaps within those that pass a filter. */
export interface Counted extends Values {
  readonly doc_count?: number
  readonly values?: Values
}

export const facetsOf = (counted: Readonly<Record<string, Counted>> | undefined): Facets => {
  const facet = (name: FacetName): ReadonlyArray<FacetCount> => {
    const { buckets = [] } = counted?.[name]?.values ?? counted?.[name] ?? {}
    return buckets
      .map(({ doc_count, key, key_as_string }) => ({ value: key_as_string ?? String(key), count: doc_count }))
      .sort(mostFrequentFirst)
  }
  return {
    platform: facet("platform"),
    category: facet("category"),
    country: facet("country"),
    language: facet("language"),
    tier: facet("tier"),
    verified: facet("verified")
  }
}
