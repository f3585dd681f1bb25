import type { Database as BunDatabase } from "bun:sqlite"
import {
  type AppliedCounts,
  type ConfirmedBefore,
  type Grace,
  type JobProgress,
  noProgress,
  Outbox,
  type TopicAudit
} from "@influscope/ports/Outbox"
import type { Message } from "@influscope/ports/PubSub"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Database } from "./Database.ts"

type State = "sent" | "dead" | "dropped" | "confirmed"

interface Row {
  readonly seq: number
  readonly job: string | null
  readonly items: number
  readonly state: State
}

/** Rows removed by one transaction of `prune`: few enough not to hold up the process. */
const pruneChunk = 2_000

const find = (db: BunDatabase, topic: string, id: string): Row | null =>
  db
    .query<Row, [string, string]>("SELECT seq, job, items, state FROM outbox WHERE topic = ? AND id = ?")
    .get(topic, id)

const insert = (
  db: BunDatabase,
  topic: string,
  message: Message,
  job: string | undefined,
  now: number
): boolean => {
  const inserted = db
    .query<{ seq: number }, [string, string, string | null, number, string | null, number, number]>(
      `INSERT INTO outbox (topic, id, job, items, traceparent, state, since, sent_at)
       VALUES (?, ?, ?, ?, ?, 'sent', ?, ?)
       ON CONFLICT (topic, id) DO NOTHING RETURNING seq`
    )
    .get(topic, message.id, job ?? null, message.items, message.traceparent ?? null, now, now)
  if (inserted === null) return false
  db.query<never, [number, string]>("INSERT INTO outbox_payloads (seq, payload) VALUES (?, ?)").run(
    inserted.seq,
    message.payload
  )
  countSent(db, topic, job, message.items)
  return true
}

const countSent = (db: BunDatabase, topic: string, job: string | undefined, items: number): void => {
  db.query<never, [string, number]>(
    `INSERT INTO outbox_topics (topic, sent, sent_batches) VALUES (?, ?, 1)
     ON CONFLICT (topic) DO UPDATE SET sent = sent + excluded.sent, sent_batches = sent_batches + 1`
  ).run(topic, items)
  if (job === undefined) return
  db.query<never, [string, number]>(
    `INSERT INTO outbox_jobs (job, items, batches) VALUES (?, ?, 1)
     ON CONFLICT (job) DO UPDATE SET items = items + excluded.items, batches = batches + 1`
  ).run(job, items)
}

/** Moves `sign` times the row's items into or out of what counts as dead or dropped. */
const countDead = (
  db: BunDatabase,
  topic: string,
  row: Row,
  state: "dead" | "dropped",
  sign: 1 | -1
): void => {
  db.query<never, [number, string]>(
    state === "dead"
      ? "UPDATE outbox_topics SET dead = dead + ? WHERE topic = ?"
      : "UPDATE outbox_topics SET dropped = dropped + ? WHERE topic = ?"
  ).run(sign * row.items, topic)
  if (row.job === null) return
  db.query<never, [number, number, string]>(
    "UPDATE outbox_jobs SET dead_items = dead_items + ?, dead_batches = dead_batches + ? WHERE job = ?"
  ).run(sign * row.items, sign, row.job)
}

const forgetPayload = (db: BunDatabase, seq: number): void => {
  db.query<never, [number]>("DELETE FROM outbox_payloads WHERE seq = ?").run(seq)
}

/** A batch that is not there was confirmed and pruned long ago: its delivery is a duplicate too. */
const countDuplicate = (db: BunDatabase, topic: string): void => {
  db.query<never, [string]>(
    "UPDATE outbox_topics SET duplicate_batches = duplicate_batches + 1 WHERE topic = ?"
  ).run(topic)
}

const countApplied = (db: BunDatabase, topic: string, row: Row, counts: AppliedCounts): void => {
  db.query<never, [number, string]>("UPDATE outbox_topics SET applied = applied + ? WHERE topic = ?").run(
    row.items,
    topic
  )
  if (row.job === null) return
  db.query<never, [number, number, number, string]>(
    `UPDATE outbox_jobs SET confirmed_batches = confirmed_batches + 1,
       created = created + ?, updated = updated + ?, unchanged = unchanged + ? WHERE job = ?`
  ).run(counts.created, counts.updated, counts.unchanged, row.job)
}

const confirm = (db: BunDatabase, topic: string, id: string, counts: AppliedCounts, now: number): boolean => {
  const row = find(db, topic, id)
  if (row === null || row.state === "confirmed") {
    countDuplicate(db, topic)
    return false
  }
  if (row.state !== "sent") countDead(db, topic, row, row.state, -1)
  countApplied(db, topic, row, counts)
  db.query<never, [number, number]>(
    "UPDATE outbox SET state = 'confirmed', confirmed_at = ? WHERE seq = ?"
  ).run(now, row.seq)
  forgetPayload(db, row.seq)
  return true
}

/**
 * Only a step forward counts: a batch that was applied stays applied when a duplicate of it dies, and one that was
 * dropped stays dropped when news of its death comes late.
 */
const markDead = (db: BunDatabase, topic: string, id: string, state: "dead" | "dropped"): boolean => {
  const row = find(db, topic, id)
  if (row?.state === "confirmed") return false
  if (row === null || row.state === "dropped" || row.state === state) return true
  if (row.state === "dead") countDead(db, topic, row, "dead", -1)
  countDead(db, topic, row, state, 1)
  db.query<never, [string, number]>("UPDATE outbox SET state = ? WHERE seq = ?").run(state, row.seq)
  if (state === "dropped") forgetPayload(db, row.seq)
  return true
}

