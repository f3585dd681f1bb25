import {
  type AppliedCounts,
  type ConfirmedBefore,
  type JobProgress,
  noProgress,
  Outbox,
  type TopicAudit
} from "@influscope/ports/Outbox"
import type { Message } from "@influscope/ports/PubSub"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Database, key, lazily } from "./Database.ts"

/** Rows removed by one statement of `prune`: few enough not to hold up anybody. */
const pruneChunk = 2_000

type Counter = readonly [column: string, delta: string]

/**
 * Adds to the totals of a topic or job. Every connection has its own row of them (as far as 32 go), for a row stays
 * locked until the commit is on the disk: with one row, all producers and consumers of a topic would commit in turn.
 *
 * Every operation locks in this order and holds one of each: the batch, its payload, the topic's row, the job's row. So
 * none can wait in a circle.
 */
const add = (
  table: "outbox_topics" | "outbox_jobs",
  name: string,
  counters: ReadonlyArray<Counter>,
  source: string
): string => {
  const of = table === "outbox_topics" ? "topic" : "job"
  const columns = counters.map(([column]) => column)
  return `INSERT INTO influscope.${table} AS total (${of}, shard, ${columns.join(", ")})
    SELECT ${name}, pg_backend_pid() % 32, ${counters.map(([, delta]) => delta).join(", ")} ${source}
    ON CONFLICT (${of}, shard) DO UPDATE SET
      ${columns.map((column) => `${column} = total.${column} + excluded.${column}`).join(", ")}
    RETURNING 1`
}

/** $1 topic, $2 id, $3 job, $4 items, $5 traceparent, $6 now, $7 payload. */
const append = `
WITH added AS (
  INSERT INTO influscope.outbox (topic, id, job, items, traceparent, state, since, sent_at)
  VALUES ($1::text, $2::text, $3::text, $4::integer, $5::text, 'sent', $6::bigint, $6::bigint)
  ON CONFLICT (topic, id) DO NOTHING RETURNING seq
), kept AS (
  INSERT INTO influscope.outbox_payloads (seq, payload) SELECT seq, $7::text FROM added RETURNING 1
), topic_total AS (
  ${add(
    "outbox_topics",
    "$1::text",
    [
      ["sent", "$4::integer"],
      ["sent_batches", "1"]
    ],
    "FROM kept"
  )}
), job_total AS (
  ${add(
    "outbox_jobs",
    "$3::text",
    [
      ["batches", "1"],
      ["items", "$4::integer"]
    ],
    "FROM topic_total WHERE $3::text IS NOT NULL"
  )}
)
SELECT EXISTS (SELECT FROM added) AS added`

/** The batch of $1 and $2, locked, in the state that the last one to change it left. */
const found = `found AS (
  SELECT seq, job, items, state FROM influscope.outbox WHERE topic = $1::text AND id = $2::text FOR UPDATE
)`

/** Takes what counts as dead or dropped out of the totals when the batch goes on. */
const noLonger = (state: "dead" | "dropped"): ReadonlyArray<Counter> => [
  [state, `CASE before WHEN '${state}' THEN -items ELSE 0 END`],
  [`${state}_batches`, `CASE before WHEN '${state}' THEN -1 ELSE 0 END`]
]

/**
 * $1 topic, $2 id, $3 now, $4 created, $5 updated, $6 unchanged. A batch that is not there was confirmed and pruned long
 * ago: its delivery is a duplicate too.
 */
const confirm = `
WITH ${lazily}, ${found}, moved AS (
  UPDATE influscope.outbox SET state = 'confirmed', confirmed_at = $3::bigint
  FROM found WHERE outbox.seq = found.seq AND found.state <> 'confirmed'
  RETURNING found.seq, found.job, found.items, found.state AS before
), forgotten AS (
  DELETE FROM influscope.outbox_payloads USING moved WHERE outbox_payloads.seq = moved.seq
), topic_total AS (
  ${add(
    "outbox_topics",
    "$1::text",
    [["applied", "items"], ["applied_batches", "1"], ...noLonger("dead"), ...noLonger("dropped")],
    "FROM moved"
  )}
), duplicates AS (
  ${add(
    "outbox_topics",
    "$1::text",
    [["duplicate_batches", "1"]],
    `WHERE NOT EXISTS (SELECT FROM moved)
      AND EXISTS (SELECT FROM influscope.outbox_topics WHERE topic = $1::text)`
  )}
), job_total AS (
  ${add(
    "outbox_jobs",
    "job",
    [
      ["confirmed_batches", "1"],
      ["created", "$4::integer"],
      ["updated", "$5::integer"],
      ["unchanged", "$6::integer"],
      ["dead_items", "CASE WHEN before = 'sent' THEN 0 ELSE -items END"],
      ["dead_batches", "CASE WHEN before = 'sent' THEN 0 ELSE -1 END"]
    ],
    "FROM moved, topic_total WHERE job IS NOT NULL"
  )}
)
SELECT EXISTS (SELECT FROM moved) AS applied FROM lazily`

