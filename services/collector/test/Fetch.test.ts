import { assert, describe, it } from "@effect/vitest"
import * as Mockstagram from "@influscope/adapters/mockstagram/Provider"
import { dataPointsCollected, type InfluencersDue, influencersDue } from "@influscope/domain/Events"
import { ProviderUnavailable } from "@influscope/ports/MetricsProvider"
import { PubSub } from "@influscope/ports/PubSub"
import { StorageError } from "@influscope/ports/StorageError"
import { slotsUnknown } from "@influscope/telemetry/Metrics"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { account, accounts } from "@influscope/testing/TrackedAccounts"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/TestClock"
import { FetchLive } from "../src/Fetch.ts"
import { SinkLive } from "../src/Sink.ts"
import { auditOf, deaths, drained, figuresNow, pointsOf, process, Surroundings, send } from "./Process.ts"

/** 2026-01-01T00:00:00Z in epoch seconds. */
const newYear = 1_767_225_600
const startAt = (seconds: number) => TestClock.setTime(seconds * 1_000)

const due = (time: number, count = 3, provider = "mockstagram"): InfluencersDue => {
  const [first = account(1), ...rest] = accounts(count)
  return { version: 1, id: `due/0/${time}`, provider, time, interval: 60, influencers: [first, ...rest] }
}

const sendDue = (event: InfluencersDue) => send(influencersDue, event, event.influencers.length)

const unavailable = (retryAfterSeconds?: number) =>
  new ProviderUnavailable({ provider: "mockstagram", reason: "answered 503", retryAfterSeconds })

/** A fetching process and its sink, on a directory of its own. */
const onFreshDirectory = <A, E>(
  surroundings: Surroundings,
  body: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof process>>>
) =>
  Effect.flatMap(temporaryDirectory, (directory) =>
    Effect.provide(body, process(directory, surroundings, Layer.merge(FetchLive, SinkLive)))
  )

const through = Effect.zipRight(drained(influencersDue.name), drained(dataPointsCollected.name))

