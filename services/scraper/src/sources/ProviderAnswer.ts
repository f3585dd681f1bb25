import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as RateLimiter from "effect/RateLimiter"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** How a provider may be asked, and how long it is waited for. */
export interface ProviderLimits {
  /** Requests per second, evenly spaced; may be below 1. */
  readonly requestsPerSecond: number
  /** For one request with its whole answer. */
  readonly timeout: Duration.DurationInput
  /** Largest answer, unpacked. */
  readonly maxAnswerBytes: number
  /** Attempts of one request in all. */
  readonly attempts: number
  /** Pause after the first failed attempt; it doubles with each further one, up to half a minute. */
  readonly firstPause: Duration.DurationInput
  /** Longest `Retry-After` that is waited for. */
  readonly maxRetryAfter: Duration.DurationInput
  /** Most pages of one run. */
  readonly maxPages: number
}

export const defaultLimits: ProviderLimits = {
  requestsPerSecond: 5,
  timeout: "30 seconds",
  maxAnswerBytes: 16 * 1024 * 1024,
  attempts: 6,
  firstPause: "500 millis",
  maxRetryAfter: "5 minutes",
  maxPages: 100_000
}

/** No answer was had, in a sentence. */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{ readonly detail: string }> {}

/** It may be had by asking again; `pause` is what the provider wants waited first. */
class AskAgain extends Data.TaggedError("AskAgain")<{
  readonly detail: string
  readonly pause: Duration.Duration
}> {}

const maxRedirects = 3
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** The address without what may be secret in it. */
export const shownUrl = (url: URL): string => `${url.origin}${url.pathname}`

/** Seconds or a date; none when it is neither. */
const retryAfter = (header: string | undefined, now: number): Option.Option<Duration.Duration> => {
  const text = header?.trim() ?? ""
  if (/^\d{1,9}$/.test(text)) return Option.some(Duration.seconds(Number(text)))
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? Option.none() : Option.some(Duration.millis(Math.max(0, at - now)))
}

const isTransient = (status: number): boolean => status === 408 || status === 429 || status >= 500

const refusal = (where: string, status: number): NoAnswer =>
  new NoAnswer({
    detail:
      status === 401 || status === 403
        ? `${where} refuses access (${status}): check its token.`
        : `${where} answered ${status}, which asking again does not change: check its address.`
  })

/** Reads a successful answer to its end, or says why there is none. */
const readAnswer = (
  where: string,
  response: HttpClientResponse,
  limits: ProviderLimits
): Effect.Effect<Uint8Array, NoAnswer | AskAgain | HttpClientError> =>
  Effect.gen(function* () {
    const { status } = response
    if (isTransient(status)) {
      const now = yield* Clock.currentTimeMillis
      const pause = Option.getOrElse(retryAfter(response.headers["retry-after"], now), () => Duration.zero)
      if (Duration.greaterThan(pause, limits.maxRetryAfter))
        return yield* new NoAnswer({
          detail: `${where} answered ${status} and asks to come back in ${Duration.format(pause)}, which is longer than a run waits: start it again then.`
        })
      return yield* new AskAgain({ detail: `${where} answered ${status}`, pause })
    }
    if (status < 200 || status > 299) return yield* refusal(where, status)
    const parts: Array<Uint8Array> = []
    let bytes = 0
    yield* Stream.runForEach(response.stream, (part) => {
      bytes += part.byteLength
      if (bytes > limits.maxAnswerBytes)
        return new NoAnswer({ detail: `${where} answered more than ${limits.maxAnswerBytes} bytes.` })
      parts.push(part)
      return Effect.void
    })
    return Buffer.concat(parts)
  })

