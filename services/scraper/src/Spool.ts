import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { ImportTooLarge, UploadBroken } from "@influscope/ports/Imports"
import { StorageError } from "@influscope/ports/StorageError"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** A file that was taken in whole: durable, with its size and SHA-256. */
export interface SpooledFile {
  readonly bytes: number
  readonly sha256: string
}

/** The file was taken in, but somebody has removed it since. */
export class SpooledFileGone extends Data.TaggedError("SpooledFileGone")<{ readonly id: string }> {}

/** Where uploaded files wait until they have been read. */
export class Spool extends Context.Tag("@influscope/scraper/Spool")<
  Spool,
  {
    readonly save: <E>(
      id: string,
      bytes: Stream.Stream<Uint8Array, E>,
      limitBytes: number
    ) => Effect.Effect<SpooledFile, ImportTooLarge | UploadBroken | StorageError>
    readonly read: (id: string) => Stream.Stream<Uint8Array, SpooledFileGone | StorageError>
    readonly remove: (id: string) => Effect.Effect<void, StorageError>
    /** Removes the files that are not wanted any more, and those that a killed process left unfinished. */
    readonly sweep: (
      isWanted: (id: string) => Effect.Effect<boolean, StorageError>
    ) => Effect.Effect<void, StorageError>
  }
>() {}

/** Pieces that are written together: a sidecar passes an upload on in pieces of 4 KB, and each write is a system call. */
const piecesAtOnce = 64

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

const isGone = (error: PlatformError.PlatformError): boolean =>
  error._tag === "SystemError" && error.reason === "NotFound"

/** Files under a directory, which is made when it is missing. A file appears under its name only when it is whole. */
export const layer = (directory: string) =>
  Layer.effect(
    Spool,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const pathOf = (id: string) => `${directory}/${id}.bin`
      const storing = storage("storing the file")
      const ensure = Effect.mapError(
        fs.makeDirectory(directory, { recursive: true }),
        storage("making the import directory")
      )
      yield* ensure

      const write = <E>(path: string, bytes: Stream.Stream<Uint8Array, E>, limitBytes: number) =>
        Effect.gen(function* () {
          const file = yield* Effect.mapError(fs.open(path, { flag: "w" }), storing)
          const hash = new Bun.CryptoHasher("sha256")
          let size = 0
          yield* bytes.pipe(
            Stream.mapError((cause) => new UploadBroken({ cause })),
            Stream.rechunk(piecesAtOnce),
            Stream.chunks,
            Stream.runForEach((pieces) =>
              Effect.gen(function* () {
                const some = Buffer.concat(Chunk.toReadonlyArray(pieces))
                // Writing nothing is an error.
                if (some.byteLength === 0) return
                size += some.byteLength
                if (size > limitBytes) return yield* new ImportTooLarge({ limitBytes })
                hash.update(some)
                yield* Effect.mapError(file.writeAll(some), storing)
              })
            )
          )
          yield* Effect.mapError(file.sync, storing)
          return { bytes: size, sha256: hash.digest("hex") }
        }).pipe(Effect.scoped)

      /** A new name is on the disk only when its directory is. Windows has no such notion and refuses. */
      const syncDirectory =
        process.platform === "win32"
          ? Effect.void
          : Effect.scoped(Effect.flatMap(fs.open(directory, { flag: "r" }), (opened) => opened.sync))

      const remove = (path: string) =>
        Effect.mapError(fs.remove(path, { force: true }), storage("removing the stored file"))

      return {
        save: (id, bytes, limitBytes) =>
          Effect.gen(function* () {
            yield* ensure
            const part = `${directory}/${id}.part`
            const named = Effect.mapError(
              Effect.zipRight(fs.rename(part, pathOf(id)), syncDirectory),
              storing
            )
            return yield* write(part, bytes, limitBytes).pipe(
              // Not to be interrupted: nobody would know whether the file is there.
              Effect.zipLeft(Effect.uninterruptible(named)),
              // What cannot be removed now is swept at the next start; the failure is what the sender has to hear.
              Effect.onError(() => Effect.ignoreLogged(Effect.zipRight(remove(part), remove(pathOf(id)))))
            )
          }),
        read: (id) =>
          fs
            .stream(pathOf(id), { chunkSize: 256 * 1024 })
            .pipe(
              Stream.mapError((error) =>
                isGone(error) ? new SpooledFileGone({ id }) : storage("reading the stored file")(error)
              )
            ),
        remove: (id) => remove(pathOf(id)),
        sweep: (isWanted) =>
          Effect.gen(function* () {
            yield* ensure
            const names = yield* Effect.mapError(
              fs.readDirectory(directory),
              storage("reading the import directory")
            )
            for (const name of names) {
              const [, id = "", kind] = /^(.*)\.(bin|part)$/.exec(name) ?? []
              if (kind === "part" || (kind === "bin" && !(yield* isWanted(id))))
                yield* remove(`${directory}/${name}`)
            }
          })
      }
    })
  )
