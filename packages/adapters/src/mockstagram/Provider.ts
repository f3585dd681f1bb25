import { type InfluencerId, keyOf, mockstagram, namespaceOf } from "@influscope/domain/tracking/InfluencerId"
import { type Fetched, type Provider, ProviderUnavailable } from "@influscope/ports/MetricsProvider"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import { readAnswer } from "./Answer.ts"

export interface Settings {
  readonly url: URL
  /** For one request with its whole answer. */
  readonly timeout: Duration.Duration
  /** Requests at the same time. */
  readonly concurrency: number
}

/**
 * INFLUSCOPE_MOCKSTAGRAM_URL (http://127.0.0.1:8090), INFLUSCOPE_MOCKSTAGRAM_TIMEOUT (5 seconds),
 * INFLUSCOPE_MOCKSTAGRAM_CONCURRENCY (8).
 */
export const settings: Config.Config<Settings> = Config.all({
  url: Config.url("URL").pipe(
    Config.validate({
      message: "expected an http or https address",
      validation: ({ protocol }) => /^https?:$/.test(protocol)
    }),
    Config.withDefault(new URL("http://127.0.0.1:8090"))
  ),
  timeout: Config.duration("TIMEOUT").pipe(Config.withDefault(Duration.seconds(5))),
  concurrency: Config.integer("CONCURRENCY").pipe(
    Config.validate({ message: "expected 1 to 64", validation: (count) => count >= 1 && count <= 64 }),
    Config.withDefault(8)
  )
}).pipe(Config.nested("MOCKSTAGRAM"), Config.nested("INFLUSCOPE"))

/** How a request gets to the service: `fetch`, or a handler in the same process. */
export type Send = (request: Request) => Promise<Response>

/** Longest pause that is waited for here; a longer one is the caller's to keep. */
const maxPauseMillis = 30_000
/** Who waited for the same moment comes back spread over this time. */
const spreadMillis = 250
/** Requests of one fetch that may be refused for coming too often. */
const maxRefusals = 10
/** 500 entries take a fifth of it. */
const maxAnswerBytes = 1024 * 1024

/** The request came too often; when the next may come is known to all. */
class Refused extends Data.TaggedError("Refused") {}

/** Seconds of `Retry-After` (a number or a date) or of `RateLimit-Reset`; undefined when there are none. */
const secondsOf = (header: string | null, now: number): number | undefined => {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header)
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1_000))
}

/** Undefined when it is longer than an answer can be. */
const textOf = async (response: Response): Promise<string | undefined> => {
  if (response.body === null) return ""
  const reader = response.body.getReader()
  const parts: Array<Uint8Array> = []
  let length = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length
    if (length > maxAnswerBytes) {
      await reader.cancel()
      return undefined
    }
    parts.push(part.value)
  }
  return Buffer.concat(parts).toString("utf8")
}

/**
 * The figures of `mockstagram:<pk>`, up to 500 by one request. The service's limit holds for all who use this value
 * together: when it is reached they wait for its end, and do not come back all at once. Fails when the service is down,
 * slow, answers something else, or wants a pause of more than half a minute.
 */
export const make = ({ concurrency, timeout, url }: Settings, send: Send = fetch): Effect.Effect<Provider> =>
  Effect.gen(function* () {
    const endpoint = `${url.origin}${url.pathname.replace(/\/$/, "")}/api/v1/influencers/lookup`
    const places = yield* Effect.makeSemaphore(concurrency)
    /** Epoch milliseconds before which no request may go out. */
    const opensAt = yield* Ref.make(0)

    const unavailable = (reason: string, retryAfterSeconds?: number) =>
      new ProviderUnavailable({ provider: mockstagram, reason, retryAfterSeconds })

    const closeFor = (seconds: number, now: number): Effect.Effect<void> =>
      Ref.update(opensAt, (before) => Math.max(before, now + seconds * 1_000))

    /** Waits until requests may go out; others may have closed the gate again meanwhile. */
    const pass: Effect.Effect<void, ProviderUnavailable> = Effect.gen(function* () {
      const pause = (yield* Ref.get(opensAt)) - (yield* Clock.currentTimeMillis)
      if (pause <= 0) return
      if (pause > maxPauseMillis)
        return yield* unavailable("takes no more requests for a while", Math.ceil(pause / 1_000))
      yield* Effect.sleep(pause + (yield* Random.nextIntBetween(0, spreadMillis)))
      yield* pass
    })

    /** The headers tell how many requests are left until when. */
    const heed = (response: Response, now: number): Effect.Effect<void> =>
      response.headers.get("ratelimit-remaining") === "0"
        ? closeFor(secondsOf(response.headers.get("ratelimit-reset"), now) ?? 1, now)
        : Effect.void

    const exchange = (body: string): Effect.Effect<readonly [Response, string], ProviderUnavailable> =>
      Effect.tryPromise({
        try: async (signal) => {
          const headers = { "content-type": "application/json" }
          const response = await send(
            new Request(endpoint, { method: "POST", headers, body, signal, redirect: "error" })
          )
          return [response, await textOf(response)] as const
        },
        catch: (cause) => unavailable(`no answer: ${cause instanceof Error ? cause.message : String(cause)}`)
      }).pipe(
        Effect.timeoutFail({
          duration: timeout,
          onTimeout: () => unavailable(`no answer within ${Duration.format(timeout)}`)
        }),
        Effect.flatMap(([response, text]) =>
          text === undefined
            ? unavailable(`the answer is longer than ${maxAnswerBytes} bytes`)
            : Effect.succeed([response, text] as const)
        )
      )

    const ask = (
      body: string,
      asked: ReadonlyMap<number, InfluencerId>
    ): Effect.Effect<Fetched, ProviderUnavailable | Refused> =>
      Effect.gen(function* () {
        yield* pass
        const [response, text] = yield* exchange(body)
        const now = yield* Clock.currentTimeMillis
        yield* heed(response, now)
        const retryAfter = secondsOf(response.headers.get("retry-after"), now)
        if (response.status === 429) {
          yield* closeFor(retryAfter ?? 1, now)
          return yield* new Refused()
        }
        if (response.status !== 200) return yield* unavailable(`answered ${response.status}`, retryAfter)
        return yield* Effect.mapError(readAnswer(text, asked), (reason) => unavailable(reason))
      })

    const lookup = (ids: ReadonlyArray<InfluencerId>): Effect.Effect<Fetched, ProviderUnavailable> => {
      if (ids.length === 0) return Effect.succeed({ figures: [], unknown: [] })
      const asked = new Map(ids.map((id) => [Number(keyOf(id)), id]))
      return ask(JSON.stringify({ ids: [...asked.keys()] }), asked).pipe(
        Effect.retry({ times: maxRefusals, while: (error) => error._tag === "Refused" }),
        Effect.catchTag("Refused", () => unavailable("keeps answering that requests come too often", 1)),
        places.withPermits(1)
      )
    }

    return {
      name: mockstagram,
      defaultIntervalSeconds: 60,
      knows: (id) => namespaceOf(id) === mockstagram,
      fetch: lookup
    }
  })
