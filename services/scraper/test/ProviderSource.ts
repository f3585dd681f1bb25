import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { GivenProfile } from "@influscope/domain/api/ProfilesApi"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type FoundProfile, fromGiven, type Source } from "../src/Sources.ts"
import { type HttpProvider, makeHttpSource } from "../src/sources/HttpProvider.ts"
import { defaultLimits, type ProviderLimits } from "../src/sources/ProviderAnswer.ts"

const Answer = Schema.Struct({
  profiles: Schema.Array(Schema.Unknown),
  total: Schema.optional(Schema.Int),
  next: Schema.optional(Schema.String)
})
type Answer = typeof Answer.Type
type Provider = HttpProvider<Answer, typeof Answer.Encoded, GivenProfile, typeof GivenProfile.Encoded>

/** A provider whose pages are asked for by place, with a token. */
export const byPlace = (url: URL): Provider => ({
  name: "test",
  endpoint: url,
  paging: "place",
  pageSize: 100,
  request: ({ place }, limit) =>
    HttpClientRequest.get(url, {
      urlParams: { offset: place, limit },
      headers: { authorization: "Bearer secret" }
    }),
  answer: Answer,
  entriesOf: ({ profiles }) => profiles,
  entry: GivenProfile,
  toProfile: fromGiven,
  next: ({ total }, place) => (total !== undefined && place >= total ? undefined : { cursor: undefined })
})

/** A provider whose pages are asked for by what the page before says. */
export const byCursor = (url: URL): Provider => ({
  ...byPlace(url),
  paging: "cursor",
  request: ({ cursor }) => HttpClientRequest.get(cursor === undefined ? url : new URL(cursor, url)),
  next: ({ next }) => (next === undefined ? undefined : { cursor: next })
})

const quick: ProviderLimits = {
  ...defaultLimits,
  requestsPerSecond: 1_000,
  attempts: 4,
  firstPause: "1 millis",
  timeout: "10 seconds"
}

/** Its source, with little patience unless told otherwise. */
export const makeSource = (provider: Provider, limits: Partial<ProviderLimits> = {}) =>
  makeHttpSource(provider, { ...quick, ...limits }).pipe(Effect.provide(FetchHttpClient.layer))

export interface Run {
  readonly found: ReadonlyArray<FoundProfile>
  readonly places: ReadonlyArray<number>
  readonly failure: string | undefined
  readonly log: string
}

/** Runs a source to its end or failure. */
export const discover = (source: Source, count: number, offset = 0): Effect.Effect<Run> =>
  Effect.gen(function* () {
    const found: Array<FoundProfile> = []
    const lines: Array<string> = []
    const logger = Logger.make(({ annotations, message }) =>
      lines.push(JSON.stringify([message, [...annotations]]))
    )
    const end = yield* source.discover({ source: "test", count, offset, seed: 1 }).pipe(
      Stream.runForEach((profile) => Effect.sync(() => found.push(profile))),
      Effect.either,
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
    return {
      found,
      places: found.map(({ place }) => place),
      failure: Either.isLeft(end) ? end.left.detail : undefined,
      log: lines.join("\n")
    }
  })

/** The places from `from` to before `until`. */
export const upTo = (until: number, from = 0) => Array.from({ length: until - from }, (_, at) => from + at)
