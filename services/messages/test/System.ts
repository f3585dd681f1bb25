import { join } from "node:path"
import * as DeliveryLayer from "@influscope/adapters/delivery/Delivery"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as MessagesDatabase from "@influscope/adapters/sqlite/messages/MessagesDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as Queue from "@influscope/adapters/sqlite/Queue"
import * as SqliteState from "@influscope/adapters/sqlite/StateStore"
import { Tenant } from "@influscope/domain/access/Principal"
import { NewCampaign } from "@influscope/domain/api/CampaignsApi"
import { computeEngagement } from "@influscope/domain/engagement/Formulas"
import type { Campaign, CampaignId, Recipient } from "@influscope/domain/messages/Campaign"
import { type Template, TemplateId } from "@influscope/domain/messages/Template"
import type { ProfileFields } from "@influscope/domain/Observation"
import type { Profile } from "@influscope/domain/Profile"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { Publisher } from "@influscope/pipeline/Publisher"
import { RelayLive } from "@influscope/pipeline/Relay"
import { Outreach } from "@influscope/ports/Outreach"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { settings } from "@influscope/testing/Settings"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { MessagesLive } from "../src/Messages.ts"

export const outgoingOf = (directory: string): string => join(directory, "outgoing")

/** Outreach on the files of a directory: built again, it is a process that is started again. */
export const system = (directory: string, values: Readonly<Record<string, string>> = {}) =>
  Layer.fresh(
    MessagesLive.pipe(
      Layer.provideMerge(RelayLive),
      Layer.provideMerge(Publisher.Default),
      Layer.provideMerge(DeliveryLayer.layer(outgoingOf(directory))),
      Layer.provideMerge(
        Layer.mergeAll(
          Queue.layer,
          SqliteOutbox.layer,
          SqliteState.layer,
          EmbeddedSearchIndex.layer(join(directory, "profiles.db")),
          MessagesDatabase.layer(join(directory, "messages.db"))
        ).pipe(Layer.provide(MainDatabase.layer(directory)))
      )
    )
  ).pipe(
    Layer.provide(
      settings({
        MESSAGES_RATE: "100000",
        MESSAGES_FIRST_DELAY: "50 millis",
        MESSAGES_WEBHOOK_PRIVATE: "allow",
        ...values
      })
    )
  )

export const tenant = Tenant.make("acme")

export const template: Template = {
  id: TemplateId.make("hello"),
  name: "Hello",
  subject: "Hello {{displayName}}",
  text: "Dear {{displayName}}, you have {{followers}} followers. {{unsubscribeUrl}}",
  html: null,
  defaults: { displayName: "friend" },
  createdAt: new Date(0)
}

export const handleOf = (number: number): string => `creator${String(number).padStart(5, "0")}`
export const idOf = (handle: string) => makeProfileId("instagram", handle)

const profileOf = (handle: string, fields: ProfileFields): Profile => ({
  id: idOf(handle),
  platform: "instagram",
  handle,
  fields,
  provenance: {},
  observedAt: 1,
  ingestedAt: 1,
  ordinal: 0,
  firstIngestedAt: 1,
  firstOrdinal: 0,
  engagement: computeEngagement("instagram", fields)
})

/** Writes profiles: each has an address in the bio, unless its fields say otherwise. */
export const addProfiles = (handles: ReadonlyArray<string>, fields: ProfileFields = {}) =>
  Effect.gen(function* () {
    const index = yield* SearchIndex
    yield* index.bulk(
      handles.map((handle) => ({
        revision: undefined,
        profile: profileOf(handle, {
          name: `Name of ${handle}`,
          bio: `Travel. ${handle}@example.com`,
          followers: 1_200,
          ...fields
        })
      }))
    )
    yield* index.refresh
  })

export const addTemplate = Effect.flatMap(OutreachStore, (store) => store.addTemplate(tenant, template, 10))

const decodeCampaign = Schema.decodeUnknown(NewCampaign)

/** Makes a campaign for some accounts, or of what is given. */
export const addCampaign = (handles: ReadonlyArray<string>, given: object = {}, key?: string) =>
  Effect.gen(function* () {
    const outreach = yield* Outreach
    const campaign = yield* decodeCampaign({
      name: "Winter",
      template: template.id,
      channel: "file",
      sender: { name: "Jo", address: "jo@acme.example" },
      audience: { kind: "people", people: handles.map((handle) => ({ id: idOf(handle) })) },
      ...given
    })
    return yield* outreach.addCampaign(tenant, campaign, key)
  })

export const campaignOf = (id: CampaignId) =>
  Effect.gen(function* () {
    const store = yield* OutreachStore
    const now = yield* Clock.currentTimeMillis
    return Option.getOrThrow(yield* store.campaign(tenant, id, now))
  })

/** Every recipient of a campaign. */
export const recipientsOf = (id: CampaignId) =>
  Effect.gen(function* () {
    const store = yield* OutreachStore
    const found = yield* store.recipients(tenant, id, undefined, undefined, 20_000)
    return Option.getOrElse(found, (): ReadonlyArray<Recipient> => [])
  })

/** Waits until a campaign is in a state. */
export const awaitState = (id: CampaignId, state: Campaign["state"]) =>
  campaignOf(id).pipe(
    Effect.repeat({ until: (campaign) => campaign.state === state, schedule: Schedule.spaced("200 millis") }),
    Effect.timeout("10 minutes")
  )
