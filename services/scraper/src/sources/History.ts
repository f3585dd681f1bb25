import type { ProfileId } from "@influscope/domain/ProfileId"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { type HistoryReport, readHistory } from "@influscope/tabular/HistoryFile"
import * as Stream from "effect/Stream"
import type { SourceFailed } from "../Sources.ts"
import { type BatchRead, type FileOptions, failedOn } from "./File.ts"

/** The points of up to 500 rows of a history, and what is known about the file so far. */
export interface PointsBatch extends BatchRead {
  readonly points: ReadonlyArray<DataPoint>
}

const dayOf = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 10)

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

const notesOf = ({ from, missingDays, notes, points, series, to }: HistoryReport): ReadonlyArray<string> => {
  if (from === undefined || to === undefined) return notes
  const extent = `${counted(points, "point")} of ${counted(series, "influencer")}, ${dayOf(from)} to ${dayOf(to)}`
  const gaps = missingDays === 0 ? "" : `; ${counted(missingDays, "day")} between them without one`
  return [...notes, `${extent}${gaps}.`]
}

export interface HistoryOptions extends Omit<FileOptions, "resume"> {
  /** Whom all of a file is about that does not say it itself. */
  readonly account: ProfileId | undefined
}

/** The points of a file with figures over time: the source behind imports of history. */
export const readPoints = <E>(
  options: HistoryOptions,
  bytes: Stream.Stream<Uint8Array, E>
): Stream.Stream<PointsBatch, SourceFailed | E> =>
  readHistory(bytes, {
    fileName: options.name,
    platform: options.platform,
    map: options.map,
    maxUnpackedBytes: options.maxUnpackedBytes,
    account: options.account
  }).pipe(
    Stream.map(({ bytesRead, points, report }) => ({
      points,
      report: { ...report, notes: notesOf(report) },
      checkpoint: null,
      bytesRead
    })),
    Stream.mapError(failedOn<E>(options.name))
  )
