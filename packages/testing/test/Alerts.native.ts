import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { assert, describe, it } from "vitest"
import { crash } from "../src/Faults.ts"
import { runningSystem } from "./RunningSystem.ts"

describe("alerts beside sidecars", () => {
  const { json, system } = runningSystem({
    tracking: true,
    env: { TRACKER_WEBHOOK_PRIVATE: "allow", TRACKER_WEBHOOK_FIRST_DELAY: "500 millis" }
  })

  const post = (path: string, value: unknown) =>
    json(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(value)
    })

  /** What the API answers, as soon as it is as wanted: its tracker may be away. */
  const once = <A>(ask: () => Promise<A>, isWanted: (answer: A) => boolean): Promise<A> =>
    Effect.tryPromise(ask).pipe(
      Effect.filterOrFail(isWanted),
      Effect.retry(Schedule.spaced("200 millis").pipe(Schedule.upTo("1 minute"))),
      Effect.runPromise
    )

  it("come once to a receiver that is down at first, though the tracker is killed in between", async () => {
    const calls: Array<{ readonly id: string | null; readonly status: number }> = []
    let isUp = false
    const receiver = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        const status = isUp ? 204 : 503
        calls.push({ id: request.headers.get("webhook-id"), status })
        return new Response(null, { status })
      }
    })
    try {
      const condition = { kind: "fall", metric: "followers", days: 3, percent: 10 }
      const webhook = `http://127.0.0.1:${receiver.port}/hook`
      const { id: rule } = await post("/v1/alerts/rules", { name: "Losing many", condition, webhook })
      const now = Date.now()
      const point = (days: number, followers: number) => ({
        id: "youtube:falling",
        time: new Date(now - days * 86_400_000).toISOString(),
        followers
      })
      await post("/v1/points", { points: [point(3, 10_007), point(0, 8_011)] })
      await once(
        async () => calls.length,
        (count) => count > 0
      )
      const { tracking } = system()
      assert.isDefined(tracking)
      if (tracking !== undefined) await Effect.runPromise(crash(tracking.tracker.service))
      isUp = true

      const list = () => json(`/v1/alerts?rule=${rule}`)
      const { alerts } = await once(list, (page) => page.alerts[0]?.delivery.state === "delivered")
      assert.strictEqual(alerts.length, 1)
      assert.deepStrictEqual(new Set(calls.map(({ id }) => id)), new Set([alerts[0].id]))
      const { rules } = await json("/v1/alerts/rules")
      assert.deepStrictEqual(
        rules.map(({ id }: { readonly id: string }) => id),
        [rule]
      )
    } finally {
      await receiver.stop(true)
    }
  }, 240_000)
})
