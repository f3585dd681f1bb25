import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as BunContext from "@effect/platform-bun/BunContext"
import { assert, describe, it } from "@effect/vitest"
import { MessagesClient, RemoteOutreachLive } from "@influscope/api/RemoteOutreach"
import { Tenant } from "@influscope/domain/access/Principal"
import { NewCampaign } from "@influscope/domain/api/CampaignsApi"
import { TemplateId } from "@influscope/domain/messages/Template"
import { MessagesServiceHttp, MessagesServiceHttpLive } from "@influscope/messages/MessagesServiceHttp"
import { Outreach } from "@influscope/ports/Outreach"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { EmbeddedLive } from "../src/Embedded.ts"

/** A messages service behind HTTP on a port, and the port of the API that reaches it there. */
const remote = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "influscope-remote-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const config = ConfigProvider.fromMap(new Map([["INFLUSCOPE_DATA_DIR", join(directory, "data")]]), {
    pathDelim: "_"
  })
  const context = yield* Layer.build(
    Layer.provideMerge(MessagesServiceHttpLive, Layer.provide(EmbeddedLive, BunContext.layer))
  ).pipe(Effect.withConfigProvider(config))
  const { handle } = Context.get(context, MessagesServiceHttp)
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: handle })),
    (open) => Effect.promise(() => open.stop(true))
  )
  const client = (url: string) =>
    Layer.effect(
      MessagesClient,
      Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.prependUrl(url)))
    ).pipe(Layer.provide(FetchHttpClient.layer))
  const portAt = (url: string) =>
    Effect.map(Layer.build(Layer.provide(RemoteOutreachLive, client(url))), (ports) =>
      Context.get(ports, Outreach)
    )
  return {
    store: Context.get(context, OutreachStore),
    outreach: yield* portAt(server.url.origin),
    nobody: yield* portAt("http://127.0.0.1:9")
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
