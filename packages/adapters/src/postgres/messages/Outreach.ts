import { Tenant } from "@influscope/domain/access/Principal"
import { CampaignId, OutreachId } from "@influscope/domain/messages/Campaign"
import type { Contact } from "@influscope/domain/messages/Contact"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import {
  type BatchRow,
  type CampaignRow,
  type CountRow,
  changes,
  decodeBatch,
  decodeCampaigns,
  decodeOptOuts,
  decodeOwner,
  decodePlan,
  decodeRecipients,
  decodeTemplates,
  encodePlan,
  encodeTemplate,
  encodeValues,
  firstState,
  type PlanRow,
  sameAddress,
  settled
} from "../../messages/OutreachRows.ts"
import { Database, text } from "../Database.ts"

/** $1 tenant, $2 id, $3 template, $4 most. */
const addTemplate = `
INSERT INTO influscope.templates (tenant, id, template) SELECT $1::text, $2::text, $3::text
WHERE (SELECT count(*) FROM influscope.templates WHERE tenant = $1::text) < $4::integer RETURNING 1 AS added`

/** $1 tenant, $2 id, $3 limit. */
const templates = `
SELECT template FROM influscope.templates WHERE tenant = $1::text AND id > $2::text ORDER BY id LIMIT $3::integer`

/** $1 tenant, $2 id. */
const template = "SELECT template FROM influscope.templates WHERE tenant = $1::text AND id = $2::text"
const removeTemplate = `
DELETE FROM influscope.templates WHERE tenant = $1::text AND id = $2::text RETURNING 1 AS removed`

/** $1 id, $2 tenant, $3 state, $4 created at, $5 send at, $6 sender, $7 details, $8 secret, $9 content, $10 audience. */
const addCampaign = `
INSERT INTO influscope.campaigns
  (id, tenant, state, prepared, created_at, send_at, sender, details, secret, content, audience)
VALUES ($1::text, $2::text, $3::text, 0, $4::bigint, $5::bigint, $6::text, $7::text, $8::text, $9::text, $10::text)
ON CONFLICT DO NOTHING`

/** $1 id. */
const secretOf = "SELECT secret FROM influscope.campaigns WHERE id = $1::text"

const campaignColumns = `
id, tenant, state AS running, prepared, created_at::float8 AS created_at, send_at::float8 AS send_at, problem, details`

/** $1 tenant, $2 created at, $3 id, $4 limit. */
const campaigns = `
SELECT ${campaignColumns} FROM influscope.campaigns
WHERE tenant = $1::text AND (created_at, id) < ($2::bigint, $3::text)
ORDER BY created_at DESC, id DESC LIMIT $4::integer`

/** $1 tenant, $2 id. */
const campaign = `SELECT ${campaignColumns} FROM influscope.campaigns WHERE tenant = $1::text AND id = $2::text`

/** $1 ids (JSON). */
const countRecipients = `
SELECT campaign, state, count(*)::float8 AS count FROM influscope.recipients
WHERE campaign IN (SELECT json_array_elements_text($1::json)) GROUP BY campaign, state`

/** $1 tenant, $2 id, $3 states (JSON), $4 state, $5 now. */
const change = `
WITH changed AS (
  UPDATE influscope.campaigns SET state = $4::text
  WHERE tenant = $1::text AND id = $2::text AND state IN (SELECT json_array_elements_text($3::json))
  RETURNING id
), stopped AS (
  UPDATE influscope.recipients SET state = 'cancelled', next_at = NULL, changed_at = $5::bigint
  FROM changed WHERE campaign = changed.id AND state = 'queued' AND $4::text = 'cancelled'
)
SELECT id FROM changed`

const recipientColumns = `
id, message, address, state, reason, attempts, next_at::float8 AS next_at, changed_at::float8 AS changed_at,
replied_at::float8 AS replied_at, reply`

/** $1 campaign, $2 state or null, $3 id, $4 limit. */
const recipients = `
SELECT ${recipientColumns} FROM influscope.recipients
WHERE campaign = $1::text AND ($2::text IS NULL OR state = $2::text) AND id > $3::text ORDER BY id LIMIT $4::integer`

/** $1 message. */
const ownerOf = `
SELECT tenant, campaign, recipients.id, address FROM influscope.recipients
JOIN influscope.campaigns ON campaigns.id = campaign WHERE message = $1::text`

