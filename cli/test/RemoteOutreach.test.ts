import { assert, describe, it } from "@effect/vitest"
import { MessagesClient, RemoteOutreachLive } from "@influscope/api/RemoteOutreach"
import { Tenant } from "@influscope/domain/access/Principal"
import { NewCampaign } from "@influscope/domain/api/CampaignsApi"
import { TemplateId } from "@influscope/domain/messages/Template"
import { MessagesServiceHttp, MessagesServiceHttpLive } from "@influscope/messages/MessagesServiceHttp"
import { Outreach } from "@influscope/ports/Outreach"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { clientAt, embedded, listening, nowhere } from "./RemoteService.ts"

/** A messages service behind HTTP on a port, and the port of the API that reaches it there. */
const remote = Effect.gen(function* () {
  const context = yield* embedded(MessagesServiceHttpLive)
  const url = yield* listening(Context.get(context, MessagesServiceHttp).handle)
  const portAt = (address: string) =>
    Effect.map(
      Layer.build(Layer.provide(RemoteOutreachLive, clientAt(MessagesClient, address))),
      Context.get(Outreach)
    )
  return {
    store: Context.get(context, OutreachStore),
    outreach: yield* portAt(url),
    nobody: yield* portAt(nowhere)
  }
})

const tenant = Tenant.make("acme")
const template = TemplateId.make("hello")
const campaign = Schema.decodeSync(NewCampaign)({
  name: "Winter",
  template,
  sender: { name: "Jo", address: "jo@acme.example" },
  audience: { kind: "people", people: [{ id: "instagram:ann" }] },
  sendAt: { local: "2099-01-01T09:00", zone: "Europe/Berlin" }
})

describe("a messages service in another process", () => {
  it.scopedLive(
    "does as it does in this one, and fails with the same errors",
    () =>
      Effect.gen(function* () {
        const { nobody, outreach, store } = yield* remote
        const missing = yield* Effect.flip(outreach.addCampaign(tenant, campaign, undefined))
        assert.deepInclude(missing, { _tag: "NoTemplate", id: template })
        yield* store.addTemplate(
          tenant,
          {
            id: template,
            name: "Hello",
            subject: "Hello",
            text: "Hello",
            html: null,
            defaults: {},
            createdAt: new Date(0)
          },
          10
        )
        const added = yield* outreach.addCampaign(tenant, campaign, "key")
        assert.deepStrictEqual(added.sendAt, new Date("2099-01-01T08:00:00Z"))
        assert.strictEqual((yield* outreach.addCampaign(tenant, campaign, "key")).id, added.id)
        const refused = yield* Effect.flip(
          outreach.addCampaign(tenant, { ...campaign, channel: "smtp" }, undefined)
        )
        assert.deepInclude(refused, { _tag: "OutreachRefused", path: "channel" })
        const { audience } = campaign
        const preview = yield* outreach.preview(tenant, { template, audience })
        assert.deepInclude(preview.samples[0], { skipped: "there is no such profile", message: null })
        assert.isFalse(yield* outreach.unsubscribe("no token", "link"))
        for (const asked of [
          Effect.asVoid(nobody.addCampaign(tenant, campaign, undefined)),
          Effect.asVoid(nobody.preview(tenant, { template, audience })),
          Effect.asVoid(nobody.unsubscribe("no token", "link"))
        ])
          assert.deepInclude(yield* Effect.flip(asked), { _tag: "StorageError", reason: "unavailable" })
      }),
    120_000
  )
})