const causeText = (cause: unknown): string => {
  if (typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string")
    return cause.code
  return cause instanceof Error ? cause.message.slice(0, 200) : "no reason given"
}

const failedRequest = (where: string, error: HttpClientError): NoAnswer | AskAgain => {
  if (error._tag === "ResponseError" && error.reason === "EmptyBody")
    return new NoAnswer({ detail: `${where} answered nothing.` })
  if (error._tag === "RequestError" && error.reason !== "Transport")
    return new NoAnswer({ detail: `The request to ${where} cannot be made: ${causeText(error.cause)}.` })
  const what = error._tag === "RequestError" ? "cannot be reached" : "broke off in the middle of its answer"
  return new AskAgain({ detail: `${where} ${what} (${causeText(error.cause)})`, pause: Duration.zero })
}

/** The request again at the address a redirect names; only at the same host, so that no token goes elsewhere. */
const redirected = (
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  location: string | undefined
): Effect.Effect<HttpClientRequest.HttpClientRequest, NoAnswer> => {
  const target = URL.parse(location ?? "", url)
  if (target === null || location === undefined)
    return new NoAnswer({ detail: `${shownUrl(url)} redirects without saying where to.` })
  if (target.origin !== url.origin || request.method !== "GET")
    return new NoAnswer({
      detail: `${shownUrl(url)} redirects to ${target.origin}, which is not followed: if that is right, configure the address it moved to.`
    })
  return Effect.succeed(HttpClientRequest.get(target, { headers: request.headers }))
}

/** Asks once: follows redirects at the same host, reads the answer, all within the time limit. */
const askOnce = (
  client: HttpClient.HttpClient.With<HttpClientError, Scope.Scope>,
  request: HttpClientRequest.HttpClientRequest,
  origin: string,
  limits: ProviderLimits
): Effect.Effect<Uint8Array, NoAnswer | AskAgain> =>
  Effect.gen(function* () {
    let current = request
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const url = Option.getOrUndefined(HttpClientRequest.toUrl(current))
      if (url === undefined || url.origin !== origin)
        return yield* new NoAnswer({
          detail: `The next page would be at ${url?.origin ?? "an address that is none"}, not at ${origin}: it is not asked for.`
        })
      const where = shownUrl(url)
      const response = yield* Effect.mapError(client.execute(current), (error) => failedRequest(where, error))
      if (!redirects.has(response.status))
        return yield* readAnswer(where, response, limits).pipe(
          Effect.catchTags({
            RequestError: (error) => failedRequest(where, error),
            ResponseError: (error) => failedRequest(where, error)
          })
        )
      current = yield* redirected(current, url, response.headers["location"])
    }
    return yield* new NoAnswer({ detail: `${origin} redirects in circles.` })
  }).pipe(
    // Closing the scope ends the connection, also of an answer nobody reads.
    Effect.scoped,
    Effect.timeoutFail({
      duration: limits.timeout,
      onTimeout: () =>
        new AskAgain({
          detail: `${origin} did not answer within ${Duration.format(limits.timeout)}`,
          pause: Duration.zero
        })
    })
  )

/** Growing pauses, spread so that many do not come back at once, on top of what the provider wants waited. */
const againAfter = (limits: ProviderLimits) =>
  Schedule.exponential(limits.firstPause).pipe(
    Schedule.union(Schedule.spaced("30 seconds")),
    Schedule.jittered,
    Schedule.intersect(Schedule.recurs(limits.attempts - 1)),
    Schedule.intersect(Schedule.identity<NoAnswer | AskAgain>()),
    Schedule.modifyDelay(([, error], pause) =>
      error._tag === "AskAgain" ? Duration.sum(pause, error.pause) : pause
    )
  )

/**
 * The body of the answer to a request, at most `maxAnswerBytes`. Asked at the rate and within the time of the limits, and
 * again when the provider is busy (408, 429), broken (5xx) or cannot be reached. Fails with `NoAnswer` when that does
 * not help or cannot, and when the request leaves `origin`.
 */
export const ask = (
  given: HttpClient.HttpClient,
  limiter: RateLimiter.RateLimiter,
  request: HttpClientRequest.HttpClientRequest,
  origin: string,
  limits: ProviderLimits
): Effect.Effect<Uint8Array, NoAnswer> => {
  const client = HttpClient.withScope(given)
  return limiter(askOnce(client, request, origin, limits)).pipe(
    Effect.tapErrorTag("AskAgain", ({ detail }) => Effect.logWarning("A provider did not answer", detail)),
    Effect.retry({ schedule: againAfter(limits), while: (error) => error._tag === "AskAgain" }),
    Effect.catchTag("AskAgain", ({ detail }) =>
      Effect.fail(new NoAnswer({ detail: `${detail}, the last of ${limits.attempts} times.` }))
    ),
    Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" })
  )
}
