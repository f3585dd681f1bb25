import { existsSync, readdirSync, statSync } from "node:fs"
import { mkdir, open, rename, rm } from "node:fs/promises"
import { basename, dirname, join, relative, resolve } from "node:path"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { CliError } from "../CliError.ts"
import { DataDir, type DataDirInUse, DataDirLive, dataDirPath } from "../DataDir.ts"
import { type Copied, copyFile } from "./CopyFile.ts"
import { heldIn, importsIn, isKept } from "./Layout.ts"
import { type BackedUpFile, type Manifest, writeManifest } from "./Manifest.ts"
import { whileHeld } from "./WhileHeld.ts"

export interface BackUpOptions {
  /** A directory that is made. */
  readonly into: string
  /** Of this program. */
  readonly version: string
  readonly onFile: (copied: number, total: number) => Effect.Effect<void>
}

/** Without it there is nothing to back up. */
const main = "influscope.db"

/** Files that are copied at the same time. */
const copiers = 4

/** Another command may hold the directory for a moment. */
const patience = Schedule.intersect(Schedule.spaced("250 millis"), Schedule.recurs(40))

const failed = (why: string, todo = "Look at the disks of both directories, and run it again.") =>
  new CliError({ what: "No backup was made.", likelyCause: why, todo })

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, CliError> =>
  Effect.tryPromise({ try: body, catch: (cause) => failed(reason(cause)) })

interface Source {
  /** Below the data directory. */
  readonly path: string
  readonly from: string
  readonly bytes?: number
  /** Of the databases everything is needed; other files may go while they are copied. */
  readonly isDatabase: boolean
}

/** Databases and how much of their logs counts; all of it when nobody writes. */
interface Moment {
  readonly at: Date
  readonly files: ReadonlyArray<{ readonly path: string; readonly logBytes: number }>
  /** Where the files that are being imported are. */
  readonly imports: string
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

const still = (dataDir: string): Moment => ({
  at: new Date(),
  files: readdirSync(dataDir)
    .filter((name) => name.endsWith(".db") && isKept(name))
    .map((path) => ({ path, logBytes: sizeOf(join(dataDir, `${path}-wal`)) })),
  imports: importsIn(dataDir)
})

const databases = (dataDir: string, { files }: Moment): ReadonlyArray<Source> =>
  files.flatMap(({ logBytes, path }) => {
    const file: Source = { path, from: join(dataDir, path), isDatabase: true }
    return logBytes === 0
      ? [file]
      : [file, { ...file, path: `${path}-wal`, from: `${file.from}-wal`, bytes: logBytes }]
  })

const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : []
  )

