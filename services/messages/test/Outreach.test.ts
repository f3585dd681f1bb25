import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Tenant } from "@influscope/domain/access/Principal"
import { messagesSendRequested } from "@influscope/domain/Events"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import { Outreach } from "@influscope/ports/Outreach"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import { PubSub } from "@influscope/ports/PubSub"
import { mailServer, messageIdIn, smtpError } from "@influscope/testing/MailServer"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  addCampaign,
  addProfiles,
  addTemplate,
  awaitState,
  campaignOf,
  handleOf,
  idOf,
  outgoingOf,
  recipientsOf,
  system,
  tenant
} from "./System.ts"

const handles = (count: number) => Array.from({ length: count }, (_, number) => handleOf(number))

const filesIn = (directory: string): ReadonlyArray<string> =>
  readdirSync(outgoingOf(directory)).filter((name) => name.endsWith(".json"))

const Outgoing = Schema.parseJson(
  Schema.Struct({ subject: Schema.String, text: Schema.String, unsubscribeUrl: Schema.String })
)
const readOutgoing = (directory: string, message: string) =>
  Schema.decodeSync(Outgoing)(readFileSync(join(outgoingOf(directory), `${message}.json`), "utf8"))

const inSystem = <A, E, R>(
  settings: Readonly<Record<string, string>>,
  body: (directory: string) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    return yield* body(directory).pipe(Effect.provide(system(directory, settings)))
  })

const statesOf = (recipients: ReadonlyArray<{ readonly id: ProfileId; readonly state: string }>) =>
  Object.fromEntries(recipients.map(({ id, state }) => [id, state]))

