import type { DeadLetter } from "@influscope/ports/DeadLetters"
import type { QueueStats } from "@influscope/ports/PubSub"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { Ledger } from "../dapr/Ledger.ts"
import { Database, key, lazily, text } from "./Database.ts"

/** How long the age of the batch confirmed last says something about those that wait now. */
const recent = Duration.minutes(1)

/** A count that nobody has added to for so long belongs to a message that the broker no longer has. */
const forgetAfter = Duration.days(7)

/** $1 topic, $2 id, $3 now. */
const begin = `
WITH ${lazily}, counted AS (
  INSERT INTO influscope.deliveries AS count (topic, id, attempts, began_at)
  VALUES ($1::text, $2::text, 1, $3::bigint)
  ON CONFLICT (topic, id) DO UPDATE SET
    attempts = count.attempts + 1, reason_before = count.reason, reason = NULL, began_at = excluded.began_at
  RETURNING attempts, reason_before
)
SELECT attempts AS attempt, reason_before AS "lastReason" FROM lazily, counted`

/** $1 topic, $2 id, $3 reason. */
const failed = `
WITH ${lazily}, told AS (
  UPDATE influscope.deliveries SET reason = $3::text WHERE topic = $1::text AND id = $2::text RETURNING 1
)
SELECT count(*) FROM lazily`

/** $1 topic, $2 id. */
const settled = `
WITH ${lazily}, forgotten AS (
  DELETE FROM influscope.deliveries WHERE topic = $1::text AND id = $2::text RETURNING 1
)
SELECT count(*) FROM lazily`

/**
 * $1 topic, $2 id, $3 items, $4 reason, $5 attempts, $6 dead at, $7 payload. An entry that replaces another gets a new
 * `seq`, so that a replay of the older one does not remove it.
 */
const bury = `
WITH forgotten AS (
  DELETE FROM influscope.deliveries WHERE topic = $1::text AND id = $2::text
)
INSERT INTO influscope.dead_letters (topic, id, items, reason, attempts, dead_at, payload)
VALUES ($1::text, $2::text, $3::integer, $4::text, $5::integer, $6::bigint, $7::bytea)
ON CONFLICT (topic, id) DO UPDATE SET seq = DEFAULT, items = excluded.items, reason = excluded.reason,
  attempts = excluded.attempts, dead_at = excluded.dead_at, payload = excluded.payload`

/** $1 what was confirmed before this says nothing any more. */
const backlog = `
SELECT topic, messages, items, CASE WHEN messages = 0 THEN 0 ELSE coalesce((
  SELECT greatest(0, confirmed_at - since) FROM influscope.outbox
  WHERE outbox.topic = waiting.topic AND state = 'confirmed' AND confirmed_at > $1::bigint
  ORDER BY confirmed_at DESC LIMIT 1
), 0) END::float8 / 1000 AS "oldestSeconds"
FROM (
  SELECT topic, sum(sent_batches - applied_batches - dead_batches - dropped_batches)::float8 AS messages,
    sum(sent - applied - dead - dropped)::float8 AS items
  FROM influscope.outbox_topics GROUP BY topic
) waiting ORDER BY topic`

/** $1 began before. */
const sweep = "DELETE FROM influscope.deliveries WHERE began_at < $1::bigint"

const make = Effect.gen(function* () {
  const database = yield* Database

  yield* Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* database.query("forget old counts", sweep, [now - Duration.toMillis(forgetAfter)])
  }).pipe(
    Effect.catchTag("StorageError", (error) =>
      Effect.logWarning("Old counts of deliveries are still there; the next round will try", error.message)
    ),
    Effect.repeat(Schedule.spaced("1 hour")),
    Effect.interruptible,
    Effect.forkScoped
  )

  return Ledger.of({
    begin: Effect.fn("PostgresLedger.begin")(function* (topic, id) {
      const now = yield* Clock.currentTimeMillis
      const [row] = yield* database.query<{ attempt: number; lastReason: string | null }>(
        "count a delivery",
        begin,
        [key(topic), key(id), now]
      )
      return { attempt: row?.attempt ?? 1, lastReason: Option.fromNullable(row?.lastReason) }
    }),
    failed: Effect.fn("PostgresLedger.failed")(function* (topic, id, reason) {
      yield* database.query("note a failed delivery", failed, [key(topic), key(id), text(reason)])
    }),
    settled: Effect.fn("PostgresLedger.settled")(function* (topic, id) {
      yield* database.query("forget a message's deliveries", settled, [key(topic), key(id)])
    }),
    bury: Effect.fn("PostgresLedger.bury")(function* (letter: DeadLetter) {
      yield* database.query("keep a dead letter", bury, [
        key(letter.topic),
        key(letter.id),
        letter.items,
        text(letter.reason),
        letter.attempts,
        letter.deadAt,
        Buffer.from(letter.payload)
      ])
    }),
    backlog: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      return yield* database.query<QueueStats>("read the backlog", backlog, [now - Duration.toMillis(recent)])
    }).pipe(Effect.withSpan("PostgresLedger.backlog"))
  })
})

/**
 * The ledger in PostgreSQL, shared by all replicas. Counts are lazy, dead letters on the disk: the last second of counts
 * may be lost in a crash of the server, and then a message has a few deliveries more than it should.
 */
export const layer: Layer.Layer<Ledger, never, Database> = Layer.scoped(Ledger, make)
