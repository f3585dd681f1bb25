import type { ImportReport } from "@influscope/domain/Imports"
import type { Platform } from "@influscope/domain/Platform"
import { ImportRefused } from "@influscope/ports/Imports"
import { FileUnreadable } from "@influscope/tabular/FileUnreadable"
import * as ProfileFile from "@influscope/tabular/ProfileFile"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type ScrapedProfile, SourceFailed } from "../Sources.ts"

/** Up to 500 rows of a file, and what is known about the file so far. */
export interface FileBatch {
  readonly profiles: ReadonlyArray<ScrapedProfile>
  readonly report: Pick<ImportReport, "rows" | "rejected" | "repaired" | "columns" | "rejections" | "notes">
  readonly checkpoint: ProfileFile.Checkpoint
  readonly bytesRead: number
}

export interface FileOptions {
  readonly name: string
  readonly platform: Platform | undefined
  readonly map: ReadonlyArray<string>
  readonly resume: ProfileFile.Checkpoint | undefined
  /** Most bytes a compressed file may unpack to. */
  readonly maxUnpackedBytes: number
}

/** Every entry of a mapping is `column=field`; whether column and field exist is known when the file is read. */
export const checkMapping = (map: ReadonlyArray<string>): Effect.Effect<void, ImportRefused> =>
  Effect.forEach(
    map,
    (entry) =>
      entry.includes("=")
        ? Effect.void
        : new ImportRefused({ parameter: "map", detail: `"${entry}" is not column=field` }),
    { discard: true }
  )

const isUnreadable = <E>(error: E | FileUnreadable): error is FileUnreadable =>
  error instanceof FileUnreadable

/** The profiles of a file as people have it: the source behind imports. */
export const readFile = <E>(
  options: FileOptions,
  bytes: Stream.Stream<Uint8Array, E>
): Stream.Stream<FileBatch, SourceFailed | E> =>
  ProfileFile.read(bytes, {
    fileName: options.name,
    platform: options.platform,
    map: options.map,
    resume: options.resume,
    maxUnpackedBytes: options.maxUnpackedBytes
  }).pipe(
    Stream.map(({ bytesRead, checkpoint, report, rows }) => ({
      profiles: rows.map(({ fields, handle, observedAt, platform }) => ({
        platform,
        handle,
        fields,
        observedAt,
        avatar: undefined
      })),
      report,
      checkpoint,
      bytesRead
    })),
    Stream.mapError((error) =>
      isUnreadable(error)
        ? new SourceFailed({ source: options.name, detail: `${error.message} ${error.hint}` })
        : error
    )
  )
