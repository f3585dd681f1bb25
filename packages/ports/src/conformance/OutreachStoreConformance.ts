import { assert, describe, it } from "@effect/vitest"
import { Tenant } from "@influscope/domain/access/Principal"
import {
  CampaignId,
  type CampaignPlan,
  noRecipients,
  OutreachId,
  type RecipientCounts
} from "@influscope/domain/messages/Campaign"
import { type Contact, EmailAddress, type OptOut } from "@influscope/domain/messages/Contact"
import { type Template, TemplateId } from "@influscope/domain/messages/Template"
import { makeProfileId } from "@influscope/domain/ProfileId"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type NewRecipient, type Outcome, OutreachStore } from "../OutreachStore.ts"
import { type Restartable, suite, unique } from "./Conformance.ts"

/** Any moment; nothing here looks at a clock. */
const now = Date.UTC(2026, 0, 1)
const hour = 3_600_000

const newTenant = () => Tenant.make(unique("tenant"))

const template = (id: string): Template => ({
  id: TemplateId.make(id),
  name: "Hello",
  subject: "Hello {{displayName}}",
  text: 'Dear {{displayName}}, "quotes" \\ \u2028 and 👩‍👩‍👧‍👦',
  html: null,
  defaults: { displayName: "friend" },
  createdAt: new Date(now)
})

const planOf = (tenant: Tenant, changes: Partial<CampaignPlan["campaign"]> = {}): CampaignPlan => {
  const { defaults, html, subject, text } = template("t")
  return {
    tenant,
    campaign: {
      id: CampaignId.make(unique("campaign")),
      name: "Winter",
      template: TemplateId.make("t"),
      channel: "webhook",
      sender: { name: "Jo", address: EmailAddress.make("jo@acme.example") },
      webhook: "https://example.com/hook",
      sendAt: new Date(now),
      zone: "Europe/Berlin",
      createdAt: new Date(now),
      state: "preparing",
      problem: null,
      recipients: noRecipients,
      ...changes
    },
    content: { subject, text, html, defaults },
    audience: { kind: "people", people: [{ id: makeProfileId("x", "jo") }] },
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
  }
}

const newMessage = () => OutreachId.make(crypto.randomUUID().replaceAll("-", ""))

const recipient = (handle: string, changes: Partial<NewRecipient> = {}): NewRecipient => ({
  id: makeProfileId("x", handle),
  message: newMessage(),
  address: null,
  values: { displayName: handle },
  skipped: null,
  ...changes
})

/** A campaign with recipients, prepared and due. */
const begun = Effect.fnUntraced(function* (
  handles: ReadonlyArray<string>,
  changes: Partial<CampaignPlan["campaign"]> = {}
) {
  const store = yield* OutreachStore
  const tenant = newTenant()
  const plan = planOf(tenant, changes)
  const { id } = plan.campaign
  const recipients = handles.map((handle) => recipient(handle))
  yield* store.addCampaign(plan)
  yield* store.addRecipients(id, recipients, now)
  yield* store.prepared(id, null)
  const campaign = Effect.map(store.campaign(tenant, id, now), Option.getOrThrow)
  return { store, tenant, id, recipients, campaign }
})

const counts = (changes: Partial<RecipientCounts>): RecipientCounts => ({ ...noRecipients, ...changes })

const anyTry = { below: 100 }
const newBatch = () => unique("batch")

const outcome = (message: OutreachId, result: Outcome["result"], reason: string | null = null): Outcome => ({
  message,
  attempts: 1,
  reason,
  result
})