/** What was applied or dropped stays so. */
const resend = (db: BunDatabase, topic: string, id: string, now: number): void => {
  const row = find(db, topic, id)
  if (row === null || row.state === "confirmed" || row.state === "dropped") return
  if (row.state === "dead") countDead(db, topic, row, "dead", -1)
  db.query<never, [number, number, number]>(
    "UPDATE outbox SET since = iif(state = 'dead', ?, since), state = 'sent', sent_at = ? WHERE seq = ?"
  ).run(now, now, row.seq)
}

interface OverdueRow {
  readonly id: string
  readonly payload: string
  readonly items: number
  readonly traceparent: string | null
}

const overdue = (
  db: BunDatabase,
  topic: string,
  at: number,
  { first, longest }: Grace,
  limit: number
): ReadonlyArray<Message> =>
  db
    .query<OverdueRow, [string, number, number, number, number]>(
      // Left to itself, SQLite goes through every batch of the topic, the confirmed ones of a week included.
      `SELECT id, payload, items, traceparent FROM outbox INDEXED BY outbox_open JOIN outbox_payloads USING (seq)
       WHERE state = 'sent' AND topic = ? AND sent_at < ? AND sent_at < ? - min(sent_at - since, ?)
       ORDER BY sent_at, seq LIMIT ?`
    )
    .all(topic, at - first, at, longest, limit)
    .map(({ traceparent, ...message }) => ({ ...message, traceparent: traceparent ?? undefined }))

interface AuditRow {
  readonly topic: string
  readonly sent: number
  readonly sentBatches: number
  readonly applied: number
  readonly duplicateBatches: number
  readonly deadLettered: number
  readonly dropped: number
  readonly missing: number
}

const audit = (db: BunDatabase, overdueBefore: number): ReadonlyArray<TopicAudit> =>
  db
    .query<AuditRow, [number]>(
      `WITH overdue AS (
         SELECT topic, sum(items) AS items FROM outbox WHERE state = 'sent' AND sent_at < ? GROUP BY topic
       )
       SELECT t.topic, t.sent, t.sent_batches AS sentBatches, t.applied, t.duplicate_batches AS duplicateBatches,
         t.dead AS deadLettered, t.dropped, coalesce(o.items, 0) AS missing
       FROM outbox_topics t LEFT JOIN overdue o USING (topic) ORDER BY t.topic`
    )
    .all(overdueBefore)
    .map((row) => ({
      ...row,
      pending: row.sent - row.applied - row.deadLettered - row.dropped - row.missing
    }))

const progress = (db: BunDatabase, job: string): JobProgress =>
  db
    .query<JobProgress, [string]>(
      `SELECT batches, items, confirmed_batches AS confirmedBatches, created, updated, unchanged,
         dead_items AS deadLetteredItems, dead_batches AS deadLetteredBatches
       FROM outbox_jobs WHERE job = ?`
    )
    .get(job) ?? noProgress

const pruneSome = (db: BunDatabase, of: "NOT NULL" | "NULL", confirmedBefore: number): number =>
  db
    .query<never, [number, number]>(
      `DELETE FROM outbox WHERE seq IN (
         SELECT seq FROM outbox WHERE state = 'confirmed' AND job IS ${of} AND confirmed_at < ? LIMIT ?
       )`
    )
    .run(confirmedBefore, pruneChunk).changes

/**
 * Losing a confirmation at a power cut only sends a batch again that is recognised as a duplicate; losing what repeats loses
 * with it whatever was written after it, such as that it had been done.
 */
const lazy = { commit: "lazy" } as const

const make = Effect.gen(function* () {
  const database = yield* Database

  const pruneAll = Effect.fnUntraced(function* (of: "NOT NULL" | "NULL", confirmedBefore: number) {
    let removed = 0
    let last = pruneChunk
    while (last === pruneChunk) {
      last = yield* database.transaction("prune the outbox", (db) => pruneSome(db, of, confirmedBefore))
      removed += last
      yield* Effect.yieldNow()
    }
    return removed
  })

  const prune = Effect.fn("SqliteOutbox.prune")(function* ({ ofJobs, others }: ConfirmedBefore) {
    return (yield* pruneAll("NOT NULL", ofJobs)) + (yield* pruneAll("NULL", others))
  })

  return Outbox.of({
    append: Effect.fn("SqliteOutbox.append")(function* (topic, message, job, options) {
      const now = yield* Clock.currentTimeMillis
      return yield* database.transaction(
        "append to the outbox",
        (db) => insert(db, topic, message, job, now),
        options?.repeats === true ? lazy : undefined
      )
    }),
    confirm: Effect.fn("SqliteOutbox.confirm")(function* (topic, id, counts) {
      const now = yield* Clock.currentTimeMillis
      return yield* database.transaction("confirm a batch", (db) => confirm(db, topic, id, counts, now), lazy)
    }),
    markDead: (topic, id, state) =>
      database.transaction("mark a batch dead", (db) => markDead(db, topic, id, state)),
    overdue: (topic, at, grace, limit) =>
      database.read("read overdue batches", (db) => overdue(db, topic, at, grace, limit)),
    resent: Effect.fn("SqliteOutbox.resent")(function* (topic, id) {
      const now = yield* Clock.currentTimeMillis
      yield* database.transaction("note a batch as resent", (db) => resend(db, topic, id, now))
    }),
    audit: Effect.fn("SqliteOutbox.audit")(function* (graceMillis) {
      const now = yield* Clock.currentTimeMillis
      return yield* database.read("audit the outbox", (db) => audit(db, now - graceMillis))
    }),
    progress: (job) => database.read("read a job's progress", (db) => progress(db, job)),
    prune
  })
})

/** The outbox in tables of the main database. Every write is one transaction, synced but for what is repeated. */
export const layer: Layer.Layer<Outbox, never, Database> = Layer.effect(Outbox, make)
