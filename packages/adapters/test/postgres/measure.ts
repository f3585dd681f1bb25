/**
 * `bun packages/adapters/test/postgres/measure.ts [batches]`: prints how many batches of about 300 KB a second the
 * outbox appends and confirms, with one producer and with four, by the way payloads are stored.
 */
import { Outbox } from "@influscope/ports/Outbox"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { Database } from "../../src/postgres/Database.ts"
import * as PostgresOutbox from "../../src/postgres/Outbox.ts"
import { server } from "./Server.ts"

const batches = Number(process.argv[2] ?? 200)

const words = "travel food fitness music dance art tech coffee garden photo story daily vegan guitar"
  .split(" ")
  .flatMap((word) => [word, `${word}s`, `my${word}`])

/** 500 profiles as an import sends them: names and figures that do not repeat, keys that do. */
const makePayload = Effect.gen(function* () {
  const pick = Effect.map(Random.nextIntBetween(0, words.length), (index) => words[index] ?? "")
  const profile = Effect.gen(function* () {
    const handle = `${yield* pick}.${yield* Random.nextIntBetween(0, 1_000_000_000)}`
    return {
      platform: "mockstagram",
      handle,
      displayName: `${yield* pick} ${yield* pick}`,
      bio: Chunk.join(yield* Effect.map(Effect.replicateEffect(pick, 24), Chunk.fromIterable), " "),
      followers: yield* Random.nextIntBetween(0, 50_000_000),
      following: yield* Random.nextIntBetween(0, 5_000),
      engagementRate: yield* Random.next,
      avatarUrl: `https://cdn.example.org/avatars/${crypto.randomUUID()}.jpg`,
      observedAt: new Date(1_790_000_000_000 + (yield* Random.nextIntBetween(0, 1e9))).toISOString(),
      categories: [yield* pick, yield* pick],
      country: "PT",
      language: "pt",
      source: "file:creators-2026-11.csv"
    }
  })
  return JSON.stringify({ profiles: yield* Effect.replicateEffect(profile, 500) })
})

const line = (text: string): Effect.Effect<void> =>
  Effect.sync(() => {
    process.stdout.write(`${text}\n`)
  })

const perSecond = <E, R>(work: Effect.Effect<unknown, E, R>) =>
  Effect.map(Effect.timed(work), ([duration]) => Math.round(batches / Duration.toSeconds(duration)))

const round = (storage: string, payload: string, concurrency: number) =>
  Effect.gen(function* () {
    const outbox = yield* Outbox
    const database = yield* Database
    const topic = `${storage}-${concurrency}`
    const ids = Array.from({ length: batches }, (_, index) => `${index}`)
    const counts = { created: 500, updated: 0, unchanged: 0 }
    const appended = yield* perSecond(
      Effect.forEach(
        ids,
        (id) => outbox.append(topic, { id, payload, items: 500, traceparent: undefined }, "job"),
        { concurrency }
      )
    )
    const [size] = yield* database.query<{ bytes: number }>(
      "read a size",
      "SELECT avg(pg_column_size(payload))::float8 AS bytes FROM influscope.outbox_payloads",
      []
    )
    const read = yield* Effect.timed(outbox.overdue(topic, Date.now() + 1, { first: 0, longest: 0 }, 100))
    const confirmed = yield* perSecond(
      Effect.forEach(ids, (id) => outbox.confirm(topic, id, counts), { concurrency })
    )
    const [table] = yield* database.query<{ size: string }>(
      "read a size",
      "SELECT pg_size_pretty(pg_total_relation_size('influscope.outbox_payloads')) AS size",
      []
    )
    yield* line(
      `${storage.padEnd(6)} x${concurrency}: ${appended} appends/s, ${confirmed} confirms/s, ${Math.round((size?.bytes ?? 0) / 1_000)} KB stored each, ` +
        `100 overdue in ${Math.round(Duration.toMillis(read[0]))} ms, table ${table?.size}`
    )
  })

const program = Effect.gen(function* () {
  const database = yield* Database
  const payload = yield* makePayload
  yield* line(`${batches} batches of ${Math.round(payload.length / 1_000)} KB`)
  const change = (sql: string) => database.query("change the storage", sql, [])
  for (const storage of ["lz4", "pglz", "none", "lz4"]) {
    yield* change("TRUNCATE influscope.outbox, influscope.outbox_payloads")
    yield* change(
      `ALTER TABLE influscope.outbox_payloads ALTER COLUMN payload SET STORAGE ${storage === "none" ? "EXTERNAL" : "EXTENDED"}`
    )
    if (storage !== "none")
      yield* change(`ALTER TABLE influscope.outbox_payloads ALTER COLUMN payload SET COMPRESSION ${storage}`)
    for (const concurrency of [1, 4]) yield* round(storage, payload, concurrency)
  }
})

const services = Layer.unwrapScoped(
  Effect.map(server, ({ database }) => Layer.provideMerge(PostgresOutbox.layer, database()))
)

await Effect.runPromise(Effect.provide(program, services))
