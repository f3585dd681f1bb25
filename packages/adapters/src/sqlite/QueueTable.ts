import type { Database as BunDatabase } from "bun:sqlite"
import type { Message, QueueStats } from "@influscope/ports/PubSub"

/** A message handed to a handler: `attempt` is this delivery's number, from 1. */
export interface ClaimedMessage extends Message {
  readonly seq: number
  readonly attempt: number
  /** Why the delivery before this one was not acknowledged, when the handler had its say. */
  readonly lastReason: string | undefined
}

/** Adds a message; one with the same topic and id that is still queued stands for both. */
export const enqueue = (db: BunDatabase, topic: string, message: Message, now: number): void => {
  const inserted = db
    .query<{ seq: number }, [string, string, number, string | null, number, number]>(
      `INSERT INTO queue (topic, id, items, traceparent, attempts, published_at, visible_at)
       VALUES (?, ?, ?, ?, 0, ?, ?) ON CONFLICT (topic, id) DO NOTHING RETURNING seq`
    )
    .get(topic, message.id, message.items, message.traceparent ?? null, now, now)
  if (inserted === null) return
  db.query<never, [number, string]>("INSERT INTO queue_payloads (seq, payload) VALUES (?, ?)").run(
    inserted.seq,
    message.payload
  )
}

interface DueRow {
  readonly seq: number
  readonly id: string
  readonly items: number
  readonly traceparent: string | null
  readonly attempts: number
  readonly last_reason: string | null
}

const countAttempt = (db: BunDatabase, row: DueRow): ClaimedMessage => {
  db.query<never, [number]>("UPDATE queue SET attempts = attempts + 1 WHERE seq = ?").run(row.seq)
  const stored = db
    .query<{ payload: string }, [number]>("SELECT payload FROM queue_payloads WHERE seq = ?")
    .get(row.seq)
  return {
    seq: row.seq,
    id: row.id,
    payload: stored?.payload ?? "",
    items: row.items,
    traceparent: row.traceparent ?? undefined,
    attempt: row.attempts + 1,
    lastReason: row.last_reason ?? undefined
  }
}

/** Up to `limit` visible messages of a topic that are not in `claimed`, oldest first, each with its attempt counted. */
export const takeDue = (
  db: BunDatabase,
  topic: string,
  claimed: ReadonlySet<number>,
  limit: number,
  now: number
): ReadonlyArray<ClaimedMessage> =>
  db
    .query<DueRow, [string, number, number]>(
      `SELECT seq, id, items, traceparent, attempts, last_reason FROM queue
       WHERE topic = ? AND visible_at <= ? ORDER BY visible_at, seq LIMIT ?`
    )
    .all(topic, now, limit + claimed.size)
    .filter((row) => !claimed.has(row.seq))
    .slice(0, limit)
    .map((row) => countAttempt(db, row))

/** When the next message that waits for its back-off becomes visible (epoch ms). */
export const nextVisible = (db: BunDatabase, topic: string, now: number): number | undefined =>
  db
    .query<{ at: number | null }, [string, number]>(
      "SELECT min(visible_at) AS at FROM queue WHERE topic = ? AND visible_at > ?"
    )
    .get(topic, now)?.at ?? undefined

export const remove = (db: BunDatabase, seq: number): void => {
  db.query<never, [number]>("DELETE FROM queue_payloads WHERE seq = ?").run(seq)
  db.query<never, [number]>("DELETE FROM queue WHERE seq = ?").run(seq)
}

export const postpone = (db: BunDatabase, seq: number, reason: string, visibleAt: number): void => {
  db.query<never, [number, string, number]>(
    "UPDATE queue SET visible_at = ?, last_reason = ? WHERE seq = ?"
  ).run(visibleAt, reason, seq)
}

export const forgetAttempts = (db: BunDatabase, seq: number): void => {
  db.query<never, [number]>("UPDATE queue SET attempts = 0 WHERE seq = ?").run(seq)
}

/** Moves a message to the dead letters, over an older entry of the same topic and id. */
export const bury = (
  db: BunDatabase,
  seq: number,
  attempts: number,
  reason: string,
  deadAt: number
): void => {
  db.query<never, [string, number, number, number]>(
    `INSERT OR REPLACE INTO dead_letters (topic, id, items, traceparent, reason, attempts, dead_at, payload)
     SELECT topic, id, items, traceparent, ?, ?, ?, payload FROM queue JOIN queue_payloads USING (seq) WHERE seq = ?`
  ).run(reason, attempts, deadAt, seq)
  remove(db, seq)
}

/** Ends every back-off: after a start the whole queue is due. */
export const releaseAll = (db: BunDatabase, now: number): void => {
  db.query<never, [number, number]>("UPDATE queue SET visible_at = ? WHERE visible_at > ?").run(now, now)
}

export const stats = (db: BunDatabase, now: number): ReadonlyArray<QueueStats> =>
  db
    .query<{ topic: string; messages: number; items: number; oldest: number }, []>(
      `SELECT topic, count(*) AS messages, sum(items) AS items, min(published_at) AS oldest
       FROM queue GROUP BY topic ORDER BY topic`
    )
    .all()
    .map(({ oldest, ...row }) => ({ ...row, oldestSeconds: Math.max(0, now - oldest) / 1_000 }))
