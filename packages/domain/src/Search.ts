import * as Schema from "effect/Schema"
import { Platform } from "./Platform.ts"
import { ProfileId } from "./ProfileId.ts"
import { Tier } from "./Tier.ts"

export const SearchSort = Schema.Literal(
  "relevance",
  "followers",
  "engagement",
  "recency",
  "growth"
).annotations({
  identifier: "SearchSort"
})
export type SearchSort = typeof SearchSort.Type

export const SortOrder = Schema.Literal("desc", "asc")
export type SortOrder = typeof SortOrder.Type

/** Filters: values within one list are alternatives, lists and ranges restrict each other. Ranges are inclusive. */
export interface SearchFilters {
  readonly platform: ReadonlyArray<Platform>
  readonly category: ReadonlyArray<string>
  readonly country: ReadonlyArray<string>
  readonly language: ReadonlyArray<string>
  readonly tier: ReadonlyArray<Tier>
  readonly verified: boolean | undefined
  readonly followersMin: number | undefined
  readonly followersMax: number | undefined
  /** Percent. */
  readonly engagementMin: number | undefined
  /** Percent. */
  readonly engagementMax: number | undefined
  /** Change of the followers over 30 days, percent; below 0 is a loss. */
  readonly growth30Min: number | undefined
  readonly growth30Max: number | undefined
}

export const noFilters: SearchFilters = {
  platform: [],
  category: [],
  country: [],
  language: [],
  tier: [],
  verified: undefined,
  followersMin: undefined,
  followersMax: undefined,
  engagementMin: undefined,
  engagementMax: undefined,
  growth30Min: undefined,
  growth30Max: undefined
}

export interface SearchQuery {
  /** Empty browses everything. */
  readonly q: string
  readonly filters: SearchFilters
  readonly sort: SearchSort
  readonly order: SortOrder
  /** 1 to 100 hits. */
  readonly limit: number
  /** The `nextCursor` of the page before, of the same query. */
  readonly cursor: string | undefined
}

/** A matched stretch of a field, in UTF-16 code units from the field's start; `index` names the category. */
export const Highlight = Schema.Struct({
  field: Schema.Literal("name", "handle", "bio", "categories"),
  index: Schema.optionalWith(Schema.Int, { exact: true }),
  start: Schema.Int,
  end: Schema.Int
}).annotations({ identifier: "Highlight" })
export type Highlight = typeof Highlight.Type

export const SearchHit = Schema.Struct({
  id: ProfileId,
  platform: Platform,
  handle: Schema.String,
  name: Schema.NullOr(Schema.String),
  bio: Schema.NullOr(Schema.String),
  categories: Schema.Array(Schema.String),
  country: Schema.NullOr(Schema.String),
  language: Schema.NullOr(Schema.String),
  verified: Schema.NullOr(Schema.Boolean),
  followers: Schema.NullOr(Schema.Number),
  engagementRate: Schema.NullOr(Schema.Number),
  /** Change of the followers over 30 days, percent. */
  growth30: Schema.NullOr(Schema.Number),
  tier: Schema.NullOr(Tier),
  avatarUrl: Schema.NullOr(Schema.String),
  score: Schema.Number,
  highlights: Schema.Array(Highlight)
}).annotations({ identifier: "SearchHit" })
export type SearchHit = typeof SearchHit.Type

export const FacetCount = Schema.Struct({ value: Schema.String, count: Schema.Int }).annotations({
  identifier: "FacetCount"
})
export type FacetCount = typeof FacetCount.Type

const FacetList = Schema.Array(FacetCount)

/** Counts per value, each facet ignoring its own filter (disjunctive), most frequent first. */
export const Facets = Schema.Struct({
  platform: FacetList,
  category: FacetList,
  country: FacetList,
  language: FacetList,
  tier: FacetList,
  verified: FacetList
}).annotations({ identifier: "Facets" })
export type Facets = typeof Facets.Type

export const SearchResult = Schema.Struct({
  total: Schema.Int,
  hits: Schema.Array(SearchHit),
  facets: Facets,
  nextCursor: Schema.NullOr(Schema.String),
  /** Milliseconds spent in the index. */
  tookMs: Schema.Number
}).annotations({ identifier: "SearchResult" })
export type SearchResult = typeof SearchResult.Type
