import { Tenant } from "@influscope/domain/access/Principal"
import {
  Audience,
  Campaign,
  CampaignId,
  type CampaignPlan,
  noRecipients,
  OutreachId,
  Recipient,
  RecipientState
} from "@influscope/domain/messages/Campaign"
import { Contact, EmailAddress, OptOut } from "@influscope/domain/messages/Contact"
import {
  type FieldValues,
  Template,
  TemplateContent,
  TemplateField
} from "@influscope/domain/messages/Template"
import { ProfileId } from "@influscope/domain/ProfileId"
import type { BatchToSend, MessageOwner, NewRecipient, Outcome } from "@influscope/ports/OutreachStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { corrupt, decodeStored } from "@influscope/ports/StoredJson"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

// Rows as both databases have them: times are epoch ms, and what is not looked for is JSON.

/** Of a campaign what never changes and is no column of its own. */
const Details = Campaign.pick("name", "template", "channel", "sender", "webhook", "zone")

const StoredDetails = Schema.parseJson(Details)
const StoredContent = Schema.parseJson(TemplateContent)
const StoredAudience = Schema.parseJson(Audience)
const StoredTemplate = Schema.parseJson(Template)
const Values = Schema.partialWith(Schema.Record({ key: TemplateField, value: Schema.String }), {
  exact: true
})
const StoredValues = Schema.parseJson(Values)

/** What was encoded from its own type cannot fail. */
const written = <A>(schema: Schema.Schema<A, string>) => {
  const encode = Schema.encode(schema)
  return (value: A): Effect.Effect<string> => Effect.orDie(encode(value))
}

export const encodeTemplate = written(StoredTemplate)
const encodeDetails = written(StoredDetails)
const encodeContent = written(StoredContent)
const encodeAudience = written(StoredAudience)

export const decodeTemplates = (
  rows: ReadonlyArray<{ readonly template: string }>
): Effect.Effect<ReadonlyArray<Template>, StorageError> =>
  Effect.forEach(rows, ({ template }) => decodeStored(StoredTemplate, template, "read a template"))

export interface PlanTexts {
  readonly details: string
  readonly content: string
  readonly audience: string
}

export const encodePlan = ({ audience, campaign, content }: CampaignPlan): Effect.Effect<PlanTexts> =>
  Effect.all({
    details: encodeDetails(campaign),
    content: encodeContent(content),
    audience: encodeAudience(audience)
  })

/** `running` is its state but for what time and its recipients make of it. */
export interface CampaignRow {
  readonly id: string
  readonly tenant: string
  readonly running: string
  readonly prepared: number
  readonly created_at: number
  readonly send_at: number
  readonly problem: string | null
  readonly details: string
}

/** Columns of a CampaignRow; see `campaigns` in the tables. */
export const campaignColumns = "id, tenant, state AS running, prepared, created_at, send_at, problem, details"

export interface CountRow {
  readonly campaign: string
  readonly state: string
  readonly count: number
}

const KnownCampaign = Schema.Struct({
  id: CampaignId,
  tenant: Tenant,
  running: Schema.Literal("active", "paused", "cancelled", "finished"),
  prepared: Schema.Number,
  created_at: Schema.DateFromNumber,
  send_at: Schema.DateFromNumber,
  problem: Schema.NullOr(Schema.String),
  details: StoredDetails
})
const decodeKnownCampaign = Schema.decodeUnknown(KnownCampaign)

const isState = Schema.is(RecipientState)

const countsOf = (id: CampaignId, rows: ReadonlyArray<CountRow>): Campaign["recipients"] => {
  const counts = { ...noRecipients }
  for (const { campaign, count, state } of rows) if (campaign === id && isState(state)) counts[state] += count
  return counts
}

const stateOf = (
  { prepared, running, send_at }: typeof KnownCampaign.Type,
  now: number
): Campaign["state"] => {
  if (running !== "active") return running
  if (prepared === 0) return "preparing"
  return send_at.getTime() > now ? "scheduled" : "sending"
}

const decodeCampaignRow = (row: CampaignRow, counts: ReadonlyArray<CountRow>, now: number) =>
  decodeKnownCampaign(row).pipe(
    Effect.mapError(corrupt("read a campaign")),
    Effect.map((known): { readonly tenant: Tenant; readonly campaign: Campaign } => {
      const { created_at, details, id, problem, send_at, tenant } = known
      return {
        tenant,
        campaign: {
          id,
          ...details,
          sendAt: send_at,
          createdAt: created_at,
          state: stateOf(known, now),
          problem,
          recipients: countsOf(id, counts)
        }
      }
    })
  )

export const decodeCampaigns = (
  rows: ReadonlyArray<CampaignRow>,
  counts: ReadonlyArray<CountRow>,
  now: number
): Effect.Effect<ReadonlyArray<Campaign>, StorageError> =>
  Effect.forEach(rows, (row) => Effect.map(decodeCampaignRow(row, counts, now), ({ campaign }) => campaign))

