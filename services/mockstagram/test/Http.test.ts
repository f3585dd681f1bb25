import { assert, describe, it } from "@effect/vitest"
import { Health } from "@influscope/telemetry/Health"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Mockstagram } from "../src/Mockstagram.ts"
import { MockstagramAddress, MockstagramLive } from "../src/Server.ts"
import { Weather } from "../src/Weather.ts"

/** The service on a port of its own, with settings under MOCKSTAGRAM_. */
const start = (settings: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    Layer.build(
      MockstagramLive.pipe(
        Layer.provideMerge(Health.Default),
        Layer.provide(
          Layer.setConfigProvider(
            ConfigProvider.fromJson({
              MOCKSTAGRAM: { PORT: "0", REQUESTS_PER_SECOND: "0", ...settings }
            })
          )
        )
      )
    ),
    (context) => {
      const { url } = Context.get(context, MockstagramAddress)
      return {
        url,
        weather: Context.get(context, Weather),
        mockstagram: Context.get(context, Mockstagram),
        health: Context.get(context, Health),
        /** Undefined when the connection broke off. */
        ask: (path: string, init: RequestInit = {}) =>
          Effect.promise(async () => {
            try {
              const response = await fetch(`${url}${path}`, init)
              const text = await response.text()
              const json: unknown = text === "" ? undefined : JSON.parse(text)
              return { status: response.status, headers: response.headers, json }
            } catch {
              return undefined
            }
          })
      }
    }
  )

const lookup = (ids: unknown): RequestInit => ({ method: "POST", body: JSON.stringify({ ids }) })

const pks = (json: unknown): ReadonlyArray<unknown> => {
  assert.isTrue(typeof json === "object" && json !== null && "data" in json && Array.isArray(json.data))
  return typeof json === "object" && json !== null && "data" in json && Array.isArray(json.data)
    ? json.data.map((item: { readonly pk: unknown }) => item.pk)
    : []
}

