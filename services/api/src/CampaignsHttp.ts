import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { CurrentPrincipal } from "@influscope/domain/access/Principal"
import { Api } from "@influscope/domain/api/Api"
import {
  AddedCampaign,
  CampaignPage,
  CampaignPreview,
  InboundEvent,
  NewCampaign,
  PreviewParams,
  RecipientPage
} from "@influscope/domain/api/CampaignsApi"
import { Conflict, NotFound } from "@influscope/domain/api/Problems"
import { Campaign, CampaignId, Recipient, type RecipientState } from "@influscope/domain/messages/Campaign"
import { contactsOf } from "@influscope/domain/messages/Contact"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import { type NoTemplate, Outreach, type OutreachRefused } from "@influscope/ports/Outreach"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const addedAnswer = jsonAnswer(AddedCampaign)
const previewAnswer = jsonAnswer(CampaignPreview)
const pageAnswer = jsonAnswer(CampaignPage)
const campaignAnswer = jsonAnswer(Campaign)
const recipientsAnswer = jsonAnswer(RecipientPage)
const recipientAnswer = jsonAnswer(Recipient)

const noCampaign = (id: CampaignId) =>
  new NotFound({ detail: `There is no campaign ${id}. List them with GET /v1/campaigns.` })

const noTemplate = ({ id }: NoTemplate) =>
  Effect.fail(new NotFound({ detail: `There is no template ${id}. List them with GET /v1/templates.` }))

const refused = ({ detail, path }: OutreachRefused) => Effect.fail(invalid(path, detail))

const placeOf = (cursor: string | undefined) => {
  if (cursor === undefined) return undefined
  const dot = cursor.indexOf(".")
  return { at: Number(cursor.slice(0, dot)), id: CampaignId.make(cursor.slice(dot + 1)) }
}

const cursorOf = ({ createdAt, id }: Campaign): string => `${createdAt.getTime()}.${id}`

const done = { pause: "paused", resume: "resumed", cancel: "cancelled" }

interface RecipientsAsked {
  readonly state?: RecipientState
  readonly cursor?: ProfileId
  readonly limit: number
}

export const CampaignsHttp = HttpApiBuilder.group(
  Api,
  "campaigns",
  Effect.fnUntraced(function* (handlers) {
    const outreach = yield* Outreach
    const store = yield* OutreachStore

    const add = (key: string | undefined) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const added = yield* outreach.addCampaign(tenant, yield* jsonBody(NewCampaign), key)
        const answer = yield* addedAnswer(added)
        return answer.pipe(
          HttpServerResponse.setStatus(201),
          HttpServerResponse.setHeader("location", `/v1/campaigns/${added.id}`)
        )
      }).pipe(
        Effect.catchTags({ OutreachRefused: refused, NoTemplate: noTemplate, StorageError: storageProblem })
      )

    const preview = Effect.gen(function* () {
      const { tenant } = yield* CurrentPrincipal
      return yield* previewAnswer(yield* outreach.preview(tenant, yield* jsonBody(PreviewParams)))
    }).pipe(Effect.catchTags({ OutreachRefused: refused, NoTemplate: noTemplate, StorageError: readProblem }))

    const list = (cursor: string | undefined, limit: number) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const now = yield* Clock.currentTimeMillis
        const campaigns = yield* store.campaigns(tenant, placeOf(cursor), limit + 1, now)
        const page = campaigns.slice(0, limit)
        const last = page.at(-1)
        return yield* pageAnswer({
          campaigns: page,
          nextCursor: campaigns.length > limit && last !== undefined ? cursorOf(last) : null
        })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const find = (id: CampaignId) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const found = yield* store.campaign(tenant, id, yield* Clock.currentTimeMillis)
        return yield* Option.isNone(found) ? noCampaign(id) : Effect.succeed(found.value)
      })

    const get = (id: CampaignId) =>
      Effect.flatMap(find(id), campaignAnswer).pipe(Effect.catchTag("StorageError", readProblem))

    const recipients = (id: CampaignId, { cursor, limit, state }: RecipientsAsked) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const found = yield* store.recipients(tenant, id, state, cursor, limit + 1)
        if (Option.isNone(found)) return yield* noCampaign(id)
        const page = found.value.slice(0, limit)
        return yield* recipientsAnswer({
          recipients: page,
          nextCursor: found.value.length > limit ? (page.at(-1)?.id ?? null) : null
        })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const change = (id: CampaignId, how: "pause" | "resume" | "cancel") =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const changed = yield* store.change(tenant, id, how, yield* Clock.currentTimeMillis)
        const campaign = yield* find(id)
        if (!changed)
          return yield* new Conflict({
            detail: `The campaign is ${campaign.state}: it cannot be ${done[how]}.`
          })
        return yield* campaignAnswer(campaign)
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    const report = Effect.gen(function* () {
      const { tenant } = yield* CurrentPrincipal
      const { kind, message, text } = yield* jsonBody(InboundEvent)
      const at = yield* Clock.currentTimeMillis
      const told = yield* store.report(tenant, message, {
        kind: kind === "complaint" ? "failed" : kind,
        text: kind === "complaint" ? "taken for spam" : text,
        at
      })
      if (Option.isNone(told))
        return yield* new NotFound({ detail: `There is no message ${message} of a campaign.` })
      if (kind === "complaint") {
        const { address, id } = told.value
        const optOuts = contactsOf(id, address).map(
          (contact) => ({ contact, source: "complaint", at: new Date(at) }) as const
        )
        yield* store.addOptOuts(tenant, optOuts)
      }
      return yield* recipientAnswer(told.value)
    }).pipe(Effect.catchTag("StorageError", storageProblem))

    return handlers
      .handleRaw("addCampaign", ({ headers }) => add(headers["idempotency-key"]))
      .handleRaw("previewCampaign", () => preview)
      .handle("listCampaigns", ({ urlParams }) => list(urlParams.cursor, urlParams.limit))
      .handle("getCampaign", ({ path }) => get(path.id))
      .handle("listRecipients", ({ path, urlParams }) => recipients(path.id, urlParams))
      .handle("pauseCampaign", ({ path }) => change(path.id, "pause"))
      .handle("resumeCampaign", ({ path }) => change(path.id, "resume"))
      .handle("cancelCampaign", ({ path }) => change(path.id, "cancel"))
      .handleRaw("reportInbound", () => report)
  })
)
