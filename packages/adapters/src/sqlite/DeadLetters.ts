import type { Database as BunDatabase } from "bun:sqlite"
import { type DeadLetter, DeadLetters } from "@influscope/ports/DeadLetters"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Database } from "./Database.ts"
import { LocalTopics } from "./LocalTopics.ts"
import * as QueueTable from "./QueueTable.ts"

const columns = "id, topic, payload, items, reason, attempts, dead_at AS deadAt"

interface Page {
  readonly topic: string | undefined
  readonly limit: number
  readonly before: { readonly deadAt: number; readonly id: string } | undefined
}

const list = (db: BunDatabase, page: Page): ReadonlyArray<DeadLetter> => {
  const deadAt = page.before?.deadAt ?? Number.MAX_SAFE_INTEGER
  const id = page.before?.id ?? ""
  return page.topic === undefined
    ? db
        .query<DeadLetter, [number, string, number]>(
          `SELECT ${columns} FROM dead_letters WHERE (dead_at, id) < (?, ?) ORDER BY dead_at DESC, id DESC LIMIT ?`
        )
        .all(deadAt, id, page.limit)
    : db
        .query<DeadLetter, [string, number, string, number]>(
          `SELECT ${columns} FROM dead_letters WHERE topic = ? AND (dead_at, id) < (?, ?)
           ORDER BY dead_at DESC, id DESC LIMIT ?`
        )
        .all(page.topic, deadAt, id, page.limit)
}

interface StoredLetter extends DeadLetter {
  readonly seq: number
  readonly traceparent: string | null
}

/** The newest entry with this id: topics may share an id. */
const find = (db: BunDatabase, id: string): StoredLetter | null =>
  db
    .query<StoredLetter, [string]>(
      `SELECT seq, traceparent, ${columns} FROM dead_letters WHERE id = ? ORDER BY dead_at DESC, seq DESC LIMIT 1`
    )
    .get(id)

const take = (db: BunDatabase, id: string): StoredLetter | null => {
  const found = find(db, id)
  if (found !== null) db.query<never, [number]>("DELETE FROM dead_letters WHERE seq = ?").run(found.seq)
  return found
}

/** Answers the topic the message went back to. */
const replay = (db: BunDatabase, id: string, now: number): string | undefined => {
  const letter = take(db, id)
  if (letter === null) return undefined
  QueueTable.enqueue(db, letter.topic, { ...letter, traceparent: letter.traceparent ?? undefined }, now)
  return letter.topic
}

const withoutRowDetails = ({ seq: _, traceparent: __, ...letter }: StoredLetter): DeadLetter => letter

const make = Effect.gen(function* () {
  const database = yield* Database
  const topics = yield* LocalTopics
  return DeadLetters.of({
    list: (page) => database.read("list dead letters", (db) => list(db, page)),
    get: (id) =>
      database.read("read a dead letter", (db) =>
        Option.fromNullable(find(db, id)).pipe(Option.map(withoutRowDetails))
      ),
    replay: Effect.fn("SqliteDeadLetters.replay")(function* (id) {
      const now = yield* Clock.currentTimeMillis
      const topic = yield* database.transaction("replay a dead letter", (db) => replay(db, id, now))
      if (topic === undefined) return false
      topics.topic(topic).wake()
      return true
    }, Effect.uninterruptible),
    drop: (id) => database.transaction("drop a dead letter", (db) => take(db, id) !== null),
    count: database.read(
      "count dead letters",
      (db) => db.query<{ count: number }, []>("SELECT count(*) AS count FROM dead_letters").get()?.count ?? 0
    )
  })
})

/** The dead letters of the embedded queue. A message that dies twice has one entry, the newer. */
export const layer: Layer.Layer<DeadLetters, never, Database | LocalTopics> = Layer.effect(DeadLetters, make)