/** $1 message, $2 tenant, $3 state, $4 text, $5 time. */
const report = `
UPDATE influscope.recipients SET
  state = CASE WHEN recipients.state = 'replied' THEN 'replied' ELSE $3::text END,
  changed_at = CASE WHEN recipients.state = 'replied' AND $3::text <> 'replied' THEN changed_at ELSE $5::bigint END,
  reason = CASE WHEN recipients.state = 'replied' OR $3::text = 'replied' THEN reason
    WHEN $3::text = 'failed' THEN $4::text END,
  replied_at = CASE WHEN $3::text = 'replied' THEN $5::bigint ELSE replied_at END,
  reply = CASE WHEN $3::text = 'replied' THEN $4::text ELSE reply END,
  next_at = NULL, batch = NULL
FROM influscope.campaigns
WHERE message = $1::text AND campaigns.id = campaign AND tenant = $2::text
RETURNING recipients.id, message, address, recipients.state, reason, attempts, next_at::float8 AS next_at,
  changed_at::float8 AS changed_at, replied_at::float8 AS replied_at, reply`

/** $1 tenant, $2 opt-outs (JSON). */
const addOptOuts = `
INSERT INTO influscope.opt_outs (tenant, contact, source, at)
SELECT $1::text, contact, source, at FROM json_to_recordset($2::json) AS given (contact text, source text, at bigint)
ON CONFLICT DO NOTHING`

/** $1 tenant, $2 contact, $3 limit. */
const optOuts = `
SELECT contact, source, at::float8 AS at FROM influscope.opt_outs
WHERE tenant = $1::text AND contact > $2::text ORDER BY contact LIMIT $3::integer`

/** $1 tenant, $2 contact. */
const removeOptOut = `
DELETE FROM influscope.opt_outs WHERE tenant = $1::text AND contact = $2::text RETURNING 1 AS removed`

/** $1 tenant, $2 contacts (JSON). */
const optedOut = `
SELECT contact FROM influscope.opt_outs
WHERE tenant = $1::text AND contact IN (SELECT json_array_elements_text($2::json))`

const nextUnprepared = `
SELECT ${campaignColumns}, secret, content, audience FROM influscope.campaigns
WHERE prepared = 0 AND state IN ('active', 'paused') ORDER BY created_at LIMIT 1`

/** $1 campaign, $2 recipients (JSON), $3 now, $4 what is said of who has the address of another. */
const addRecipients = `
WITH given AS (
  SELECT *, row_number() OVER (PARTITION BY address, state ORDER BY place) > 1 AS again
  FROM json_to_recordset($2::json)
    AS given (place integer, id text, message text, address text, state text, reason text, field_values text)
  WHERE EXISTS (
    SELECT FROM influscope.campaigns
    WHERE campaigns.id = $1::text AND prepared = 0 AND campaigns.state IN ('active', 'paused')
  )
), judged AS (
  SELECT *, state = 'queued' AND address IS NOT NULL AND (again OR EXISTS (
    SELECT FROM influscope.recipients AS known
    WHERE known.campaign = $1::text AND known.address = given.address AND known.id <> given.id
      AND known.state <> 'skipped'
  )) AS repeats FROM given
)
INSERT INTO influscope.recipients
  (campaign, id, message, address, state, reason, attempts, next_at, changed_at, field_values)
SELECT $1::text, id, message, address, CASE WHEN repeats THEN 'skipped' ELSE state END,
  CASE WHEN repeats THEN $4::text ELSE reason END, 0, $3::bigint, $3::bigint, field_values
FROM judged ON CONFLICT DO NOTHING`

/** $1 campaign, $2 problem or null. */
const prepared = `
UPDATE influscope.campaigns SET prepared = 1, problem = $2::text,
  state = CASE WHEN $2::text IS NULL THEN state ELSE 'cancelled' END
WHERE id = $1::text`

/** $1 now, $2 limit. */
const due = `
SELECT id, tenant, sender, (
  SELECT count(*)::float8 FROM influscope.recipients
  WHERE campaign = campaigns.id AND batch IS NOT NULL AND recipients.state IN ('queued', 'sending')
) AS underway
FROM influscope.campaigns
WHERE state = 'active' AND prepared = 1 AND send_at <= $1::bigint AND EXISTS (
  SELECT FROM influscope.recipients
  WHERE campaign = campaigns.id AND recipients.state = 'queued' AND batch IS NULL AND next_at <= $1::bigint
)
ORDER BY send_at, id LIMIT $2::integer`

