import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PointsAccepted } from "@influscope/domain/api/TrackingApi"
import { TrackingAdded, TrackingStatus } from "@influscope/domain/tracking/Tracking"
import { type App, body, eventually, invalidPaths, postJson, problem, startApp } from "./support.ts"

let app: App
beforeAll(async () => {
  app = await startApp({ env: { TRACKER_MAX_INFLUENCERS: "30000" } })
})
afterAll(() => app?.stop())

const track = (params: object): Promise<Response> => postJson(app, "/v1/tracking", params)
const status = async () => body(await fetch(`${app.url}/v1/tracking/status`), TrackingStatus)
const range = (to: number) => ({ from: 1, to })

describe("what may be tracked", () => {
  it("is bounded in points a second and in influencers, and what is refused changes nothing", async () => {
    for (const params of [
      { range: range(1_000_000), interval: 1 },
      { range: range(25_000), interval: 1 },
      { range: range(30_001), interval: 86_400 }
    ]) {
      const { errors } = await problem(await track(params), 400, "invalid-request")
      assert.strictEqual(errors[0]?.path, "body")
      assert.match(errors[0]?.message ?? "", /no more than 30000 influencers and 20000 points a second/)
    }
    assert.strictEqual((await status()).influencers, 0)
  })

  it("counts what is tracked already, and can be made less at any time", async () => {
    const added = await body(await track({ range: range(15_000), interval: 86_400 }), TrackingAdded)
    assert.strictEqual(added.added, 15_000)
    // 15,000 a second by the first ten thousand and some, had they not been counted before.
    assert.deepStrictEqual(
      await invalidPaths(await track({ range: { from: 15_001, to: 30_001 }, interval: 86_400 })),
      ["body"]
    )
    const moved = await body(await track({ range: range(15_000), interval: 2 * 86_400 }), TrackingAdded)
    assert.deepStrictEqual(moved, { added: 0, already: 15_000 })
    assert.strictEqual((await status()).influencers, 15_000)
  })

  it("needs somebody, and intervals and numbers that can be", async () => {
    const cases: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
      [{}, ["ids"]],
      [{ ids: [] }, ["ids"]],
      [{ ids: ["nasa"] }, ["ids.0"]],
      [{ ids: ["youtube:nobody-tells"] }, ["ids"]],
      [{ ids: Array(10_001).fill("1000001") }, ["ids"]],
      [{ ids: ["1000001"], interval: 0 }, ["interval"]],
      [{ ids: ["1000001"], interval: 0.5 }, ["interval"]],
      [{ ids: ["1000001"], interval: 30 * 86_400 + 1 }, ["interval"]],
      [{ range: { from: 2, to: 1 } }, ["range"]],
      [{ range: { from: 1, to: 1_000_001 } }, ["range"]],
      [{ range: { from: 0, to: 1 } }, ["range.from"]],
      [{ range: range(1), every: 60 }, ["every"]]
    ]
    for (const [params, paths] of cases)
      assert.deepStrictEqual(
        await invalidPaths(await track(params)),
        paths,
        JSON.stringify(params).slice(0, 100)
      )
  })
})

describe("given points", () => {
  it("are of times that have been, from 1970 on", async () => {
    for (const time of ["1969-12-31T23:59:59Z", "0001-01-01", "2100-01-01", "yesterday", "1e3"]) {
      const response = await postJson(app, "/v1/points", {
        points: [{ id: "youtube:old", time, followers: 1 }]
      })
      assert.deepStrictEqual(await invalidPaths(response), ["points.0.time"], time)
    }
    const first = { id: "youtube:old", time: "1970-01-01T00:00:00Z", followers: 1 }
    await body(await postJson(app, "/v1/points", { points: [first] }), PointsAccepted, 202)
  })
})

describe("streams of live points", () => {
  it("are a hundred at most, and make room when they end", async () => {
    const address = `${app.url}/v1/influencers/mockstagram:1/live`
    await body(await track({ ids: ["1"] }), TrackingAdded)
    const open: Array<readonly [Response, AbortController]> = []
    while (open.length < 100) {
      const abort = new AbortController()
      open.push([await fetch(address, { signal: abort.signal }), abort])
    }
    for (const [{ status }] of open) assert.strictEqual(status, 200)
    const refused = await fetch(address)
    assert.strictEqual(refused.headers.get("retry-after"), "2")
    await problem(refused, 503, "unavailable")
    for (const [, abort] of open) abort.abort()
    await eventually(async () => {
      const again = new AbortController()
      assert.strictEqual((await fetch(address, { signal: again.signal })).status, 200)
      again.abort()
    })
  })
})
