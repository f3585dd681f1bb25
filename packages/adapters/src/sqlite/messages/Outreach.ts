import type { Database as BunDatabase } from "bun:sqlite"
import { Tenant } from "@influscope/domain/access/Principal"
import { CampaignId, OutreachId } from "@influscope/domain/messages/Campaign"
import { type DueCampaign, OutreachStore, type TakenBatch } from "@influscope/ports/OutreachStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  type BatchRow,
  type CampaignRow,
  type CountRow,
  campaignColumns,
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
  type RecipientRow,
  recipientColumns,
  sameAddress,
  settled
} from "../../messages/OutreachRows.ts"
import type { SqliteDatabase } from "../Database.ts"

const countRecipients = (db: BunDatabase, campaigns: ReadonlyArray<CampaignRow>): ReadonlyArray<CountRow> => {
  const count = db.query<CountRow, [string]>(
    "SELECT campaign, state, count(*) AS count FROM recipients WHERE campaign = ? GROUP BY state"
  )
  return campaigns.flatMap(({ id }) => count.all(id))
}

const isThere = (db: BunDatabase, tenant: Tenant, id: CampaignId): boolean =>
  db
    .query<{ one: 1 }, [string, string]>("SELECT 1 AS one FROM campaigns WHERE tenant = ? AND id = ?")
    .get(tenant, id) !== null

const findRecipient = (db: BunDatabase, message: OutreachId): RecipientRow | null =>
  db
    .query<RecipientRow, [string]>(`SELECT ${recipientColumns} FROM recipients WHERE message = ?`)
    .get(message)

const underway = "batch IS NOT NULL AND recipients.state IN ('queued', 'sending')"

