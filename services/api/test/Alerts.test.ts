import { AssertionError } from "node:assert"
import { afterAll, assert, beforeAll, describe, it, onTestFinished } from "@effect/vitest"
import { AddedAlertRule, AlertPage, AlertRules } from "@influscope/domain/api/AlertsApi"
import { DeadLetterPage } from "@influscope/domain/api/OperationsApi"
import { PointsAccepted } from "@influscope/domain/api/TrackingApi"
import { AlertRule } from "@influscope/domain/tracking/AlertRule"
import type { RaisedAlert } from "@influscope/domain/tracking/RaisedAlert"
import { Receiver } from "./Receiver.ts"
import {
  type App,
  type AppOptions,
  body,
  eventually,
  includes,
  invalidPaths,
  postJson,
  problem,
  settled,
  startApp
} from "./support.ts"

/** Webhooks of this machine, three calls, and no waiting between them. */
const env = {
  TRACKER_WEBHOOK_PRIVATE: "allow",
  TRACKER_WEBHOOK_ATTEMPTS: "3",
  TRACKER_WEBHOOK_FIRST_DELAY: "1 millis"
}

const started = async (options: AppOptions = {}): Promise<App> => {
  const app = await startApp({ env, ...options })
  onTestFinished(app.stop)
  return app
}

const receiving = (): Receiver => {
  const receiver = new Receiver()
  onTestFinished(() => receiver.stop())
  return receiver
}

const fall = { kind: "fall", metric: "followers", days: 3, percent: 10 }

const addRule = async (app: App, fields: Readonly<Record<string, unknown>>): Promise<AddedAlertRule> =>
  body(
    await postJson(app, "/v1/alerts/rules", { name: "Losing many", condition: fall, ...fields }),
    AddedAlertRule,
    201
  )

const day = 86_400_000

/** Hands in the followers of the last days, the last one as of now. */
const collect = async (app: App, id: string, followers: ReadonlyArray<number>): Promise<void> => {
  const now = Math.floor(Date.now() / 1_000) * 1_000
  const points = followers.map((count, place) => ({
    id,
    time: new Date(now - (followers.length - 1 - place) * day).toISOString(),
    followers: count
  }))
  await body(await postJson(app, "/v1/points", { points }), PointsAccepted, 202)
}

const falling = [10_007, 10_012, 10_003, 8_011]

const alertsOf = async (app: App, query = ""): Promise<AlertPage> =>
  body(await fetch(`${app.url}/v1/alerts?${query}`), AlertPage)

/** The only alert of an influencer, as soon as its delivery is in a state. */
const only = (app: App, id: string, state: RaisedAlert["delivery"]["state"]): Promise<RaisedAlert> =>
  eventually(async () => {
    const [alert, ...others] = (await alertsOf(app, `influencer=${id}`)).alerts
    assert.isEmpty(others)
    if (alert?.delivery.state !== state)
      throw new AssertionError({ message: `${alert?.delivery.state}, not ${state}` })
    return alert
  })

describe("alert rules", () => {
  let app: App
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app?.stop())

  const rule = {
    name: "Growing fast",
    condition: { kind: "growth", metric: "followers", days: 7, side: "above", percent: 5 },
    scope: { kind: "influencers", ids: ["YouTube:@MKBHD", "1000001"] },
    webhook: "https://example.com/hook"
  }

  it("are added with a secret that is told once, listed, shown and removed", async () => {
    const added = await body(await postJson(app, "/v1/alerts/rules", rule), AddedAlertRule, 201)
    assert.match(added.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.deepStrictEqual<unknown>(added.scope, {
      kind: "influencers",
      ids: ["youtube:mkbhd", "mockstagram:1000001"]
    })
    const other = await body(
      await postJson(app, "/v1/alerts/rules", { ...rule, scope: undefined, name: "Everybody" }),
      AddedAlertRule,
      201
    )
    assert.deepStrictEqual(other.scope, { kind: "all" })
    assert.notStrictEqual(other.secret, added.secret)

    const { secret: _, ...shown } = added
    const address = `${app.url}/v1/alerts/rules/${added.id}`
    assert.deepStrictEqual(await body(await fetch(address), AlertRule), shown)
    const { rules } = await body(await fetch(`${app.url}/v1/alerts/rules`), AlertRules)
    assert.deepStrictEqual(
      rules.map(({ name }) => name),
      ["Growing fast", "Everybody"]
    )
    const removed = await fetch(address, { method: "DELETE" })
    assert.strictEqual(removed.status, 204)
    await problem(await fetch(address), 404, "not-found")
    await problem(await fetch(address, { method: "DELETE" }), 404, "not-found")
  })

  it("are refused with what is wrong with them", async () => {
    const cases: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
      [{ name: "" }, ["name"]],
      [{ name: "n".repeat(101) }, ["name"]],
      [{ condition: { ...rule.condition, days: 8 } }, ["condition.days"]],
      [
        { condition: { kind: "fall", metric: "fame", days: 7, percent: 101 } },
        ["condition.metric", "condition.percent"]
      ],
      [{ condition: { kind: "anomaly", metric: "followers", kinds: [] } }, ["condition.kinds.0"]],
      [{ scope: { kind: "influencers", ids: [] } }, ["scope.ids.0"]],
      [{ scope: { kind: "influencers", ids: ["nasa"] } }, ["scope.ids.0"]],
      [{ scope: { kind: "namespace", namespace: "myspace" } }, ["scope.namespace"]],
      [{ webhook: "http://example.com/hook" }, ["webhook"]],
      [{ webhook: "https://me:secret@example.com" }, ["webhook"]],
      [{ secret: "short" }, ["secret"]],
      [{ id: "mine" }, ["id"]]
    ]
    for (const [fields, paths] of cases) {
      const found = await invalidPaths(await postJson(app, "/v1/alerts/rules", { ...rule, ...fields }))
      assert.deepStrictEqual(found, paths, JSON.stringify(fields))
    }
    for (const id of ["%00", "a%20b", "i".repeat(65)])
      assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/v1/alerts/rules/${id}`)), ["id"])
  })

  it("cannot make this machine call itself or its neighbours", async () => {
    for (const host of [
      "127.0.0.1:8080",
      "[::1]",
      "localhost",
      "10.0.0.1",
      "169.254.169.254",
      "2130706433"
    ]) {
      const response = await postJson(app, "/v1/alerts/rules", { ...rule, webhook: `https://${host}/hook` })
      const { errors } = await problem(response, 400, "invalid-request")
      assert.strictEqual(errors[0]?.path, "webhook", host)
      assert.include(errors[0]?.message, "TRACKER_WEBHOOK_PRIVATE")
    }
  })
})

