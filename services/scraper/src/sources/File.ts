import type { ImportReport } from "@influscope/domain/Imports"
import type { Platform } from "@influscope/domain/Platform"
import { ImportRefused } from "@influscope/ports/Imports"
import type { Checkpoint } from "@influscope/tabular/FileReader"
import { FileUnreadable } from "@influscope/tabular/FileUnreadable"
import * as ProfileFile from "@influscope/tabular/ProfileFile"
import * as Effect from "effect/Effect"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import { type ScrapedProfile, SourceFailed } from "../Sources.ts"
import { isExport, readExport } from "./ExportFile.ts"

/** What is known about a file after some of its rows. */
export interface BatchRead {
  readonly report: Pick<ImportReport, "rows" | "rejected" | "repaired" | "columns" | "rejections" | "notes">
  /** Null when the file can only be read from its beginning. */
  readonly checkpoint: Checkpoint | null
  readonly bytesRead: number
}

/** Up to 500 rows of a file, and what is known about the file so far. */
export interface FileBatch extends BatchRead {
  readonly profiles: ReadonlyArray<ScrapedProfile>
}

export interface FileOptions {
  readonly name: string
  readonly platform: Platform | undefined
  readonly map: ReadonlyArray<string>
  readonly resume: Checkpoint | undefined
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

/** A file that cannot be read, in words; any other error as it is. */
export const failedOn =
  <E>(name: string) =>
  (error: E | FileUnreadable): SourceFailed | E =>
    isUnreadable(error) ? new SourceFailed({ source: name, detail: `${error.message} ${error.hint}` }) : error

const readTable = <E>(
  options: FileOptions,
  bytes: Stream.Stream<Uint8Array, E>
): Stream.Stream<FileBatch, SourceFailed | E> =>
  ProfileFile.read(bytes, {
    fileName: options.name,
    platform: options.platform,
    map: options.map,
    resume: options.resume,
    maxUnpackedBytes: options.maxUnpackedBytes,
    hasDays: false,
    account: undefined
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
    Stream.mapError(failedOn<E>(options.name))
  )

/** The profiles of a file as people have it, or of an export: the source behind imports. */
export const readFile = <E>(
  options: FileOptions,
  bytes: Stream.Stream<Uint8Array, E>
): Stream.Stream<FileBatch, SourceFailed | E> =>
  Stream.unwrapScoped(
    Effect.map(Stream.peel(Stream.rechunk(bytes, 1), Sink.take<Uint8Array>(1)), ([head, rest]) => {
      const whole = Stream.concat(Stream.fromChunk(head), rest)
      const [first = new Uint8Array()] = head
      return isExport(first) ? readExport(options, whole) : readTable(options, whole)
    })
  )