describe("the public API", () => {
  it.scopedLive("tells an influencer, and who is unknown", () =>
    Effect.gen(function* () {
      const { ask } = yield* start({ ACCOUNTS: "10" })
      const found = yield* ask("/api/v1/influencers/1000010")
      assert.strictEqual(found?.status, 200)
      assert.hasAllKeys(found?.json, [
        ...["pk", "username", "fullName", "followerCount", "followingCount", "mediaCount", "totalLikes"],
        ...["avgLikes", "avgComments", "asOf"]
      ])
      assert.deepInclude(found?.json, { pk: 1_000_010 })
      for (const pk of ["1000011", "1000000", "0"]) {
        const unknown = yield* ask(`/api/v1/influencers/${pk}`)
        assert.strictEqual(unknown?.status, 404)
        assert.strictEqual(unknown?.headers.get("content-type"), "application/problem+json")
      }
      assert.strictEqual((yield* ask("/api/v1/influencers/ana"))?.status, 400)
      assert.strictEqual((yield* ask("/elsewhere"))?.status, 404)
      assert.strictEqual((yield* ask("/api/v1/influencers/1000001", { method: "DELETE" }))?.status, 405)
    })
  )

  it.scopedLive("answers the same to a second instance of the same seed", () =>
    Effect.gen(function* () {
      const [one, two, other] = yield* Effect.all([start(), start(), start({ SEED: "2" })])
      const ids = Array.from({ length: 500 }, (_, at) => 1_000_001 + at * 1_999)
      const figures = (from: typeof one) =>
        Effect.map(from.ask("/api/v1/influencers/lookup", lookup(ids)), (answered) =>
          // Both are asked within a moment, but the second may turn in between.
          JSON.stringify(answered?.json).replaceAll(/"(?:asOf|totalLikes|followerCount)":[^,}]+/g, "")
        )
      assert.strictEqual(yield* figures(one), yield* figures(two))
      assert.notStrictEqual(yield* figures(one), yield* figures(other))
    })
  )

  it.scopedLive("looks up to 500 up at once, by GET and POST, and lists the unknown", () =>
    Effect.gen(function* () {
      const { ask } = yield* start()
      const ids = Array.from({ length: 498 }, (_, at) => 2_000_000 - at)
      const posted = yield* ask("/api/v1/influencers/lookup", lookup([...ids, 5, 2_000_001]))
      assert.deepStrictEqual(pks(posted?.json), ids)
      assert.deepInclude(posted?.json, { unknown: [5, 2_000_001] })
      const got = yield* ask("/api/v1/influencers?ids=1000002,1000001,7,1000002")
      assert.deepStrictEqual(pks(got?.json), [1_000_002, 1_000_001])
      assert.deepInclude(got?.json, { unknown: [7] })
      for (const bad of [lookup([]), lookup([...ids, 1, 2, 3]), lookup(["1"]), lookup([1.5])]) {
        const refused = yield* ask("/api/v1/influencers/lookup", bad)
        assert.strictEqual(refused?.status, 400)
      }
      assert.strictEqual(
        (yield* ask("/api/v1/influencers/lookup", { method: "POST", body: "{" }))?.status,
        400
      )
      const long = " ".repeat(70_000)
      assert.strictEqual(
        (yield* ask("/api/v1/influencers/lookup", { method: "POST", body: long }))?.status,
        413
      )
      assert.strictEqual((yield* ask("/api/v1/influencers?ids=1000001,x"))?.status, 400)
      assert.strictEqual((yield* ask("/api/v1/influencers/lookup"))?.status, 405)
    })
  )

  it.scopedLive("pages through all accounts", () =>
    Effect.gen(function* () {
      const { ask } = yield* start({ ACCOUNTS: "1234" })
      const seen: Array<unknown> = []
      let cursor: string | null = ""
      while (cursor !== null) {
        const next: string = cursor === "" ? "" : `&cursor=${cursor}`
        const page = yield* ask(`/api/v1/influencers?limit=500${next}`)
        seen.push(...pks(page?.json))
        const json = page?.json
        assert.isTrue(typeof json === "object" && json !== null && "nextCursor" in json)
        cursor =
          typeof json === "object" &&
          json !== null &&
          "nextCursor" in json &&
          typeof json.nextCursor === "string"
            ? json.nextCursor
            : null
      }
      assert.deepStrictEqual(
        seen,
        Array.from({ length: 1_234 }, (_, at) => 1_000_001 + at)
      )
      assert.lengthOf(pks((yield* ask("/api/v1/influencers"))?.json), 100)
      for (const bad of ["limit=0", "limit=501", "limit=x", "cursor=x", "cursor="])
        assert.strictEqual((yield* ask(`/api/v1/influencers?${bad}`))?.status, 400, bad)
    })
  )

  it.scopedLive("says with a tag whether figures have changed", () =>
    Effect.gen(function* () {
      const { ask } = yield* start()
      // Of an account this small nothing changes within seconds, but the second may be one with a new post.
      const twice = Effect.gen(function* () {
        const first = yield* ask("/api/v1/influencers/1000001")
        yield* Effect.sleep("1100 millis")
        const tag = first?.headers.get("etag") ?? ""
        return yield* ask("/api/v1/influencers/1000001", { headers: { "if-none-match": `"other", ${tag}` } })
      })
      const again = yield* Effect.repeat(twice, { until: (answered) => answered?.status === 304, times: 3 })
      assert.strictEqual(again?.status, 304)
      assert.isUndefined(again?.json)
      const changed = yield* ask("/api/v1/influencers/1000001", { headers: { "if-none-match": '"other"' } })
      assert.strictEqual(changed?.status, 200)
    })
  )
})

