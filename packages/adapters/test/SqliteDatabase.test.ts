import type { Database as BunDatabase } from "bun:sqlite"
import { spawnSync } from "node:child_process"
import { closeSync, existsSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { StorageError } from "@influscope/ports/StorageError"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Database from "../src/sqlite/Database.ts"

const numbers = "CREATE TABLE numbers (value INTEGER PRIMARY KEY, text TEXT) STRICT"

const open = (path: string, migrations: ReadonlyArray<string> = [numbers]) =>
  Database.make({ path, migrations })

const insert = (db: BunDatabase, value: number, text = ""): void => {
  db.query<never, [number, string]>("INSERT INTO numbers VALUES (?, ?)").run(value, text)
}

const values = (database: Database.SqliteDatabase) =>
  database.read("read numbers", (db) =>
    db
      .query<{ value: number }, []>("SELECT value FROM numbers ORDER BY value")
      .all()
      .map((row) => row.value)
  )

const failsWith = <A, R>(reason: StorageError["reason"], effect: Effect.Effect<A, StorageError, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error.reason, reason, error.message)
    return error
  })

describe("SQLite database", () => {
  it.scopedLive("makes its directory and keeps what was committed", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "deep", "down", "test.db")
      yield* open(path).pipe(
        Effect.flatMap((database) => database.transaction("insert", (db) => insert(db, 1))),
        Effect.scoped
      )
      assert.isFalse(existsSync(`${path}-wal`))
      assert.deepStrictEqual(yield* values(yield* open(path)), [1])
    })
  )

  it.scopedLive("writes all of a transaction or none of it", () =>
    Effect.gen(function* () {
      const database = yield* open(join(yield* temporaryDirectory, "test.db"))
      const refusal = new StorageError({ reason: "conflict", operation: "insert", cause: "refused" })
      const refused = yield* Effect.flip(
        database.transaction("insert", (db) => {
          insert(db, 1)
          throw refusal
        })
      )
      assert.strictEqual(refused, refusal)
      const mistaken = yield* Effect.exit(
        database.transaction("insert", (db) => {
          insert(db, 2)
          db.query("SELECT nonsense FROM nowhere").get()
        })
      )
      assert.isTrue(Exit.isFailure(mistaken) && mistaken.cause._tag === "Die")
      yield* failsWith(
        "conflict",
        database.transaction("insert", (db) => {
          insert(db, 3)
          insert(db, 3)
        })
      )
      assert.strictEqual(yield* database.transaction("insert", (db) => insert(db, 4)), undefined)
      assert.deepStrictEqual(yield* values(database), [4])
    })
  )

  it.scopedLive("syncs every commit but the lazy ones", () =>
    Effect.gen(function* () {
      const database = yield* open(join(yield* temporaryDirectory, "test.db"))
      const level = (db: BunDatabase) =>
        db.query<{ synchronous: number }, []>("PRAGMA synchronous").get()?.synchronous
      const [full, normal] = [2, 1]
      assert.strictEqual(yield* database.transaction("level", level), full)
      assert.strictEqual(yield* database.transaction("level", level, { commit: "lazy" }), normal)
      assert.strictEqual(yield* database.transaction("level", level), full)
    })
  )

  it.scopedLive("migrates step by step, each step once", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "test.db")
      const second = "INSERT INTO numbers VALUES (2, 'two'); INSERT INTO numbers VALUES (3, 'three')"
      yield* Effect.scoped(open(path))
      yield* Effect.scoped(open(path, [numbers, second]))
      const database = yield* open(path, [numbers, second])
      assert.deepStrictEqual(yield* values(database), [2, 3])
    })
  )

  it.scopedLive("undoes a migration that fails", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "test.db")
      yield* Effect.scoped(open(path))
      const broken = "INSERT INTO numbers VALUES (2, 'two'); INSERT INTO nowhere VALUES (3)"
      const exit = yield* Effect.exit(Effect.scoped(open(path, [numbers, broken])))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(yield* values(yield* open(path)), [])
    })
  )

  it.scopedLive("refuses a file written by a newer release", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "test.db")
      yield* Effect.scoped(open(path, [numbers, "CREATE TABLE later (x INTEGER) STRICT"]))
      const error = yield* failsWith("corrupt", open(path))
      assert.include(error.message, "newer release")
    })
  )

  it.scopedLive("lets nobody else open the file while it is open", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "test.db")
      yield* Effect.scoped(Effect.zipRight(open(path), failsWith("unavailable", open(path))))
      assert.deepStrictEqual(yield* values(yield* open(path)), [])
    })
  )

  it.scopedLive("says that a directory cannot be made or a file not be opened", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "file")
      writeFileSync(file, "")
      yield* failsWith("unavailable", open(join(file, "test.db")))
      yield* failsWith("unavailable", open(directory))
    })
  )

  it.scopedLive("says that a file is not a database, or damaged", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const foreign = join(directory, "foreign.db")
      writeFileSync(foreign, "not a database, but long enough to have a header ".repeat(100))
      yield* failsWith("corrupt", open(foreign))

      const damaged = join(directory, "damaged.db")
      yield* open(damaged).pipe(
        Effect.flatMap((database) =>
          database.transaction("fill", (db) => {
            for (let value = 0; value < 1_000; value++) insert(db, value, "x".repeat(100))
          })
        ),
        Effect.scoped
      )
      const handle = openSync(damaged, "r+")
      writeSync(handle, new Uint8Array(64 * 1_024).fill(0xa5), 0, 64 * 1_024, 8_192)
      closeSync(handle)
      const database = yield* open(damaged)
      yield* failsWith("corrupt", values(database))
    })
  )

  it.scopedLive("writes nothing when the disk is full, and goes on when there is room again", () =>
    Effect.gen(function* () {
      const database = yield* open(join(yield* temporaryDirectory, "test.db"))
      const limit = (pages: number) =>
        database.read("limit", (db) => db.run(`PRAGMA max_page_count = ${pages}`))
      yield* limit(10)
      const fill = database.transaction("fill", (db) => {
        insert(db, 1)
        insert(db, 2, "x".repeat(100_000))
      })
      yield* failsWith("full", fill)
      assert.deepStrictEqual(yield* values(database), [])
      yield* database.transaction("insert", (db) => insert(db, 3))
      yield* limit(10_000)
      yield* fill
      assert.deepStrictEqual(yield* values(database), [1, 2, 3])
    })
  )

  it.scopedLive("can be copied while it is written: all files as they were at one moment", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const source = (name: string) => join(directory, "source", name)
      const target = (name: string) => join(directory, "target", name)
      const [one, other] = [yield* open(source("one.db")), yield* open(source("other.db"))]
      let next = 0
      /** Into the one file, and then into the other: a copy has as many in both, or one more in the first. */
      const write = Effect.suspend(() => {
        const value = next++
        const text = "x".repeat(400_000)
        return Effect.zipRight(
          one.transaction("insert", (db) => insert(db, value, text)),
          other.transaction("insert", (db) => insert(db, value, text))
        )
      })
      yield* Effect.repeatN(write, 9)
      let atThatMoment = 0
      yield* Effect.gen(function* () {
        const held = yield* Database.hold(join(directory, "source"), () => {
          atThatMoment = next
        })
        // More than would have been moved from the log into the file by itself.
        yield* Effect.repeatN(write, 49)
        spawnSync("cp", ["-r", join(directory, "source"), join(directory, "target")])
        assert.deepStrictEqual(held.map(({ path }) => path).sort(), [source("one.db"), source("other.db")])
        for (const { logBytes, path } of held)
          truncateSync(`${path.replace("source", "target")}-wal`, logBytes)
      }).pipe(Effect.scoped)
      for (const name of ["one.db", "other.db"])
        assert.strictEqual((yield* values(yield* open(target(name)))).length, atThatMoment, name)

      // The control: the file without its log, or with more of it, is of another moment.
      assert.isAbove((yield* values(one)).length, atThatMoment)
      // Afterwards the log is moved into the file as before.
      const grown = statSync(source("one.db")).size
      yield* write
      assert.isAbove(statSync(source("one.db")).size, grown)
    })
  )

  it.scopedLive("is held by one at a time", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* open(join(directory, "test.db"))
      const order: Array<string> = []
      const hold = (name: string) =>
        Effect.scoped(
          Effect.gen(function* () {
            yield* Database.hold(directory)
            order.push(`${name} begins`)
            yield* Effect.sleep("50 millis")
            order.push(`${name} ends`)
          })
        )
      yield* Effect.all([hold("first"), hold("second")], { concurrency: 2 })
      assert.deepStrictEqual(order, ["first begins", "first ends", "second begins", "second ends"])
    })
  )
})
