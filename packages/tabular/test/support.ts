import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import type { ReadReport, RowBatch } from "../src/FileReader.ts"
import type { FileUnreadable } from "../src/FileUnreadable.ts"
import { type ReadOptions, read } from "../src/ProfileFile.ts"
import type { ProfileRow } from "../src/RowMapper.ts"

export const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url))

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export interface Outcome {
  readonly rows: ReadonlyArray<ProfileRow>
  readonly report: ReadReport | undefined
  readonly failure: FileUnreadable | undefined
  readonly batches: ReadonlyArray<RowBatch<ProfileRow>>
}

/** Reads bytes, handed over in pieces of `pieceBytes`, to the end or to the failure. */
export const readBytes = (
  bytes: Uint8Array,
  options: Partial<ReadOptions> = {},
  pieceBytes = 64 * 1024
): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const pieces: Array<Uint8Array> = []
    for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes))
    const batches: Array<RowBatch<ProfileRow>> = []
    const end = yield* read(Stream.fromIterable(pieces), {
      fileName: "file.csv",
      platform: undefined,
      map: [],
      resume: undefined,
      maxUnpackedBytes: undefined,
      hasDays: false,
      account: undefined,
      ...options
    }).pipe(
      Stream.runForEach((batch) => Effect.sync(() => batches.push(batch))),
      Effect.either
    )
    return {
      rows: batches.flatMap((batch) => batch.rows),
      report: batches.at(-1)?.report,
      failure: Either.isLeft(end) ? end.left : undefined,
      batches
    }
  })

/** Reads a text as an Instagram file. */
export const readText = (text: string, options: Partial<ReadOptions> = {}): Effect.Effect<Outcome> =>
  readBytes(utf8(text), { platform: "instagram", ...options })

export const mappedTo = (outcome: Outcome): Readonly<Record<string, string | null>> =>
  Object.fromEntries((outcome.report?.columns ?? []).map((column) => [column.name, column.mappedTo]))
