import { Database as BunDatabase } from "bun:sqlite"
import { readdirSync } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { CliError } from "../CliError.ts"
import { DataDir, DataDirLive } from "../DataDir.ts"
import { copyFile } from "./CopyFile.ts"
import { restoringIn } from "./Layout.ts"
import { type BackedUpFile, readManifest } from "./Manifest.ts"

export interface RestoreOptions {
  /** The backup. */
  readonly from: string
  readonly onFile: (copied: number, total: number) => Effect.Effect<void>
}

const copiers = 4

const failed = (why: string, todo = "Restore another backup; nothing was changed.") =>
  new CliError({ what: "Nothing was restored.", likelyCause: why, todo })

const because = (cause: unknown): CliError => failed(cause instanceof Error ? cause.message : String(cause))

const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, CliError> =>
  Effect.tryPromise({ try: body, catch: because })

const copyBack = (from: string, into: string, { bytes, path, sha256 }: BackedUpFile) =>
  Effect.mapError(copyFile(join(from, path), join(into, path), { sync: true }), because).pipe(
    Effect.filterOrFail(
      (copied) => copied.bytes === bytes && copied.sha256 === sha256,
      () => failed(`${path} is not what was backed up: the backup has been damaged.`)
    )
  )

/** Takes in its log, and looks whether all of it can be read. */
const check = (path: string): Effect.Effect<void, CliError> =>
  attempt(async () => {
    const db = new BunDatabase(path, { readwrite: true, create: false })
    try {
      const found = db.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get()?.quick_check
      if (found !== "ok") throw new Error(`${path}: ${found}`)
      db.run("PRAGMA wal_checkpoint(TRUNCATE)")
    } finally {
      db.close()
    }
  })

/** What the process that has the directory keeps there for itself. */
const isEmpty = (dataDir: string): boolean =>
  readdirSync(dataDir).every((name) => name === "lock.db" || name.startsWith("lock.db-"))

/** Puts a backup into the data directory, which must be empty or not there; all of it, or nothing. */
export const restore = ({ from, onFile }: RestoreOptions) =>
  Effect.gen(function* () {
    const { path: dataDir } = yield* DataDir
    const backup = resolve(from)
    if (!isEmpty(dataDir))
      return yield* failed(
        `${dataDir} is not empty, and nothing in it is ever overwritten.`,
        "Move it away, or name another directory: INFLUSCOPE_DATA_DIR=<directory>."
      )
    const manifest = yield* Effect.mapError(readManifest(backup), () =>
      failed(
        `${backup} is no backup, or one that was not finished.`,
        "Name a directory that influscope backup has made."
      )
    )
    const restoring = restoringIn(dataDir)
    const copy = Effect.gen(function* () {
      yield* attempt(() => mkdir(restoring, { mode: 0o700 }))
      let done = 0
      yield* Effect.forEach(
        manifest.files,
        (file) =>
          Effect.zipRight(
            copyBack(backup, restoring, file),
            Effect.suspend(() => onFile(++done, manifest.files.length))
          ),
        { concurrency: copiers, discard: true }
      )
      const databases = manifest.files.filter(({ path }) => dirname(path) === "." && path.endsWith(".db"))
      yield* Effect.forEach(databases, ({ path }) => check(join(restoring, path)), { discard: true })
    }).pipe(Effect.onError(() => Effect.promise(() => rm(restoring, { recursive: true, force: true }))))
    yield* copy
    // Until the directory is gone nobody starts on what is there so far.
    yield* Effect.uninterruptible(
      attempt(async () => {
        for (const name of readdirSync(restoring)) await rename(join(restoring, name), join(dataDir, name))
        await rm(restoring, { recursive: true })
      })
    )
    return { ...manifest, into: dataDir }
  }).pipe(Effect.provide(DataDirLive))
