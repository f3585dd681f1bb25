import { Database, SQLiteError } from "bun:sqlite"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Somebody else holds it. */
export class LockHeld extends Data.TaggedError("LockHeld")<{ readonly path: string }> {
  override get message(): string {
    return `${this.path} is held by another`
  }
}

/** The file cannot be made or opened, or is something else. */
export class LockUnusable extends Data.TaggedError("LockUnusable")<{
  readonly path: string
  readonly cause: unknown
}> {
  override get message(): string {
    return this.cause instanceof Error ? this.cause.message : String(this.cause)
  }
}

const begin = (path: string): Database => {
  const db = new Database(path, { create: true })
  try {
    db.run("PRAGMA busy_timeout = 0")
    db.run("PRAGMA journal_mode = DELETE")
    db.run("BEGIN EXCLUSIVE")
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * A file that is held by this holder alone until the scope closes. An exclusive transaction of SQLite, which writes nothing, is
 * a lock of the operating system: it goes with the process, however that ends.
 */
export const fileLock = (path: string): Effect.Effect<void, LockHeld | LockUnusable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => begin(path),
      catch: (cause) =>
        cause instanceof SQLiteError && cause.code?.startsWith("SQLITE_BUSY")
          ? new LockHeld({ path })
          : new LockUnusable({ path, cause })
    }),
    (db) => Effect.sync(() => db.close())
  ).pipe(Effect.asVoid)
