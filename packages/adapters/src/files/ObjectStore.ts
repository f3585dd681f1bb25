import { mkdir, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises"
import { dirname, join, relative, sep } from "node:path"
import { ObjectStore, type StoredObject } from "@influscope/ports/ObjectStore"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { fileErrorCode, fileFailure } from "./FileFailure.ts"
import * as ObjectFrame from "./ObjectFrame.ts"
import * as ObjectPath from "./ObjectPath.ts"

/** Unfinished files; the `+` keeps the directory apart from every key. */
const unfinished = "+unfinished"

/** Times a write starts over when its directory is taken away under it. */
const rewrites = 5

const attempt = <A>(operation: string, body: () => Promise<A>): Effect.Effect<A, StorageError> =>
  Effect.tryPromise(body).pipe(Effect.catchAll(({ cause }) => fileFailure(operation, cause)))

/** The key's path below the root. An invalid key is a mistake of the caller. */
const fileOf = (key: string): Effect.Effect<string> =>
  ObjectPath.isKey(key)
    ? Effect.succeed(ObjectPath.fileOf(key))
    : Effect.dieMessage(`not an object key: ${JSON.stringify(key.slice(0, 200))}`)

/** A new name is on the disk only when its directory is. Windows has no such notion and refuses. */
const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === "win32") return
  const handle = await open(path, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a directory and what is missing above it, and syncs every parent that got a new entry. */
const makeDirectory = async (path: string): Promise<void> => {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  const top = dirname(first)
  const made = relative(top, path).split(sep).slice(0, -1)
  await syncDirectory(top)
  let parent = top
  for (const name of made) {
    parent = join(parent, name)
    await syncDirectory(parent)
  }
}

const writeFile = async (path: string, object: StoredObject): Promise<void> => {
  const handle = await open(path, "wx")
  try {
    await handle.writeFile(ObjectFrame.header(object.contentType))
    await handle.writeFile(object.bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const replace = async (root: string, file: string, object: StoredObject): Promise<void> => {
  const target = join(root, file)
  const temporary = join(root, unfinished, crypto.randomUUID())
  await makeDirectory(dirname(target))
  await makeDirectory(dirname(temporary))
  try {
    await writeFile(temporary, object)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(target))
}

/** A directory that goes away while it is being made shows as either. */
const isVanishing = (error: StorageError): boolean =>
  ["ENOENT", "EEXIST"].includes(fileErrorCode(error.cause) ?? "")

const isMissing = (error: StorageError): boolean => fileErrorCode(error.cause) === "ENOENT"

const absentWhenMissing = <A>(effect: Effect.Effect<A, StorageError>) =>
  effect.pipe(
    Effect.asSome,
    Effect.catchIf(isMissing, () => Effect.succeedNone)
  )

const parseFile = (key: string, file: Uint8Array): Effect.Effect<StoredObject, StorageError> =>
  Option.match(ObjectFrame.parse(file), {
    onSome: Effect.succeed,
    onNone: () =>
      Effect.fail(
        new StorageError({
          reason: "corrupt",
          operation: `read ${key}`,
          cause: "the file has no object header"
        })
      )
  })

/** Something in a directory: `order` sorts as the keys below it do. */
interface Entry {
  readonly order: string
  readonly key: string
  readonly directory: string | undefined
}

const readEntries = (path: string, parentKey: string): Effect.Effect<ReadonlyArray<Entry>, StorageError> =>
  attempt(`list ${path}`, () => readdir(path, { withFileTypes: true })).pipe(
    absentWhenMissing,
    Effect.map(Option.getOrElse(() => [])),
    Effect.map((found) =>
      found
        .flatMap((item): ReadonlyArray<Entry> => {
          const toEntry = (segment: string, directory: string | undefined): Entry => {
            const key = `${parentKey}${segment}`
            return { key, order: directory === undefined ? key : `${key}/`, directory }
          }
          return item.isDirectory()
            ? Option.toArray(ObjectPath.segmentOfDirectory(item.name)).map((segment) =>
                toEntry(segment, join(path, item.name))
              )
            : Option.toArray(ObjectPath.segmentOfFile(item.name)).map((segment) =>
                toEntry(segment, undefined)
              )
        })
        .sort((a, b) => (a.order < b.order ? -1 : 1))
    )
  )

/** Directory by directory in the order of the keys: only one path from the root is in memory at a time. */
const walk = (path: string, parentKey: string, prefix: string): Stream.Stream<string, StorageError> =>
  Stream.fromIterableEffect(readEntries(path, parentKey)).pipe(
    Stream.filter((entry) =>
      entry.directory === undefined
        ? entry.key.startsWith(prefix)
        : entry.order.startsWith(prefix) || prefix.startsWith(entry.order)
    ),
    Stream.flatMap(({ directory, key, order }) =>
      directory === undefined ? Stream.succeed(key) : walk(directory, order, prefix)
    )
  )

const make = (root: string): ObjectStore["Type"] => ({
  put: Effect.fn("FilesObjectStore.put")(function* (key, object) {
    const file = yield* fileOf(key)
    yield* attempt(`write ${key}`, () => replace(root, file, object)).pipe(
      Effect.retry({ times: rewrites, while: isVanishing }),
      // A promise cannot be taken back: wait, so that the caller knows that nothing is being written any more.
      Effect.uninterruptible
    )
  }),
  get: Effect.fn("FilesObjectStore.get")(function* (key) {
    const file = yield* fileOf(key)
    const found = yield* attempt(`read ${key}`, () => readFile(join(root, file))).pipe(absentWhenMissing)
    return yield* Option.match(found, {
      onNone: () => Effect.succeedNone,
      onSome: (bytes) => Effect.asSome(parseFile(key, bytes))
    })
  }),
  delete: Effect.fn("FilesObjectStore.delete")(function* (key) {
    const file = yield* fileOf(key)
    yield* attempt(`delete ${key}`, () => unlink(join(root, file))).pipe(absentWhenMissing)
  }),
  list: (prefix) => walk(root, "", prefix),
  // Nobody serves the files.
  presign: Effect.fn("FilesObjectStore.presign")((key) => Effect.as(fileOf(key), Option.none<string>()))
})

/** What a killed process left half-written is of no use to anybody. */
const discardUnfinished = (root: string): Effect.Effect<void, StorageError> =>
  attempt(`open ${root}`, async () => {
    await rm(join(root, unfinished), { recursive: true, force: true })
    await makeDirectory(join(root, unfinished))
  })

/** Objects as files below `root`, which is made when it is missing. One process owns it. */
export const layer = (root: string): Layer.Layer<ObjectStore, StorageError> =>
  Layer.effect(ObjectStore, Effect.as(discardUnfinished(root), make(root)))