describe("fetching what is due", () => {
  it.scoped("makes points of the nominal time, which say when they were true", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear + 9)
        yield* sendDue(due(newYear))
        yield* through
        assert.deepStrictEqual(
          yield* pointsOf(accounts(3)),
          accounts(3).map((id) => `${id} ${newYear} ${newYear + 9}`)
        )
        assert.deepInclude(yield* auditOf(influencersDue.name), { sent: 3, applied: 3 })
        assert.deepInclude(yield* auditOf(dataPointsCollected.name), { sent: 3, applied: 3 })
      })
    )
  })

  it.scoped(
    "asks a provider that does not answer again, for longer than attempts would last, and keeps to the schedule",
    () => {
      const surroundings = new Surroundings()
      return onFreshDirectory(
        surroundings,
        Effect.gen(function* () {
          yield* startAt(newYear)
          let asked = 0
          surroundings.answer = (ids) => {
            asked += 1
            return asked <= 60 ? unavailable() : figuresNow(ids)
          }
          for (const minute of [0, 1]) yield* sendDue(due(newYear + minute * 60))
          yield* through
          // The third one finds a provider that answers.
          yield* sendDue(due(newYear + 120))
          yield* through
          const times = (yield* pointsOf([account(1)])).map((point) => Number(point.split(" ")[1]) - newYear)
          assert.deepStrictEqual(times, [0, 60, 120])
          assert.deepStrictEqual(yield* deaths, {})
          assert.strictEqual(asked, 63)
          assert.strictEqual(surroundings.missed, 0)
        })
      )
    }
  )

  it.scoped("rests between two tries, however much waits", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear)
        let asked = 0
        surroundings.answer = () => {
          asked += 1
          return unavailable()
        }
        for (let minute = 0; minute < 40; minute++) yield* sendDue(due(newYear + minute * 60, 1))
        for (let step = 0; step < 40; step++) yield* TestClock.adjust("250 millis")
        // Four at a time, and each a second at least after the one before it.
        assert.isAtMost(asked, 4 * 11)
        assert.isAtLeast(asked, 4 * 5)
        surroundings.answer = figuresNow
        yield* through
      })
    )
  })

  it.scoped("sends nothing before the time that a 429 named, and then all of it", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear)
        const clock = yield* Effect.clock
        const seconds = () => Math.floor(clock.unsafeCurrentTimeMillis() / 1_000) - newYear
        const requests: Array<{ readonly at: number; readonly status: number }> = []
        const answer = async (request: Request): Promise<Response> => {
          const { ids }: { readonly ids: ReadonlyArray<number> } = await request.json()
          const at = seconds()
          const status = at < 20 ? 429 : 200
          requests.push({ at, status })
          if (status === 429) return new Response(null, { status, headers: { "retry-after": "20" } })
          const figures = { followingCount: 2, mediaCount: 3, totalLikes: 4, avgLikes: 5, avgComments: 6 }
          const asOf = new Date(clock.unsafeCurrentTimeMillis()).toISOString()
          const data = ids.map((pk) => ({ pk, followerCount: 1, ...figures, asOf }))
          return Response.json({ data, unknown: [] })
        }
        const { fetch } = yield* Mockstagram.make(
          { url: new URL("http://mockstagram"), timeout: Duration.seconds(5), concurrency: 8 },
          answer
        )
        surroundings.answer = fetch
        for (let minute = 0; minute < 6; minute++) yield* sendDue(due(newYear - minute * 60))
        yield* through
        const refused = requests.filter(({ status }) => status === 429)
        assert.isAtMost(refused.length, 4, "those that were on their way when the first was refused")
        assert.isTrue(refused.every(({ at }) => at === 0))
        assert.strictEqual(requests.length, refused.length + 6)
        const points = yield* pointsOf([account(1)])
        assert.deepStrictEqual(
          points.map((point) => newYear - Number(point.split(" ")[1])),
          [300, 240, 180, 120, 60, 0]
        )
        assert.deepStrictEqual(yield* deaths, {})
      })
    )
  })

  it.scoped("a provider that never ends its answer costs no attempts", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear)
        let asked = 0
        surroundings.answer = (ids) => {
          asked += 1
          return asked <= 40 ? Effect.never : figuresNow(ids)
        }
        yield* sendDue(due(newYear))
        yield* through
        assert.deepStrictEqual(yield* deaths, {})
        assert.strictEqual((yield* pointsOf(accounts(3))).length, 3)
      })
    ).pipe(Effect.provide(settings({ TRACKER_TIMEOUT: "2 seconds" })))
  })

  it.scoped("gives up slots that are too late, and counts them", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear + 3_601)
        let asked = 0
        surroundings.answer = (ids) => {
          asked += ids.length
          return figuresNow(ids)
        }
        yield* sendDue(due(newYear))
        yield* sendDue(due(newYear + 60))
        yield* through
        assert.strictEqual(asked, 3)
        assert.strictEqual(surroundings.missed, 3)
        assert.deepStrictEqual(
          (yield* pointsOf([account(1)])).map((point) => point.split(" ")[1]),
          [String(newYear + 60)]
        )
        // Accounted for, not lost: the audit has nothing open.
        assert.deepInclude(yield* auditOf(influencersDue.name), { sent: 6, applied: 6, pending: 0 })
      })
    )
  })

  it.scoped("keeps slots that are too late until they are counted, however long nobody counts them", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear + 3_601)
        let tries = 0
        surroundings.count = () => {
          tries += 1
          return tries <= 40
            ? new StorageError({ reason: "unavailable", operation: "count missed slots", cause: "away" })
            : Effect.void
        }
        yield* sendDue(due(newYear))
        yield* through
        assert.deepStrictEqual([tries, surroundings.missed], [41, 3])
        assert.deepStrictEqual(yield* deaths, {})
        assert.deepInclude(yield* auditOf(influencersDue.name), { sent: 3, applied: 3, pending: 0 })
      })
    )
  })

  it.scoped("collects the others when the provider does not know one, and says who that is", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear)
        const counted = Effect.map(Metric.value(slotsUnknown), ({ count }) => count)
        const before = yield* counted
        surroundings.answer = (ids) =>
          Effect.map(figuresNow(ids.slice(1)), (fetched) => ({ ...fetched, unknown: ids.slice(0, 1) }))
        yield* sendDue(due(newYear))
        yield* through
        assert.deepStrictEqual(
          surroundings.notes.filter(({ asked }) => asked !== undefined),
          [{ asked: accounts(3), unknown: accounts(1) }]
        )
        assert.strictEqual((yield* counted) - before, 1)
        assert.strictEqual((yield* pointsOf(accounts(3))).length, 2)
      })
    )
  })

  it.scoped("fetches a message that comes again, and has its points once", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* startAt(newYear)
        const pubsub = yield* PubSub
        const event = due(newYear)
        const message = { id: event.id, payload: JSON.stringify(event), items: 3, traceparent: undefined }
        yield* sendDue(event)
        yield* through
        const points = yield* pointsOf(accounts(3))
        yield* TestClock.adjust("1 minute")
        yield* pubsub.publish(influencersDue.name, message)
        yield* through
        assert.deepStrictEqual(yield* pointsOf(accounts(3)), points)
        assert.deepInclude(yield* auditOf(influencersDue.name), { sent: 3, applied: 3, duplicateBatches: 1 })
        assert.deepInclude(yield* auditOf(dataPointsCollected.name), { sent: 3, applied: 3 })
      })
    )
  })

  it.scoped(
    "buries what nobody can fetch any more and what is no message, with the reason, and goes on",
    () => {
      const surroundings = new Surroundings()
      return onFreshDirectory(
        surroundings,
        Effect.gen(function* () {
          yield* startAt(newYear)
          const pubsub = yield* PubSub
          yield* sendDue(due(newYear, 3, "elsewhere"))
          const broken = {
            id: "broken",
            payload: '{"version":1,"id":"broken"}',
            items: 1,
            traceparent: undefined
          }
          yield* pubsub.publish(influencersDue.name, broken)
          yield* sendDue(due(newYear + 60))
          yield* through
          const reasons = yield* deaths
          assert.sameMembers(Object.keys(reasons), [`due/0/${newYear}`, "broken"])
          assert.match(reasons[`due/0/${newYear}`] ?? "", /no provider elsewhere/)
          assert.match(reasons["broken"] ?? "", /Not a influencers\.due message/)
          assert.deepInclude(yield* auditOf(influencersDue.name), { sent: 6, applied: 3, deadLettered: 3 })
          assert.strictEqual((yield* pointsOf([account(1)])).length, 1)
        })
      )
    }
  )
})
