import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import {
  Campaign,
  CampaignId,
  CampaignName,
  Channel,
  maxReplyLength,
  OutreachId,
  Recipient,
  RecipientState,
  Sender,
  ZonedTime
} from "../messages/Campaign.ts"
import { EmailAddress } from "../messages/Contact.ts"
import { Rendered, TemplateId } from "../messages/Template.ts"
import { ProfileId } from "../ProfileId.ts"
import { WebhookSecret, WebhookUrl } from "../Webhook.ts"
import { allErrors, limitParam, optional } from "./Params.ts"
import {
  Conflict,
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"
import { GivenProfileId } from "./ProfilesApi.ts"
import { IdempotencyHeaders } from "./UsersApi.ts"

/** Most recipients of a campaign that names them. */
export const maxNamedRecipients = 10_000
/** Most recipients of a campaign by a search. */
export const maxFoundRecipients = 100_000

export const GivenAudience = Schema.Union(
  Schema.Struct({
    kind: Schema.Literal("people"),
    /** Without an address, the first one in the bio is taken. */
    people: Schema.NonEmptyArray(Schema.Struct({ id: GivenProfileId, address: optional(EmailAddress) })).pipe(
      Schema.maxItems(maxNamedRecipients)
    )
  }),
  Schema.Struct({
    kind: Schema.Literal("search"),
    /** The parameters of GET /v1/search, as its address has them: q=travel&platform=instagram. */
    query: Schema.String.pipe(Schema.maxLength(4_000)),
    /** The first so many of them. */
    most: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, maxFoundRecipients)), {
      default: () => 1_000
    })
  })
).annotations({ identifier: "GivenAudience" })
export type GivenAudience = typeof GivenAudience.Type

export const NewCampaign = Schema.Struct({
  name: CampaignName,
  template: TemplateId,
  /** What this installation sends by when it is left out: smtp where a server is configured, else file. */
  channel: optional(Channel),
  sender: Sender,
  webhook: optional(WebhookUrl),
  /** Made when it is left out. */
  secret: optional(WebhookSecret),
  audience: GivenAudience,
  /** At once when it is left out. */
  sendAt: optional(ZonedTime),
  /** Whether it waits to be resumed first. */
  paused: Schema.optionalWith(Schema.Boolean, { default: () => false })
}).annotations({ identifier: "NewCampaign" })
export type NewCampaign = typeof NewCampaign.Type

/** Of a webhook's secret, which is told here and never again. */
export const AddedCampaign = Schema.Struct({
  ...Campaign.fields,
  secret: Schema.NullOr(WebhookSecret)
}).annotations({ identifier: "AddedCampaign" })
export type AddedCampaign = typeof AddedCampaign.Type

/** Newest first. */
export const CampaignPage = Schema.Struct({
  campaigns: Schema.Array(Campaign),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "CampaignPage" })
export type CampaignPage = typeof CampaignPage.Type

export const RecipientPage = Schema.Struct({
  recipients: Schema.Array(Recipient),
  nextCursor: Schema.NullOr(ProfileId)
}).annotations({ identifier: "RecipientPage" })
export type RecipientPage = typeof RecipientPage.Type

export const PreviewParams = Schema.Struct({
  template: TemplateId,
  channel: optional(Channel),
  audience: GivenAudience
}).annotations({ identifier: "PreviewParams" })
export type PreviewParams = typeof PreviewParams.Type

/** `total`: how many there are; of the first few what they would get, or why they would get nothing. */
export const CampaignPreview = Schema.Struct({
  total: Schema.Int,
  samples: Schema.Array(
    Schema.Struct({
      id: ProfileId,
      address: Schema.NullOr(EmailAddress),
      skipped: Schema.NullOr(Schema.String),
      message: Schema.NullOr(Rendered)
    })
  )
}).annotations({ identifier: "CampaignPreview" })
export type CampaignPreview = typeof CampaignPreview.Type

/** A Message-ID, as an answer has it in In-Reply-To, or the id alone. */
const MessageReference = Schema.transform(Schema.String.pipe(Schema.maxLength(500)), OutreachId, {
  strict: true,
  decode: (text) => /^\s*<([0-9a-f]{32})@[^<>\s]+>\s*$/.exec(text)?.[1] ?? text,
  encode: (id) => id
}).annotations({
  jsonSchema: {
    type: "string",
    maxLength: 500,
    pattern: "^(?:[0-9a-f]{32}|\\s*<[0-9a-f]{32}@[^<>\\s]+>\\s*)$",
    description: "A Message-ID, as In-Reply-To has it, or the id of the message."
  }
})

