import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { assert, describe, it } from "vitest"
import { accountsOf, auditOf, pointsOf, throughApi, trackingDrill } from "../src/Tracking.ts"
import { runningSystem } from "./RunningSystem.ts"
import { assertComplete, say } from "./TrackingRuns.ts"

describe("tracking beside sidecars, through the API", () => {
  const { json, system } = runningSystem({ tracking: true })

  it("has a point for every influencer at every nominal time, and answers them, also through the sidecar", async () => {
    const { apiToken, environment, sidecarUrl, url } = system()
    const ids = accountsOf(0, 700)
    const address = Redacted.make(environment["DATABASE_URL"] ?? "")
    const series = PostgresTimeSeries.layer.pipe(Layer.provide(PostgresDatabase.layerAt(address)))
    const started = Math.floor(Date.now() / 1_000)
    const drilled = await Effect.runPromise(
      trackingDrill({
        tracker: throughApi(url),
        ids,
        intervalSeconds: 2,
        faults: Effect.sleep("10 seconds"),
        audit: auditOf(url),
        read: (from, until) => Effect.provide(pointsOf(ids, from, until), series)
      })
    )
    say("tracking beside sidecars, undisturbed", drilled)
    assertComplete(drilled)

    const [id = ""] = ids
    const until = Math.floor(Date.now() / 1_000)
    const path = `influencer_analytics/${id.split(":")[1]}?start_time=${started}&end_time=${until}&resolution=raw`
    const answered = await json(`/${path}`)
    assert.strictEqual(answered.influencer_id, id)
    const times = answered.data.map(({ time }: { readonly time: number }) => time)
    assert.isAtLeast(times.length, drilled.account.received / ids.length)
    assert.isTrue(times.every((time: number, place: number) => time === times[0] + place * 2))
    assert.isTrue(answered.data.every(({ followers }: { readonly followers: number }) => followers > 0))
    const invoked = await fetch(`${sidecarUrl}/v1.0/invoke/api/method/${path}`, {
      headers: { "dapr-api-token": apiToken }
    })
    assert.deepStrictEqual(await invoked.json(), answered)
  }, 180_000)

  it("says what is wrong with a request as the tracker does in the same process", async () => {
    const { url } = system()
    const track = (body: unknown) =>
      fetch(`${url}/v1/tracking`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body)
      })
    const refused = await track({ ids: ["youtube:mkbhd"] })
    assert.strictEqual(refused.status, 400)
    assert.include(await refused.text(), "youtube:mkbhd")
    assert.strictEqual((await track({ ids: ["mockstagram:1000001"], interval: 0 })).status, 400)
  })
})
