import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Platform } from "../Platform.ts"
import { SearchResult, SearchSort, SortOrder } from "../Search.ts"
import { Tier } from "../Tier.ts"
import { InternalError, InvalidRequest, Unavailable } from "./Problems.ts"

export const maxQueryLength = 512
export const maxPageSize = 100

/** A number in a query string. The JSON Schema says what it decodes to, which is what a reader of the API wants. */
const NumberParam = (description: string) =>
  Schema.NumberFromString.pipe(Schema.finite(), Schema.nonNegative()).annotations({
    description,
    jsonSchema: { type: "number", minimum: 0, description }
  })

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })
const listOf = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalWith(Schema.Array(schema).pipe(Schema.maxItems(100)).annotations({ description }), {
    default: () => []
  })

export const SearchParams = Schema.Struct({
  q: Schema.optionalWith(
    Schema.String.pipe(Schema.maxLength(maxQueryLength)).annotations({
      description: "Words to find in name, handle, bio and categories; empty browses everything."
    }),
    { default: () => "" }
  ),
  platform: listOf(Platform, "Repeat for alternatives."),
  category: listOf(Schema.String.pipe(Schema.maxLength(100)), "Repeat for alternatives."),
  country: listOf(
    Schema.String.pipe(Schema.pattern(/^[A-Za-z]{2}$/)),
    "ISO 3166-1 alpha-2 code; repeat for alternatives."
  ),
  language: listOf(
    Schema.String.pipe(Schema.pattern(/^[A-Za-z]{2,3}$/)),
    "ISO 639-1 code; repeat for alternatives."
  ),
  tier: listOf(Tier, "Repeat for alternatives."),
  verified: optional(Schema.BooleanFromString.annotations({ jsonSchema: { type: "boolean" } })),
  followersMin: optional(NumberParam("At least so many followers.")),
  followersMax: optional(NumberParam("At most so many followers.")),
  engagementMin: optional(NumberParam("Engagement rate of at least so many percent.")),
  engagementMax: optional(NumberParam("Engagement rate of at most so many percent.")),
  sort: Schema.optionalWith(SearchSort, { default: () => "relevance" as const }),
  order: Schema.optionalWith(SortOrder, { default: () => "desc" as const }),
  limit: Schema.optionalWith(
    Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, maxPageSize)).annotations({
      jsonSchema: { type: "integer", minimum: 1, maximum: maxPageSize }
    }),
    { default: () => 20 }
  ),
  cursor: optional(
    Schema.String.pipe(Schema.maxLength(2_000)).annotations({
      description: "nextCursor of the page before, with all other parameters the same."
    })
  )
})
export type SearchParams = typeof SearchParams.Type

const searchEndpoint = <const Name extends string, const Path extends `/${string}`>(name: Name, path: Path) =>
  HttpApiEndpoint.get(name, path)
    .setUrlParams(SearchParams)
    .addSuccess(SearchResult)
    .addError(InvalidRequest)
    .addError(Unavailable)
    .addError(InternalError)

export class SearchApi extends HttpApiGroup.make("search")
  .add(searchEndpoint("search", "/v1/search").annotate(OpenApi.Summary, "Search profiles"))
  .add(searchEndpoint("searchShort", "/search").annotate(OpenApi.Summary, "Search profiles (short address)"))
  .annotate(OpenApi.Title, "Search") {}
