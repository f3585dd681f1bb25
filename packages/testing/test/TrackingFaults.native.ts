import * as Mockstagram from "@influscope/adapters/mockstagram/Provider"
import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as PostgresOutbox from "@influscope/adapters/postgres/Outbox"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import { AlertPage } from "@influscope/domain/api/AlertsApi"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { Outbox } from "@influscope/ports/Outbox"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import type { RunningServer } from "@influscope/stack/Supervisor"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { accountOf, describeAccount } from "../src/Account.ts"
import { get, request } from "../src/Asking.ts"
import { crash, restart, start, stop, withEnv } from "../src/Faults.ts"
import { accountsOf, directly, pointsOf, slot, trackingDrill } from "../src/Tracking.ts"
import { start as startSystem } from "../src/TrackingSystem.ts"
import { assertComplete, change, running, say } from "./TrackingRuns.ts"

/** How long the store of the time series is away: DRILL_OUTAGE. */
const outage = Effect.runSync(Config.duration("DRILL_OUTAGE").pipe(Config.withDefault(Duration.seconds(25))))
const testTimeout = 300_000 + Duration.toMillis(outage) * 3

/** Three messages of 500 each second. */
const [influencers, intervalSeconds] = [1_500, 1]

/** Since it was started. */
const pointsWrittenBy = ({ where }: RunningServer): Effect.Effect<number> =>
  Effect.tryPromise((signal) =>
    fetch(`http://127.0.0.1:${where.ports["operations"]}/metrics`, { signal }).then((answer) => answer.text())
  ).pipe(
    Effect.map((text) => Number(/^tracking_points_written_total(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1] ?? 0)),
    Effect.orElseSucceed(() => 0)
  )

