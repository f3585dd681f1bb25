import type { Database as BunDatabase } from "bun:sqlite"
import { randomUUID } from "node:crypto"
import type { Profile } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import type { DeletedProfile, ProfileWrite, StoredProfile, WriteOutcome } from "@influscope/ports/SearchIndex"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { make as openDatabase } from "../sqlite/Database.ts"
import type { IndexedProfile } from "./MemoryIndex.ts"
import { decodeProfile, encodeProfile } from "./StoredDocument.ts"

// `revision` grows by one with every write to the file, so it also tells what has changed since a moment. A deleted
// profile keeps its row, without its content.
const migrations = [
  `CREATE TABLE profiles (
     row INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     revision INTEGER NOT NULL,
     deleted_at INTEGER,
     doc TEXT
   ) STRICT;
   CREATE INDEX profiles_by_revision ON profiles (revision);
   CREATE TABLE openings (
     number INTEGER PRIMARY KEY,
     nonce TEXT NOT NULL UNIQUE,
     revision INTEGER NOT NULL
   ) STRICT;`
]

/** Openings of the file that a snapshot may still refer to. */
const openingsKept = 1_000

interface ProfileRow {
  readonly row: number
  readonly id: string
  readonly revision: number
  readonly deleted_at: number | null
  readonly doc: string | null
}

/** What a batch did: outcomes in the order of the writes, and the profiles written with their rows. */
export interface BulkResult {
  readonly outcomes: ReadonlyArray<WriteOutcome>
  readonly written: ReadonlyArray<IndexedProfile>
}

/** A row written since some revision; without a profile when it was deleted. */
export interface ChangedRow {
  readonly row: number
  readonly revision: number
  readonly profile: Profile | undefined
}

/** A moment in the life of the file: its revision, and the opening in which it had it. */
export interface Moment {
  readonly nonce: string
  readonly revision: number
}

/** The profiles in their SQLite file. Writes must not run at the same time. */
export interface ProfileStore {
  readonly bulk: (writes: ReadonlyArray<ProfileWrite>) => Effect.Effect<BulkResult, StorageError>
  /** The row that was deleted, if there was such a profile. */
  readonly delete: (id: ProfileId, deletedAt: number) => Effect.Effect<Option.Option<number>, StorageError>
  readonly getMany: (
    ids: ReadonlyArray<ProfileId>
  ) => Effect.Effect<ReadonlyArray<Option.Option<StoredProfile | DeletedProfile>>, StorageError>
  /** In the order of the rows; undefined where there is no profile. */
  readonly read: (
    rows: ReadonlyArray<number>
  ) => Effect.Effect<ReadonlyArray<Profile | undefined>, StorageError>
  /** Profiles with ids above `after`, by id. */
  readonly page: (after: string, limit: number) => Effect.Effect<ReadonlyArray<StoredProfile>, StorageError>
  /** Rows written after a revision, oldest write first. */
  readonly changes: (since: number, limit: number) => Effect.Effect<ReadonlyArray<ChangedRow>, StorageError>
  /** The state of the file now. */
  readonly moment: () => Moment
  /** Whether the file has been at this moment and has only moved on since. A file restored from a copy may not have. */
  readonly continues: (moment: Moment) => Effect.Effect<boolean, StorageError>
}

const stored = (row: ProfileRow): StoredProfile | DeletedProfile =>
  row.doc === null
    ? { _tag: "Deleted", deletedAt: row.deleted_at ?? 0, revision: String(row.revision) }
    : { _tag: "Present", profile: decodeProfile(row.doc), revision: String(row.revision) }

/** RETURNING would cost as much again as the insertion. */
const insertProfile = (db: BunDatabase, revision: number, profile: Profile): number | undefined => {
  const { changes, lastInsertRowid } = db
    .query<never, [string, number, string]>(
      "INSERT INTO profiles (id, revision, doc) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
    )
    .run(profile.id, revision, encodeProfile(profile))
  return changes === 0 ? undefined : Number(lastInsertRowid)
}

const updateProfile = (
  db: BunDatabase,
  revision: number,
  profile: Profile,
  expected: number
): number | undefined =>
  db
    .query<{ row: number }, [number, string, string, number]>(
      "UPDATE profiles SET revision = ?, doc = ?, deleted_at = NULL WHERE id = ? AND revision = ? RETURNING row"
    )
    .get(revision, encodeProfile(profile), profile.id, expected)?.row

const deleteProfile = (
  db: BunDatabase,
  revision: number,
  id: ProfileId,
  deletedAt: number
): number | undefined =>
  db
    .query<{ row: number }, [number, number, string]>(
      "UPDATE profiles SET revision = ?, doc = NULL, deleted_at = ? WHERE id = ? AND deleted_at IS NULL RETURNING row"
    )
    .get(revision, deletedAt, id)?.row

