import { assert, describe, it } from "@effect/vitest"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { Mockstagram } from "@influscope/mockstagram/Mockstagram"
import { MockstagramAddress, MockstagramLive } from "@influscope/mockstagram/Server"
import { Weather } from "@influscope/mockstagram/Weather"
import type { Fetched, Provider } from "@influscope/ports/MetricsProvider"
import { Health } from "@influscope/telemetry/Health"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { make, type Send, settings } from "../../src/mockstagram/Provider.ts"

/** The real service on a port of its own. */
const start = (conditions: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    Layer.build(
      MockstagramLive.pipe(
        Layer.provide(Health.Default),
        Layer.provide(
          Layer.setConfigProvider(
            ConfigProvider.fromJson({
              MOCKSTAGRAM: { PORT: "0", REQUESTS_PER_SECOND: "0", ...conditions }
            })
          )
        )
      )
    ),
    (context) => ({
      url: new URL(Context.get(context, MockstagramAddress).url),
      weather: Context.get(context, Weather),
      mockstagram: Context.get(context, Mockstagram)
    })
  )

const timeout = Duration.seconds(5)
const concurrency = 8

const idsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => InfluencerId.make(`mockstagram:${first + at}`))

const ids = idsFrom(1_000_001, 3)

/** A provider whose service is `answer`. */
const answering = (answer: Send) =>
  make({ url: new URL("http://mockstagram"), timeout: Duration.millis(300), concurrency }, answer)

const figuresOf = ({ figures }: Fetched) => figures.map(({ id }) => id)

const failure = (provider: Provider) => Effect.flip(provider.fetch(ids))

const entry = (pk: number) => ({
  ...{ pk, followerCount: 1, followingCount: 2, mediaCount: 3, totalLikes: 4, avgLikes: 5, avgComments: 6 },
  asOf: "2026-11-21T00:00:00Z"
})

