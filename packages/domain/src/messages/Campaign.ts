import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Tenant } from "../access/Principal.ts"
import { oneLine } from "../OneLine.ts"
import { ProfileId } from "../ProfileId.ts"
import { WebhookUrl } from "../Webhook.ts"
import { EmailAddress } from "./Contact.ts"
import { type TemplateContent, TemplateId } from "./Template.ts"

/** How a message leaves. What each promises when the process dies in the middle: `guarantees`. */
export const Channel = Schema.Literal("file", "smtp", "webhook").annotations({ identifier: "Channel" })
export type Channel = typeof Channel.Type

export const CampaignId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_-]{1,64}$/),
  Schema.brand("CampaignId")
).annotations({ identifier: "CampaignId" })
export type CampaignId = typeof CampaignId.Type

const SenderName = Schema.NonEmptyString.pipe(Schema.maxLength(100), oneLine)

/** Whom messages are from, and where answers go. */
export const Sender = Schema.Struct({
  name: SenderName,
  address: EmailAddress,
  replyTo: Schema.optionalWith(EmailAddress, { exact: true })
}).annotations({ identifier: "Sender" })
export type Sender = typeof Sender.Type

/** A time by the clock of a zone, for example 2026-12-01T09:00 in Europe/Berlin; the earlier one where clocks are turned back. */
export const ZonedTime = Schema.Struct({
  local: Schema.String.pipe(
    Schema.pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/, {
      message: () => "expected a time without an offset, for example 2026-12-01T09:00"
    })
  ),
  /** A name of the IANA time zone database. */
  zone: Schema.String.pipe(Schema.maxLength(64))
}).annotations({ identifier: "ZonedTime" })
export type ZonedTime = typeof ZonedTime.Type

/** The moment of a time in a zone; none when there is no such day, time or zone. */
export const momentOf = ({ local, zone }: ZonedTime): Option.Option<Date> =>
  DateTime.makeZoned(`${local}Z`, { timeZone: zone, adjustForTimeZone: true }).pipe(
    // What rolls over, as the 30th of February does, is no day.
    Option.filter((time) => DateTime.formatIsoDate(time) === local.slice(0, 10)),
    Option.map(DateTime.toDateUtc)
  )

/**
 * `preparing`: its recipients are being looked up; `scheduled`: it waits for its time; `sending`; `finished`: nobody is left to
 * be sent to. What is `paused` goes on when it is resumed; what is `cancelled` never does.
 */
export const CampaignState = Schema.Literal(
  "preparing",
  "scheduled",
  "sending",
  "paused",
  "cancelled",
  "finished"
).annotations({ identifier: "CampaignState" })
export type CampaignState = typeof CampaignState.Type

/**
 * `queued`: waits for its turn; `sending`: its outcome is not known yet; `sent`: the channel took it; `delivered`: it arrived;
 * `unknown`: the process ended while it was being sent, and it is not sent again; `skipped`: it is not sent at all; `reason` says
 * why. A reply is recorded whatever the state was.
 */
export const RecipientState = Schema.Literal(
  "queued",
  "sending",
  "sent",
  "delivered",
  "failed",
  "replied",
  "skipped",
  "unknown",
  "cancelled"
).annotations({ identifier: "RecipientState" })
export type RecipientState = typeof RecipientState.Type

/** Recipients by state. */
export const RecipientCounts = Schema.Record({ key: RecipientState, value: Schema.Int }).annotations({
  identifier: "RecipientCounts"
})
export type RecipientCounts = typeof RecipientCounts.Type

export const noRecipients: RecipientCounts = {
  queued: 0,
  sending: 0,
  sent: 0,
  delivered: 0,
  failed: 0,
  replied: 0,
  skipped: 0,
  unknown: 0,
  cancelled: 0
}

export const CampaignName = Schema.NonEmptyString.pipe(Schema.maxLength(100))

/** A template on its way to recipients; the content is the template's as it was when the campaign was made. */
export const Campaign = Schema.Struct({
  id: CampaignId,
  name: CampaignName,
  template: TemplateId,
  channel: Channel,
  sender: Sender,
  /** Where messages are posted, of the channel webhook. */
  webhook: Schema.NullOr(WebhookUrl),
  /** From then on it is sent. */
  sendAt: Schema.Date,
  /** The zone that its time was given in. */
  zone: Schema.String,
  createdAt: Schema.Date,
  state: CampaignState,
  /** Why it will never be sent, of a campaign that was cancelled by itself. */
  problem: Schema.NullOr(Schema.String),
  recipients: RecipientCounts
}).annotations({ identifier: "Campaign" })
export type Campaign = typeof Campaign.Type

/** One message to one recipient: the same id on every attempt, whoever makes it, and for every receiver. */
export const OutreachId = Schema.String.pipe(
  Schema.pattern(/^[0-9a-f]{32}$/),
  Schema.brand("OutreachId")
).annotations({
  identifier: "OutreachId"
})
export type OutreachId = typeof OutreachId.Type

/** Longest reply kept, in UTF-16 code units. */
export const maxReplyLength = 10_000

export const Recipient = Schema.Struct({
  id: ProfileId,
  message: OutreachId,
  address: Schema.NullOr(EmailAddress),
  state: RecipientState,
  reason: Schema.NullOr(Schema.String),
  attempts: Schema.Int,
  /** When it is tried again at the earliest, while it waits. */
  nextAt: Schema.NullOr(Schema.Date),
  /** Of the state. */
  changedAt: Schema.Date,
  repliedAt: Schema.NullOr(Schema.Date),
  reply: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Recipient" })
export type Recipient = typeof Recipient.Type

/** Whom a campaign is for: people by their ids, or whom a search finds. */
export const Audience = Schema.Union(
  Schema.Struct({
    kind: Schema.Literal("people"),
    people: Schema.NonEmptyArray(
      Schema.Struct({ id: ProfileId, address: Schema.optionalWith(EmailAddress, { exact: true }) })
    )
  }),
  Schema.Struct({
    kind: Schema.Literal("search"),
    /** The parameters of GET /v1/search, as its address has them. */
    query: Schema.String,
    most: Schema.Int
  })
)
export type Audience = typeof Audience.Type

/** A campaign as it is kept: beside what is shown, what is sent and to whom. */
export interface CampaignPlan {
  readonly tenant: Tenant
  readonly campaign: Campaign
  readonly content: TemplateContent
  readonly audience: Audience
  /** What webhooks are signed with. */
  readonly secret: string | null
}