const writeAll = (
  db: BunDatabase,
  writes: ReadonlyArray<ProfileWrite>,
  since: number
): BulkResult & { readonly revision: number } => {
  const outcomes: Array<WriteOutcome> = []
  const written: Array<IndexedProfile> = []
  let revision = since
  for (const { profile, revision: expected } of writes) {
    const row =
      expected === undefined
        ? insertProfile(db, revision + 1, profile)
        : updateProfile(db, revision + 1, profile, Number(expected))
    outcomes.push(row === undefined ? "conflict" : "written")
    if (row === undefined) continue
    written.push({ row, profile })
    revision++
  }
  return { outcomes, written, revision }
}

const lastRevision = (db: BunDatabase): number =>
  db.query<{ revision: number | null }, []>("SELECT max(revision) AS revision FROM profiles").get()
    ?.revision ?? 0

const recordOpening = (db: BunDatabase): Moment => {
  const moment = { nonce: randomUUID(), revision: lastRevision(db) }
  db.query("INSERT INTO openings (nonce, revision) VALUES (?, ?)").run(moment.nonce, moment.revision)
  db.query("DELETE FROM openings WHERE number <= (SELECT max(number) FROM openings) - ?").run(openingsKept)
  return moment
}

const continuesFrom = (db: BunDatabase, moment: Moment): boolean => {
  const opening = db
    .query<{ number: number; revision: number }, [string]>(
      "SELECT number, revision FROM openings WHERE nonce = ?"
    )
    .get(moment.nonce)
  if (opening === null || opening.revision > moment.revision) return false
  const next = db
    .query<{ revision: number }, [number]>(
      "SELECT revision FROM openings WHERE number > ? ORDER BY number LIMIT 1"
    )
    .get(opening.number)
  return (next?.revision ?? lastRevision(db)) >= moment.revision
}

/** Opens the file, which no other process may have open, for as long as the scope is open. */
export const openProfileStore = (path: string): Effect.Effect<ProfileStore, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* openDatabase({ path, migrations })
    const opened = yield* database.transaction("ProfileStore.open", recordOpening)
    let revision = opened.revision

    const committed = (last: number): void => {
      revision = last
    }

    const bulk: ProfileStore["bulk"] = (writes) =>
      database
        .transaction("SearchIndex.bulk", (db) => writeAll(db, writes, revision))
        .pipe(Effect.tap((result) => Effect.sync(() => committed(result.revision))))

    const remove: ProfileStore["delete"] = (id, deletedAt) =>
      database
        .transaction("SearchIndex.delete", (db) =>
          Option.fromNullable(deleteProfile(db, revision + 1, id, deletedAt))
        )
        .pipe(Effect.tap((row) => Effect.sync(() => Option.isSome(row) && committed(revision + 1))))

    // One statement for all of them: most of a file that is imported is not there yet.
    const getMany: ProfileStore["getMany"] = (ids) =>
      database.read("SearchIndex.getMany", (db) => {
        const known = new Map(
          db
            .query<ProfileRow, [string]>(
              "SELECT profiles.* FROM json_each(?) AS wanted CROSS JOIN profiles ON profiles.id = wanted.value"
            )
            .all(JSON.stringify(ids))
            .map((row) => [row.id, row] as const)
        )
        return ids.map((id) => Option.map(Option.fromNullable(known.get(id)), stored))
      })

    const read: ProfileStore["read"] = (rows) =>
      database.read("SearchIndex.search", (db) => {
        const query = db.query<{ doc: string | null }, [number]>("SELECT doc FROM profiles WHERE row = ?")
        return rows.map((row) => {
          const doc = query.get(row)?.doc ?? null
          return doc === null ? undefined : decodeProfile(doc)
        })
      })

    const page: ProfileStore["page"] = (after, limit) =>
      database.read("SearchIndex.all", (db) =>
        db
          .query<ProfileRow, [string, number]>(
            "SELECT * FROM profiles WHERE id > ? AND deleted_at IS NULL ORDER BY id LIMIT ?"
          )
          .all(after, limit)
          .map(stored)
          .filter((profile) => profile._tag === "Present")
      )

    const changes: ProfileStore["changes"] = (since, limit) =>
      database.read("SearchIndex.open", (db) =>
        db
          .query<ProfileRow, [number, number]>(
            "SELECT * FROM profiles WHERE revision > ? ORDER BY revision LIMIT ?"
          )
          .all(since, limit)
          .map((row) => ({
            row: row.row,
            revision: row.revision,
            profile: row.doc === null ? undefined : decodeProfile(row.doc)
          }))
      )

    return {
      bulk,
      delete: remove,
      getMany,
      read,
      page,
      changes,
      moment: () => ({ nonce: opened.nonce, revision }),
      continues: (moment) => database.read("SearchIndex.open", (db) => continuesFrom(db, moment))
    }
  })