describe("conditions", () => {
  it.scopedLive("tells the limit, and refuses what is beyond it until the second is over", () =>
    Effect.gen(function* () {
      const { ask } = yield* start({ REQUESTS_PER_SECOND: "5" })
      const answers = yield* Effect.all(
        Array.from({ length: 20 }, () => ask("/api/v1/influencers/1000001")),
        { concurrency: "unbounded" }
      )
      const refused = answers.filter((answered) => answered?.status === 429)
      assert.isAtLeast(refused.length, 10)
      assert.strictEqual(refused[0]?.headers.get("retry-after"), "1")
      assert.strictEqual(refused[0]?.headers.get("ratelimit-remaining"), "0")
      const first = answers.find((answered) => answered?.status === 200)
      assert.strictEqual(first?.headers.get("ratelimit-limit"), "5")
      assert.strictEqual(first?.headers.get("ratelimit-reset"), "1")
      assert.match(first?.headers.get("x-ratelimit-reset") ?? "", /^\d{10}$/)
      yield* Effect.sleep("1 second")
      assert.strictEqual((yield* ask("/api/v1/influencers/1000001"))?.status, 200)
    })
  )

  it.scopedLive("fails and breaks off as often as it is told to, in the same order each time", () =>
    Effect.gen(function* () {
      const settings = { ERROR_RATE: "0.3", DROP_RATE: "0.2", SEED: "7" }
      const fates = Effect.gen(function* () {
        const { ask } = yield* start(settings)
        const path = "/api/v1/influencers/1000001"
        return yield* Effect.all(
          Array.from({ length: 300 }, () => Effect.map(ask(path), (got) => got?.status))
        )
      })
      const first = yield* fates
      const share = (status: number | undefined) => first.filter((other) => other === status).length / 300
      assert.closeTo(share(500), 0.3, 0.08)
      assert.closeTo(share(undefined), 0.2, 0.08)
      assert.closeTo(share(200), 0.5, 0.08)
      assert.deepStrictEqual(yield* fates, first)
    })
  )

  it.scopedLive("takes its time", () =>
    Effect.gen(function* () {
      const { ask } = yield* start({ LATENCY: "150 millis", JITTER: "50 millis" })
      const [took] = yield* Effect.timed(ask("/api/v1/influencers/1000001"))
      assert.isAtLeast(Duration.toMillis(took), 99)
    })
  )

  it.scopedLive("is out when it is planned, and says until when", () =>
    Effect.gen(function* () {
      const now = Date.now()
      const at = (seconds: number) => new Date(now + seconds * 1_000).toISOString()
      const { ask } = yield* start({ OUTAGES: `${at(-20)}/${at(-10)}, ${at(-5)}/${at(100)}` })
      const answered = yield* ask("/api/v1/influencers/1000001")
      assert.strictEqual(answered?.status, 503)
      const seconds = Number(answered?.headers.get("retry-after"))
      assert.isTrue(seconds > 80 && seconds <= 100, `${seconds}`)
    })
  )

  it.scopedLive("can be changed from outside, and by who has it in its process", () =>
    Effect.gen(function* () {
      const { ask, weather } = yield* start()
      const status = Effect.map(ask("/api/v1/influencers/1000001"), (answered) => answered?.status)
      const put = (change: unknown) =>
        ask("/control/conditions", { method: "PUT", body: JSON.stringify(change) })
      assert.strictEqual((yield* put({ down: true }))?.status, 200)
      assert.strictEqual(yield* status, 503)
      yield* weather.change({ down: false })
      assert.strictEqual(yield* status, 200)
      assert.strictEqual((yield* put({ errorRate: 2 }))?.status, 400)
      assert.deepInclude((yield* ask("/control/conditions"))?.json, { down: false, errorRate: 0 })
    })
  )

  it.scopedLive("answers without a socket as well", () =>
    Effect.gen(function* () {
      const { mockstagram } = yield* start()
      const response = yield* Effect.promise(() =>
        mockstagram.handle(new Request("http://mockstagram/api/v1/influencers/1000001"))
      )
      assert.strictEqual(response.status, 200)
    })
  )
})

describe("the server", () => {
  it.live("lets a request that runs finish before it stops", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { ask, health } = yield* Scope.extend(start({ LATENCY: "1 second" }), scope)
      const running = yield* Effect.fork(ask("/api/v1/influencers/1000001"))
      yield* Effect.sleep("300 millis")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(running))?.status, 200)
      assert.isFalse((yield* health.readiness).ready)
      assert.isUndefined(yield* ask("/api/v1/influencers/1000001"))
    })
  )

  it.scopedLive("refuses settings that make no sense", () =>
    Effect.gen(function* () {
      for (const settings of [
        { OUTAGES: "tomorrow" },
        { ERROR_RATE: "1.5" },
        { ACCOUNTS: "0" },
        { ROUNDING: "up" },
        { PORT: "70000" }
      ]) {
        const failure = yield* Effect.flip(start(settings))
        assert.include(String(failure), Object.keys(settings)[0] ?? "")
      }
    })
  )
})
