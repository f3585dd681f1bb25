import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { GivenProfile } from "@influscope/domain/api/ProfilesApi"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type ProviderConfig, providerConfig } from "../Config.ts"
import { fromGiven, Sources } from "../Sources.ts"
import { type HttpProvider, makeHttpSource } from "./HttpProvider.ts"
import { defaultLimits } from "./ProviderAnswer.ts"

const Answer = Schema.Struct({
  profiles: Schema.Array(Schema.Unknown),
  total: Schema.optionalWith(Schema.NonNegativeInt, { exact: true, nullable: true })
})
type Answer = typeof Answer.Type

type JsonProvider = HttpProvider<Answer, typeof Answer.Encoded, GivenProfile, typeof GivenProfile.Encoded>

/**
 * Any provider that speaks this:
 *
 *     GET <url>?offset=0&limit=200
 *     Authorization: Bearer <token>          (when there is one)
 *
 *     200 {"profiles": [{"platform": "tiktok", "handle": "mia", "followers": 1200, ...}, ...], "total": 12345}
 *
 * Entries have the shape of `POST /v1/profiles`; those that do not are skipped. `offset` is the place of the first entry
 * wanted, from 0, `limit` how many at most; fewer may be answered. `total` (how many there are) may be absent: the
 * end then is a page without entries. Fields that are not known, such as `avatarUrl`, are ignored and never fetched.
 */
const jsonProvider = ({ pageSize, token, url }: ProviderConfig): JsonProvider => ({
  name: "http",
  endpoint: url,
  paging: "place",
  pageSize,
  request: ({ place }, limit) =>
    HttpClientRequest.get(url, { urlParams: { offset: place, limit } }).pipe(
      HttpClientRequest.acceptJson,
      Option.match(token, {
        onNone: () => identity<HttpClientRequest.HttpClientRequest>,
        onSome: (secret) => HttpClientRequest.bearerToken(secret)
      })
    ),
  answer: Answer,
  entriesOf: ({ profiles }) => profiles,
  entry: GivenProfile,
  toProfile: fromGiven,
  next: ({ total }, place) => (total !== undefined && place >= total ? undefined : { cursor: undefined })
})

/** The source `http`, when INFLUSCOPE_PROVIDER_URL says where the provider is. See `providerConfig` for its settings. */
export const HttpSource = Layer.scopedDiscard(
  Effect.gen(function* () {
    const configured = yield* providerConfig
    if (Option.isNone(configured)) return
    const { maxAnswerBytes, requestsPerSecond, timeout } = configured.value
    const { register } = yield* Sources
    const limits = { ...defaultLimits, maxAnswerBytes, requestsPerSecond, timeout }
    yield* register(yield* makeHttpSource(jsonProvider(configured.value), limits))
  })
).pipe(Layer.provide(FetchHttpClient.layer))
