import { join } from "node:path"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import * as Supervisor from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { assert, describe, it } from "vitest"
import { readyOn, urlOf } from "../src/Assembly.ts"
import { crash, start, stop, withEnv } from "../src/Faults.ts"
import { embeddedRecipe, serviceRecipe } from "../src/ServiceRecipe.ts"
import { accountsOf, auditOf, pointsOf, throughApi, trackingDrill } from "../src/Tracking.ts"
import { assertComplete, change, running, say } from "./TrackingRuns.ts"

/** Three messages of 500 each second. */
const [influencers, intervalSeconds] = [1_500, 1]
const kills = 8

describe("tracking in one process", () => {
  const system = running((directory) =>
    Effect.gen(function* () {
      const mockstagram = yield* Supervisor.scoped(
        serviceRecipe("mockstagram", { env: {}, isReady: readyOn("operations") }),
        { directory: join(directory, "mockstagram") }
      )
      const data = join(directory, "data")
      const app = yield* Supervisor.scoped(
        embeddedRecipe({
          env: {
            INFLUSCOPE_DATA_DIR: data,
            INFLUSCOPE_SEED_PROFILES: "0",
            INFLUSCOPE_MOCKSTAGRAM_URL: urlOf(mockstagram),
            INFLUSCOPE_RELAY_GRACE: "3 seconds",
            ANALYTICS_PORT: "0",
            INFLUSCOPE_USERS_PORT: "0"
          },
          isReady: readyOn("app")
        }),
        { directory: join(directory, "app") }
      )
      return { app, mockstagramUrl: urlOf(mockstagram), seriesFile: join(data, "series.db") }
    })
  )

  const drill = (first: number, faults: Effect.Effect<unknown, unknown>, audited = true) => {
    const { app, seriesFile } = system()
    const ids = accountsOf(first, influencers)
    return trackingDrill({
      tracker: throughApi(urlOf(app)),
      ids,
      intervalSeconds,
      faults,
      audit: audited ? auditOf(urlOf(app)) : undefined,
      // The file is of one process at a time.
      read: (from, until) =>
        stop(app).pipe(
          Effect.zipRight(Effect.provide(pointsOf(ids, from, until), SqliteTimeSeries.layer(seriesFile))),
          Effect.zipLeft(start(app))
        )
    })
  }

  /** Ended without warning, over and over, each time a while after it was up again. */
  const killed = (app: Supervisor.RunningServer, pause: Effect.Effect<unknown>) =>
    Effect.repeatN(Effect.zipRight(pause, crash(app)), kills - 1)

  /** Nothing decides when it is over. */
  const random = Effect.flatMap(Random.nextIntBetween(300, 3_000), Effect.sleep)

  /** Slots have just been handed out then: the worst moment for who only keeps them in memory. */
  const afterTurnOfSecond = Effect.zipRight(
    Effect.sleep("1 second"),
    Effect.suspend(() => Effect.sleep(1_100 - (Date.now() % 1_000)))
  )

  it("kill -9 at random moments leaves no gap", async () => {
    const drilled = await Effect.runPromise(drill(0, killed(system().app, random)))
    say(`tracking in one process, kill -9 ${kills} times`, drilled)
    assertComplete(drilled)
  }, 300_000)

  it("kill -9 in an outage of the provider leaves no gap", async () => {
    const { app, mockstagramUrl } = system()
    const faults = Effect.acquireUseRelease(
      change(mockstagramUrl, { down: true }),
      () => killed(app, random),
      () => Effect.orDie(change(mockstagramUrl, { down: false }))
    )
    const drilled = await Effect.runPromise(drill(2_000, faults))
    say(`tracking in one process, provider down, kill -9 ${kills} times`, drilled)
    assertComplete(drilled)
  }, 300_000)

  it("control: without the outbox, kill -9 leaves gaps", async () => {
    const { app } = system()
    const without = withEnv(app, { INFLUSCOPE_OUTBOX: "off" })
    const faults = Effect.zipRight(
      Effect.zipRight(stop(app), start(without)),
      killed(without, afterTurnOfSecond)
    )
    const drilled = await Effect.runPromise(drill(4_000, faults, false))
    say(`control, outbox off, kill -9 ${kills} times`, drilled)
    assert.isAbove(drilled.account.lost.length, 0)
  }, 300_000)
})