describe("an alert", () => {
  it("is posted until the receiver takes it, signed and with the same id; one crossing is one alert", async () => {
    const app = await started()
    const receiver = receiving()
    receiver.answer = () => (receiver.calls.length === 0 ? 500 : 204)
    const { secret } = receiver
    const rule = await addRule(app, { webhook: receiver.url, secret })
    assert.strictEqual(rule.secret, secret)
    await collect(app, "youtube:falling", falling)
    const alert = await only(app, "youtube:falling", "delivered")
    includes(alert.delivery, { attempts: 2, nextAt: null, failure: null })
    includes(alert, { rule: rule.id, name: "Losing many" })
    assert.strictEqual(alert.evidence.kind === "growth" ? alert.evidence.growth.absolute : 0, -1_996)
    assert.deepStrictEqual(
      receiver.calls.map(({ id, status }) => [id, status]),
      [
        [alert.id, 500],
        [alert.id, 204]
      ]
    )
    for (const { timestamp } of receiver.calls)
      assert.isAtLeast(timestamp * 1_000, alert.raisedAt.getTime() - 1_000)

    // More figures beyond the limit are no other crossing. Whoever falls after them is looked at after them.
    await collect(app, "youtube:falling", [7_500])
    await collect(app, "youtube:falling", [7_400])
    await collect(app, "youtube:later", falling)
    await only(app, "youtube:later", "delivered")
    assert.strictEqual((await only(app, "youtube:falling", "delivered")).id, alert.id)
    assert.strictEqual(receiver.of("youtube:falling").length, 2)
    assert.strictEqual(receiver.of("youtube:later").length, 1)
  })

  it("that nobody takes goes to the dead letters, and from there to the receiver when it is back", async () => {
    const app = await started()
    const receiver = receiving()
    receiver.answer = () => 503
    await addRule(app, { webhook: receiver.url, secret: receiver.secret })
    await collect(app, "youtube:falling", falling)
    const alert = await only(app, "youtube:falling", "failed")
    includes(alert.delivery, { attempts: 3, nextAt: null })
    assert.include(alert.delivery.failure, "answered 503")
    assert.strictEqual(receiver.calls.length, 3)
    const letter = await eventually(async () => {
      const page = await body(await fetch(`${app.url}/v1/dead-letters?topic=alerts.raised`), DeadLetterPage)
      assert.strictEqual(page.deadLetters.length, 1)
      return page.deadLetters[0]
    })
    assert.match(letter?.reason ?? "", /3 calls.*503/)

    receiver.answer = () => 200
    const replay = `${app.url}/v1/dead-letters/${encodeURIComponent(letter?.id ?? "")}/replay`
    assert.strictEqual((await fetch(replay, { method: "POST" })).status, 204)
    await only(app, "youtube:falling", "delivered")
    assert.deepStrictEqual(new Set(receiver.calls.map(({ id }) => id)), new Set([alert.id]))
    await settled(app)
  })

  it("waits for its receiver through the end of the process, whatever end that is", async () => {
    const receiver = receiving()
    receiver.answer = () => 500
    const patient = { env: { ...env, TRACKER_WEBHOOK_ATTEMPTS: "50" } }
    const first = await started(patient)
    const rule = await addRule(first, { webhook: receiver.url, secret: receiver.secret })
    await collect(first, "youtube:falling", falling)
    const before = await only(first, "youtube:falling", "waiting")
    await eventually(async () => assert.isAtLeast(receiver.calls.length, 2))
    first.signal("SIGKILL")
    await first.exited

    const second = await started({ ...patient, directory: first.directory })
    const { rules } = await body(await fetch(`${second.url}/v1/alerts/rules`), AlertRules)
    assert.deepStrictEqual(
      rules.map(({ id }) => id),
      [rule.id]
    )
    receiver.answer = () => 200
    const after = await only(second, "youtube:falling", "delivered")
    assert.strictEqual(after.id, before.id)
    // The restart looks at everybody again, and finds nothing new.
    await collect(second, "youtube:later", falling)
    await only(second, "youtube:later", "delivered")
    await only(second, "youtube:falling", "delivered")
    assert.strictEqual(receiver.of("youtube:falling").filter(({ status }) => status === 200).length, 1)
  })

  it("of a rule that was removed is not posted any more", async () => {
    const app = await started()
    const receiver = receiving()
    receiver.answer = () => 500
    const { id } = await addRule(app, { webhook: receiver.url, secret: receiver.secret, name: "Short-lived" })
    // The call that is under way when the rule goes is the last.
    receiver.answer = () => {
      void fetch(`${app.url}/v1/alerts/rules/${id}`, { method: "DELETE" })
      return 500
    }
    await collect(app, "youtube:falling", falling)
    const alert = await only(app, "youtube:falling", "failed")
    assert.isAtMost(receiver.calls.length, alert.delivery.attempts)
    assert.include(alert.delivery.failure, "rule was removed")
  })
})