const left = "least($4::float8, known.messages + greatest(0, $6::bigint - known.at) / 1000.0 * $5::float8)"

/** $1 tenant, $2 sender, $3 wanted, $4 most at once, $5 a second, $6 now. */
const allow = `
INSERT INTO influscope.allowances AS known (tenant, sender, messages, allowed, at)
VALUES ($1::text, $2::text, $4::float8 - least($3::integer, floor($4::float8)), least($3::integer, floor($4::float8)), $6::bigint)
ON CONFLICT (tenant, sender) DO UPDATE SET
  messages = ${left} - least($3::integer, floor(${left})), allowed = least($3::integer, floor(${left})), at = $6::bigint
RETURNING allowed`

/** $1 campaign, $2 batch, $3 attempts from, $4 attempts below, $5 limit, $6 now. */
const take = `
WITH due AS (
  SELECT campaign, id FROM influscope.recipients
  WHERE campaign = $1::text AND state = 'queued' AND batch IS NULL AND next_at <= $6::bigint
    AND attempts >= $3::integer AND attempts < $4::integer
  ORDER BY next_at LIMIT $5::integer FOR UPDATE SKIP LOCKED
)
UPDATE influscope.recipients SET batch = $2::text
FROM due WHERE recipients.campaign = due.campaign AND recipients.id = due.id RETURNING message`

const taken = `
SELECT batch, campaign, json_agg(message) AS messages FROM influscope.recipients
WHERE batch IS NOT NULL AND state IN ('queued', 'sending') GROUP BY batch, campaign`

/** $1 batch. */
const batchRows = `
SELECT campaign, id, message, address, state, attempts, field_values FROM influscope.recipients
WHERE batch = $1::text AND state IN ('queued', 'sending', 'failed') ORDER BY id`

/** $1 campaign. */
const planOf = `SELECT ${campaignColumns}, secret, content FROM influscope.campaigns WHERE id = $1::text`

/** $1 batch, $2 messages (JSON), $3 now, $4 whether again. */
const claim = `
UPDATE influscope.recipients SET state = 'sending', changed_at = $3::bigint
WHERE batch = $1::text AND message IN (SELECT json_array_elements_text($2::json))
  AND (state IN ('queued', 'failed') OR (state = 'sending' AND $4::integer = 1)) AND EXISTS (
    SELECT FROM influscope.campaigns WHERE id = recipients.campaign AND campaigns.state IN ('active', 'finished')
  )
RETURNING message`

/** $1 outcomes (JSON), $2 now. */
const settle = `
UPDATE influscope.recipients SET state = outcome.state, reason = outcome.reason, attempts = outcome.attempts,
  next_at = outcome.next_at, changed_at = $2::bigint, batch = CASE WHEN outcome.stays THEN batch END
FROM json_to_recordset($1::json)
  AS outcome (message text, state text, reason text, attempts integer, next_at bigint, stays boolean)
WHERE recipients.message = outcome.message AND recipients.state IN ('queued', 'sending', 'unknown', 'failed')
  AND (outcome.state <> 'unknown' OR recipients.state = 'sending')
  AND (outcome.state <> 'skipped' OR recipients.state IN ('queued', 'failed'))`

/** $1 batch, $2 whether again. */
const release = `
UPDATE influscope.recipients SET batch = NULL, next_at = coalesce(next_at, changed_at), state = CASE
  WHEN recipients.state = 'sending' AND campaigns.state = 'cancelled' THEN 'unknown' ELSE 'queued' END
FROM influscope.campaigns
WHERE batch = $1::text AND campaigns.id = campaign
  AND (recipients.state = 'queued' OR (recipients.state = 'sending' AND $2::integer = 1))`

/** $1 now. */
const finish = `
UPDATE influscope.campaigns SET state = 'finished' WHERE state = 'active' AND prepared = 1 AND send_at <= $1::bigint
  AND NOT EXISTS (
    SELECT FROM influscope.recipients WHERE campaign = campaigns.id AND recipients.state IN ('queued', 'sending')
  )`

const anyAttempts = 2_147_483_647

