import { Database as BunDatabase, SQLiteError } from "bun:sqlite"
import { mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { fileFailure } from "../files/FileFailure.ts"

// Every statement of an adapter stays prepared; the default of 20 would evict them in turn.
BunDatabase.MAX_QUERY_CACHE_SIZE = 1_000

/** How long a second opener of a file waits for the first to let go of it. */
const lockWaitMillis = 1_000

/** 16 MiB between checkpoints: batches of half a MiB would otherwise force one every few messages. */
const checkpointPages = 4_000

const reasons: { readonly [code: string]: StorageReason } = {
  SQLITE_FULL: "full",
  SQLITE_BUSY: "unavailable",
  SQLITE_LOCKED: "unavailable",
  SQLITE_PROTOCOL: "unavailable",
  SQLITE_READONLY: "unavailable",
  SQLITE_CANTOPEN: "unavailable",
  SQLITE_PERM: "unavailable",
  SQLITE_IOERR: "unavailable",
  SQLITE_NOMEM: "unavailable",
  SQLITE_CONSTRAINT: "conflict",
  SQLITE_CORRUPT: "corrupt",
  SQLITE_NOTADB: "corrupt"
}

/** Primary code of an extended one: `SQLITE_IOERR_WRITE` is a `SQLITE_IOERR`. */
const primaryCode = (error: SQLiteError): string => (error.code ?? "").split("_").slice(0, 2).join("_")

const failure = (operation: string, cause: unknown): Effect.Effect<never, StorageError> => {
  if (cause instanceof StorageError) return Effect.fail(cause)
  const reason = cause instanceof SQLiteError ? reasons[primaryCode(cause)] : undefined
  return reason === undefined
    ? Effect.die(cause)
    : Effect.fail(new StorageError({ reason, operation, cause }))
}

const attempt = <A>(operation: string, body: () => A): Effect.Effect<A, StorageError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(body())
    } catch (cause) {
      return failure(operation, cause)
    }
  })

export interface TransactionOptions {
  /**
   * `synced` (default): on the disk when the effect succeeds. `lazy`: survives the death of the process, but a power cut may take it
   * back; later synced transactions never overtake it. For writes whose loss only repeats work.
   */
  readonly commit?: "synced" | "lazy"
}

/**
 * One open SQLite file. Bodies are synchronous; statements come from `db.query(sql)`, which keeps them prepared, and
 * must not be iterated beyond the body. A body may throw StorageError to fail with it. SQLite's own errors become
 * StorageError; anything else thrown, a mistake in SQL included, is a defect.
 */
export interface SqliteDatabase {
  readonly path: string
  /** Runs the body in a transaction: all of its writes or none. */
  readonly transaction: <A>(
    operation: string,
    body: (db: BunDatabase) => A,
    options?: TransactionOptions
  ) => Effect.Effect<A, StorageError>
  /** Runs a body that writes nothing; nobody else writes while it runs. */
  readonly read: <A>(operation: string, body: (db: BunDatabase) => A) => Effect.Effect<A, StorageError>
}

export interface DatabaseOptions {
  /** The file; its directory is made when it is missing. */
  readonly path: string
  /** SQL scripts; the n-th (from 1) leads to `user_version` n. Append only. */
  readonly migrations: ReadonlyArray<string>
  /** Page cache in MiB; 16 when absent. */
  readonly cacheMebibytes?: number
}

const inTransaction = <A>(db: BunDatabase, body: (db: BunDatabase) => A): A => {
  db.run("BEGIN IMMEDIATE")
  try {
    const value = body(db)
    db.run("COMMIT")
    return value
  } catch (error) {
    // SQLite rolls back by itself when it runs out of space.
    if (db.inTransaction) db.run("ROLLBACK")
    throw error
  }
}

const configure = (db: BunDatabase, cacheMebibytes: number): void => {
  db.run(`PRAGMA busy_timeout = ${lockWaitMillis}`)
  // Claims and caches live in this process, so no other may open the file. The lock dies with the process.
  db.run("PRAGMA locking_mode = EXCLUSIVE")
  db.run("PRAGMA journal_mode = WAL")
  db.run("PRAGMA synchronous = FULL")
  db.run("PRAGMA foreign_keys = ON")
  db.run(`PRAGMA cache_size = ${-1_024 * cacheMebibytes}`)
  db.run(`PRAGMA wal_autocheckpoint = ${checkpointPages}`)
  db.run(`PRAGMA journal_size_limit = ${64 * 1_024 * 1_024}`)
}

const migrate = (db: BunDatabase, options: DatabaseOptions): void =>
  inTransaction(db, () => {
    const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0
    if (version > options.migrations.length)
      throw new StorageError({
        reason: "corrupt",
        operation: `open ${options.path}`,
        cause: `written by a newer release (schema ${version}, this release knows ${options.migrations.length})`
      })
    for (const script of options.migrations.slice(version)) db.exec(script)
    db.run(`PRAGMA user_version = ${options.migrations.length}`)
  })