describe("a campaign", () => {
  it.scopedLive("reaches everybody once, by files", () =>
    inSystem({}, (directory) =>
      Effect.gen(function* () {
        yield* addTemplate
        yield* addProfiles(handles(450))
        const { id } = yield* addCampaign(handles(450))
        yield* awaitState(id, "finished")
        const recipients = yield* recipientsOf(id)
        assert.strictEqual(recipients.length, 450)
        assert.deepStrictEqual(new Set(recipients.map(({ state }) => state)), new Set(["delivered"]))
        assert.deepStrictEqual(
          new Set(filesIn(directory)),
          new Set(recipients.map(({ message }) => `${message}.json`))
        )
        const [first] = recipients
        const { subject, text, unsubscribeUrl } = readOutgoing(directory, first?.message ?? "")
        assert.strictEqual(subject, "Hello Name of creator00000")
        assert.include(text, "1,200 followers")
        assert.include(text, unsubscribeUrl)
        const audit = yield* Effect.flatMap(Outbox, (outbox) => outbox.audit(60_000))
        const topic = audit.find((each) => each.topic === "messages.send-requested")
        assert.deepInclude(topic, { sent: 450, applied: 450, deadLettered: 0, missing: 0 })
      })
    )
  )

  it.scopedLive("is for whom a search finds, the first of them", () =>
    inSystem({}, () =>
      Effect.gen(function* () {
        yield* addTemplate
        yield* addProfiles(handles(150))
        yield* addProfiles(["other"], { bio: "Cooking", name: "Cook" })
        const audience = { kind: "search", query: "q=travel&platform=instagram", most: 120 }
        const { id } = yield* addCampaign([], { audience })
        yield* awaitState(id, "finished")
        const recipients = yield* recipientsOf(id)
        assert.strictEqual(recipients.length, 120)
        assert.isFalse(recipients.some((each) => each.id === idOf("other")))
      })
    )
  )

  it.scopedLive("leaves out whom it cannot reach, and says why", () =>
    inSystem({ MESSAGES_SMTP_URL: "smtp://127.0.0.1:1" }, () =>
      Effect.gen(function* () {
        const store = yield* OutreachStore
        yield* addTemplate
        yield* addProfiles(["known"])
        yield* addProfiles(["silent"], { bio: "no address" })
        yield* addProfiles(["twin"], { bio: "known@example.com" })
        yield* addProfiles(["out"])
        yield* addProfiles(["uncounted"], { name: "x", bio: "u@example.com" })
        yield* store.addOptOuts(tenant, [{ contact: idOf("out"), source: "given", at: new Date(0) }])
        const { id } = yield* addCampaign(["known", "silent", "twin", "out", "nobody"], {
          channel: "smtp",
          paused: true
        })
        yield* eventually(
          "the recipients",
          Effect.map(recipientsOf(id), (recipients) => recipients.length === 5)
        )
        const recipients = yield* recipientsOf(id)
        assert.deepStrictEqual(statesOf(recipients), {
          [idOf("known")]: "queued",
          [idOf("silent")]: "skipped",
          [idOf("twin")]: "skipped",
          [idOf("out")]: "skipped",
          [idOf("nobody")]: "skipped"
        })
        const reasons = new Map(recipients.map((each) => [each.id, each.reason]))
        assert.match(reasons.get(idOf("silent")) ?? "", /no address/)
        assert.match(reasons.get(idOf("twin")) ?? "", /same address/)
        assert.match(reasons.get(idOf("out")) ?? "", /opted out/)
        assert.match(reasons.get(idOf("nobody")) ?? "", /no such profile/)
      })
    )
  )

  it.scopedLive("waits for its time, over a restart, and for being resumed", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const local = new Date(Date.now() + 3_000).toISOString().slice(0, 19)
      const id = yield* Effect.gen(function* () {
        yield* addTemplate
        yield* addProfiles(handles(3))
        const added = yield* addCampaign(handles(3), { sendAt: { local, zone: "UTC" }, paused: true })
        yield* eventually(
          "the recipients",
          Effect.map(recipientsOf(added.id), (recipients) => recipients.length === 3)
        )
        const { change } = yield* OutreachStore
        assert.isTrue(yield* change(tenant, added.id, "resume", Date.now()))
        assert.strictEqual((yield* campaignOf(added.id)).state, "scheduled")
        return added.id
      }).pipe(Effect.provide(system(directory)))
      yield* Effect.gen(function* () {
        yield* awaitState(id, "finished")
        assert.isAtLeast(Date.now(), Date.parse(`${local}Z`))
        assert.strictEqual(filesIn(directory).length, 3)
      }).pipe(Effect.provide(system(directory)))
    })
  )

  it.scopedLive("is made once with a key", () =>
    inSystem({}, () =>
      Effect.gen(function* () {
        const outreach = yield* OutreachStore
        yield* addTemplate
        yield* addProfiles(handles(1))
        const first = yield* addCampaign(handles(1), { paused: true }, "key")
        const second = yield* addCampaign(handles(1), { paused: true }, "key")
        assert.strictEqual(second.id, first.id)
        assert.strictEqual((yield* outreach.campaigns(tenant, undefined, 10, Date.now())).length, 1)
      })
    )
  )

  it.scopedLive("sends no more when it is paused or cancelled", () =>
    inSystem({ MESSAGES_RATE: "20", MESSAGES_BURST: "1" }, (directory) =>
      Effect.gen(function* () {
        const { change } = yield* OutreachStore
        yield* addTemplate
        yield* addProfiles(handles(200))
        const { id } = yield* addCampaign(handles(200))
        yield* eventually(
          "the first files",
          Effect.sync(() => readdirSync(directory).includes("outgoing") && filesIn(directory).length > 0)
        )
        assert.isTrue(yield* change(tenant, id, "pause", Date.now()))
        yield* eventually(
          "nothing on its way",
          Effect.map(campaignOf(id), ({ recipients }) => recipients.sending === 0)
        )
        const sent = filesIn(directory).length
        assert.isBelow(sent, 200)
        yield* Effect.sleep("1500 millis")
        assert.strictEqual(filesIn(directory).length, sent)
        assert.isTrue(yield* change(tenant, id, "cancel", Date.now()))
        const { recipients, state } = yield* campaignOf(id)
        assert.strictEqual(state, "cancelled")
        assert.deepStrictEqual([recipients.delivered, recipients.cancelled], [sent, 200 - sent])
      })
    )
  )

  it.scopedLive("keeps to the rate of its sender", () =>
    inSystem({ MESSAGES_RATE: "10", MESSAGES_BURST: "1" }, () =>
      Effect.gen(function* () {
        yield* addTemplate
        yield* addProfiles(handles(35))
        const began = Date.now()
        const { id } = yield* addCampaign(handles(35))
        yield* awaitState(id, "finished")
        // The first ten at once, the others ten a second.
        assert.isAtLeast(Date.now() - began, 2_000)
        assert.strictEqual((yield* campaignOf(id)).recipients.delivered, 35)
      })
    )
  )
})

