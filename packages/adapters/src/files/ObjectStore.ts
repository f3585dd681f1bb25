import { readdir, readFile, rm, unlink } from "node:fs/promises"
import { join } from "node:path"
import { ObjectStore, type StoredObject } from "@influscope/ports/ObjectStore"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { fileErrorCode, fileFailure } from "./FileFailure.ts"
import * as ObjectFrame from "./ObjectFrame.ts"
import * as ObjectPath from "./ObjectPath.ts"
import { makeDirectory, replaceFile } from "./ReplaceFile.ts"

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

const replace = (root: string, file: string, object: StoredObject): Promise<void> =>
  replaceFile(join(root, unfinished), join(root, file), [
    ObjectFrame.header(object.contentType),
    object.bytes
  ])

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
