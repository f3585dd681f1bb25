import type { SearchFilters, SearchSort, SortOrder } from "@influscope/domain/Search"

/** A facet whose values are picked from a list, under its name in the API and in the address. */
export const listNames = ["platform", "category", "country", "language", "tier"] as const
export type ListName = (typeof listNames)[number]

export const rangeNames = [
  "followersMin",
  "followersMax",
  "engagementMin",
  "engagementMax",
  "growth30Min",
  "growth30Max"
] as const
export type RangeName = (typeof rangeNames)[number]

/** What the page asks for. `verified` is undefined when it does not matter; ranges are inclusive, engagement and growth in percent. */
export interface PageQuery extends Record<RangeName, number | undefined> {
  readonly q: string
  readonly lists: { readonly [K in ListName]: ReadonlyArray<string> }
  readonly verified: SearchFilters["verified"]
  readonly sort: SearchSort
  readonly order: SortOrder
}

export const emptyQuery: PageQuery = {
  q: "",
  lists: { platform: [], category: [], country: [], language: [], tier: [] },
  verified: undefined,
  followersMin: undefined,
  followersMax: undefined,
  engagementMin: undefined,
  engagementMax: undefined,
  growth30Min: undefined,
  growth30Max: undefined,
  sort: "relevance",
  order: "desc"
}

const sorts: ReadonlyArray<SearchSort> = ["relevance", "followers", "engagement", "recency", "growth"]

const readNumber = (text: string | null, least = 0): number | undefined => {
  if (text === null || text.trim() === "") return undefined
  const value = Number(text)
  return Number.isFinite(value) && value >= least ? value : undefined
}

const distinct = (values: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(values.filter((value) => value !== ""))
]

/** Reads a query string (with or without `?`). What it does not understand it leaves out. */
export const parseQuery = (search: string): PageQuery => {
  const params = new URLSearchParams(search)
  const verified = params.get("verified")
  return {
    q: params.get("q") ?? "",
    lists: {
      platform: distinct(params.getAll("platform")),
      category: distinct(params.getAll("category")),
      country: distinct(params.getAll("country").map((code) => code.toUpperCase())),
      language: distinct(params.getAll("language").map((code) => code.toLowerCase())),
      tier: distinct(params.getAll("tier"))
    },
    verified: verified === "true" ? true : verified === "false" ? false : undefined,
    followersMin: readNumber(params.get("followersMin")),
    followersMax: readNumber(params.get("followersMax")),
    engagementMin: readNumber(params.get("engagementMin")),
    engagementMax: readNumber(params.get("engagementMax")),
    growth30Min: readNumber(params.get("growth30Min"), Number.NEGATIVE_INFINITY),
    growth30Max: readNumber(params.get("growth30Max"), Number.NEGATIVE_INFINITY),
    sort: sorts.find((sort) => sort === params.get("sort")) ?? emptyQuery.sort,
    order: params.get("order") === "asc" ? "asc" : "desc"
  }
}

/** The parameters of a query, defaults left out: the same names in the page's address and in the API's. */
export const queryParams = (query: PageQuery): URLSearchParams => {
  const params = new URLSearchParams()
  if (query.q !== "") params.set("q", query.q)
  for (const name of listNames) for (const value of query.lists[name]) params.append(name, value)
  if (query.verified !== undefined) params.set("verified", String(query.verified))
  for (const name of rangeNames) {
    const value = query[name]
    if (value !== undefined) params.set(name, String(value))
  }
  if (query.sort !== emptyQuery.sort) params.set("sort", query.sort)
  if (query.order !== emptyQuery.order) params.set("order", query.order)
  return params
}

/** Adds the value to a list facet, or takes it away. */
export const toggleValue = (query: PageQuery, name: ListName, value: string): PageQuery => {
  const values = query.lists[name]
  const next = values.includes(value) ? values.filter((other) => other !== value) : [...values, value]
  return { ...query, lists: { ...query.lists, [name]: next } }
}

/** The query without its filters; words and order stay. */
export const clearFilters = (query: PageQuery): PageQuery => ({
  ...emptyQuery,
  q: query.q,
  sort: query.sort,
  order: query.order
})

/** An active filter: `key` is unique within a query, `without` is the query with this one filter lifted. */
export interface ActiveFilter {
  readonly key: string
  readonly name: ListName | RangeName | "verified"
  readonly value: string
  readonly without: PageQuery
}

/** Every active filter, in the order of the panel. */
export const activeFilters = (query: PageQuery): ReadonlyArray<ActiveFilter> => [
  ...listNames.flatMap((name) =>
    query.lists[name].map((value) => ({
      key: `${name}=${value}`,
      name,
      value,
      without: toggleValue(query, name, value)
    }))
  ),
  ...(query.verified === undefined
    ? []
    : [
        {
          key: "verified",
          name: "verified" as const,
          value: String(query.verified),
          without: { ...query, verified: undefined }
        }
      ]),
  ...rangeNames.flatMap((name) => {
    const value = query[name]
    return value === undefined
      ? []
      : [{ key: name, name, value: String(value), without: { ...query, [name]: undefined } }]
  })
]
