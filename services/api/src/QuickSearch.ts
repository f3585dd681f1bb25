import { listParams, toQuery } from "@influscope/domain/api/GivenSearch"
import { SearchParams } from "@influscope/domain/api/SearchApi"
import type { SearchQuery, SearchResult } from "@influscope/domain/Search"
import { commonHeaders, countAnswer, isForeign, requestIdOf } from "@influscope/http/Edge"
import type { WebHandler } from "@influscope/http/WebHandler"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"

const routes = new Set(["/search", "/v1/search"])
const defaults = Schema.decodeSync(SearchParams)({})

const decoderOf = <A, I>({ from }: { readonly from: Schema.Schema<A, I> }) => Schema.decodeUnknownOption(from)

/** One for each parameter, without the step for its default, which would take most of the time. */
const { fields } = SearchParams
const decoders = new Map<string, (value: unknown) => Option.Option<unknown>>(
  Object.entries({
    q: decoderOf(fields.q),
    platform: decoderOf(fields.platform),
    category: decoderOf(fields.category),
    country: decoderOf(fields.country),
    language: decoderOf(fields.language),
    tier: decoderOf(fields.tier),
    verified: decoderOf(fields.verified),
    followersMin: decoderOf(fields.followersMin),
    followersMax: decoderOf(fields.followersMax),
    engagementMin: decoderOf(fields.engagementMin),
    engagementMax: decoderOf(fields.engagementMax),
    growth30Min: decoderOf(fields.growth30Min),
    growth30Max: decoderOf(fields.growth30Max),
    sort: decoderOf(fields.sort),
    order: decoderOf(fields.order),
    limit: decoderOf(fields.limit),
    cursor: decoderOf(fields.cursor)
  } satisfies { readonly [P in keyof SearchParams]: (value: unknown) => Option.Option<SearchParams[P]> })
)

interface Asked {
  readonly route: string
  readonly query: SearchQuery
}

/** What a plain request for a search asks; undefined for everything else, and for what is unusual in any way. */
const askedOf = (request: Request): Asked | undefined => {
  if (request.method !== "GET") return undefined
  const { headers, url } = request
  const start = url.indexOf("/", url.indexOf("//") + 2)
  const mark = url.indexOf("?", start)
  const route = mark === -1 ? url.slice(start) : url.slice(start, mark)
  if (!routes.has(route)) return undefined
  if (isForeign(url, headers.get("host") ?? undefined, headers.get("origin") ?? undefined)) return undefined
  const text = mark === -1 ? "" : url.slice(mark + 1)
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined
  const given: Record<string, string | Array<string>> = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const before = given[name]
    if (!decoders.has(name) || (before !== undefined && !Array.isArray(before))) return undefined
    if (before !== undefined) before.push(value)
    else given[name] = listParams.has(name) ? [value] : value
  }
  let params = defaults
  for (const [name, value] of Object.entries(given)) {
    const decoded = decoders.get(name)?.(value) ?? Option.none()
    if (Option.isNone(decoded)) return undefined
    params = { ...params, [name]: decoded.value }
  }
  return { route, query: toQuery(params) }
}

/**
 * Answers plain searches without the framework's way around them, which takes a third of a millisecond: as long as many
 * a search. Whatever is unusual, wrong or fails goes to `handle`, which knows what to say, so answers are the same.
 */
export const quickSearch = (handle: WebHandler): Effect.Effect<WebHandler, never, SearchIndex> =>
  Effect.gen(function* () {
    const index = yield* SearchIndex
    const run = Runtime.runPromise(yield* Effect.runtime<never>())

    const respond = (result: SearchResult, route: string, request: Request, started: number): Response => {
      const body = JSON.stringify(result)
      countAnswer(route, request.method, 200, (performance.now() - started) / 1_000)
      return new Response(body, {
        headers: {
          ...commonHeaders,
          "content-type": "application/json",
          "x-request-id": requestIdOf(request.headers.get("x-request-id") ?? undefined)
        }
      })
    }

    return (request, address) => {
      const started = performance.now()
      const asked = askedOf(request)
      if (asked === undefined) return handle(request, address)
      return run(Effect.withTracerEnabled(index.search(asked.query), false))
        .then((result) => respond(result, asked.route, request, started))
        .catch(() => handle(request, address))
    }
  })
