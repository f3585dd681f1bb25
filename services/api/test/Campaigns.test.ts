import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  AddedCampaign,
  CampaignPage,
  CampaignPreview,
  RecipientPage
} from "@influscope/domain/api/CampaignsApi"
import { OptOutPage } from "@influscope/domain/api/OptOutsApi"
import { TemplatePage } from "@influscope/domain/api/TemplatesApi"
import { Campaign, Recipient } from "@influscope/domain/messages/Campaign"
import { OptOut } from "@influscope/domain/messages/Contact"
import { Template } from "@influscope/domain/messages/Template"
import { type App, body, eventually, invalidPaths, problem } from "./support.ts"
import { type Caller, callerOf, startGuardedApp } from "./Tenants.ts"

let app: App
let ann: Caller
let foreign: Caller

const handles = Array.from({ length: 30 }, (_, number) => `traveller${number}`)

beforeAll(async () => {
  app = await startGuardedApp({ MESSAGES_RATE: "10000" })
  ann = callerOf(app, "ann", "acme")
  foreign = callerOf(app, "ann", "other")
  const profiles = handles.map((handle) => ({
    platform: "instagram",
    handle,
    name: `Name of ${handle}`,
    bio: `Slow travel. Mail: ${handle}@example.com`,
    followers: 12_000
  }))
  assert.strictEqual((await ann.post("/v1/profiles", { profiles })).status, 202)
  await eventually(async () => {
    const found = await ann.get("/v1/profiles/instagram:traveller29")
    assert.strictEqual(found.status, 200)
  })
})
afterAll(() => app?.stop())

const hello = {
  name: "Hello",
  subject: "Hello {{displayName}}",
  text: "Dear {{displayName}} of {{country}}: {{unsubscribeUrl}}",
  html: '<p>{{displayName}}</p><a href="{{unsubscribeUrl}}">no more</a>',
  defaults: { country: "somewhere" }
}

const addTemplate = async (who = ann, given: object = hello) =>
  body(await who.post("/v1/templates", given), Template, 201)

const sender = { name: "Jo", address: "jo@acme.example" }
const people = (count: number) => ({
  kind: "people",
  people: handles.slice(0, count).map((handle) => ({ id: `instagram:${handle}` }))
})

