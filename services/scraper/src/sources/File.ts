import type { ImportReport } from "@influscope/domain/Imports"
import type { Platform } from "@influscope/domain/Platform"
import type { ImportRefused } from "@influscope/ports/Imports"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { ScrapedProfile, SourceFailed } from "../Sources.ts"

export interface FileBatch {
  readonly profiles: ReadonlyArray<ScrapedProfile>
  readonly report: Pick<ImportReport, "rows" | "rejected" | "repaired" | "columns" | "rejections" | "notes">
  readonly bytesRead: number
}
export interface FileOptions {
  readonly name: string
  readonly platform: Platform | undefined
  readonly map: ReadonlyArray<string>
  readonly skipRows: number
}
export declare const checkMapping: (map: ReadonlyArray<string>) => Effect.Effect<void, ImportRefused>
export declare const readFile: <E>(
  options: FileOptions,
  bytes: Stream.Stream<Uint8Array, E>
) => Stream.Stream<FileBatch, SourceFailed | E>
