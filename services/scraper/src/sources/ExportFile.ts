import { constants, gunzipSync } from "node:zlib"
import { ExportEnd, ExportedStatement, exportHeader } from "@influscope/domain/Export"
import { maxListedRejections, type Rejection } from "@influscope/domain/Imports"
import { decompress } from "@influscope/tabular/Decompress"
import { isGzip } from "@influscope/tabular/FileKind"
import { batchRows, startOfFile } from "@influscope/tabular/FileReader"
import type { FileUnreadable } from "@influscope/tabular/FileUnreadable"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type ScrapedProfile, SourceFailed } from "../Sources.ts"
import type { FileBatch, FileOptions } from "./File.ts"

/** Whether a file begins as our own exports do, gzipped or not. */
export const isExport = (head: Uint8Array): boolean => {
  const start = Buffer.from(exportHeader)
  const begins = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, start.length)).equals(start)
  if (!isGzip(head)) return begins(head)
  const unpacked = Either.try(() =>
    gunzipSync(head.subarray(0, 4_096), { finishFlush: constants.Z_SYNC_FLUSH })
  )
  return Either.isRight(unpacked) && begins(unpacked.right)
}

const decodeStatement = Schema.decodeUnknownEither(Schema.parseJson(ExportedStatement))
const decodeEnd = Schema.decodeUnknownEither(Schema.parseJson(ExportEnd))

const toProfile = ({
  avatar,
  fields,
  handle,
  observedAt,
  platform,
  ...said
}: ExportedStatement): ScrapedProfile => ({
  platform,
  handle,
  fields,
  observedAt,
  avatar:
    avatar === undefined
      ? undefined
      : { contentType: avatar.contentType, bytes: Buffer.from(avatar.base64, "base64") },
  said
})

const isUnreadable = <E>(error: E | FileUnreadable): error is FileUnreadable =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "FileUnreadable"

/** The profiles of an export: every statement keeps its source and its times, so the same profiles come of it. */
export const readExport = <E>(
  options: FileOptions,
  bytes: Stream.Stream<Uint8Array, E>
): Stream.Stream<FileBatch, SourceFailed | E> =>
  Stream.suspend(() => {
    const from = options.resume ?? startOfFile
    let line = 0
    let bytesRead = 0
    let seen = 0
    let statements: number | undefined
    let { rejected, rejections } = from
    let rows = from.rows
    let pending: Array<ScrapedProfile> = []
    let pendingRows = 0

    const failed = (detail: string) => new SourceFailed({ source: options.name, detail })

    const batch = (): FileBatch => {
      const profiles = pending
      pending = []
      pendingRows = 0
      const counts = { rows, rejected, repaired: 0, rejections }
      const notes = [
        "This is an export: every figure keeps its source and its times. Statements that are known already change nothing, and are counted as they were the first time."
      ]
      return {
        profiles,
        report: { ...counts, columns: [], notes },
        checkpoint: { ...counts, tallies: {} },
        bytesRead
      }
    }

    const reject = (rejection: Rejection): void => {
      rejected++
      if (rejections.length < maxListedRejections) rejections = [...rejections, rejection]
    }

    const take = (text: string): ReadonlyArray<FileBatch> => {
      line++
      if (line === 1 || text.trim() === "") return []
      const end = decodeEnd(text)
      if (Either.isRight(end)) {
        statements = end.right.statements
        return []
      }
      seen++
      if (seen <= from.rows) return []
      rows++
      pendingRows++
      const decoded = decodeStatement(text)
      if (Either.isRight(decoded)) pending.push(toProfile(decoded.right))
      else {
        const [issue] = ParseResult.ArrayFormatter.formatErrorSync(decoded.left)
        reject({
          line,
          column: issue?.path.map(String).join(".") || null,
          value: text.slice(0, 100),
          reason: `row rejected: ${issue?.message ?? "not a statement"}`
        })
      }
      return pendingRows === batchRows ? [batch()] : []
    }

    const counted = Stream.tap(bytes, (piece) =>
      Effect.sync(() => {
        bytesRead += piece.length
      })
    )
    const ending = Stream.suspend(() => {
      const last = Stream.make(batch())
      if (statements === seen) return last
      const detail =
        statements === undefined
          ? `The export breaks off after ${seen} statements. Export it once more: what was read stays, and is recognised.`
          : `The export says that it has ${statements} statements, and has ${seen}. Export it once more.`
      return Stream.concat(last, Stream.fail(failed(detail)))
    })
    return decompress(counted, options.maxUnpackedBytes).pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.mapConcat(take),
      Stream.concat(ending),
      Stream.mapError((error) => (isUnreadable(error) ? failed(`${error.message} ${error.hint}`) : error))
    )
  })