const add = async (template: string, given: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  body(
    await ann.post(
      "/v1/campaigns",
      { name: "Winter", template, sender, audience: people(3), ...given },
      headers
    ),
    AddedCampaign,
    201
  )

const get = async (id: string) => body(await ann.get(`/v1/campaigns/${id}`), Campaign)

const inState = (id: string, state: Campaign["state"]) =>
  eventually(async () => {
    const campaign = await get(id)
    assert.strictEqual(campaign.state, state)
    return campaign
  })

const recipientsOf = async (id: string, query = "limit=500") =>
  body(await ann.get(`/v1/campaigns/${id}/recipients?${query}`), RecipientPage)

const prepared = (id: string, count: number) =>
  eventually(async () => {
    const { recipients } = await recipientsOf(id)
    assert.strictEqual(recipients.length, count)
    return recipients
  })

describe("templates", () => {
  it("are kept, listed, and removed", async () => {
    const added = await addTemplate()
    assert.deepStrictEqual(await body(await ann.get(`/v1/templates/${added.id}`), Template), added)
    const { templates } = await body(await ann.get("/v1/templates?limit=100"), TemplatePage)
    assert.include(
      templates.map(({ id }) => id),
      added.id
    )
    assert.strictEqual((await ann.del(`/v1/templates/${added.id}`)).status, 204)
    await problem(await ann.get(`/v1/templates/${added.id}`), 404, "not-found")
    await problem(await ann.del(`/v1/templates/${added.id}`), 404, "not-found")
  })

  it("are refused where a field is unknown or could be more than text", async () => {
    const refused = async (given: object) =>
      invalidPaths(await ann.post("/v1/templates", { ...hello, ...given }))
    assert.deepStrictEqual(await refused({ subject: "{{nothing}}", text: "{{displayName" }), [
      "subject",
      "text"
    ])
    assert.deepStrictEqual(await refused({ html: "<script>{{displayName}}</script>" }), ["html"])
    assert.deepStrictEqual(await refused({ subject: "a\r\nBcc: eve@example.com" }), ["subject"])
  })
})

describe("a campaign", () => {
  it("is sent at once, by files, and says of everybody what became of it", async () => {
    const { id } = await addTemplate()
    const campaign = await add(id)
    assert.deepStrictEqual([campaign.channel, campaign.secret], ["file", null])
    const { recipients } = await inState(campaign.id, "finished")
    assert.strictEqual(recipients.delivered, 3)
    const page = await recipientsOf(campaign.id, "limit=2&state=delivered")
    assert.strictEqual(page.recipients.length, 2)
    const rest = await recipientsOf(
      campaign.id,
      `limit=2&cursor=${encodeURIComponent(page.nextCursor ?? "")}`
    )
    assert.deepStrictEqual(
      [...page.recipients, ...rest.recipients].map((each) => each.id),
      handles.slice(0, 3).map((handle) => `instagram:${handle}`)
    )
    assert.strictEqual(rest.nextCursor, null)
  })

  it("is made once with a key, and listed newest first", async () => {
    const { id } = await addTemplate()
    const key = { "idempotency-key": "winter-1" }
    const first = await add(id, { paused: true }, key)
    const second = await add(id, { paused: true }, key)
    assert.strictEqual(second.id, first.id)
    const page = await body(await ann.get("/v1/campaigns?limit=1"), CampaignPage)
    assert.deepStrictEqual(
      page.campaigns.map((each) => each.id),
      [first.id]
    )
    const next = await body(await ann.get(`/v1/campaigns?limit=1&cursor=${page.nextCursor}`), CampaignPage)
    assert.notStrictEqual(next.campaigns[0]?.id, first.id)
  })

  it("shows what the first recipients would get", async () => {
    const { id } = await addTemplate()
    const audience = { kind: "search", query: "q=travel&platform=instagram", most: 10 }
    const preview = await body(
      await ann.post("/v1/campaigns/preview", { template: id, audience }),
      CampaignPreview
    )
    assert.strictEqual(preview.total, 10)
    const [sample] = preview.samples
    assert.match(sample?.message?.subject ?? "", /^Hello Name of traveller\d+$/)
    assert.include(sample?.message?.text ?? "", "of somewhere")
    const nobody = { kind: "people", people: [{ id: "instagram:nobody-here" }] }
    const empty = await body(
      await ann.post("/v1/campaigns/preview", { template: id, audience: nobody }),
      CampaignPreview
    )
    assert.match(empty.samples[0]?.skipped ?? "", /no such profile/)
  })

  it("is scheduled, paused, resumed and cancelled", async () => {
    const { id: template } = await addTemplate()
    const { id } = await add(template, { sendAt: { local: "2099-01-01T09:00", zone: "Europe/Berlin" } })
    const scheduled = await inState(id, "scheduled")
    assert.deepStrictEqual(
      [scheduled.sendAt.toISOString(), scheduled.zone],
      ["2099-01-01T08:00:00.000Z", "Europe/Berlin"]
    )
    const change = (how: string) => ann.post(`/v1/campaigns/${id}/${how}`)
    assert.strictEqual((await body(await change("pause"), Campaign)).state, "paused")
    await problem(await change("pause"), 409, "conflict")
    assert.strictEqual((await body(await change("resume"), Campaign)).state, "scheduled")
    const cancelled = await body(await change("cancel"), Campaign)
    assert.deepStrictEqual([cancelled.state, cancelled.recipients.cancelled], ["cancelled", 3])
    await problem(await change("resume"), 409, "conflict")
  })

  it("records what comes back", async () => {
    const { id: template } = await addTemplate()
    const { id } = await add(template)
    await inState(id, "finished")
    const [first, second] = (await recipientsOf(id)).recipients
    const reference = `<${first?.message}@acme.example>`
    const report = (event: object) => ann.post("/v1/campaigns/inbound", event)
    const told = await body(await report({ message: reference, kind: "replied", text: "Yes" }), Recipient)
    assert.deepStrictEqual([told.state, told.reply], ["replied", "Yes"])
    assert.strictEqual((await get(id)).recipients.replied, 1)
    await body(await report({ message: second?.message, kind: "complaint" }), Recipient)
    const { optOuts } = await body(await ann.get("/v1/opt-outs"), OptOutPage)
    assert.includeDeepMembers(
      optOuts.map(({ contact, source }) => [contact, source]),
      [
        [second?.id, "complaint"],
        [second?.address, "complaint"]
      ]
    )
    await problem(await report({ message: "0".repeat(32), kind: "delivered" }), 404, "not-found")
    assert.deepStrictEqual(await invalidPaths(await report({ message: "x", kind: "replied" })), ["message"])
    for (const { contact } of optOuts) await ann.del(`/v1/opt-outs/${encodeURIComponent(contact)}`)
  })

  it("says what is wrong with what it is given", async () => {
    const { id: template } = await addTemplate()
    const given = { name: "Winter", template, sender, audience: people(1) }
    const refused = async (more: object) =>
      invalidPaths(await ann.post("/v1/campaigns", { ...given, ...more }))
    await problem(await ann.post("/v1/campaigns", { ...given, template: "nothing" }), 404, "not-found")
    assert.deepStrictEqual(await refused({ channel: "smtp" }), ["channel"])
    assert.deepStrictEqual(await refused({ channel: "webhook" }), ["webhook"])
    assert.deepStrictEqual(await refused({ channel: "webhook", webhook: "https://127.0.0.1/x" }), ["webhook"])
    assert.deepStrictEqual(await refused({ sendAt: { local: "2099-02-30T09:00", zone: "UTC" } }), ["sendAt"])
    assert.deepStrictEqual(await refused({ audience: { kind: "search", query: "followersMin=many" } }), [
      "audience.query"
    ])
    assert.deepStrictEqual(await refused({ sender: { name: "a\r\nBcc: x", address: "a@b.example" } }), [
      "sender.name"
    ])
  })
})

describe("an unsubscribe link", () => {
  it("asks first, and is good for whom it was made", async () => {
    const { id: template } = await addTemplate()
    const preview = await body(
      await ann.post("/v1/campaigns/preview", { template, audience: people(1) }),
      CampaignPreview
    )
    // Made for a preview: there is no such message.
    const previewed = new URL(/http\S+/.exec(preview.samples[0]?.message?.text ?? "")?.[0] ?? "http://none")
    assert.match(previewed.pathname, /^\/unsubscribe\/[0-9a-f]{32}\./)
    const page = await fetch(`${app.url}${previewed.pathname}`)
    assert.strictEqual(page.status, 200)
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/)
    assert.include(await page.text(), '<form method="post">')
    const posted = await fetch(`${app.url}${previewed.pathname}`, { method: "POST" })
    assert.strictEqual(posted.status, 404)
    assert.deepStrictEqual((await body(await ann.get("/v1/opt-outs"), OptOutPage)).optOuts, [])
    const forged = await fetch(`${app.url}/unsubscribe/${"0".repeat(32)}.${"A".repeat(22)}`, {
      method: "POST"
    })
    assert.strictEqual(forged.status, 404)
  })

  it("is heeded by later campaigns, as is the list", async () => {
    const { id: template } = await addTemplate()
    const optOut = await body(
      await ann.post("/v1/opt-outs", { contact: "Traveller1@Example.com" }),
      OptOut,
      201
    )
    assert.strictEqual(optOut.contact, "traveller1@example.com")
    const { id } = await add(template)
    await inState(id, "finished")
    const { recipients } = await recipientsOf(id, "state=skipped")
    assert.deepStrictEqual(
      recipients.map((each) => [each.id, each.reason]),
      [["instagram:traveller1", "opted out"]]
    )
    assert.strictEqual((await ann.del("/v1/opt-outs/traveller1%40example.com")).status, 204)
    await problem(await ann.del("/v1/opt-outs/traveller1%40example.com"), 404, "not-found")
  })
})