const others = (dataDir: string, { files, imports }: Moment): ReadonlyArray<Source> => {
  const isOfDatabase = (path: string) =>
    files.some((file) => path === file.path || path === `${file.path}-wal`)
  const wanted = readdirSync(dataDir, { withFileTypes: true }).filter(
    ({ name }) => isKept(name) && !isOfDatabase(name) && join(dataDir, name) !== importsIn(dataDir)
  )
  const paths = wanted.flatMap((entry) => {
    const path = join(dataDir, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
  const kept = paths.map((from) => ({ path: relative(dataDir, from), from, isDatabase: false }))
  const importing = (existsSync(imports) ? readdirSync(imports) : []).map((name) => ({
    path: join(basename(importsIn(dataDir)), name),
    from: join(imports, name),
    isDatabase: false
  }))
  return [...kept, ...importing].filter(({ path }) => isKept(path) && !path.includes("+unfinished"))
}

const isGone = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ENOENT"

const copySource = (
  { bytes, from, isDatabase, path }: Source,
  into: string
): Effect.Effect<Option.Option<Copied>, CliError> =>
  copyFile(from, join(into, path), { sync: isDatabase, ...(bytes === undefined ? {} : { bytes }) }).pipe(
    Effect.asSome,
    Effect.catchAll((cause) =>
      !isDatabase && isGone(cause) ? Effect.succeedNone : Effect.fail(failed(reason(cause)))
    ),
    Effect.filterOrFail(
      (copied) => bytes === undefined || (Option.isSome(copied) && copied.value.bytes === bytes),
      () => failed(`${from} has become shorter.`)
    )
  )

const copyAll = (dataDir: string, moment: Moment, { into, onFile, version }: BackUpOptions) =>
  Effect.gen(function* () {
    if (!moment.files.some(({ path }) => path === main))
      return yield* failed(
        `There is no ${main} in ${dataDir}.`,
        "Set INFLUSCOPE_DATA_DIR to the data directory."
      )
    const sources = yield* Effect.try({
      // Databases first: until they are copied, their logs grow.
      try: () => [...databases(dataDir, moment), ...others(dataDir, moment)],
      catch: (cause) => failed(reason(cause))
    })
    let done = 0
    const copied = yield* Effect.forEach(
      sources,
      (source) =>
        copySource(source, into).pipe(
          Effect.tap(() => onFile(++done, sources.length)),
          Effect.map(Option.map((result): BackedUpFile => ({ path: source.path, ...result })))
        ),
      { concurrency: copiers }
    )
    const manifest: Manifest = { format: 1, version, at: moment.at, files: Arr.getSomes(copied) }
    return manifest
  })

/** By the instance that runs on it. */
const copyHeld = (dataDir: string, pid: number, options: BackUpOptions): Effect.Effect<Manifest, CliError> =>
  whileHeld(dataDir, (held) => copyAll(dataDir, { ...held, imports: heldIn(dataDir) }, options)).pipe(
    Effect.catchTag("NotHeld", ({ why }) =>
      failed(
        `The instance (process ${pid}) does not hold its files: ${why}.`,
        "Run it again, or stop it first."
      )
    )
  )

/** As it is, or as the instance that runs on it holds it. */
const copyDirectory = (dataDir: string, options: BackUpOptions) =>
  DataDir.pipe(
    Effect.flatMap(() => Effect.suspend(() => copyAll(dataDir, still(dataDir), options))),
    Effect.provide(DataDirLive),
    Effect.catchTag(
      "DataDirInUse",
      (inUse): Effect.Effect<Manifest, CliError | DataDirInUse> =>
        Option.match(inUse.instance, {
          onNone: () => inUse,
          onSome: ({ pid }) => copyHeld(dataDir, pid, options)
        })
    ),
    Effect.retry({ while: (error) => error._tag === "DataDirInUse", schedule: patience })
  )

const syncDirectory = async (path: string): Promise<void> => {
  await using directory = await open(path, "r")
  await directory.sync()
}

/**
 * Makes a backup of the data directory, which may be in use: everything in it is of one moment. It has its name when it is whole and on
 * the disk.
 */
export const backUp = (options: BackUpOptions) =>
  Effect.gen(function* () {
    const dataDir = yield* dataDirPath
    const into = resolve(options.into)
    if (existsSync(into))
      return yield* failed(
        `${into} is there already.`,
        "Name a directory that is not: a backup is never overwritten."
      )
    if (`${into}/`.startsWith(`${dataDir}/`))
      return yield* failed(`${into} is in the data directory.`, "Name one elsewhere, best on another disk.")
    if (!existsSync(join(dataDir, main)))
      return yield* failed(
        `There is no ${main} in ${dataDir}.`,
        "Set INFLUSCOPE_DATA_DIR to the data directory."
      )
    const partial = `${into}.partial`
    yield* attempt(async () => {
      await rm(partial, { recursive: true, force: true })
      await mkdir(partial, { recursive: true, mode: 0o700 })
    })
    const manifest = yield* copyDirectory(dataDir, { ...options, into: partial }).pipe(
      Effect.tap((made) =>
        Effect.mapError(writeManifest(partial, made), ({ cause }) => failed(reason(cause)))
      ),
      Effect.tap(() =>
        attempt(async () => {
          await rename(partial, into)
          await syncDirectory(dirname(into))
        })
      ),
      Effect.onError(() => Effect.promise(() => rm(partial, { recursive: true, force: true })))
    )
    return { ...manifest, into }
  })