export interface PlanRow extends CampaignRow {
  readonly secret: string | null
  readonly content: string
}

const decodeContentOf = (row: PlanRow) =>
  Effect.gen(function* () {
    const known = yield* decodeCampaignRow(row, [], 0)
    const content = yield* decodeStored(StoredContent, row.content, "read what a campaign sends")
    return { ...known, content, secret: row.secret }
  })

export const decodePlan = (
  row: PlanRow & { readonly audience: string }
): Effect.Effect<CampaignPlan, StorageError> =>
  Effect.gen(function* () {
    const plan = yield* decodeContentOf(row)
    const audience = yield* decodeStored(StoredAudience, row.audience, "read whom a campaign is for")
    return { ...plan, audience }
  })

export interface RecipientRow {
  readonly id: string
  readonly message: string
  readonly address: string | null
  readonly state: string
  readonly reason: string | null
  readonly attempts: number
  readonly next_at: number | null
  readonly changed_at: number
  readonly replied_at: number | null
  readonly reply: string | null
}

/** Columns of a RecipientRow. */
export const recipientColumns =
  "id, message, address, state, reason, attempts, next_at, changed_at, replied_at, reply"

const Moment = Schema.NullOr(Schema.DateFromNumber)

const StoredRecipients = Schema.Array(
  Schema.Struct({
    ...Recipient.fields,
    nextAt: Schema.propertySignature(Moment).pipe(Schema.fromKey("next_at")),
    changedAt: Schema.propertySignature(Schema.DateFromNumber).pipe(Schema.fromKey("changed_at")),
    repliedAt: Schema.propertySignature(Moment).pipe(Schema.fromKey("replied_at"))
  })
)
const decodeStoredRecipients = Schema.decodeUnknown(StoredRecipients)

export const decodeRecipients = (
  rows: ReadonlyArray<unknown>
): Effect.Effect<ReadonlyArray<Recipient>, StorageError> =>
  Effect.mapError(decodeStoredRecipients(rows), corrupt("read recipients"))

export interface BatchRow {
  readonly id: string
  readonly message: string
  readonly address: string | null
  readonly state: string
  readonly attempts: number
  readonly field_values: string
}

const StoredBatch = Schema.Array(
  Schema.Struct({
    id: ProfileId,
    message: OutreachId,
    address: Schema.NullOr(EmailAddress),
    state: Schema.Literal("queued", "sending", "failed"),
    attempts: Schema.Int,
    values: Schema.propertySignature(StoredValues).pipe(Schema.fromKey("field_values"))
  })
)
const decodeStoredBatch = Schema.decodeUnknown(StoredBatch)

export const decodeBatch = (
  plan: PlanRow,
  rows: ReadonlyArray<BatchRow>
): Effect.Effect<BatchToSend, StorageError> =>
  Effect.gen(function* () {
    const recipients = yield* Effect.mapError(decodeStoredBatch(rows), corrupt("read a batch"))
    return { plan: yield* decodeContentOf(plan), recipients }
  })

const StoredOptOuts = Schema.Array(
  Schema.Struct({ ...OptOut.fields, contact: Schema.typeSchema(Contact), at: Schema.DateFromNumber })
)
const decodeStoredOptOuts = Schema.decodeUnknown(StoredOptOuts)

export const decodeOptOuts = (
  rows: ReadonlyArray<object>
): Effect.Effect<ReadonlyArray<OptOut>, StorageError> =>
  Effect.mapError(decodeStoredOptOuts(rows), corrupt("read opt-outs"))

const decodeStoredOwner = Schema.decodeUnknown(
  Schema.Struct({ tenant: Tenant, campaign: CampaignId, id: ProfileId, address: Schema.NullOr(EmailAddress) })
)

export const decodeOwner = (row: object): Effect.Effect<MessageOwner, StorageError> =>
  Effect.mapError(decodeStoredOwner(row), corrupt("read whom a message was for"))

export const encodeValues = (values: FieldValues): string => JSON.stringify(values)

/** The state of a recipient that is added. */
export const firstState = ({ skipped }: NewRecipient): RecipientState =>
  skipped === null ? "queued" : "skipped"

/** The state after an outcome, when its turn comes again, and whether it stays in its batch. */
export const settled = ({
  result
}: Outcome): { readonly state: RecipientState; readonly nextAt: number | null; readonly stays: boolean } => {
  switch (result._tag) {
    case "queued":
      return { state: "queued", nextAt: result.nextAt, stays: false }
    case "givenUp":
      return { state: "failed", nextAt: null, stays: true }
    default:
      return { state: result._tag, nextAt: null, stays: false }
  }
}

/** Said of who is left out because another account of the same campaign has the same address. */
export const sameAddress = "another account of this campaign has the same address"

/** From which of its kept states a campaign can be changed, and to which. */
export const changes = {
  pause: { from: ["active"], to: "paused" },
  resume: { from: ["paused"], to: "active" },
  cancel: { from: ["active", "paused"], to: "cancelled" }
} as const
