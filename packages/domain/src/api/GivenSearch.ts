import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { SearchQuery } from "../Search.ts"
import { SearchParams } from "./SearchApi.ts"

/** What the parameters of GET /v1/search ask for. */
export const toQuery = (params: SearchParams): SearchQuery => ({
  q: params.q,
  filters: {
    platform: params.platform,
    category: params.category,
    country: params.country.map((code) => code.toUpperCase()),
    language: params.language.map((code) => code.toLowerCase()),
    tier: params.tier,
    verified: params.verified,
    followersMin: params.followersMin,
    followersMax: params.followersMax,
    engagementMin: params.engagementMin,
    engagementMax: params.engagementMax,
    growth30Min: params.growth30Min,
    growth30Max: params.growth30Max
  },
  sort: params.sort,
  order: params.order,
  limit: params.limit,
  cursor: params.cursor
})

const decodeParams = Schema.decodeUnknownEither(SearchParams, { errors: "first", onExcessProperty: "error" })

/** Parameters that may be repeated. */
export const listParams: ReadonlySet<string> = new Set([
  "platform",
  "category",
  "country",
  "language",
  "tier"
])

/** The search that the parameters of an address ask for, as in q=travel&platform=instagram; or what is wrong with them. */
export const parseSearch = (text: string): Either.Either<SearchQuery, string> => {
  const given: Record<string, string | Array<string>> = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const before = given[name]
    if (Array.isArray(before)) before.push(value)
    else if (before !== undefined) return Either.left(`${name.slice(0, 50)} stands there twice`)
    else given[name] = listParams.has(name) ? [value] : value
  }
  return decodeParams(given).pipe(
    Either.map(toQuery),
    Either.mapLeft((error) => {
      const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
      return `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`
    })
  )
}