/** What came back about a message: from the mailbox of replies, or from whoever delivers. */
export const InboundEvent = Schema.Struct({
  message: MessageReference,
  kind: Schema.Literal("replied", "delivered", "failed", "complaint"),
  /** Of a reply; the reason of what failed. */
  text: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(maxReplyLength)), { default: () => "" })
}).annotations({ identifier: "InboundEvent" })
export type InboundEvent = typeof InboundEvent.Type

const campaignPath = Schema.Struct({ id: CampaignId })

const change = <const Name extends string, const Path extends `/${string}`>(name: Name, path: Path) =>
  HttpApiEndpoint.post(name, path)
    .setPath(campaignPath)
    .addSuccess(Campaign)
    .addError(InvalidRequest)
    .addError(NotFound)
    .addError(Conflict)
    .addError(Unavailable)
    .addError(StorageFull)
    .annotate(RequiredScope, "campaigns:write")

export class CampaignsApi extends HttpApiGroup.make("campaigns")
  .add(
    HttpApiEndpoint.post("addCampaign", "/v1/campaigns")
      .setHeaders(IdempotencyHeaders)
      .setPayload(NewCampaign)
      .addSuccess(AddedCampaign, { status: 201 })
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "campaigns:write")
      .annotate(
        OpenApi.Summary,
        "Send a template to people, now or later; with Idempotency-Key safe to repeat"
      )
  )
  .add(
    HttpApiEndpoint.post("previewCampaign", "/v1/campaigns/preview")
      .setPayload(PreviewParams)
      .addSuccess(CampaignPreview)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .annotate(RequiredScope, "campaigns:read")
      .annotate(OpenApi.Summary, "What the first recipients would get")
  )
  .add(
    HttpApiEndpoint.get("listCampaigns", "/v1/campaigns")
      .setUrlParams(
        Schema.Struct({
          limit: Schema.optionalWith(limitParam(100), { default: () => 20 }),
          /** nextCursor of the page before. */
          cursor: optional(
            Schema.String.pipe(
              Schema.pattern(/^\d{1,15}\.[A-Za-z0-9_-]{1,64}$/, {
                message: () => "expected nextCursor of the page before"
              })
            )
          )
        }).annotations(allErrors)
      )
      .addSuccess(CampaignPage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "campaigns:read")
      .annotate(OpenApi.Summary, "The campaigns, newest first")
  )
  .add(
    HttpApiEndpoint.get("getCampaign", "/v1/campaigns/:id")
      .setPath(campaignPath)
      .addSuccess(Campaign)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "campaigns:read")
      .annotate(OpenApi.Summary, "A campaign, and how many recipients are in which state")
  )
  .add(
    HttpApiEndpoint.get("listRecipients", "/v1/campaigns/:id/recipients")
      .setPath(campaignPath)
      .setUrlParams(
        Schema.Struct({
          state: optional(RecipientState),
          limit: Schema.optionalWith(limitParam(500), { default: () => 50 }),
          /** nextCursor of the page before. */
          cursor: optional(ProfileId)
        }).annotations(allErrors)
      )
      .addSuccess(RecipientPage)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "campaigns:read")
      .annotate(OpenApi.Summary, "Its recipients by id, and what became of their messages")
  )
  .add(
    change("pauseCampaign", "/v1/campaigns/:id/pause").annotate(
      OpenApi.Summary,
      "Send no more until it is resumed"
    )
  )
  .add(change("resumeCampaign", "/v1/campaigns/:id/resume").annotate(OpenApi.Summary, "Go on"))
  .add(
    change("cancelCampaign", "/v1/campaigns/:id/cancel").annotate(
      OpenApi.Summary,
      "Send no more, for good; what was sent stays so"
    )
  )
  .add(
    HttpApiEndpoint.post("reportInbound", "/v1/campaigns/inbound")
      .setPayload(InboundEvent)
      .addSuccess(Recipient)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "campaigns:write")
      .annotate(OpenApi.Summary, "Record a reply, a delivery, a failure or a complaint")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Campaigns") {}
