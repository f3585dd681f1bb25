import { resolve } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import { fileLock } from "@influscope/stack/FileLock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { restoringIn } from "./backup/Layout.ts"

/** What a running instance leaves in its data directory for the commands that talk to it. */
export const Instance = Schema.Struct({
  pid: Schema.Int,
  url: Schema.String,
  grpc: Schema.String,
  users: Schema.String,
  startedAt: Schema.Date
})
export type Instance = typeof Instance.Type

/** The data directory cannot be used as it is. */
export class DataDirUnusable extends Data.TaggedError("DataDirUnusable")<{
  readonly path: string
  readonly cause: unknown
}> {}

/** Another process works on the data directory; `instance` is who, when it answers requests. */
export class DataDirInUse extends Data.TaggedError("DataDirInUse")<{
  readonly path: string
  readonly instance: Option.Option<Instance>
}> {}

const InstanceFile = Schema.parseJson(Instance)

export const dataDirPath = Config.string("INFLUSCOPE_DATA_DIR").pipe(
  Config.validate({ message: "expected a path", validation: (path) => path.trim() !== "" }),
  Config.withDefault("./.influscope"),
  Config.map((path) => resolve(path))
)

const instanceFile = (path: string) => `${path}/instance.json`

/** Reads who runs on the directory; none when nobody does or nobody has finished starting. */
const readInstance = (path: string): Effect.Effect<Option.Option<Instance>, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* Schema.decode(InstanceFile)(yield* fs.readFileString(instanceFile(path)))
  }).pipe(
    // Absent, unreadable or half-written all mean the same here: there is no instance to talk to.
    Effect.option
  )

/** The directory, held by this process alone for as long as the layer lives. */
export class DataDir extends Context.Tag("@influscope/cli/DataDir")<
  DataDir,
  {
    readonly path: string
    /** Tells other commands where this instance answers, until the process ends. */
    readonly announce: (instance: Instance) => Effect.Effect<void, DataDirUnusable>
  }
>() {}

export const DataDirLive = Layer.scoped(
  DataDir,
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* dataDirPath
    const unusable = (cause: unknown) => new DataDirUnusable({ path, cause })
    yield* Effect.mapError(fs.makeDirectory(path, { recursive: true, mode: 0o700 }), unusable)
    yield* fileLock(`${path}/lock.db`).pipe(
      Effect.catchTags({
        LockHeld: () =>
          Effect.flatMap(readInstance(path), (instance) => new DataDirInUse({ path, instance })),
        LockUnusable: ({ cause }) => unusable(cause)
      })
    )
    const restoring = restoringIn(path)
    if (yield* Effect.mapError(fs.exists(restoring), unusable))
      return yield* unusable(
        new Error(`A restore was cut off: remove what is in ${path}, and restore again.`)
      )
    const file = instanceFile(path)
    yield* Effect.mapError(fs.remove(file, { force: true }), unusable)

    const announce = (instance: Instance) =>
      Effect.gen(function* () {
        const text = yield* Schema.encode(InstanceFile)(instance)
        yield* fs.writeFileString(`${file}.part`, text)
        yield* fs.rename(`${file}.part`, file)
      }).pipe(Effect.mapError(unusable))

    yield* Effect.addFinalizer(() => Effect.ignore(fs.remove(file, { force: true })))
    return { path, announce }
  })
)
