import { privateAddresses } from "@influscope/adapters/delivery/Delivery"
import { isPrivateUrl } from "@influscope/adapters/webhook/PrivateAddresses"
import { makeSecret } from "@influscope/adapters/webhook/Webhook"
import type { Tenant } from "@influscope/domain/access/Principal"
import type { NewCampaign } from "@influscope/domain/api/CampaignsApi"
import { parseSearch } from "@influscope/domain/api/GivenSearch"
import {
  type Audience,
  type Campaign,
  CampaignId,
  type Channel,
  momentOf,
  noRecipients
} from "@influscope/domain/messages/Campaign"
import { contactsOf } from "@influscope/domain/messages/Contact"
import { render, type TemplateContent, type TemplateId } from "@influscope/domain/messages/Template"
import { Delivery } from "@influscope/ports/Delivery"
import { NoTemplate, Outreach, OutreachRefused } from "@influscope/ports/Outreach"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Recipients } from "./Recipients.ts"
import { UnsubscribeLinks } from "./UnsubscribeLinks.ts"

/** Recipients of a preview. */
const samples = 3

const refuse = (path: string, detail: string) => new OutreachRefused({ path, detail })

const hash = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 32)

/** Campaigns that are made with a key are the same one however often they are made. */
const idOf = (tenant: Tenant, key: string | undefined): CampaignId =>
  CampaignId.make(key === undefined ? crypto.randomUUID() : hash(`${tenant}/${key}`))

const webhookOf = (given: NewCampaign, channel: Channel, privates: "refuse" | "allow") => {
  const { webhook } = given
  if (channel !== "webhook") return Effect.succeed(null)
  if (webhook === undefined) return refuse("webhook", "the channel webhook needs an address")
  if (privates === "refuse" && isPrivateUrl(new URL(webhook)))
    return refuse(
      "webhook",
      "expected a public address; MESSAGES_WEBHOOK_PRIVATE=allow permits this machine and private networks"
    )
  return Effect.succeed(webhook)
}

const checkAudience = (audience: Audience): Effect.Effect<void, OutreachRefused> =>
  audience.kind === "people"
    ? Effect.void
    : Either.match(parseSearch(audience.query), {
        onLeft: (detail) => refuse("audience.query", detail),
        onRight: () => Effect.void
      })

const startOf = ({ sendAt }: NewCampaign, now: number) => {
  if (sendAt === undefined) return Effect.succeed({ at: new Date(now), zone: "UTC" })
  return Option.match(momentOf(sendAt), {
    onNone: () => refuse("sendAt", "there is no such time, or no such zone"),
    onSome: (at) =>
      at.getTime() < now - 60_000
        ? refuse("sendAt", "expected a time to come")
        : Effect.succeed({ at, zone: sendAt.zone })
  })
}

/** Campaigns before they are on their way, and how their recipients get off them. */
export const OutreachLive = Layer.effect(
  Outreach,
  Effect.gen(function* () {
    const privates = yield* privateAddresses
    const store = yield* OutreachStore
    const recipients = yield* Recipients
    const links = yield* UnsubscribeLinks
    const { channels } = yield* Delivery

    const channelOf = (given: Channel | undefined) => {
      const channel = given ?? (channels.has("smtp") ? "smtp" : "file")
      return channels.has(channel)
        ? Effect.succeed(channel)
        : refuse("channel", `expected one of ${[...channels].join(", ")}, which is what there is here`)
    }

    const contentOf = (tenant: Tenant, id: TemplateId) =>
      Effect.flatMap(
        store.template(tenant, id),
        Option.match({
          onNone: () => Effect.fail(new NoTemplate({ id })),
          onSome: ({ defaults, html, subject, text }) =>
            Effect.succeed<TemplateContent>({ subject, text, html, defaults })
        })
      )

    return Outreach.of({
      addCampaign: Effect.fn("Outreach.addCampaign")(function* (tenant, given, key) {
        const now = yield* Clock.currentTimeMillis
        const channel = yield* channelOf(given.channel)
        const webhook = yield* webhookOf(given, channel, privates)
        const { at, zone } = yield* startOf(given, now)
        yield* checkAudience(given.audience)
        const content = yield* contentOf(tenant, given.template)
        const { audience, name, paused, sender, template } = given
        const campaign: Campaign = {
          id: idOf(tenant, key),
          name,
          template,
          channel,
          sender,
          webhook,
          sendAt: at,
          zone,
          createdAt: new Date(now),
          state: paused ? "paused" : "preparing",
          problem: null,
          recipients: noRecipients
        }
        const secret = webhook === null ? null : (given.secret ?? makeSecret())
        const kept = yield* store.addCampaign({ tenant, campaign, content, audience, secret })
        const stored = yield* store.campaign(tenant, campaign.id, now)
        return { ...Option.getOrElse(stored, () => campaign), secret: kept }
      }),
      preview: Effect.fn("Outreach.preview")(function* (tenant, given) {
        yield* checkAudience(given.audience)
        const channel = yield* channelOf(given.channel)
        const content = yield* contentOf(tenant, given.template)
        const purpose = { tenant, campaign: CampaignId.make("preview"), channel, content }
        const { recipients: first, total } = yield* recipients.first(given.audience, purpose, samples)
        return {
          total,
          samples: first.map(({ address, id, message, skipped, values }) => {
            const rendered = render(content, { ...values, unsubscribeUrl: links.linkOf(message) })
            return { id, address, skipped, message: skipped === null ? Either.getOrNull(rendered) : null }
          })
        }
      }),
      unsubscribe: Effect.fn("Outreach.unsubscribe")(function* (token, source) {
        const message = links.messageOf(token)
        if (Option.isNone(message)) return false
        const owner = yield* store.ownerOf(message.value)
        if (Option.isNone(owner)) return false
        const { address, id, tenant } = owner.value
        const at = new Date(yield* Clock.currentTimeMillis)
        yield* store.addOptOuts(
          tenant,
          contactsOf(id, address).map((contact) => ({ contact, source, at }))
        )
        return true
      })
    })
  })
)