const make = Effect.gen(function* () {
  const { query } = yield* Database

  const withCounts = Effect.fnUntraced(function* (rows: ReadonlyArray<CampaignRow>, now: number) {
    const ids = JSON.stringify(rows.map(({ id }) => id))
    const counts = yield* query<CountRow>("count recipients", countRecipients, [ids])
    return yield* decodeCampaigns(rows, counts, now)
  })

  const findCampaign = Effect.fnUntraced(function* (tenant: Tenant, id: CampaignId, now: number) {
    const rows = yield* query<CampaignRow>("read a campaign", campaign, [tenant, id])
    const [found] = yield* withCounts(rows, now)
    return Option.fromNullable(found)
  })

  return OutreachStore.of({
    addTemplate: Effect.fn("PostgresOutreach.addTemplate")(function* (tenant, given, most) {
      const rows = yield* query("add a template", addTemplate, [
        tenant,
        given.id,
        yield* encodeTemplate(given),
        most
      ])
      return rows.length > 0
    }),
    templates: Effect.fn("PostgresOutreach.templates")(function* (tenant, after, limit) {
      const rows = yield* query<{ template: string }>("list templates", templates, [
        tenant,
        after ?? "",
        limit
      ])
      return yield* decodeTemplates(rows)
    }),
    template: Effect.fn("PostgresOutreach.template")(function* (tenant, id) {
      const rows = yield* query<{ template: string }>("read a template", template, [tenant, id])
      const [found] = yield* decodeTemplates(rows)
      return Option.fromNullable(found)
    }),
    removeTemplate: (tenant, id) =>
      Effect.map(query("remove a template", removeTemplate, [tenant, id]), (rows) => rows.length > 0),

    addCampaign: Effect.fn("PostgresOutreach.addCampaign")(function* (plan) {
      const { campaign, secret, tenant } = plan
      const { audience, content, details } = yield* encodePlan(plan)
      yield* query("add a campaign", addCampaign, [
        campaign.id,
        tenant,
        campaign.state === "paused" ? "paused" : "active",
        campaign.createdAt.getTime(),
        campaign.sendAt.getTime(),
        campaign.sender.address,
        details,
        secret,
        content,
        audience
      ])
      const [row] = yield* query<{ secret: string | null }>("add a campaign", secretOf, [campaign.id])
      return row?.secret ?? null
    }),
    campaigns: Effect.fn("PostgresOutreach.campaigns")(function* (tenant, after, limit, now) {
      const from = [after?.at ?? Number.MAX_SAFE_INTEGER, after?.id ?? ""]
      const rows = yield* query<CampaignRow>("list campaigns", campaigns, [tenant, ...from, limit])
      return yield* withCounts(rows, now)
    }),
    campaign: findCampaign,
    change: Effect.fn("PostgresOutreach.change")(function* (tenant, id, how, now) {
      const { from, to } = changes[how]
      const rows = yield* query("change a campaign", change, [tenant, id, JSON.stringify(from), to, now])
      return rows.length > 0
    }),
    recipients: Effect.fn("PostgresOutreach.recipients")(function* (tenant, id, state, after, limit) {
      const owned = yield* query("list recipients", campaign, [tenant, id])
      if (owned.length === 0) return Option.none()
      const rows = yield* query<object>("list recipients", recipients, [
        id,
        state ?? null,
        after ?? "",
        limit
      ])
      return Option.some(yield* decodeRecipients(rows))
    }),
    ownerOf: Effect.fn("PostgresOutreach.ownerOf")(function* (message) {
      const [row] = yield* query<object>("find a message", ownerOf, [message])
      return row === undefined ? Option.none() : Option.some(yield* decodeOwner(row))
    }),
    report: Effect.fn("PostgresOutreach.report")(function* (tenant, message, told) {
      const rows = yield* query<object>("note what became of a message", report, [
        message,
        tenant,
        told.kind,
        text(told.text),
        told.at
      ])
      const [recipient] = yield* decodeRecipients(rows)
      return Option.fromNullable(recipient)
    }),

    addOptOuts: Effect.fn("PostgresOutreach.addOptOuts")(function* (tenant, given) {
      const rows = given.map(({ at, contact, source }) => ({ contact, source, at: at.getTime() }))
      yield* query("add opt-outs", addOptOuts, [tenant, JSON.stringify(rows)])
    }),
    optOuts: Effect.fn("PostgresOutreach.optOuts")(function* (tenant, after, limit) {
      const rows = yield* query<object>("list opt-outs", optOuts, [tenant, after ?? "", limit])
      return yield* decodeOptOuts(rows)
    }),
    removeOptOut: (tenant, contact) =>
      Effect.map(query("remove an opt-out", removeOptOut, [tenant, contact]), (rows) => rows.length > 0),
    optedOut: Effect.fn("PostgresOutreach.optedOut")(function* (tenant, contacts) {
      const rows = yield* query<{ contact: Contact }>("look for opt-outs", optedOut, [
        tenant,
        JSON.stringify(contacts)
      ])
      return new Set(rows.map(({ contact }) => contact))
    }),

    nextUnprepared: Effect.gen(function* () {
      const [row] = yield* query<PlanRow & { readonly audience: string }>(
        "find a campaign to prepare",
        nextUnprepared,
        []
      )
      return row === undefined ? Option.none() : Option.some(yield* decodePlan(row))
    }),
    addRecipients: Effect.fn("PostgresOutreach.addRecipients")(function* (id, given, now) {
      const rows = given.map((recipient, place) => ({
        place,
        id: recipient.id,
        message: recipient.message,
        address: recipient.address,
        state: firstState(recipient),
        reason: recipient.skipped,
        field_values: encodeValues(recipient.values)
      }))
      yield* query("add recipients", addRecipients, [id, JSON.stringify(rows), now, sameAddress])
    }),
    prepared: (id, problem) =>
      Effect.asVoid(query("note that a campaign is prepared", prepared, [id, problem])),
    due: Effect.fn("PostgresOutreach.due")(function* (now, limit) {
      const rows = yield* query<{ id: string; tenant: string; sender: string; underway: number }>(
        "find campaigns that are due",
        due,
        [now, limit]
      )
      return rows.map((row) => ({
        ...row,
        id: CampaignId.make(row.id),
        tenant: Tenant.make(row.tenant)
      }))
    }),
    allow: Effect.fn("PostgresOutreach.allow")(function* (tenant, sender, wanted, rate, now) {
      const { burstSeconds, perSecond } = rate
      const [row] = yield* query<{ allowed: number }>("count messages of a sender", allow, [
        tenant,
        sender,
        wanted,
        perSecond * burstSeconds,
        perSecond,
        now
      ])
      return row?.allowed ?? 0
    }),
    take: Effect.fn("PostgresOutreach.take")(function* (id, batch, attempts, limit, now) {
      const range = "from" in attempts ? [attempts.from, anyAttempts] : [0, attempts.below]
      const rows = yield* query<{ message: string }>("take recipients", take, [
        id,
        batch,
        ...range,
        limit,
        now
      ])
      return rows.map(({ message }) => OutreachId.make(message))
    }),
    taken: Effect.map(
      query<{ batch: string; campaign: string; messages: ReadonlyArray<string> }>(
        "find batches without an outcome",
        taken,
        []
      ),
      (rows) =>
        rows.map(({ batch, campaign, messages }) => ({
          id: batch,
          campaign: CampaignId.make(campaign),
          messages: messages.map((message) => OutreachId.make(message))
        }))
    ),
    batch: Effect.fn("PostgresOutreach.batch")(function* (id) {
      const rows = yield* query<BatchRow & { readonly campaign: string }>("read a batch", batchRows, [id])
      const [first] = rows
      if (first === undefined) return Option.none()
      const [plan] = yield* query<PlanRow>("read a batch", planOf, [first.campaign])
      return plan === undefined ? Option.none() : Option.some(yield* decodeBatch(plan, rows))
    }),
    claim: Effect.fn("PostgresOutreach.claim")(function* (batch, messages, again, now) {
      const rows = yield* query<{ message: string }>("claim messages", claim, [
        batch,
        JSON.stringify(messages),
        now,
        again ? 1 : 0
      ])
      const claimed = new Set(rows.map(({ message }) => message))
      return messages.filter((message) => claimed.has(message))
    }),
    settle: Effect.fn("PostgresOutreach.settle")(function* (outcomes, now) {
      const rows = outcomes.map((outcome) => {
        const { nextAt, state, stays } = settled(outcome)
        const reason = outcome.reason === null ? null : text(outcome.reason)
        return { message: outcome.message, state, reason, attempts: outcome.attempts, next_at: nextAt, stays }
      })
      yield* query("note what became of messages", settle, [JSON.stringify(rows), now])
    }),
    release: (batch, again) => Effect.asVoid(query("give a batch back", release, [batch, again ? 1 : 0])),
    finish: (now) => Effect.asVoid(query("note which campaigns are finished", finish, [now]))
  })
})

/** Outreach in the database that all services share. */
export const layer: Layer.Layer<OutreachStore, never, Database> = Layer.effect(OutreachStore, make)