describe("the list of alerts", () => {
  let app: App
  let receiver: Receiver
  let rules: ReadonlyArray<AddedAlertRule>
  beforeAll(async () => {
    receiver = new Receiver()
    app = await startApp({ env })
    const { secret, url: webhook } = receiver
    rules = [
      await addRule(app, { webhook, secret }),
      await addRule(app, {
        webhook,
        secret,
        name: "Engagement",
        condition: { kind: "engagement", side: "below", percent: 1 }
      })
    ]
    for (let number = 0; number < 12; number++) await collect(app, `tiktok:falling${number}`, falling)
    const figures = { time: new Date().toISOString(), followers: 100_000, avgLikes: 10, avgComments: 1 }
    await postJson(app, "/v1/points", { points: [{ id: "tiktok:dull", ...figures }] })
    await eventually(async () => assert.strictEqual((await alertsOf(app)).alerts.length, 13))
  })
  afterAll(async () => {
    await app?.stop()
    await receiver?.stop()
  })

  it("is newest first, a page at a time", async () => {
    const { alerts: all, nextCursor } = await alertsOf(app, "limit=100")
    assert.isNull(nextCursor)
    const times = all.map(({ raisedAt }) => raisedAt.getTime())
    assert.deepStrictEqual(
      times,
      times.toSorted((a, b) => b - a)
    )
    const paged: Array<string> = []
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: AlertPage = await alertsOf(app, `limit=5${cursor === "" ? "" : `&cursor=${cursor}`}`)
      assert.isAtMost(page.alerts.length, 5)
      paged.push(...page.alerts.map(({ id }) => id))
      cursor = page.nextCursor
    }
    assert.deepStrictEqual(
      paged,
      all.map(({ id }) => id)
    )
  })

  it("is of an influencer or a rule, where one is named", async () => {
    const dull = (await alertsOf(app, "influencer=TikTok:dull")).alerts
    assert.deepStrictEqual(
      dull.map(({ evidence, rule }) => [rule, evidence.kind]),
      [[rules[1]?.id, "engagement"]]
    )
    assert.strictEqual((await alertsOf(app, `rule=${rules[0]?.id}`)).alerts.length, 12)
    assert.strictEqual((await alertsOf(app, `rule=${rules[0]?.id}&influencer=tiktok:dull`)).alerts.length, 0)
    const some = await alertsOf(app, `rule=${rules[0]?.id}&limit=7`)
    const rest = await alertsOf(app, `rule=${rules[0]?.id}&limit=7&cursor=${some.nextCursor}`)
    assert.strictEqual(rest.alerts.length, 5)
    assert.isNull(rest.nextCursor)
  })

  it("refuses what cannot be", async () => {
    for (const query of [
      "limit=0",
      "limit=101",
      "cursor=x",
      "cursor=0",
      "cursor=-1",
      "influencer=nasa",
      "rule=%00"
    ])
      assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/v1/alerts?${query}`)), [
        query.replace(/=.*/, "")
      ])
  })
})