describe("another tenant", () => {
  it("sees nothing of it, and changes nothing", async () => {
    const template = await addTemplate()
    const campaign = await add(template.id, { paused: true })
    const [first] = await prepared(campaign.id, 3)
    await ann.post("/v1/opt-outs", { contact: "instagram:nobody" })
    const at = `/v1/campaigns/${campaign.id}`
    const answers = [
      await foreign.get(`/v1/templates/${template.id}`),
      await foreign.del(`/v1/templates/${template.id}`),
      await foreign.get(at),
      await foreign.get(`${at}/recipients`),
      await foreign.post(`${at}/pause`),
      await foreign.post(`${at}/resume`),
      await foreign.post(`${at}/cancel`),
      await foreign.post("/v1/campaigns/inbound", { message: first?.message, kind: "replied", text: "x" }),
      await foreign.del("/v1/opt-outs/instagram:nobody"),
      await foreign.post("/v1/campaigns", { name: "x", template: template.id, sender, audience: people(1) }),
      await foreign.post("/v1/campaigns/preview", { template: template.id, audience: people(1) })
    ]
    for (const answer of answers) await problem(answer, 404, "not-found")
    assert.deepStrictEqual((await body(await foreign.get("/v1/templates"), TemplatePage)).templates, [])
    assert.deepStrictEqual((await body(await foreign.get("/v1/campaigns"), CampaignPage)).campaigns, [])
    assert.deepStrictEqual((await body(await foreign.get("/v1/opt-outs"), OptOutPage)).optOuts, [])
    assert.strictEqual((await get(campaign.id)).state, "paused")
    assert.deepStrictEqual((await recipientsOf(campaign.id)).recipients[0], first)
    await ann.del("/v1/opt-outs/instagram:nobody")
  })
})
