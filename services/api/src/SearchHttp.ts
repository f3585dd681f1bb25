import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import type { SearchParams } from "@influscope/domain/api/SearchApi"
import type { SearchQuery } from "@influscope/domain/Search"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import { invalid, readProblem } from "./Problems.ts"

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

export const SearchHttp = HttpApiBuilder.group(
  Api,
  "search",
  Effect.fnUntraced(function* (handlers) {
    const index = yield* SearchIndex
    const search = (params: SearchParams) =>
      index.search(toQuery(params)).pipe(
        // Written by the index as it goes out: encoding it once more would cost more than the search.
        Effect.map((result) =>
          HttpServerResponse.text(JSON.stringify(result), { contentType: "application/json" })
        ),
        Effect.catchTags({
          InvalidCursor: (error) => Effect.fail(invalid("cursor", error.detail)),
          StorageError: readProblem
        })
      )
    return handlers
      .handle("search", ({ urlParams }) => search(urlParams))
      .handle("searchShort", ({ urlParams }) => search(urlParams))
  })
)
