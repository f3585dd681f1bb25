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

/** The filters by the facet they belong to; ranges have none. */
const filtersOf = (filters: SearchFilters): ReadonlyMap<FacetName | "range", ReadonlyArray<Query>> =>
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
const filtersBut = (
  filters: ReadonlyMap<FacetName | "range", ReadonlyArray<Query>>,
  ignored: FacetName | undefined
): Array<Query> => [...filters].flatMap(([name, queries]) => (name === ignored ? [] : [...queries]))

const facetAggregations = (filters: SearchFilters): Aggregations => {
  const byName = filtersOf(filters)
  return Object.fromEntries(
    facetNames.map((name): [string, Aggregation] => [
      name,
      {
        filter: { bool: { filter: filtersBut(byName, name) } },
        aggs: {
          values: {
            terms: {
              field: name,
              size: name === "category" ? maxCategories : maxValues,
              order: [{ _count: "desc" }, { _key: "asc" }]
            }
          }
        }
      }
    ])
  )
}

/** Name of the aggregation that counts what the text matches, whatever the filters. */
export const matched = "matched"

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

/** One page, one hit more to see whether anything follows, and the facets. */
export const pageRequest = (
  query: SearchQuery,
  text: QueryText,
  mode: MatchMode,
  after: PageEnd | undefined
): estypes.SearchRequest => {
  const hasText = text.words.length > 0
  return {
    query: { bool: { must: hasText ? [textQuery(text, mode)] : [], filter: [alive] } },
    post_filter: { bool: { filter: filtersBut(filtersOf(query.filters), undefined) } },
    aggs: { ...facetAggregations(query.filters), [matched]: { filter: { match_all: {} } } },
    sort: sortOf(query, hasText),
    size: query.limit + 1,
    track_total_hits: true,
    track_scores: true,
    allow_partial_search_results: false,
    _source: shownFields,
    ...(after === undefined ? {} : { search_after: searchAfter(query, hasText, after.position) })
  }
}

/** Counts what a text matches in each of several modes. */
export const modesRequest = (text: QueryText, modes: ReadonlyArray<MatchMode>): estypes.SearchRequest => ({
  query: { bool: { filter: [alive] } },
  size: 0,
  track_total_hits: false,
  allow_partial_search_results: false,
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

/** An answer's aggregation that counts documents, perhaps by value. */
export interface Counted {
  readonly doc_count: number
  readonly values?: { readonly buckets: ReadonlyArray<Bucket> }
}

export const facetsOf = (counted: Readonly<Record<string, Counted>> | undefined): Facets => {
  const facet = (name: FacetName): ReadonlyArray<FacetCount> =>
    (counted?.[name]?.values?.buckets ?? [])
      .map(({ doc_count, key, key_as_string }) => ({ value: key_as_string ?? String(key), count: doc_count }))
      .sort(mostFrequentFirst)
  return {
    platform: facet("platform"),
    category: facet("category"),
    country: facet("country"),
    language: facet("language"),
    tier: facet("tier"),
    verified: facet("verified")
  }
}
