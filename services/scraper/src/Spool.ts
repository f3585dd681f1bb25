import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { ImportTooLarge, UploadBroken } from "@influscope/ports/Imports"
import { StorageError } from "@influscope/ports/StorageError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** A file that was taken in whole: durable, with its size and SHA-256. */
export interface SpooledFile {
  readonly bytes: number
  readonly sha256: string
}

/** Where uploaded files wait until they have been read. */
export class Spool extends Context.Tag("@influscope/scraper/Spool")<
  Spool,
  {
    readonly save: <E>(
      id: string,
      bytes: Stream.Stream<Uint8Array, E>,
      limitBytes: number
    ) => Effect.Effect<SpooledFile, ImportTooLarge | UploadBroken | StorageError>
    readonly read: (id: string) => Stream.Stream<Uint8Array, StorageError>
    readonly remove: (id: string) => Effect.Effect<void, StorageError>
  }
>() {}

const isNoSpace = (cause: unknown): boolean =>
  typeof cause === "object" &&
  cause !== null &&
  (("code" in cause && cause.code === "ENOSPC") || ("cause" in cause && isNoSpace(cause.cause)))

const storage =
  (operation: string) =>
  (error: PlatformError.PlatformError): StorageError =>
    new StorageError({
      reason: isNoSpace(error) || /ENOSPC|no space/i.test(error.message) ? "full" : "unavailable",
      operation,
      cause: error
    })

/** Files under a directory, which is made when it is missing. A file appears under its name only when it is whole. */
export const layer = (directory: string) =>
  Layer.effect(
    Spool,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const pathOf = (id: string) => `${directory}/${id}.bin`
      const ensure = Effect.mapError(
        fs.makeDirectory(directory, { recursive: true }),
        storage("making the import directory")
      )
      yield* ensure

      return {
        save: (id, bytes, limitBytes) =>
          Effect.gen(function* () {
            yield* ensure
            const part = `${directory}/${id}.part`
            const hash = new Bun.CryptoHasher("sha256")
            let size = 0
            const writing = Effect.gen(function* () {
              const file = yield* Effect.mapError(fs.open(part, { flag: "w" }), storage("storing the file"))
              yield* bytes.pipe(
                Stream.mapError((cause) => new UploadBroken({ cause })),
                Stream.runForEach((chunk) =>
                  Effect.gen(function* () {
                    size += chunk.byteLength
                    if (size > limitBytes) return yield* new ImportTooLarge({ limitBytes })
                    hash.update(chunk)
                    yield* Effect.mapError(file.writeAll(chunk), storage("storing the file"))
                  })
                )
              )
              yield* Effect.mapError(file.sync, storage("storing the file"))
            })
            yield* Effect.scoped(writing).pipe(
              Effect.onError(() => Effect.orDie(fs.remove(part, { force: true })))
            )
            yield* Effect.mapError(fs.rename(part, pathOf(id)), storage("storing the file"))
            return { bytes: size, sha256: hash.digest("hex") }
          }),
        read: (id) =>
          Stream.mapError(
            fs.stream(pathOf(id), { chunkSize: 256 * 1024 }),
            storage("reading the stored file")
          ),
        remove: (id) =>
          Effect.mapError(fs.remove(pathOf(id), { force: true }), storage("removing the stored file"))
      }
    })
  )