describe("mockstagram provider", () => {
  it.scopedLive("fetches 500 at once from the service, and tells who is unknown", () =>
    Effect.gen(function* () {
      const { url } = yield* start({ SEED: "3" })
      const provider = yield* make({ url, timeout, concurrency })
      const known = idsFrom(1_999_503, 498)
      const unknown = idsFrom(2_000_001, 2)
      const before = Math.floor(Date.now() / 1_000)
      const fetched = yield* provider.fetch([...unknown, ...known])
      assert.sameMembers(figuresOf(fetched), known)
      assert.sameMembers([...fetched.unknown], unknown)
      for (const { observedAt, values } of fetched.figures) {
        assert.isTrue(observedAt >= before && observedAt <= before + 30)
        assert.hasAllKeys(values, [
          "followers",
          "following",
          "posts",
          "totalLikes",
          "avgLikes",
          "avgComments"
        ])
      }
      assert.deepStrictEqual(yield* provider.fetch([]), { figures: [], unknown: [] })
    })
  )

  it.scopedLive("fetches without a socket as well", () =>
    Effect.gen(function* () {
      const { mockstagram } = yield* start()
      const provider = yield* answering(mockstagram.handle)
      assert.sameMembers(figuresOf(yield* provider.fetch(ids)), ids)
    })
  )

  it.effect("knows its own influencers", () =>
    Effect.gen(function* () {
      const provider = yield* answering(() => Promise.reject(new Error("nobody asked")))
      assert.strictEqual(provider.name, "mockstagram")
      assert.isTrue(provider.knows(InfluencerId.make("mockstagram:1000001")))
      assert.isFalse(provider.knows(InfluencerId.make("youtube:mkbhd")))
    })
  )

  it.scopedLive("keeps to the limit: all wait until there is room again", () =>
    Effect.gen(function* () {
      const { url } = yield* start({ REQUESTS_PER_SECOND: "10" })
      let refused = 0
      const provider = yield* make({ url, timeout, concurrency }, async (request) => {
        const response = await fetch(request)
        if (response.status === 429) refused++
        return response
      })
      const [took, fetched] = yield* Effect.timed(
        Effect.all(
          Array.from({ length: 30 }, () => provider.fetch(ids)),
          { concurrency: "unbounded" }
        )
      )
      assert.isTrue(fetched.every(({ figures }) => figures.length === 3))
      assert.isAtLeast(Duration.toSeconds(took), 1)
      // Those under way when the last place is taken; a herd would be refused again each second.
      assert.isAtMost(refused, 3 * concurrency)
    })
  )

  it.scopedLive("gets through a storm of refusals once it is over", () =>
    Effect.gen(function* () {
      const { url, weather } = yield* start({ REQUESTS_PER_SECOND: "1" })
      const provider = yield* make({ url, timeout, concurrency })
      const all = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 40 }, () => provider.fetch(ids)),
          { concurrency: "unbounded" }
        )
      )
      yield* Effect.sleep("2 seconds")
      yield* weather.change({ requestsPerSecond: 0 })
      assert.lengthOf(yield* all, 40)
    })
  )

  it.scopedLive("leaves a long pause to the caller, and asks nothing meanwhile", () =>
    Effect.gen(function* () {
      let asked = 0
      const provider = yield* answering(() => {
        asked++
        return Promise.resolve(new Response(null, { status: 429, headers: { "retry-after": "600" } }))
      })
      const error = yield* failure(provider)
      assert.isTrue((error.retryAfterSeconds ?? 0) > 590)
      yield* failure(provider)
      assert.strictEqual(asked, 1)
    })
  )

  it.scopedLive("says when the service is down, planned or not, and comes back with it", () =>
    Effect.gen(function* () {
      const { url, weather } = yield* start()
      const provider = yield* make({ url, timeout, concurrency })
      yield* weather.change({ down: true })
      const down = yield* failure(provider)
      assert.match(down.message, /^mockstagram: answered 503$/)
      assert.isUndefined(down.retryAfterSeconds)
      yield* weather.change({ down: false })
      assert.lengthOf((yield* provider.fetch(ids)).figures, 3)

      const until = new Date(Date.now() + 100_000).toISOString()
      const planned = yield* start({ OUTAGES: `2026-01-01T00:00:00Z/${until}` })
      const error = yield* failure(yield* make({ url: planned.url, timeout, concurrency }))
      assert.isTrue((error.retryAfterSeconds ?? 0) > 60)
    })
  )

  it.scopedLive("says when answers are errors, break off, take too long, or there is nobody", () =>
    Effect.gen(function* () {
      const { url, weather } = yield* start({ ERROR_RATE: "1" })
      const provider = yield* make({ url, timeout: Duration.millis(400), concurrency })
      assert.strictEqual((yield* failure(provider)).reason, "answered 500")
      yield* weather.change({ errorRate: 0, dropRate: 1 })
      for (let drops = 0; drops < 5; drops++) assert.match((yield* failure(provider)).reason, /^no answer: /)
      yield* weather.change({ dropRate: 0, latencyMillis: 5_000 })
      assert.strictEqual((yield* failure(provider)).reason, "no answer within 400ms")
      yield* weather.change({ latencyMillis: 0 })
      assert.lengthOf((yield* provider.fetch(ids)).figures, 3)
      const nobody = yield* make({ url: new URL("http://127.0.0.1:1"), timeout, concurrency })
      assert.match((yield* failure(nobody)).reason, /^no answer: /)
    })
  )

  it.live("takes no answer that is not one", () =>
    Effect.gen(function* () {
      const [first, second, third] = ids.map((id) => entry(Number(id.slice("mockstagram:".length))))
      const all = [first, second, third]
      const bodies = {
        "not JSON": "<html>",
        "no data": JSON.stringify({ error: "?" }),
        "another shape": JSON.stringify({ data: [...all, null], unknown: [] }),
        "shape of a count": JSON.stringify({ data: [{ ...first, followerCount: -1 }], unknown: [] }),
        "a fraction": JSON.stringify({ data: [{ ...first, totalLikes: 1.5 }], unknown: [] }),
        "no time": JSON.stringify({ data: [{ ...first, asOf: "now" }, second, third], unknown: [] }),
        "one missing": JSON.stringify({ data: [first, second], unknown: [] }),
        "one twice": JSON.stringify({ data: [...all, first], unknown: [] }),
        "one not asked for": JSON.stringify({ data: [...all, entry(9)], unknown: [] }),
        "known and unknown": JSON.stringify({ data: all, unknown: [1_000_001] }),
        "too long": JSON.stringify({ data: all, unknown: [], filler: "x".repeat(2_000_000) })
      }
      for (const [what, body] of Object.entries(bodies)) {
        const provider = yield* answering(() => Promise.resolve(new Response(body)))
        const result = yield* Effect.either(provider.fetch(ids))
        assert.strictEqual(result._tag, "Left", what)
      }
      const good = yield* answering(() => Promise.resolve(Response.json({ data: all, unknown: [] })))
      const fetched = yield* good.fetch(ids)
      assert.deepStrictEqual(fetched.figures[0], {
        id: InfluencerId.make("mockstagram:1000001"),
        observedAt: Date.parse("2026-11-21") / 1_000,
        values: { followers: 1, following: 2, posts: 3, totalLikes: 4, avgLikes: 5, avgComments: 6 }
      })
    })
  )

  it.effect("reads its settings", () =>
    Effect.gen(function* () {
      const read = (values: Readonly<Record<string, string>>) =>
        Effect.withConfigProvider(settings, ConfigProvider.fromJson({ INFLUSCOPE: { MOCKSTAGRAM: values } }))
      assert.strictEqual((yield* read({})).url.href, "http://127.0.0.1:8090/")
      assert.strictEqual((yield* read({ CONCURRENCY: "3" })).concurrency, 3)
      assert.include(String(yield* Effect.flip(read({ URL: "ftp://a" }))), "URL")
    })
  )
})