describe("tracking beside sidecars", () => {
  const system = running((directory) =>
    Effect.gen(function* () {
      const running = yield* startSystem({
        directory,
        env: { INFLUSCOPE_RELAY_GRACE: "3 seconds", MOCKSTAGRAM_REQUESTS_PER_SECOND: "0" }
      })
      const { environment } = running
      const series = PostgresTimeSeries.layer.pipe(
        Layer.provide(PostgresDatabase.layerAt(Redacted.make(environment["TIMESERIES_URL"] ?? "")))
      )
      const outbox = PostgresOutbox.layer.pipe(
        Layer.provide(PostgresDatabase.layerAt(Redacted.make(environment["DATABASE_URL"] ?? "")))
      )
      return { ...running, stores: yield* Layer.build(Layer.merge(series, outbox)) }
    })
  )

  const drill = (
    first: number,
    faults: Effect.Effect<unknown, unknown>,
    options: { readonly unaudited?: boolean } = {}
  ) => {
    const { appToken, stores, trackerUrl } = system()
    const ids = accountsOf(first, influencers)
    const audit = Effect.flatMap(Outbox, (outbox) => outbox.audit(0)).pipe(
      Effect.retry(Schedule.spaced("500 millis").pipe(Schedule.upTo("1 minute")))
    )
    return trackingDrill({
      tracker: directly(trackerUrl, appToken),
      ids,
      intervalSeconds,
      faults,
      audit: options.unaudited === true ? undefined : Effect.provide(audit, stores),
      read: (from, until) => Effect.provide(pointsOf(ids, from, until), stores)
    })
  }

  /**
   * The control of an outage of the store: asks the same provider at the same times, and writes to the same store with
   * nothing in between. Never ends; the slots it has had are in `due`.
   */
  const collectDirectly = (ids: ReadonlyArray<InfluencerId>, due: Set<string>) =>
    Effect.gen(function* () {
      const { mockstagramUrl, stores } = system()
      const provider = yield* Mockstagram.make({
        url: new URL(mockstagramUrl),
        timeout: Duration.seconds(5),
        concurrency: 1
      })
      const round = Effect.gen(function* () {
        const series = yield* TimeSeries
        const time = Math.floor(Date.now() / 1_000)
        for (const id of ids) due.add(slot(id, time))
        const { figures } = yield* provider.fetch(ids)
        yield* series.write(figures.map(({ values, ...figure }) => ({ ...figure, time, ...values })))
      })
      yield* round.pipe(
        // Gone: that is what it is here for.
        Effect.ignore,
        Effect.repeat(Schedule.fixed("1 second")),
        Effect.provide(stores)
      )
    })

  it(
    "a time-series store that is killed, and away for a while, loses nothing; to write without a queue does",
    async () => {
      const { servers, stores } = system()
      const ids = accountsOf(500_000, 50)
      const due = new Set<string>()
      const away = Effect.zipRight(crash(servers.series), restart(servers.series, outage))
      const { direct, drilled } = await Effect.gen(function* () {
        const from = Math.floor(Date.now() / 1_000) - 1
        yield* Effect.forkScoped(collectDirectly(ids, due))
        const drilled = yield* drill(0, away)
        const points = yield* pointsOf(ids, from, from + 100_000)
        return { drilled, direct: points.map(({ id, time }) => slot(id, time)) }
      }).pipe(Effect.provide(stores), Effect.scoped, Effect.runPromise)
      say(`time-series store killed, then away for ${Duration.format(outage)}`, drilled)
      const control = accountOf({ acknowledged: due, failed: new Set(), unknown: new Set() }, direct)
      process.stdout.write(`${describeAccount("control, written without a queue", control)}\n`)
      assertComplete(drilled)
      assert.isAbove(control.lost.length, 0)
      // Asking went on meanwhile: only its answers had to wait.
      assert.isBelow(drilled.latest, Duration.toSeconds(outage))
    },
    testTimeout
  )

  it(
    "kill -9 of RabbitMQ, twice, loses nothing",
    async () => {
      const faults = Effect.repeatN(Effect.delay(crash(system().servers.rabbitmq), "3 seconds"), 1)
      const drilled = await Effect.runPromise(drill(2_000, faults))
      say("tracking, kill -9 of RabbitMQ, twice", drilled)
      assertComplete(drilled)
    },
    testTimeout
  )

  it(
    "kill -9 of the PostgreSQL that services share loses nothing",
    async () => {
      const drilled = await Effect.runPromise(drill(4_000, crash(system().servers.postgres)))
      say("tracking, kill -9 of PostgreSQL", drilled)
      assertComplete(drilled)
    },
    testTimeout
  )

  it(
    "an outage of the provider, and then one answer a second, loses nothing",
    async () => {
      const { mockstagramUrl } = system()
      const during = (conditions: Readonly<Record<string, number | boolean>>) =>
        Effect.acquireUseRelease(
          change(mockstagramUrl, conditions),
          () => Effect.sleep("12 seconds"),
          () => Effect.orDie(change(mockstagramUrl, { down: false, requestsPerSecond: 0 }))
        )
      const faults = Effect.zipRight(during({ down: true }), during({ requestsPerSecond: 1 }))
      const drilled = await Effect.runPromise(drill(6_000, faults))
      say("tracking, provider down, then 429 for all but one request a second", drilled)
      assertComplete(drilled)
    },
    testTimeout
  )

  it(
    "kill -9 of the tracker at random moments, and of its sidecar, loses nothing",
    async () => {
      const { service, sidecar } = system().tracker
      const killed = Effect.gen(function* () {
        yield* Effect.sleep(yield* Random.nextIntBetween(300, 3_000))
        yield* crash(service)
      })
      const faults = Effect.zipRight(Effect.repeatN(killed, 3), crash(sidecar))
      const drilled = await Effect.runPromise(drill(8_000, faults))
      say("tracking, kill -9 of the tracker, four times, and of its sidecar", drilled)
      assertComplete(drilled)
    },
    testTimeout
  )

  it(
    "kill -9 of two collectors at random moments, of both at once, of a sidecar and of the tracker loses nothing",
    async () => {
      const { collector, other, tracker } = system()
      const both = [collector, other]
      const killed = Effect.gen(function* () {
        yield* Effect.sleep(yield* Random.nextIntBetween(300, 3_000))
        yield* crash((yield* Random.nextBoolean) ? collector.service : other.service)
      })
      const bothWrite = Effect.forEach(both, ({ service }) => pointsWrittenBy(service)).pipe(
        Effect.map((points) => points.every((count) => count > 0)),
        Effect.repeat({ until: (write) => write, schedule: Schedule.spaced("500 millis") }),
        Effect.timeout("1 minute")
      )
      const faults = Effect.gen(function* () {
        yield* Effect.repeatN(killed, 5)
        yield* Effect.forEach(both, ({ service }) => crash(service), { concurrency: 2, discard: true })
        yield* crash(other.sidecar)
        yield* Effect.all([crash(tracker.service), killed], { concurrency: 2, discard: true })
        // Since they were killed: they share the queues.
        yield* bothWrite
      })
      const drilled = await Effect.runPromise(drill(12_000, faults))
      say("tracking, kill -9 of collectors nine times, of the sidecar of one, and of the tracker", drilled)
      assertComplete(drilled)
    },
    testTimeout
  )

  it(
    "collectors tell the tracker whom a provider does not know and who was given history, also when it was away",
    async () => {
      const { appToken, tracker, trackerUrl } = system()
      const asked = directly(trackerUrl, appToken)
      const stranger = InfluencerId.make("mockstagram:1")
      // Not of a platform: nobody is here to take in how an account there grows.
      const [known = stranger, fallen = stranger] = accountsOf(14_000, 2)
      const headers = { "dapr-api-token": appToken, "content-type": "application/json" }
      const post = (path: string, body: unknown) =>
        request(`${trackerUrl}/tracker/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
      const Page = Schema.Option(AlertPage)
      const toldOf = <A, E>(ask: Effect.Effect<A, E>, isTold: (answer: A) => boolean) =>
        ask.pipe(
          Effect.repeat({ until: isTold, schedule: Schedule.spaced("200 millis") }),
          Effect.timeout("1 minute")
        )
      const unknown = toldOf(asked.tracked, (all) =>
        all.some(({ id, unknown }) => unknown && id === stranger)
      )
      const now = Math.floor(Date.now() / 1_000)
      const point = (days: number, followers: number) => {
        const time = now - days * 86_400
        return { id: fallen, time, observedAt: time, followers }
      }
      const told = Effect.gen(function* () {
        yield* asked.add([stranger, known], 1)
        yield* unknown
        // What it knew of this was in its memory.
        yield* crash(tracker.service)
        yield* unknown
        yield* post("alerts/rules", {
          name: "Losing many",
          condition: { kind: "fall", metric: "followers", days: 3, percent: 10 },
          scope: { kind: "influencers", ids: [fallen] },
          // Nobody will ever answer there.
          webhook: "https://webhook.invalid/hook"
        })
        // Nobody watches whom there is nothing of: only the note of these points leads to the alert.
        yield* Effect.sleep("2 seconds")
        yield* post("points", { points: [point(3, 10_007), point(0, 8_011)] })
        const alerts = get(Page, `${trackerUrl}/tracker/v1/alerts?limit=10`, { headers })
        yield* toldOf(alerts, (page) => Option.exists(page, ({ alerts }) => alerts.length === 1))
        const tracked = yield* asked.tracked
        yield* asked.remove([stranger, known])
        return tracked.map(({ id, unknown }) => [id, unknown] as const)
      })
      assert.deepStrictEqual(
        new Map(await Effect.runPromise(told)),
        new Map([
          [stranger, true],
          [known, false]
        ])
      )
    },
    testTimeout
  )

  it(
    "slots that collectors give up are counted by the tracker, though it is killed meanwhile",
    async () => {
      const { collector, other, tracker } = system()
      const collectors = [collector.service, other.service]
      const restartAll = (services: typeof collectors) =>
        Effect.forEach(services, (service) => restart(service), { concurrency: 2, discard: true })
      const impatient = collectors.map((service) => withEnv(service, { TRACKER_MAX_LATENESS: "0 seconds" }))
      const drilled = await Effect.acquireUseRelease(
        restartAll(impatient),
        () => drill(16_000, crash(tracker.service)),
        () => Effect.orDie(restartAll(collectors))
      ).pipe(Effect.runPromise)
      say("tracking, every slot is too late, and the tracker killed", drilled)
      assert.strictEqual(drilled.account.received, 0)
      assert.isAbove(drilled.account.acknowledged, 0)
      // Once at least: a count whose answer was lost is counted again.
      assert.isAtLeast(drilled.missed, drilled.account.acknowledged)
    },
    testTimeout
  )

  it(
    "control: without the outbox, a broker that is away leaves gaps",
    async () => {
      const { collector, other, servers, tracker } = system()
      const services = [collector, other, tracker].map(({ service }) => service)
      const startWithout = (service: (typeof services)[number]) =>
        Effect.zipRight(stop(service), start(withEnv(service, { INFLUSCOPE_OUTBOX: "off" })))
      const faults = Effect.acquireUseRelease(
        Effect.forEach(services, startWithout, { concurrency: 3, discard: true }),
        () => Effect.zipRight(Effect.sleep("3 seconds"), restart(servers.rabbitmq, "5 seconds")),
        () =>
          Effect.orDie(
            Effect.forEach(services, (service) => restart(service), { concurrency: 3, discard: true })
          )
      )
      const drilled = await Effect.runPromise(drill(10_000, faults, { unaudited: true }))
      say("control, outbox off, RabbitMQ away", drilled)
      assert.isAbove(drilled.account.lost.length, 0)
    },
    testTimeout
  )
})
