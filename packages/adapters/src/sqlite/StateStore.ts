import type { Database as BunDatabase } from "bun:sqlite"
import {
  type SetOptions,
  type StateCapability,
  type StateEntry,
  type StateOperation,
  StateStore
} from "@influscope/ports/StateStore"
import { StorageError } from "@influscope/ports/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Database } from "./Database.ts"

/** Expired rows removed beside each key written: more than a write adds, so they never pile up. */
const sweptPerWrite = 4

const capabilities: ReadonlySet<StateCapability> = new Set(["etag", "transactional", "ttl"])

const find = (db: BunDatabase, key: string, now: number): StateEntry | undefined => {
  const row = db
    .query<{ value: string; etag: number }, [string, number]>(
      "SELECT value, etag FROM state WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)"
    )
    .get(key, now)
  return row === null ? undefined : { value: row.value, etag: String(row.etag) }
}

/** Throws `conflict` unless the stored version is the wanted one; `null` wants none, undefined anything. */
const checkVersion = (db: BunDatabase, key: string, wanted: string | null | undefined, now: number): void => {
  if (wanted === undefined) return
  const found = find(db, key, now)?.etag ?? null
  if (found === wanted) return
  throw new StorageError({
    reason: "conflict",
    operation: `write ${key}`,
    cause: `expected ${wanted === null ? "no value" : `version ${wanted}`}, found ${found === null ? "none" : `version ${found}`}`
  })
}

/** Versions are never given twice, so a key that was deleted and written again does not pass for its old self. */
const nextVersion = (db: BunDatabase): number =>
  db.query<{ last: number }, []>("UPDATE state_versions SET last = last + 1 RETURNING last").get()?.last ?? 0

const expiry = (options: SetOptions | undefined, now: number): number | null => {
  if (options?.ttl === undefined) return null
  const millis = Duration.toMillis(options.ttl)
  return Number.isFinite(millis) ? now + Math.ceil(millis) : null
}

const set = (
  db: BunDatabase,
  key: string,
  value: string,
  options: SetOptions | undefined,
  now: number
): void => {
  checkVersion(db, key, options?.ifMatch, now)
  db.query<never, [string, string, number, number | null]>(
    `INSERT INTO state (key, value, etag, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, etag = excluded.etag, expires_at = excluded.expires_at`
  ).run(key, value, nextVersion(db), expiry(options, now))
}

const remove = (db: BunDatabase, key: string, ifMatch: string | undefined, now: number): void => {
  checkVersion(db, key, ifMatch, now)
  db.query<never, [string]>("DELETE FROM state WHERE key = ?").run(key)
}

const apply = (db: BunDatabase, operation: StateOperation, now: number): void =>
  operation._tag === "Set"
    ? set(db, operation.key, operation.value, operation.options, now)
    : remove(db, operation.key, operation.ifMatch, now)

const sweep = (db: BunDatabase, now: number, limit: number): void => {
  db.query<never, [number, number]>(
    "DELETE FROM state WHERE key IN (SELECT key FROM state WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)"
  ).run(now, limit)
}

const make = Effect.gen(function* () {
  const database = yield* Database

  const transact = Effect.fn("SqliteStateStore.transact")(function* (
    operations: ReadonlyArray<StateOperation>
  ) {
    const now = yield* Clock.currentTimeMillis
    yield* database.transaction("write state", (db) => {
      for (const operation of operations) apply(db, operation, now)
      sweep(db, now, sweptPerWrite * operations.length)
    })
  })

  const getMany = Effect.fn("SqliteStateStore.getMany")(function* (keys: ReadonlyArray<string>) {
    const now = yield* Clock.currentTimeMillis
    return yield* database.read("read state", (db) =>
      keys.map((key) => Option.fromNullable(find(db, key, now)))
    )
  })

  return StateStore.of({
    capabilities,
    get: Effect.fn("SqliteStateStore.get")(function* (key) {
      const now = yield* Clock.currentTimeMillis
      return yield* database.read("read state", (db) => Option.fromNullable(find(db, key, now)))
    }),
    getMany,
    set: (key, value, options) =>
      transact([{ _tag: "Set", key, value, ...(options === undefined ? {} : { options }) }]),
    delete: (key, ifMatch) =>
      transact([{ _tag: "Delete", key, ...(ifMatch === undefined ? {} : { ifMatch }) }]),
    transact
  })
})

/** Key/value state in a table of the main database. Every write is one synced transaction. */
export const layer: Layer.Layer<StateStore, never, Database> = Layer.effect(StateStore, make)
