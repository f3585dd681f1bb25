import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { GrowthAnswer, PointsAccepted } from "@influscope/domain/api/TrackingApi"
import { growthWindows } from "@influscope/domain/tracking/Growth"
import { TrackingAdded } from "@influscope/domain/tracking/Tracking"
import { type App, body, eventually, invalidPaths, postJson, problem, startApp } from "./support.ts"

const day = 86_400
const today = Math.floor(Date.now() / 1_000 / day) * day
const dayAgo = (days: number): number => today - days * day

let app: App
beforeAll(async () => {
  app = await startApp()
  await collect("youtube:steady", 400, (ago) => ({ followers: 50_003 - 100 * ago, totalViews: 7 }))
  await collect("youtube:young", 20, (ago) => ({ followers: 3_003 - 50 * ago }))
  await collect("youtube:purged", 60, (ago) => ({ followers: (ago > 10 ? 12_345 : 10_345) + (ago % 2) }))
})
afterAll(() => app?.stop())

/** Hands in one point for each of the last days, at noon and today at the beginning of the day. */
const collect = async (
  id: string,
  days: number,
  figures: (ago: number) => Readonly<Record<string, number>>
) => {
  const points = Array.from({ length: days }, (_, ago) => ({
    id,
    time: new Date((dayAgo(ago) + (ago === 0 ? 0 : day / 2)) * 1_000).toISOString(),
    ...figures(ago)
  }))
  await body(await postJson(app, "/v1/points", { points }), PointsAccepted, 202)
  await eventually(async () => assert.isNotEmpty(Object.keys((await growthOf(id)).metrics)))
}

const growthOf = async (id: string, query = ""): Promise<GrowthAnswer> =>
  body(await fetch(`${app.url}/v1/influencers/${id}/growth?${query}`), GrowthAnswer)

describe("the growth of an influencer", () => {
  it("is told over the usual windows, with the days and figures it is taken from", async () => {
    const { metrics } = await growthOf("youtube:steady")
    assert.deepStrictEqual(Object.keys(metrics), ["followers", "totalViews"])
    assert.strictEqual(metrics.followers?.days, 400)
    assert.deepStrictEqual(
      metrics.followers?.growth,
      growthWindows.map((days) => {
        const start = 50_003 - 100 * days
        const percent = ((100 * days) / start) * 100
        return {
          days,
          start: { time: dayAgo(days), value: start },
          end: { time: today, value: 50_003 },
          absolute: 100 * days,
          percent,
          per30Days: (percent * 30 * day) / (days * day),
          uncertainty: 0,
          reason: null
        }
      })
    )
    const answer = await fetch(`${app.url}/v1/influencers/youtube:steady/growth`)
    assert.include(
      await answer.text(),
      `"end":{"time":"${new Date(today * 1_000).toISOString()}","value":50003}`
    )
  })

  it("is unknown where the history is too short, and says so", async () => {
    const { growth = [], milestones, projection } = (await growthOf("youtube:young")).metrics.followers ?? {}
    for (const { absolute, days, percent, reason } of growth) {
      const isKnown = days <= 14
      assert.strictEqual(absolute, isKnown ? 50 * days : null)
      assert.strictEqual(percent === null, !isKnown)
      assert.strictEqual(reason, isKnown ? null : "no-history")
    }
    assert.deepStrictEqual(
      milestones?.passed.map(({ milestone }) => milestone),
      [2_500]
    )
    assert.strictEqual(milestones?.next?.milestone, 5_000)
    assert.strictEqual(milestones?.next?.remaining, 1_997)
    assert.isNotNull(milestones?.next?.days?.expected)
    for (const { days, high80, high95, low80, low95, value } of projection?.forecasts ?? []) {
      assert.isAbove(value, 3_003, `${days}`)
      assert.isTrue(low95 <= low80 && low80 <= value && value <= high80 && high80 <= high95)
    }
    assert.strictEqual(projection?.forecasts.length, 3)
  })

  it("has the anomalies, with what shows them", async () => {
    const { anomalies = [] } = (await growthOf("youtube:purged")).metrics.followers ?? {}
    assert.strictEqual(anomalies.length, 1)
    assert.deepInclude(anomalies[0], {
      kind: "purge",
      time: dayAgo(10),
      before: 12_346,
      after: 10_345,
      days: 1,
      step: 1
    })
    assert.isBelow(anomalies[0]?.z ?? 0, -3.5)
  })

  it("is of the metrics that are named, also of those nobody knows", async () => {
    const { metrics } = await growthOf("youtube:steady", "metrics=avgLikes&metrics=totalViews")
    assert.sameMembers(Object.keys(metrics), ["avgLikes", "totalViews"])
    assert.deepInclude(metrics.avgLikes, { days: 0, projection: null, anomalies: [] })
    assert.deepStrictEqual(metrics.avgLikes?.milestones, { passed: [], next: null })
    for (const { reason } of metrics.avgLikes?.growth ?? []) assert.strictEqual(reason, "no-history")
    assert.deepStrictEqual(
      await invalidPaths(await fetch(`${app.url}/v1/influencers/youtube:steady/growth?metrics=fame`)),
      ["metrics.0"]
    )
  })

  it("is empty of those who are tracked and have no figures yet, and of strangers there is none", async () => {
    const added = await postJson(app, "/v1/tracking", { ids: ["1000009"], interval: 86_400 })
    await body(added, TrackingAdded)
    assert.deepStrictEqual((await growthOf("mockstagram:1000009")).metrics, {})
    await problem(await fetch(`${app.url}/v1/influencers/youtube:stranger/growth`), 404, "not-found")
    assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/v1/influencers/nasa/growth`)), ["id"])
  })
})