const open = (options: DatabaseOptions): BunDatabase => {
  const db = new BunDatabase(options.path, { create: true, readwrite: true, strict: true })
  try {
    configure(db, options.cacheMebibytes ?? 16)
    migrate(db, options)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

const close = (path: string, db: BunDatabase): Effect.Effect<void> =>
  attempt("checkpoint at close", () => {
    opened.delete(path)
    db.run("PRAGMA wal_checkpoint(TRUNCATE)")
  }).pipe(
    // The log is replayed at the next start, so nothing is lost.
    Effect.catchTag("StorageError", (error) => Effect.logWarning(error.message)),
    Effect.ensuring(Effect.sync(() => db.close()))
  )

/** Every file that this process has open, by path: a backup is of all of them at one moment. */
const opened = new Map<string, BunDatabase>()

const makeDirectory = (path: string): Effect.Effect<void, StorageError> =>
  Effect.suspend(() => {
    try {
      mkdirSync(dirname(path), { recursive: true })
      return Effect.void
    } catch (cause) {
      return fileFailure(`make ${dirname(path)}`, cause)
    }
  })

const service = (path: string, db: BunDatabase): SqliteDatabase => {
  let synced = true
  const setSynced = (wanted: boolean): void => {
    if (wanted === synced) return
    db.run(`PRAGMA synchronous = ${wanted ? "FULL" : "NORMAL"}`)
    synced = wanted
  }
  return {
    path,
    transaction: (operation, body, options) =>
      attempt(operation, () => {
        setSynced(options?.commit !== "lazy")
        return inTransaction(db, body)
      }),
    read: (operation, body) => attempt(operation, () => body(db))
  }
}

/** Opens a file for as long as the scope is open. Fails with `unavailable` while another process has it open. */
export const make = (options: DatabaseOptions): Effect.Effect<SqliteDatabase, StorageError, Scope.Scope> =>
  makeDirectory(options.path).pipe(
    Effect.zipRight(
      Effect.acquireRelease(
        attempt(`open ${options.path}`, () => {
          const db = open(options)
          opened.set(options.path, db)
          return db
        }),
        (db) => close(options.path, db)
      )
    ),
    Effect.map((db) => service(options.path, db)),
    Effect.withSpan("SqliteDatabase.open", { attributes: { path: options.path } })
  )

/** A file as it was at a moment: all of it, and so many bytes of its log (`<path>-wal`), which may not be there. */
export interface HeldFile {
  readonly path: string
  readonly logBytes: number
}

/** What a copy is made of does not change: what is committed goes to the end of the log, and stays there. */
const holdFile = (path: string, db: BunDatabase): Effect.Effect<void, StorageError, Scope.Scope> =>
  Effect.acquireRelease(
    attempt(`hold ${path}`, () => {
      db.run("PRAGMA wal_autocheckpoint = 0")
      // From here on the length of the log tells how much of it counts.
      const { busy } = db.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? { busy: 1 }
      if (busy !== 0)
        throw new StorageError({
          reason: "unavailable",
          operation: `hold ${path}`,
          cause: "it is being read"
        })
    }),
    () =>
      attempt(`let go of ${path}`, () => {
        // Closed meanwhile, it has been checkpointed for good.
        if (opened.get(path) === db) db.run(`PRAGMA wal_autocheckpoint = ${checkpointPages}`)
      }).pipe(Effect.catchTag("StorageError", (error) => Effect.logWarning(error.message)))
  )

const logBytes = (path: string): number => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0

/** Whoever ends a hold lets the files change under another one. */
const oneHold = Effect.unsafeMakeSemaphore(1)

/**
 * Lets every open file below a directory be copied while it is written, for as long as the scope is open: together the copies are what
 * a process that was killed at that moment would have left. `meanwhile` runs at that moment: nothing is written before it is done.
 * Only another process may copy the files: SQLite's locks go when its own process closes any descriptor of a file. Waits while
 * another hold lasts.
 */
export const hold = (
  directory: string,
  meanwhile: () => void = () => {}
): Effect.Effect<ReadonlyArray<HeldFile>, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.acquireRelease(oneHold.take(1), () => oneHold.release(1))
    const files = [...opened].filter(([path]) => path.startsWith(`${directory}/`))
    yield* Effect.forEach(files, ([path, db]) => holdFile(path, db), { discard: true })
    // In one turn of the process, and so between two transactions.
    return yield* attempt(`hold ${directory}`, () => {
      meanwhile()
      return files.map(([path]): HeldFile => ({ path, logBytes: logBytes(path) }))
    })
  })

/** The file shared by the queue, the outbox and the state store. */
export class Database extends Context.Tag("@influscope/adapters/sqlite/Database")<
  Database,
  SqliteDatabase
>() {}

export const layer = (options: DatabaseOptions): Layer.Layer<Database, StorageError> =>
  Layer.scoped(Database, make(options))