/** Outreach in a file of this process. */
export const outreachIn = (database: SqliteDatabase): OutreachStore["Type"] =>
  OutreachStore.of({
    addTemplate: Effect.fn("SqliteOutreach.addTemplate")(function* (tenant, template, most) {
      const text = yield* encodeTemplate(template)
      return yield* database.transaction(
        "add a template",
        (db) =>
          db
            .query<never, [string, string, string, string, number]>(
              `INSERT INTO templates (tenant, id, template) SELECT ?, ?, ?
               WHERE (SELECT count(*) FROM templates WHERE tenant = ?) < ?`
            )
            .run(tenant, template.id, text, tenant, most).changes > 0
      )
    }),
    templates: Effect.fn("SqliteOutreach.templates")(function* (tenant, after, limit) {
      const rows = yield* database.read("list templates", (db) =>
        db
          .query<{ template: string }, [string, string, number]>(
            "SELECT template FROM templates WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
          )
          .all(tenant, after ?? "", limit)
      )
      return yield* decodeTemplates(rows)
    }),
    template: Effect.fn("SqliteOutreach.template")(function* (tenant, id) {
      const rows = yield* database.read("read a template", (db) =>
        db
          .query<{ template: string }, [string, string]>(
            "SELECT template FROM templates WHERE tenant = ? AND id = ?"
          )
          .all(tenant, id)
      )
      const [template] = yield* decodeTemplates(rows)
      return Option.fromNullable(template)
    }),
    removeTemplate: (tenant, id) =>
      database.transaction(
        "remove a template",
        (db) =>
          db
            .query<never, [string, string]>("DELETE FROM templates WHERE tenant = ? AND id = ?")
            .run(tenant, id).changes > 0
      ),

    addCampaign: Effect.fn("SqliteOutreach.addCampaign")(function* (plan) {
      const { campaign, secret, tenant } = plan
      const { audience, content, details } = yield* encodePlan(plan)
      return yield* database.transaction("add a campaign", (db) => {
        db.query<
          never,
          [string, string, string, number, number, string, string, string | null, string, string]
        >(
          `INSERT INTO campaigns
             (id, tenant, state, prepared, created_at, send_at, sender, details, secret, content, audience)
           VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
        ).run(
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
        )
        return (
          db
            .query<{ secret: string | null }, [string]>("SELECT secret FROM campaigns WHERE id = ?")
            .get(campaign.id)?.secret ?? null
        )
      })
    }),
    campaigns: Effect.fn("SqliteOutreach.campaigns")(function* (tenant, after, limit, now) {
      const { counts, rows } = yield* database.read("list campaigns", (db) => {
        const rows = db
          .query<CampaignRow, [string, number, string, number]>(
            `SELECT ${campaignColumns} FROM campaigns WHERE tenant = ? AND (created_at, id) < (?, ?)
             ORDER BY created_at DESC, id DESC LIMIT ?`
          )
          .all(tenant, after?.at ?? Number.MAX_SAFE_INTEGER, after?.id ?? "", limit)
        return { rows, counts: countRecipients(db, rows) }
      })
      return yield* decodeCampaigns(rows, counts, now)
    }),
    campaign: Effect.fn("SqliteOutreach.campaign")(function* (tenant, id, now) {
      const { counts, rows } = yield* database.read("read a campaign", (db) => {
        const rows = db
          .query<CampaignRow, [string, string]>(
            `SELECT ${campaignColumns} FROM campaigns WHERE tenant = ? AND id = ?`
          )
          .all(tenant, id)
        return { rows, counts: countRecipients(db, rows) }
      })
      const [campaign] = yield* decodeCampaigns(rows, counts, now)
      return Option.fromNullable(campaign)
    }),
    change: (tenant, id, how, now) =>
      database.transaction("change a campaign", (db) => {
        const { from, to } = changes[how]
        const { changes: changed } = db
          .query<never, [string, string, string, string]>(
            `UPDATE campaigns SET state = ? WHERE tenant = ? AND id = ?
             AND state IN (SELECT value FROM json_each(?))`
          )
          .run(to, tenant, id, JSON.stringify(from))
        if (changed > 0 && how === "cancel")
          db.query<never, [number, string]>(
            "UPDATE recipients SET state = 'cancelled', next_at = NULL, changed_at = ? WHERE campaign = ? AND state = 'queued'"
          ).run(now, id)
        return changed > 0
      }),
    recipients: Effect.fn("SqliteOutreach.recipients")(function* (tenant, id, state, after, limit) {
      const rows = yield* database.read("list recipients", (db) => {
        if (!isThere(db, tenant, id)) return undefined
        return state === undefined
          ? db
              .query<RecipientRow, [string, string, number]>(
                `SELECT ${recipientColumns} FROM recipients WHERE campaign = ? AND id > ? ORDER BY id LIMIT ?`
              )
              .all(id, after ?? "", limit)
          : db
              .query<RecipientRow, [string, string, string, number]>(
                `SELECT ${recipientColumns} FROM recipients WHERE campaign = ? AND state = ? AND id > ?
                 ORDER BY id LIMIT ?`
              )
              .all(id, state, after ?? "", limit)
      })
      return rows === undefined ? Option.none() : Option.some(yield* decodeRecipients(rows))
    }),
    ownerOf: Effect.fn("SqliteOutreach.ownerOf")(function* (message) {
      const row = yield* database.read("find a message", (db) =>
        db
          .query<object, [string]>(
            `SELECT tenant, campaign, recipients.id, address FROM recipients
             JOIN campaigns ON campaigns.id = campaign WHERE message = ?`
          )
          .get(message)
      )
      return row === null ? Option.none() : Option.some(yield* decodeOwner(row))
    }),
    report: Effect.fn("SqliteOutreach.report")(function* (tenant, message, { at, kind, text }) {
      const row = yield* database.transaction("note what became of a message", (db) => {
        const isOurs = db
          .query<{ one: 1 }, [string, string]>(
            `SELECT 1 AS one FROM recipients JOIN campaigns ON campaigns.id = campaign
             WHERE message = ? AND tenant = ?`
          )
          .get(message, tenant)
        if (isOurs === null) return null
        if (kind === "replied")
          db.query<never, [number, number, string, string]>(
            `UPDATE recipients SET state = 'replied', changed_at = ?, replied_at = ?, reply = ?, next_at = NULL,
               batch = NULL WHERE message = ?`
          ).run(at, at, text, message)
        else
          db.query<never, [string, string | null, number, string]>(
            `UPDATE recipients SET state = ?, reason = ?, changed_at = ?, next_at = NULL, batch = NULL
             WHERE message = ? AND state <> 'replied'`
          ).run(kind, kind === "failed" ? text : null, at, message)
        return findRecipient(db, message)
      })
      const [recipient] = yield* decodeRecipients(row === null ? [] : [row])
      return Option.fromNullable(recipient)
    }),

    addOptOuts: (tenant, optOuts) =>
      database.transaction("add opt-outs", (db) => {
        const insert = db.query<never, [string, string, string, number]>(
          "INSERT INTO opt_outs (tenant, contact, source, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        for (const { at, contact, source } of optOuts) insert.run(tenant, contact, source, at.getTime())
      }),
    optOuts: Effect.fn("SqliteOutreach.optOuts")(function* (tenant, after, limit) {
      const rows = yield* database.read("list opt-outs", (db) =>
        db
          .query<object, [string, string, number]>(
            "SELECT contact, source, at FROM opt_outs WHERE tenant = ? AND contact > ? ORDER BY contact LIMIT ?"
          )
          .all(tenant, after ?? "", limit)
      )
      return yield* decodeOptOuts(rows)
    }),
    removeOptOut: (tenant, contact) =>
      database.transaction(
        "remove an opt-out",
        (db) =>
          db
            .query<never, [string, string]>("DELETE FROM opt_outs WHERE tenant = ? AND contact = ?")
            .run(tenant, contact).changes > 0
      ),
    optedOut: (tenant, contacts) =>
      database.read("look for opt-outs", (db) => {
        const find = db.query<{ one: 1 }, [string, string]>(
          "SELECT 1 AS one FROM opt_outs WHERE tenant = ? AND contact = ?"
        )
        return new Set(contacts.filter((contact) => find.get(tenant, contact) !== null))
      }),

    nextUnprepared: Effect.gen(function* () {
      const row = yield* database.read("find a campaign to prepare", (db) =>
        db
          .query<PlanRow & { readonly audience: string }, []>(
            `SELECT ${campaignColumns}, secret, content, audience FROM campaigns
             WHERE prepared = 0 AND state IN ('active', 'paused') ORDER BY created_at LIMIT 1`
          )
          .get()
      )
      return row === null ? Option.none() : Option.some(yield* decodePlan(row))
    }),
    addRecipients: (campaign, recipients, now) =>
      database.transaction("add recipients", (db) => {
        const isOpen = db
          .query<{ one: 1 }, [string]>(
            "SELECT 1 AS one FROM campaigns WHERE id = ? AND prepared = 0 AND state IN ('active', 'paused')"
          )
          .get(campaign)
        // Cancelled while its recipients were looked up.
        if (isOpen === null) return
        const hasAddress = db.query<{ one: 1 }, [string, string, string]>(
          "SELECT 1 AS one FROM recipients WHERE campaign = ? AND address = ? AND id <> ? AND state <> 'skipped'"
        )
        const insert = db.query<
          never,
          [string, string, string, string | null, string, string | null, number, number, string]
        >(
          `INSERT INTO recipients
             (campaign, id, message, address, state, reason, attempts, next_at, changed_at, field_values)
           VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT DO NOTHING`
        )
        for (const recipient of recipients) {
          const { address, id, message, values } = recipient
          const isRepeat =
            recipient.skipped === null && address !== null && hasAddress.get(campaign, address, id) !== null
          const skipped = isRepeat ? sameAddress : recipient.skipped
          const state = firstState({ ...recipient, skipped })
          insert.run(campaign, id, message, address, state, skipped, now, now, encodeValues(values))
        }
      }),
    prepared: (campaign, problem) =>
      database.transaction("note that a campaign is prepared", (db) => {
        db.query<never, [string | null, string | null, string]>(
          `UPDATE campaigns SET prepared = 1, problem = ?,
             state = CASE WHEN ? IS NULL THEN state ELSE 'cancelled' END WHERE id = ?`
        ).run(problem, problem, campaign)
      }),
    due: (now, limit) =>
      database.read("find campaigns that are due", (db) =>
        db
          .query<{ id: string; tenant: string; sender: string; underway: number }, [number, number, number]>(
            `SELECT id, tenant, sender,
               (SELECT count(*) FROM recipients WHERE campaign = campaigns.id AND ${underway}) AS underway
             FROM campaigns
             WHERE state = 'active' AND prepared = 1 AND send_at <= ? AND EXISTS (
               SELECT 1 FROM recipients WHERE campaign = campaigns.id AND recipients.state = 'queued'
               AND batch IS NULL AND next_at <= ?
             )
             ORDER BY send_at, id LIMIT ?`
          )
          .all(now, now, limit)
          .map(
            (row): DueCampaign => ({
              ...row,
              id: CampaignId.make(row.id),
              tenant: Tenant.make(row.tenant)
            })
          )
      ),
    allow: (tenant, sender, wanted, { burstSeconds, perSecond }, now) =>
      database.transaction("count messages of a sender", (db) => {
        const most = perSecond * burstSeconds
        const known = db
          .query<{ messages: number; at: number }, [string, string]>(
            "SELECT messages, at FROM allowances WHERE tenant = ? AND sender = ?"
          )
          .get(tenant, sender)
        const left =
          known === null
            ? most
            : Math.min(most, known.messages + (Math.max(0, now - known.at) / 1_000) * perSecond)
        const allowed = Math.min(wanted, Math.floor(left))
        db.query<never, [string, string, number, number]>(
          `INSERT INTO allowances (tenant, sender, messages, at) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET messages = excluded.messages, at = excluded.at`
        ).run(tenant, sender, left - allowed, now)
        return allowed
      }),
    take: (campaign, batch, attempts, limit, now) =>
      database.transaction("take recipients", (db) => {
        const isLast = "from" in attempts
        return db
          .query<{ message: string }, [string, string, number, number, number]>(
            `UPDATE recipients SET batch = ? WHERE rowid IN (
               SELECT rowid FROM recipients WHERE campaign = ? AND state = 'queued' AND batch IS NULL
               AND next_at <= ? AND attempts ${isLast ? ">=" : "<"} ? ORDER BY next_at LIMIT ?
             ) RETURNING message`
          )
          .all(batch, campaign, now, isLast ? attempts.from : attempts.below, limit)
          .map(({ message }) => OutreachId.make(message))
      }),
    taken: database.read("find batches without an outcome", (db) => {
      const batches = new Map<string, TakenBatch>()
      const rows = db
        .query<{ batch: string; campaign: string; message: string }, []>(
          `SELECT batch, campaign, message FROM recipients INDEXED BY recipients_underway WHERE ${underway}`
        )
        .all()
      for (const { batch, campaign, message } of rows) {
        const messages = batches.get(batch)?.messages ?? []
        batches.set(batch, {
          id: batch,
          campaign: CampaignId.make(campaign),
          messages: [...messages, OutreachId.make(message)]
        })
      }
      return [...batches.values()]
    }),
    batch: Effect.fn("SqliteOutreach.batch")(function* (id) {
      const found = yield* database.read("read a batch", (db) => {
        const rows = db
          .query<BatchRow & { readonly campaign: string }, [string]>(
            `SELECT campaign, id, message, address, state, attempts, field_values FROM recipients
             WHERE batch = ? AND state IN ('queued', 'sending', 'failed') ORDER BY id`
          )
          .all(id)
        const [first] = rows
        const plan =
          first === undefined
            ? null
            : db
                .query<PlanRow, [string]>(
                  `SELECT ${campaignColumns}, secret, content FROM campaigns WHERE id = ?`
                )
                .get(first.campaign)
        return plan === null ? undefined : { plan, rows }
      })
      return found === undefined ? Option.none() : Option.some(yield* decodeBatch(found.plan, found.rows))
    }),
    claim: (batch, messages, again, now) =>
      database.transaction("claim messages", (db) => {
        const claim = db.query<{ message: string }, [number, string, string, number]>(
          `UPDATE recipients SET state = 'sending', changed_at = ? WHERE message = ? AND batch = ?
           AND (state IN ('queued', 'failed') OR (state = 'sending' AND ?))
           AND EXISTS (SELECT 1 FROM campaigns WHERE id = recipients.campaign AND campaigns.state IN ('active', 'finished'))
           RETURNING message`
        )
        return messages.filter((message) => claim.get(now, message, batch, again ? 1 : 0) !== null)
      }),
    settle: (outcomes, now) =>
      database.transaction("note what became of messages", (db) => {
        const settle = db.query<
          never,
          [string, string | null, number, number | null, number, number, string, string, string]
        >(
          `UPDATE recipients SET state = ?, reason = ?, attempts = ?, next_at = ?, changed_at = ?,
             batch = CASE WHEN ? THEN batch ELSE NULL END
           WHERE message = ? AND state IN ('queued', 'sending', 'unknown', 'failed')
           AND (? <> 'unknown' OR state = 'sending') AND (? <> 'skipped' OR state IN ('queued', 'failed'))`
        )
        for (const outcome of outcomes) {
          const { nextAt, state, stays } = settled(outcome)
          settle.run(
            state,
            outcome.reason,
            outcome.attempts,
            nextAt,
            now,
            stays ? 1 : 0,
            outcome.message,
            state,
            state
          )
        }
      }),
    release: (batch, again) =>
      database.transaction("give a batch back", (db) => {
        db.query<never, [string, number]>(
          `UPDATE recipients SET batch = NULL, next_at = coalesce(next_at, changed_at), state = CASE
             WHEN state = 'sending' AND (SELECT campaigns.state FROM campaigns WHERE id = campaign) = 'cancelled'
             THEN 'unknown' ELSE 'queued' END
           WHERE batch = ? AND (state = 'queued' OR (state = 'sending' AND ?))`
        ).run(batch, again ? 1 : 0)
      }),
    finish: (now) =>
      database.transaction("note which campaigns are finished", (db) => {
        db.query<never, [number]>(
          `UPDATE campaigns SET state = 'finished' WHERE state = 'active' AND prepared = 1 AND send_at <= ?
           AND NOT EXISTS (
             SELECT 1 FROM recipients WHERE campaign = campaigns.id AND recipients.state IN ('queued', 'sending')
           )`
        ).run(now)
      })
  })