/**
 * $1 topic, $2 id, $3 state. Only a step forward counts: a batch that was applied stays applied when a duplicate of it
 * dies, and one that was dropped stays dropped when news of its death comes late.
 */
const markDead = `
WITH ${found}, moved AS (
  UPDATE influscope.outbox SET state = $3::text
  FROM found WHERE outbox.seq = found.seq
    AND (found.state = 'sent' OR (found.state = 'dead' AND $3::text = 'dropped'))
  RETURNING found.seq, found.job, found.items, found.state AS before
), forgotten AS (
  DELETE FROM influscope.outbox_payloads USING moved
  WHERE outbox_payloads.seq = moved.seq AND $3::text = 'dropped'
), topic_total AS (
  ${add(
    "outbox_topics",
    "$1::text",
    [
      ["dead", "CASE WHEN before = 'dead' THEN -items WHEN $3::text = 'dead' THEN items ELSE 0 END"],
      ["dead_batches", "CASE WHEN before = 'dead' THEN -1 WHEN $3::text = 'dead' THEN 1 ELSE 0 END"],
      ["dropped", "CASE $3::text WHEN 'dropped' THEN items ELSE 0 END"],
      ["dropped_batches", "CASE $3::text WHEN 'dropped' THEN 1 ELSE 0 END"]
    ],
    "FROM moved"
  )}
), job_total AS (
  ${add(
    "outbox_jobs",
    "job",
    [
      ["dead_items", "items"],
      ["dead_batches", "1"]
    ],
    "FROM moved, topic_total WHERE job IS NOT NULL AND before = 'sent'"
  )}
)
SELECT NOT EXISTS (SELECT FROM found WHERE state = 'confirmed') AS open`

/** $1 topic, $2 id, $3 now. What was applied or dropped stays so. */
const resent = `
WITH ${lazily}, ${found}, moved AS (
  UPDATE influscope.outbox SET state = 'sent', sent_at = $3::bigint,
    since = CASE found.state WHEN 'dead' THEN $3::bigint ELSE outbox.since END
  FROM found WHERE outbox.seq = found.seq AND found.state IN ('sent', 'dead')
  RETURNING found.job, found.items, found.state AS before
), topic_total AS (
  ${add("outbox_topics", "$1::text", noLonger("dead"), "FROM moved WHERE before = 'dead'")}
), job_total AS (
  ${add(
    "outbox_jobs",
    "job",
    [
      ["dead_items", "-items"],
      ["dead_batches", "-1"]
    ],
    "FROM moved, topic_total WHERE job IS NOT NULL"
  )}
)
SELECT EXISTS (SELECT FROM moved) AS resent FROM lazily`

/** $1 topic, $2 at, $3 first grace, $4 longest grace, $5 limit. */
const overdue = `
SELECT late.id, payload, late.items, late.traceparent
FROM (
  SELECT seq, id, items, traceparent, sent_at FROM influscope.outbox
  WHERE state = 'sent' AND topic = $1::text AND sent_at < $2::bigint - $3::bigint
    AND sent_at < $2::bigint - least(sent_at - since, $4::bigint)
  ORDER BY sent_at, seq LIMIT $5::integer
) late JOIN influscope.outbox_payloads USING (seq) ORDER BY late.sent_at, late.seq`

/** $1 what was sent before this is overdue. Numbers are doubles: the driver hands out bigint as text. */
const audit = `
WITH late AS (
  SELECT topic, sum(items)::float8 AS items FROM influscope.outbox
  WHERE state = 'sent' AND sent_at < $1::bigint GROUP BY topic
)
SELECT topic, sum(sent)::float8 AS "sent", sum(sent_batches)::float8 AS "sentBatches",
  sum(applied)::float8 AS "applied", sum(duplicate_batches)::float8 AS "duplicateBatches",
  sum(dead)::float8 AS "deadLettered", sum(dropped)::float8 AS "dropped",
  coalesce(max(late.items), 0)::float8 AS "missing"
FROM influscope.outbox_topics LEFT JOIN late USING (topic) GROUP BY topic ORDER BY topic`

/** $1 job. */
const progress = `
SELECT coalesce(sum(batches), 0)::float8 AS "batches", coalesce(sum(items), 0)::float8 AS "items",
  coalesce(sum(confirmed_batches), 0)::float8 AS "confirmedBatches",
  coalesce(sum(created), 0)::float8 AS "created", coalesce(sum(updated), 0)::float8 AS "updated",
  coalesce(sum(unchanged), 0)::float8 AS "unchanged",
  coalesce(sum(dead_items), 0)::float8 AS "deadLetteredItems",
  coalesce(sum(dead_batches), 0)::float8 AS "deadLetteredBatches"
FROM influscope.outbox_jobs WHERE job = $1::text`

