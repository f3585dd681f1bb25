import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import { toQuery } from "@influscope/domain/api/GivenSearch"
import type { SearchParams } from "@influscope/domain/api/SearchApi"
import { invalid, readProblem } from "@influscope/http/Problems"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"

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
