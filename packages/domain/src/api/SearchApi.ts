import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { Platform } from "../Platform.ts"
import { SearchResult, SearchSort, SortOrder } from "../Search.ts"
import { Tier } from "../Tier.ts"
import {
  allErrors,
  booleanParam,
  changeParam,
  limitParam,
  listParam,
  numberParam,
  optional,
  textParam
} from "./Params.ts"
import { InternalError, InvalidRequest, Unavailable } from "./Problems.ts"

export const maxQueryLength = 512
export const maxPageSize = 100

export const SearchParams = Schema.Struct({
  q: Schema.optionalWith(
    textParam(maxQueryLength, "Words to find in name, handle, bio and categories; empty browses everything."),
    { default: () => "" }
  ),
  platform: listParam(Platform, "Repeat for alternatives."),
  category: listParam(Schema.String.pipe(Schema.maxLength(100)), "Repeat for alternatives."),
  country: listParam(
    Schema.String.pipe(Schema.pattern(/^[A-Za-z]{2}$/)),
    "ISO 3166-1 alpha-2 code; repeat for alternatives."
  ),
  language: listParam(
    Schema.String.pipe(Schema.pattern(/^[A-Za-z]{2,3}$/)),
    "ISO 639-1 code; repeat for alternatives."
  ),
  tier: listParam(Tier, "Repeat for alternatives."),
  verified: optional(booleanParam),
  followersMin: optional(numberParam("At least so many followers.")),
  followersMax: optional(numberParam("At most so many followers.")),
  engagementMin: optional(numberParam("Engagement rate of at least so many percent.")),
  engagementMax: optional(numberParam("Engagement rate of at most so many percent.")),
  growth30Min: optional(
    changeParam("Followers grew by at least so many percent over 30 days; -5 is a loss.")
  ),
  growth30Max: optional(changeParam("Followers grew by at most so many percent over 30 days; -5 is a loss.")),
  sort: Schema.optionalWith(SearchSort, { default: () => "relevance" as const }),
  order: Schema.optionalWith(SortOrder, { default: () => "desc" as const }),
  limit: Schema.optionalWith(limitParam(maxPageSize), { default: () => 20 }),
  cursor: optional(textParam(2_000, "nextCursor of the page before, with all other parameters the same."))
}).annotations(allErrors)
export type SearchParams = typeof SearchParams.Type

const searchEndpoint = <const Name extends string, const Path extends `/${string}`>(name: Name, path: Path) =>
  HttpApiEndpoint.get(name, path)
    .setUrlParams(SearchParams)
    .addSuccess(SearchResult)
    .addError(InvalidRequest)
    .addError(Unavailable)
    .addError(InternalError)
    .annotate(RequiredScope, "profiles:read")

export class SearchApi extends HttpApiGroup.make("search")
  .add(searchEndpoint("search", "/v1/search").annotate(OpenApi.Summary, "Search profiles"))
  .add(searchEndpoint("searchShort", "/search").annotate(OpenApi.Summary, "Search profiles (short address)"))
  .annotate(OpenApi.Title, "Search") {}
