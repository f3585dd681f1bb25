import { httpDuration, httpRequests } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import { populationConfig } from "./Config.ts"
import { answer } from "./Influencers.ts"
import { problem } from "./Problems.ts"
import { type Allowance, ConditionsChange, Weather } from "./Weather.ts"

/** Where tests and drills read and change the conditions; it has none itself. */
const controlPath = "/control/conditions"

const decodeChange = Schema.decodeUnknownEither(Schema.parseJson(ConditionsChange))

const route = "/api/v1/influencers"
const requests = Metric.tagged(httpRequests, "route", route)
const durations = Metric.tagged(httpDuration, "route", route)

/** As in the IETF draft (`RateLimit-Reset` in seconds from now), and as older APIs say it (epoch seconds). */
const limitHeaders = ({ limit, remaining, resetAt }: Allowance, now: number): Record<string, string> => ({
  "ratelimit-limit": String(limit),
  "ratelimit-remaining": String(remaining),
  "ratelimit-reset": String(Math.ceil(resetAt - now / 1_000)),
  "x-ratelimit-limit": String(limit),
  "x-ratelimit-remaining": String(remaining),
  "x-ratelimit-reset": String(resetAt)
})

/** Half of an answer, after which the connection breaks off. */
const brokenOff = (response: Response): Effect.Effect<Response> =>
  Effect.promise(async () => {
    const bytes = new Uint8Array(await response.arrayBuffer())
    let sent = false
    const body = new ReadableStream({
      pull: async (controller) => {
        if (sent) {
          // The half has to be on its way: a connection that breaks before the answer began is tried again by itself.
          await Bun.sleep(5)
          return controller.error()
        }
        sent = true
        controller.enqueue(bytes.subarray(0, bytes.length / 2))
      }
    })
    return new Response(body, response)
  })

/** The simulated provider: its public API under the conditions in force. */
export class Mockstagram extends Effect.Service<Mockstagram>()("@influscope/mockstagram/Mockstagram", {
  effect: Effect.gen(function* () {
    const population = yield* populationConfig
    const weather = yield* Weather
    // Faults come in the same order whenever the same requests do.
    const random = Random.make(`faults ${population.seed}`)
    const run = Runtime.runPromise(yield* Effect.runtime<never>())

    const control = Effect.fnUntraced(function* (request: Request) {
      if (request.method === "GET") return Response.json(yield* weather.conditions)
      if (request.method !== "PUT")
        return problem("method-not-allowed", "Use GET or PUT.", { allow: "GET, PUT" })
      const change = decodeChange(yield* Effect.promise(() => request.text()))
      return Either.isLeft(change)
        ? problem("invalid-request", change.left.message)
        : Response.json(yield* weather.change(change.right))
    })

    const underConditions = Effect.fnUntraced(function* (answered: Effect.Effect<Response>) {
      const outage = yield* weather.outage
      if (outage !== undefined) {
        const seconds =
          outage.until === undefined ? undefined : outage.until - (yield* Clock.currentTimeMillis)
        const headers = seconds === undefined ? {} : { "retry-after": String(Math.ceil(seconds / 1_000)) }
        return problem("unavailable", "Try again later.", headers)
      }
      const allowance = yield* weather.allowance
      const headers = allowance === undefined ? {} : limitHeaders(allowance, yield* Clock.currentTimeMillis)
      if (allowance?.allowed === false)
        return problem("rate-limited", `No more than ${allowance.limit} requests a second are answered.`, {
          ...headers,
          "retry-after": headers["ratelimit-reset"] ?? "1"
        })
      const { dropRate, errorRate, jitterMillis, latencyMillis } = yield* weather.conditions
      const delay = latencyMillis + jitterMillis * (2 * (yield* random.next) - 1)
      if (delay > 0) yield* Effect.sleep(delay)
      const fate = yield* random.next
      if (fate < errorRate) return problem("internal-error", "Try again later.", headers)
      const response = yield* answered
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
      return fate < errorRate + dropRate ? yield* brokenOff(response) : response
    })

    const respond = Effect.fnUntraced(function* (request: Request) {
      const url = new URL(request.url)
      if (url.pathname === controlPath) return yield* control(request)
      const answered = answer(population, request, url)
      if (answered === undefined) return problem("not-found", "The API is at /api/v1/influencers.")
      const started = yield* Clock.currentTimeMillis
      const response = yield* underConditions(answered)
      yield* Metric.increment(Metric.tagged(requests, "status", String(response.status)))
      yield* Metric.update(durations, ((yield* Clock.currentTimeMillis) - started) / 1_000)
      return response
    })

    return {
      /** Answers one request: what a server or, in the same process, an HTTP client can be given for `fetch`. */
      handle: (request: Request): Promise<Response> => run(respond(request))
    }
  })
}) {}
