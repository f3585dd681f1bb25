import { type DeadLetter, DeadLetters } from "@influscope/ports/DeadLetters"
import { PubSub } from "@influscope/ports/PubSub"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Database, key } from "./Database.ts"

interface LetterRow {
  readonly seq: string
  readonly id: string
  readonly topic: string
  readonly payload: Uint8Array
  readonly items: number
  readonly reason: string
  readonly attempts: number
  readonly deadAt: number
}

const columns = 'seq, id, topic, payload, items, reason, attempts, dead_at::float8 AS "deadAt"'

/** $1 dead at, $2 id, $3 limit. */
const page = `
SELECT ${columns} FROM influscope.dead_letters WHERE (dead_at, id) < ($1::bigint, $2::text)
ORDER BY dead_at DESC, id DESC LIMIT $3::integer`

/** $1 dead at, $2 id, $3 limit, $4 topic. */
const pageOfTopic = `
SELECT ${columns} FROM influscope.dead_letters WHERE topic = $4::text AND (dead_at, id) < ($1::bigint, $2::text)
ORDER BY dead_at DESC, id DESC LIMIT $3::integer`

/** $1 id. The newest entry with it: topics may share an id. */
const find = `
SELECT ${columns} FROM influscope.dead_letters WHERE id = $1::text ORDER BY dead_at DESC, seq DESC LIMIT 1`

/** $1 topic, $2 id. */
const forgetAttempts = "DELETE FROM influscope.deliveries WHERE topic = $1::text AND id = $2::text"

/** $1 seq. */
const remove = "DELETE FROM influscope.dead_letters WHERE seq = $1::bigint RETURNING seq"

/** $1 id. */
const drop = `
DELETE FROM influscope.dead_letters WHERE seq = (
  SELECT seq FROM influscope.dead_letters WHERE id = $1::text ORDER BY dead_at DESC, seq DESC LIMIT 1
) RETURNING seq`

const letterOf = ({ payload, seq: _, ...letter }: LetterRow): DeadLetter => ({
  ...letter,
  payload: new TextDecoder().decode(payload)
})

const make = Effect.gen(function* () {
  const database = yield* Database
  const pubSub = yield* PubSub

  const newest = Effect.fnUntraced(function* (operation: string, id: string) {
    const [row] = yield* database.query<LetterRow>(operation, find, [key(id)])
    return row
  })

  return DeadLetters.of({
    list: Effect.fn("PostgresDeadLetters.list")(function* ({ before, limit, topic }) {
      const from = [before?.deadAt ?? Number.MAX_SAFE_INTEGER, key(before?.id ?? ""), limit]
      const rows = yield* topic === undefined
        ? database.query<LetterRow>("list dead letters", page, from)
        : database.query<LetterRow>("list dead letters", pageOfTopic, [...from, key(topic)])
      return rows.map(letterOf)
    }),
    get: Effect.fn("PostgresDeadLetters.get")(function* (id) {
      return Option.map(Option.fromNullable(yield* newest("read a dead letter", id)), letterOf)
    }),
    // Published first: when the process ends in between, the message is delivered and its entry still there. The entry
    // goes by its number, for meanwhile the message may have died again, and then there is a newer one.
    replay: Effect.fn("PostgresDeadLetters.replay")(function* (id) {
      const row = yield* newest("replay a dead letter", id)
      if (row === undefined) return false
      const { items, payload, topic, id: messageId } = { ...row, ...letterOf(row) }
      yield* database.query("replay a dead letter", forgetAttempts, [topic, messageId])
      yield* pubSub.publish(topic, { id: messageId, payload, items, traceparent: undefined })
      yield* database.query("replay a dead letter", remove, [row.seq])
      return true
    }, Effect.uninterruptible),
    drop: Effect.fn("PostgresDeadLetters.drop")(function* (id) {
      const rows = yield* database.query("drop a dead letter", drop, [key(id)])
      return rows.length > 0
    }),
    count: Effect.map(
      database.query<{ count: number }>(
        "count dead letters",
        "SELECT count(*)::float8 AS count FROM influscope.dead_letters",
        []
      ),
      ([row]) => row?.count ?? 0
    )
  })
})

/**
 * The dead letters that the ledger keeps in PostgreSQL. A message that dies twice has one entry, the newer. Replaying
 * publishes; the outbox is told by whoever asks for it, before.
 */
export const layer: Layer.Layer<DeadLetters, never, Database | PubSub> = Layer.effect(DeadLetters, make)