describe("mail of a campaign", () => {
  it.scopedLive("is tried again, given up, and tried once more from the dead letters", () =>
    Effect.gen(function* () {
      let isBroken = true
      const { mails, url } = yield* mailServer({
        recipient: (address) => {
          if (address.startsWith("creator00001")) return smtpError(550, "no such user")
          return isBroken && address.startsWith("creator00002") ? smtpError(451, "busy") : undefined
        }
      })
      const settings = { MESSAGES_SMTP_URL: url, MESSAGES_ATTEMPTS: "3" }
      yield* inSystem(settings, () =>
        Effect.gen(function* () {
          const letters = yield* DeadLetters
          yield* addTemplate
          yield* addProfiles(handles(4))
          const { id } = yield* addCampaign(handles(4), { channel: "smtp" })
          yield* eventually(
            "a dead letter",
            Effect.map(letters.count, (count) => count === 1),
            "30 seconds"
          )
          assert.deepStrictEqual(statesOf(yield* recipientsOf(id)), {
            [idOf(handleOf(0))]: "sent",
            [idOf(handleOf(1))]: "failed",
            [idOf(handleOf(2))]: "failed",
            [idOf(handleOf(3))]: "sent"
          })
          const attempts = (yield* recipientsOf(id)).map((each) => each.attempts)
          assert.deepStrictEqual(attempts, [1, 1, 3, 1])
          isBroken = false
          const [letter] = yield* letters.list({ before: undefined, limit: 1, topic: undefined })
          assert.isTrue(yield* letters.replay(letter?.id ?? ""))
          yield* eventually(
            "the last mail",
            Effect.sync(() => mails.length === 3)
          )
          assert.strictEqual(new Set(mails.map(messageIdIn)).size, 3)
          yield* eventually(
            "its state",
            Effect.map(campaignOf(id), ({ recipients }) => recipients.sent === 3)
          )
        })
      )
    })
  )

  it.scopedLive("is sent once though its batch is delivered again while it is in work", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer({ beforeTaken: () => Bun.sleep(20) })
      yield* inSystem({ MESSAGES_SMTP_URL: url, MESSAGES_BATCHES: "4" }, () =>
        Effect.gen(function* () {
          const pubsub = yield* PubSub
          const { taken } = yield* OutreachStore
          yield* addTemplate
          yield* addProfiles(handles(80))
          const { id } = yield* addCampaign(handles(80), { channel: "smtp" })
          yield* eventually(
            "the first mails",
            Effect.sync(() => mails.length > 0)
          )
          for (const { campaign, id: batch, messages } of yield* taken)
            for (const copy of ["again", "and again"])
              yield* pubsub.publish(messagesSendRequested.name, {
                id: `${batch} ${copy}`,
                payload: JSON.stringify({ version: 1, id: batch, campaign, messages }),
                items: messages.length,
                traceparent: undefined
              })
          yield* eventually(
            "nothing in the queue",
            Effect.map(pubsub.stats, (stats) => stats.every(({ messages }) => messages === 0)),
            "60 seconds"
          )
          yield* awaitState(id, "finished")
          assert.strictEqual((yield* campaignOf(id)).recipients.sent, 80)
          assert.strictEqual(mails.length, 80)
          assert.strictEqual(new Set(mails.map(messageIdIn)).size, 80)
        })
      )
    })
  )

  it.scopedLive("is not sent to who opts out by the link of an earlier one", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer()
      yield* inSystem({ MESSAGES_SMTP_URL: url }, () =>
        Effect.gen(function* () {
          const outreach = yield* Outreach
          const store = yield* OutreachStore
          yield* addTemplate
          yield* addProfiles(handles(2))
          const first = yield* addCampaign(handles(2), { channel: "smtp" })
          yield* awaitState(first.id, "finished")
          const mail = mails.find(({ to }) => to.includes("creator00000@example.com"))
          const token =
            /^List-Unsubscribe:\s*<[^>]*\/unsubscribe\/([^>]+)>/im.exec(mail?.text ?? "")?.[1] ?? ""
          for (const forged of ["", `${token}x`, token.replace(/^./, (c) => (c === "0" ? "1" : "0"))])
            assert.isFalse(yield* outreach.unsubscribe(forged, "link"))
          assert.deepStrictEqual(yield* store.optOuts(tenant, undefined, 10), [])
          assert.isTrue(yield* outreach.unsubscribe(token, "one-click"))
          assert.deepStrictEqual(
            (yield* store.optOuts(tenant, undefined, 10)).map(({ contact, source }) => [contact, source]),
            [
              ["creator00000@example.com", "one-click"],
              ["instagram:creator00000", "one-click"]
            ]
          )
          assert.deepStrictEqual(yield* store.optOuts(Tenant.make("other"), undefined, 10), [])
          const second = yield* addCampaign(handles(2), { channel: "smtp" })
          yield* awaitState(second.id, "finished")
          assert.deepStrictEqual(statesOf(yield* recipientsOf(second.id)), {
            [idOf(handleOf(0))]: "skipped",
            [idOf(handleOf(1))]: "sent"
          })
          assert.strictEqual(mails.length, 3)
        })
      )
    })
  )
})

describe("what cannot be sent", () => {
  const refusals: ReadonlyArray<readonly [string, object, string]> = [
    ["a channel that is not there", { channel: "smtp" }, "channel"],
    ["a webhook without an address", { channel: "webhook" }, "webhook"],
    ["a search that is none", { audience: { kind: "search", query: "nothing=x" } }, "audience.query"],
    ["a time that was", { sendAt: { local: "2020-01-01T00:00", zone: "UTC" } }, "sendAt"],
    ["a time that never is", { sendAt: { local: "2030-02-30T00:00", zone: "UTC" } }, "sendAt"]
  ]
  for (const [what, given, path] of refusals)
    it.scopedLive(`is refused: ${what}`, () =>
      inSystem({}, () =>
        Effect.gen(function* () {
          yield* addTemplate
          const error = yield* Effect.flip(addCampaign(handles(1), given))
          assert.strictEqual(error._tag, "OutreachRefused")
          if (error._tag === "OutreachRefused") assert.strictEqual(error.path, path)
        })
      )
    )
})
