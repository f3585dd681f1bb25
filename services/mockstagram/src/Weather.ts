import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { conditionsConfig } from "./Config.ts"

const Share = Schema.Number.pipe(Schema.between(0, 1))
const Millis = Schema.Number.pipe(Schema.between(0, 600_000))

/** How well the service answers; can be changed while it runs. */
export const Conditions = Schema.Struct({
  /** Time before an answer: evenly spread from latency - jitter to latency + jitter. */
  latencyMillis: Millis,
  jitterMillis: Millis,
  /** Share of requests that are answered with 500, and of those whose connection breaks off in mid-answer. */
  errorRate: Share,
  dropRate: Share,
  /** Requests answered within a second of the clock, the others get 429; 0 is no limit. */
  requestsPerSecond: Schema.NonNegativeInt,
  /** Whether there is an outage that was not planned. */
  down: Schema.Boolean
})
export type Conditions = typeof Conditions.Type

export const ConditionsChange = Schema.partialWith(Conditions, { exact: true })
export type ConditionsChange = typeof ConditionsChange.Type

/** What the limit says about one request. */
export interface Allowance {
  readonly limit: number
  readonly remaining: number
  /** Epoch seconds at which requests are counted anew. */
  readonly resetAt: number
  readonly allowed: boolean
}

/** Conditions in force, planned outages, and the count of requests. */
export class Weather extends Effect.Service<Weather>()("@influscope/mockstagram/Weather", {
  effect: Effect.gen(function* () {
    const { outages, ...configured } = yield* conditionsConfig
    const conditions = yield* Ref.make<Conditions>({ ...configured, down: false })
    const counted = yield* Ref.make({ second: 0, requests: 0 })

    /** The outage there is; `until` (epoch milliseconds) where its end is known. */
    const outage: Effect.Effect<{ readonly until: number | undefined } | undefined> = Effect.gen(
      function* () {
        const now = yield* Clock.currentTimeMillis
        const planned = outages.find(({ from, until }) => now >= from && now < until)
        if (planned !== undefined) return { until: planned.until }
        return (yield* Ref.get(conditions)).down ? { until: undefined } : undefined
      }
    )

    /** Counts a request; undefined where there is no limit. */
    const allowance: Effect.Effect<Allowance | undefined> = Effect.gen(function* () {
      const limit = (yield* Ref.get(conditions)).requestsPerSecond
      if (limit === 0) return undefined
      const second = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
      const { requests } = yield* Ref.updateAndGet(counted, (before) =>
        before.second === second ? { second, requests: before.requests + 1 } : { second, requests: 1 }
      )
      return {
        limit,
        remaining: Math.max(0, limit - requests),
        resetAt: second + 1,
        allowed: requests <= limit
      }
    })

    return {
      conditions: Ref.get(conditions),
      change: (change: ConditionsChange): Effect.Effect<Conditions> =>
        Ref.updateAndGet(conditions, (before) => ({ ...before, ...change })),
      outage,
      allowance
    }
  })
}) {}