/** What every OutreachStore must do. The layer is built once and shared by the tests. */
export const outreachStoreConformance = <E>(
  name: string,
  layer: Layer.Layer<OutreachStore, E>,
  restartable: Restartable<OutreachStore, E>
): void => {
  suite(`OutreachStore: ${name}`, layer, (test) => {
    test("keeps templates of a tenant, up to a number", () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        const [tenant, foreign] = [newTenant(), newTenant()]
        for (const id of ["b", "a", "c"]) assert.isTrue(yield* store.addTemplate(tenant, template(id), 3))
        assert.isFalse(yield* store.addTemplate(tenant, template("d"), 3))
        assert.isTrue(yield* store.addTemplate(foreign, template("a"), 3))
        const [a, b, c] = [template("a"), template("b"), template("c")]
        assert.deepStrictEqual(yield* store.templates(tenant, undefined, 2), [a, b])
        assert.deepStrictEqual(yield* store.templates(tenant, b.id, 2), [c])
        assert.deepStrictEqual(yield* store.template(tenant, a.id), Option.some(a))
        assert.isTrue(Option.isNone(yield* store.template(foreign, b.id)))
        assert.isFalse(yield* store.removeTemplate(foreign, b.id))
        assert.isTrue(yield* store.removeTemplate(tenant, b.id))
        assert.isFalse(yield* store.removeTemplate(tenant, b.id))
        assert.isTrue(Option.isNone(yield* store.template(tenant, b.id)))
        assert.isTrue(Option.isSome(yield* store.template(foreign, a.id)))
      }))

    test("keeps a campaign once, and shows it to its tenant", () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        const tenant = newTenant()
        const plan = planOf(tenant)
        const { id } = plan.campaign
        assert.strictEqual(yield* store.addCampaign(plan), plan.secret)
        const other = { ...plan, campaign: { ...plan.campaign, name: "other" }, secret: "other" }
        assert.strictEqual(yield* store.addCampaign(other), plan.secret)
        assert.deepStrictEqual(yield* store.campaign(tenant, id, now), Option.some(plan.campaign))
        assert.isTrue(Option.isNone(yield* store.campaign(newTenant(), id, now)))
        assert.isTrue(Option.isNone(yield* store.recipients(newTenant(), id, undefined, undefined, 10)))
        for (const how of ["pause", "resume", "cancel"] as const)
          assert.isFalse(yield* store.change(newTenant(), id, how, now))
        assert.deepStrictEqual(yield* store.campaign(tenant, id, now), Option.some(plan.campaign))
      }))

    test("pages through campaigns, newest first", () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        const tenant = newTenant()
        const plans = [3, 1, 2, 2].map((hours) => planOf(tenant, { createdAt: new Date(now + hours * hour) }))
        for (const plan of plans) yield* store.addCampaign(plan)
        const first = yield* store.campaigns(tenant, undefined, 2, now)
        const [, last] = first
        assert.isDefined(last)
        const place = last === undefined ? undefined : { at: last.createdAt.getTime(), id: last.id }
        const rest = yield* store.campaigns(tenant, place, 10, now)
        assert.deepStrictEqual(
          [...first, ...rest].map(({ createdAt }) => (createdAt.getTime() - now) / hour),
          [3, 2, 2, 1]
        )
        assert.strictEqual(new Set([...first, ...rest].map(({ id }) => id)).size, 4)
      }))

    test("hands campaigns over for preparation, with all that was given", () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        const plan = planOf(newTenant(), { createdAt: new Date(0) })
        yield* store.addCampaign(plan)
        const found = yield* store.nextUnprepared
        assert.deepStrictEqual(Option.getOrThrow(found), {
          ...plan,
          campaign: { ...plan.campaign, state: "preparing" }
        })
        yield* store.prepared(plan.campaign.id, "the search was not one")
        const campaign = Option.getOrThrow(yield* store.campaign(plan.tenant, plan.campaign.id, now))
        assert.deepStrictEqual([campaign.state, campaign.problem], ["cancelled", "the search was not one"])
        const next = yield* store.nextUnprepared
        assert.notStrictEqual(Option.getOrUndefined(next)?.campaign.id, plan.campaign.id)
      }))

    test("says what state a campaign is in", () =>
      Effect.gen(function* () {
        const { campaign, id, store, tenant } = yield* begun(["a"], { sendAt: new Date(now + hour) })
        const stateAt = (time: number) =>
          Effect.map(store.campaign(tenant, id, time), (found) => Option.getOrThrow(found).state)
        assert.strictEqual((yield* campaign).state, "scheduled")
        assert.strictEqual(yield* stateAt(now + hour), "sending")
        assert.isFalse(yield* store.change(tenant, id, "resume", now))
        assert.isTrue(yield* store.change(tenant, id, "pause", now))
        assert.isFalse(yield* store.change(tenant, id, "pause", now))
        assert.strictEqual(yield* stateAt(now + hour), "paused")
        assert.isTrue(yield* store.change(tenant, id, "resume", now))
        assert.isTrue(yield* store.change(tenant, id, "cancel", now))
        assert.isFalse(yield* store.change(tenant, id, "resume", now))
        assert.strictEqual(yield* stateAt(now + hour), "cancelled")
        assert.deepStrictEqual((yield* campaign).recipients, counts({ cancelled: 1 }))
      }))

    test("adds a recipient once, and one of those who share an address", () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        const tenant = newTenant()
        const plan = planOf(tenant)
        const { id } = plan.campaign
        const address = EmailAddress.make("jo@example.com")
        const [jo, twin, third] = [
          recipient("jo", { address }),
          recipient("twin", { address }),
          recipient("third", { address })
        ]
        const out = recipient("out", { skipped: "opted out" })
        yield* store.addCampaign(plan)
        yield* store.addRecipients(id, [jo, twin, out], now)
        yield* store.addRecipients(id, [jo, third], now + 1)
        const found = Option.getOrThrow(yield* store.recipients(tenant, id, undefined, undefined, 10))
        assert.deepStrictEqual(
          found.map((each) => [each.id, each.state]),
          [
            ["x:jo", "queued"],
            ["x:out", "skipped"],
            ["x:third", "skipped"],
            ["x:twin", "skipped"]
          ]
        )
        assert.deepStrictEqual(found[0], {
          id: jo.id,
          message: jo.message,
          address,
          state: "queued",
          reason: null,
          attempts: 0,
          nextAt: new Date(now),
          changedAt: new Date(now),
          repliedAt: null,
          reply: null
        })
        const page = Option.getOrThrow(yield* store.recipients(tenant, id, "skipped", out.id, 1))
        assert.deepStrictEqual(
          page.map((each) => each.id),
          [third.id]
        )
      }))

    test("takes everybody whose turn it is once, however many take at once", () =>
      Effect.gen(function* () {
        const handles = Array.from({ length: 50 }, (_, place) => `h${place}`)
        const { id, recipients, store } = yield* begun(handles)
        const taken = yield* Effect.forEach(
          Array.from({ length: 10 }, newBatch),
          (batch) => store.take(id, batch, anyTry, 7, now),
          { concurrency: 10 }
        )
        const messages = taken.flat()
        assert.strictEqual(messages.length, 50)
        assert.deepStrictEqual(new Set(messages), new Set(recipients.map(({ message }) => message)))
        assert.deepStrictEqual(yield* store.take(id, newBatch(), anyTry, 7, now), [])
      }))

    test("finds what is due when its time has come, and not when it is paused", () =>
      Effect.gen(function* () {
        const { id, store, tenant } = yield* begun(["a", "b"], { sendAt: new Date(now + hour) })
        const underway = (time: number) =>
          Effect.map(store.due(time, 1_000), (due) => due.find((each) => each.id === id)?.underway)
        assert.isUndefined(yield* underway(now))
        assert.strictEqual(yield* underway(now + hour), 0)
        yield* store.take(id, newBatch(), anyTry, 1, now + hour)
        assert.strictEqual(yield* underway(now + hour), 1)
        yield* store.change(tenant, id, "pause", now)
        assert.isUndefined(yield* underway(now + hour))
      }))

    test("remembers what was taken until its outcome is known", () =>
      Effect.gen(function* () {
        const { campaign, id, recipients, store } = yield* begun(["a", "b", "c"])
        const batch = newBatch()
        const messages = yield* store.take(id, batch, anyTry, 3, now)
        const [a, b, c] = messages
        if (a === undefined || b === undefined || c === undefined) return assert.fail("three were there")
        const isTaken = Effect.map(store.taken, (all) => all.find((each) => each.id === batch))
        assert.deepStrictEqual(new Set((yield* isTaken)?.messages), new Set(messages))
        assert.deepStrictEqual(yield* store.claim(batch, [a, b], false, now + 1), [a, b])
        assert.deepStrictEqual((yield* campaign).recipients, counts({ queued: 1, sending: 2 }))
        const toSend = Option.getOrThrow(yield* store.batch(batch))
        assert.deepStrictEqual(
          new Map(toSend.recipients.map(({ message, state }) => [message, state])),
          new Map([
            [a, "sending" as const],
            [b, "sending" as const],
            [c, "queued" as const]
          ])
        )
        const byMessage = new Map(recipients.map((each) => [each.message, each.values]))
        for (const { message, values } of toSend.recipients)
          assert.deepStrictEqual(values, byMessage.get(message) ?? {})
        yield* store.settle([outcome(a, { _tag: "sent" }), outcome(b, { _tag: "failed" }, "550 no")], now + 2)
        yield* store.release(batch, false)
        assert.isUndefined(yield* isTaken)
        assert.deepStrictEqual((yield* campaign).recipients, counts({ queued: 1, sent: 1, failed: 1 }))
        assert.deepStrictEqual(yield* store.take(id, newBatch(), anyTry, 3, now), [c])
      }))

    test("never replaces an outcome that is known by one that is not", () =>
      Effect.gen(function* () {
        const { campaign, id, store } = yield* begun(["a"])
        const batch = newBatch()
        const [a] = yield* store.take(id, batch, anyTry, 1, now)
        if (a === undefined) return assert.fail("one was there")
        yield* store.claim(batch, [a], false, now)
        yield* store.settle([outcome(a, { _tag: "unknown" })], now)
        assert.deepStrictEqual((yield* campaign).recipients, counts({ unknown: 1 }))
        yield* store.settle([outcome(a, { _tag: "delivered" })], now)
        yield* store.settle([outcome(a, { _tag: "unknown" })], now)
        assert.deepStrictEqual((yield* campaign).recipients, counts({ delivered: 1 }))
      }))

    test("has another attempt wait for its time, and the last ones taken apart", () =>
      Effect.gen(function* () {
        const { id, store } = yield* begun(["a"])
        const batch = newBatch()
        const [a] = yield* store.take(id, batch, { below: 1 }, 1, now)
        if (a === undefined) return assert.fail("one was there")
        yield* store.claim(batch, [a], false, now)
        yield* store.settle([outcome(a, { _tag: "queued", nextAt: now + hour }, "busy")], now)
        assert.deepStrictEqual(yield* store.take(id, newBatch(), anyTry, 1, now), [])
        assert.deepStrictEqual(yield* store.take(id, newBatch(), { below: 1 }, 1, now + hour), [])
        const last = newBatch()
        assert.deepStrictEqual(yield* store.take(id, last, { from: 1 }, 1, now + hour), [a])
        yield* store.claim(last, [a], false, now)
        yield* store.settle([{ ...outcome(a, { _tag: "givenUp" }, "busy"), attempts: 2 }], now)
        // It is failed, and can be tried again with its batch, which is among the dead letters.
        const again = Option.getOrThrow(yield* store.batch(last))
        assert.deepStrictEqual(
          again.recipients.map(({ attempts, message, state }) => ({ attempts, message, state })),
          [{ attempts: 2, message: a, state: "failed" }]
        )
        assert.deepStrictEqual(yield* store.claim(last, [a], false, now), [a])
      }))

    test("claims nothing of a campaign that was stopped", () =>
      Effect.gen(function* () {
        const { campaign, id, store, tenant } = yield* begun(["a", "b"])
        const batch = newBatch()
        const messages = yield* store.take(id, batch, anyTry, 2, now)
        yield* store.claim(batch, messages.slice(0, 1), false, now)
        yield* store.change(tenant, id, "pause", now)
        assert.deepStrictEqual(yield* store.claim(batch, messages, false, now), [])
        yield* store.release(batch, false)
        assert.deepStrictEqual((yield* campaign).recipients, counts({ queued: 1, sending: 1 }))
        yield* store.release(batch, true)
        assert.deepStrictEqual((yield* campaign).recipients, counts({ queued: 2 }))
        yield* store.change(tenant, id, "resume", now)
        const other = newBatch()
        const again = yield* store.take(id, other, anyTry, 2, now)
        yield* store.claim(other, again.slice(0, 1), false, now)
        yield* store.change(tenant, id, "cancel", now)
        yield* store.release(other, true)
        assert.deepStrictEqual((yield* campaign).recipients, counts({ unknown: 1, cancelled: 1 }))
      }))

    test("claims what somebody has begun only where it may be sent again", () =>
      Effect.gen(function* () {
        const { id, store } = yield* begun(["a"])
        const batch = newBatch()
        const messages = yield* store.take(id, batch, anyTry, 1, now)
        assert.deepStrictEqual(yield* store.claim(batch, messages, false, now), messages)
        assert.deepStrictEqual(yield* store.claim(batch, messages, false, now), [])
        assert.deepStrictEqual(yield* store.claim(batch, messages, true, now), messages)
        assert.deepStrictEqual(yield* store.claim(newBatch(), messages, true, now), [])
      }))

    test("finishes a campaign when nobody is left", () =>
      Effect.gen(function* () {
        const { campaign, id, store } = yield* begun(["a"])
        yield* store.finish(now)
        assert.strictEqual((yield* campaign).state, "sending")
        const batch = newBatch()
        const messages = yield* store.take(id, batch, anyTry, 1, now)
        yield* store.claim(batch, messages, false, now)
        yield* store.settle(
          messages.map((message) => outcome(message, { _tag: "sent" })),
          now
        )
        yield* store.finish(now)
        assert.strictEqual((yield* campaign).state, "finished")
      }))

    test("notes what is told of a message, by its tenant only, and keeps a reply", () =>
      Effect.gen(function* () {
        const { campaign, id, recipients, store, tenant } = yield* begun(["a"])
        const [a] = recipients
        if (a === undefined) return assert.fail("one was there")
        const owner = { tenant, campaign: id, id: a.id, address: a.address }
        assert.deepStrictEqual(yield* store.ownerOf(a.message), Option.some(owner))
        assert.isTrue(Option.isNone(yield* store.ownerOf(newMessage())))
        const delivered = { kind: "delivered", text: "", at: now + 1 } as const
        assert.isTrue(Option.isNone(yield* store.report(newTenant(), a.message, delivered)))
        assert.deepStrictEqual((yield* campaign).recipients, counts({ queued: 1 }))
        const told = Option.getOrThrow(yield* store.report(tenant, a.message, delivered))
        assert.strictEqual(told.state, "delivered")
        yield* store.report(tenant, a.message, { kind: "replied", text: 'Yes, "please"', at: now + 2 })
        const kept = Option.getOrThrow(
          yield* store.report(tenant, a.message, { kind: "failed", text: "late", at: now + 3 })
        )
        assert.deepStrictEqual(
          [kept.state, kept.reply, kept.repliedAt, kept.reason],
          ["replied", 'Yes, "please"', new Date(now + 2), null]
        )
      }))

    test("keeps who wants to hear nothing, tenant by tenant", () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        const [tenant, foreign] = [newTenant(), newTenant()]
        const contacts: ReadonlyArray<Contact> = [
          EmailAddress.make("jo@example.com"),
          makeProfileId("x", "jo"),
          makeProfileId("youtube", "ann")
        ]
        const optOuts = contacts.map((contact): OptOut => ({ contact, source: "given", at: new Date(now) }))
        yield* store.addOptOuts(tenant, optOuts)
        yield* store.addOptOuts(
          tenant,
          optOuts.map((each) => ({ ...each, source: "complaint" as const }))
        )
        const first = yield* store.optOuts(tenant, undefined, 2)
        const rest = yield* store.optOuts(tenant, first.at(-1)?.contact, 10)
        assert.deepStrictEqual([...first, ...rest], optOuts)
        assert.deepStrictEqual(yield* store.optedOut(foreign, contacts), new Set())
        assert.deepStrictEqual(
          yield* store.optedOut(tenant, [...contacts.slice(1), makeProfileId("x", "other")]),
          new Set(contacts.slice(1))
        )
        const [address] = contacts
        if (address === undefined) return
        assert.isFalse(yield* store.removeOptOut(foreign, address))
        assert.isTrue(yield* store.removeOptOut(tenant, address))
        assert.deepStrictEqual(yield* store.optedOut(tenant, [address]), new Set())
      }))

    test("allows a sender so many a second, and so many at once", () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        const tenant = newTenant()
        const rate = { perSecond: 10, burstSeconds: 2 }
        const allow = (wanted: number, seconds: number, sender = "jo@acme.example") =>
          store.allow(tenant, sender, wanted, rate, now + seconds * 1_000)
        assert.strictEqual(yield* allow(15, 0), 15)
        assert.strictEqual(yield* allow(15, 0), 5)
        assert.strictEqual(yield* allow(15, 0.5), 5)
        assert.strictEqual(yield* allow(5, 0.5, "ann@acme.example"), 5)
        assert.strictEqual(yield* allow(-4, 0.5), -4)
        assert.strictEqual(yield* allow(15, 0.5), 4)
        // A clock that went back gives nothing, and takes nothing.
        assert.strictEqual(yield* allow(15, 0), 0)
        assert.strictEqual(yield* allow(100, 3_600), 20)
      }))
  })

  describe(`OutreachStore across restarts: ${name}`, () => {
    it.scopedLive("has everything", () =>
      Effect.gen(function* () {
        const reopen = yield* restartable
        const before = yield* Effect.gen(function* () {
          const { id, store, tenant } = yield* begun(["a", "b"])
          const batch = newBatch()
          const messages = yield* store.take(id, batch, anyTry, 2, now)
          yield* store.claim(batch, messages.slice(0, 1), false, now)
          return { batch, id, messages, tenant }
        }).pipe(Effect.provide(reopen))
        yield* Effect.gen(function* () {
          const store = yield* OutreachStore
          const campaign = Option.getOrThrow(yield* store.campaign(before.tenant, before.id, now))
          assert.deepStrictEqual(campaign.recipients, counts({ queued: 1, sending: 1 }))
          const taken = (yield* store.taken).find(({ id }) => id === before.batch)
          assert.deepStrictEqual(new Set(taken?.messages), new Set(before.messages))
        }).pipe(Effect.provide(reopen))
      })
    )
  })
}