/** $1 topic, $2 confirmed before, $3 limit. What another relay is just removing is left to it. */
const prune = (of: "NOT NULL" | "NULL"): string => `
WITH ${lazily}, removed AS (
  DELETE FROM influscope.outbox WHERE seq = ANY (ARRAY(
    SELECT seq FROM influscope.outbox
    WHERE state = 'confirmed' AND job IS ${of} AND topic = $1::text AND confirmed_at < $2::bigint
    ORDER BY confirmed_at LIMIT $3::integer FOR UPDATE SKIP LOCKED
  )) RETURNING 1
)
SELECT (SELECT count(*) FROM removed)::integer AS removed FROM lazily`

const pruneOfJobs = prune("NOT NULL")
const pruneOthers = prune("NULL")

interface OverdueRow {
  readonly id: string
  readonly payload: string
  readonly items: number
  readonly traceparent: string | null
}

const make = Effect.gen(function* () {
  const database = yield* Database

  const pruneAll = Effect.fnUntraced(function* (statement: string, topic: string, confirmedBefore: number) {
    let removed = 0
    let last = pruneChunk
    while (last === pruneChunk) {
      const [row] = yield* database.query<{ removed: number }>("prune the outbox", statement, [
        topic,
        confirmedBefore,
        pruneChunk
      ])
      last = row?.removed ?? 0
      removed += last
    }
    return removed
  })

  return Outbox.of({
    append: Effect.fn("PostgresOutbox.append")(function* (topic: string, message: Message, job) {
      const now = yield* Clock.currentTimeMillis
      const [row] = yield* database.query<{ added: boolean }>("append to the outbox", append, [
        key(topic),
        key(message.id),
        job === undefined ? null : key(job),
        message.items,
        message.traceparent ?? null,
        now,
        message.payload
      ])
      return row?.added === true
    }),
    confirm: Effect.fn("PostgresOutbox.confirm")(function* (
      topic: string,
      id: string,
      counts: AppliedCounts
    ) {
      const now = yield* Clock.currentTimeMillis
      const [row] = yield* database.query<{ applied: boolean }>("confirm a batch", confirm, [
        key(topic),
        key(id),
        now,
        counts.created,
        counts.updated,
        counts.unchanged
      ])
      return row?.applied === true
    }),
    markDead: Effect.fn("PostgresOutbox.markDead")(function* (topic, id, state) {
      const [row] = yield* database.query<{ open: boolean }>("mark a batch dead", markDead, [
        key(topic),
        key(id),
        state
      ])
      return row?.open === true
    }),
    overdue: Effect.fn("PostgresOutbox.overdue")(function* (topic, at, grace, limit) {
      const rows = yield* database.query<OverdueRow>("read overdue batches", overdue, [
        key(topic),
        Math.floor(at),
        Math.ceil(grace.first),
        Math.ceil(grace.longest),
        limit
      ])
      return rows.map(({ traceparent, ...message }) => ({
        ...message,
        traceparent: traceparent ?? undefined
      }))
    }),
    resent: Effect.fn("PostgresOutbox.resent")(function* (topic, id) {
      const now = yield* Clock.currentTimeMillis
      yield* database.query("note a batch as resent", resent, [key(topic), key(id), now])
    }),
    audit: Effect.fn("PostgresOutbox.audit")(function* (graceMillis) {
      const now = yield* Clock.currentTimeMillis
      const rows = yield* database.query<Omit<TopicAudit, "pending">>("audit the outbox", audit, [
        Math.floor(now - graceMillis)
      ])
      return rows.map((row) => ({
        ...row,
        pending: row.sent - row.applied - row.deadLettered - row.dropped - row.missing
      }))
    }),
    progress: Effect.fn("PostgresOutbox.progress")(function* (job) {
      const [row] = yield* database.query<JobProgress>("read a job's progress", progress, [key(job)])
      return row ?? noProgress
    }),
    prune: Effect.fn("PostgresOutbox.prune")(function* ({ ofJobs, others }: ConfirmedBefore) {
      const topics = yield* database.query<{ topic: string }>(
        "prune the outbox",
        "SELECT DISTINCT topic FROM influscope.outbox_topics",
        []
      )
      let removed = 0
      for (const { topic } of topics)
        removed +=
          (yield* pruneAll(pruneOfJobs, topic, ofJobs)) + (yield* pruneAll(pruneOthers, topic, others))
      return removed
    })
  })
})

/**
 * The outbox in PostgreSQL, shared by all processes. Every operation is one statement: appending, and marking as dead,
 * are on the disk when they succeed; confirming is lazy, as its loss only sends a batch again that is recognised as a
 * duplicate.
 */
export const layer: Layer.Layer<Outbox, never, Database> = Layer.effect(Outbox, make)
