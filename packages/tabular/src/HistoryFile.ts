import { maxListedRejections, type Rejection } from "@influscope/domain/Imports"
import { type DataPoint, metricNames } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ReadReport, RowBatch } from "./FileReader.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import { type ReadOptions, read } from "./ProfileFile.ts"
import type { ProfileRow } from "./RowMapper.ts"

/** All that is known about the file after a batch: cumulative. Rows that gave no point count as rejected. */
export interface HistoryReport extends ReadReport {
  readonly points: number
  /** Influencers with a point. */
  readonly series: number
  /** First and last time of a point, epoch seconds; undefined when there is none. */
  readonly from: number | undefined
  readonly to: number | undefined
  /** UTC days without a point between two points of a series, in the order of the file. */
  readonly missingDays: number
}

/** The points of up to 500 rows, in the order of the file. */
export interface HistoryBatch {
  readonly points: ReadonlyArray<DataPoint>
  readonly report: HistoryReport
  /** Bytes taken from the source so far. */
  readonly bytesRead: number
}

export type HistoryOptions = Omit<ReadOptions, "resume" | "hasDays">

const secondsPerDay = 86_400

const noTimes = ({ columns }: ReadReport): FileUnreadable =>
  new FileUnreadable({
    reason: "time",
    message: "No column of the file holds dates, so nobody knows when its figures were true.",
    hint: `Pass --map COLUMN=observedAt with one of its columns: ${columns
      .map(({ name }) => name)
      .slice(0, 40)
      .join(", ")}.`
  })

/** Averages per post can have fractions in files; points have whole figures. */
const pointOf = (row: ProfileRow, observedAt: number): DataPoint => {
  const time = Math.floor(observedAt / 1_000)
  const point: { -readonly [K in keyof DataPoint]: DataPoint[K] } = {
    id: InfluencerId.make(`${row.platform}:${row.handle}`),
    time,
    observedAt: time
  }
  for (const metric of metricNames) {
    const figure = row.fields[metric]
    if (figure !== undefined) point[metric] = Math.round(figure)
  }
  return point
}

const hasFigures = (point: DataPoint): boolean => metricNames.some((metric) => point[metric] !== undefined)

/** Makes points of rows and keeps count. */
class History {
  private readonly latest = new Map<InfluencerId, { readonly time: number; readonly line: number }>()
  private readonly rejections: Array<Rejection> = []
  private rejected = 0
  private points = 0
  private from = Number.POSITIVE_INFINITY
  private to = Number.NEGATIVE_INFINITY
  private missingDays = 0

  take({ bytesRead, report, rows }: RowBatch<ProfileRow>): HistoryBatch {
    const points = rows.flatMap((row) => this.point(row) ?? [])
    this.points += points.length
    return {
      points,
      report: {
        ...report,
        rejected: report.rejected + this.rejected,
        rejections: [...report.rejections, ...this.rejections]
          .toSorted((a, b) => a.line - b.line)
          .slice(0, maxListedRejections),
        points: this.points,
        series: this.latest.size,
        from: this.points === 0 ? undefined : this.from,
        to: this.points === 0 ? undefined : this.to,
        missingDays: this.missingDays
      },
      bytesRead
    }
  }

  private point(row: ProfileRow): DataPoint | undefined {
    if (row.observedAt === undefined)
      return this.reject(row.line, "it does not say when its figures were true")
    const point = pointOf(row, row.observedAt)
    if (!hasFigures(point)) return this.reject(row.line, "it has no figures")
    const before = this.latest.get(point.id)
    if (before?.time === point.time)
      return this.reject(row.line, `it is about the same moment as line ${before.line}, which stays`)
    if (before !== undefined) {
      const days = Math.abs(Math.floor(point.time / secondsPerDay) - Math.floor(before.time / secondsPerDay))
      this.missingDays += Math.max(0, days - 1)
    }
    this.latest.set(point.id, { time: point.time, line: row.line })
    this.from = Math.min(this.from, point.time)
    this.to = Math.max(this.to, point.time)
    return point
  }

  private reject(line: number, reason: string): undefined {
    this.rejected++
    if (this.rejections.length < maxListedRejections)
      this.rejections.push({ line, column: null, value: "", reason: `row rejected: ${reason}` })
  }
}

/**
 * Reads figures over time (CSV in any dialect, JSON, JSON Lines, each also gzipped): a row is an influencer at a moment,
 * which is a column with dates or times, in UTC unless they say otherwise; a date alone is its first second. A table with
 * a column for each day is read as one with a row for each figure (`unfold`). Figures stay
 * as they are, rounded ones too. Of rows next to each other about the same moment the first stays, as in the store.
 * Fails with `FileUnreadable` when the file as a whole cannot be read (further); batches before the failure stand.
 */
export const readHistory = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: HistoryOptions
): Stream.Stream<HistoryBatch, E | FileUnreadable, R> =>
  Stream.suspend(() => {
    const history = new History()
    return read(bytes, { ...options, resume: undefined, hasDays: true }).pipe(
      Stream.mapEffect((batch) =>
        batch.report.columns.some(({ mappedTo }) => mappedTo === "observedAt")
          ? Effect.sync(() => history.take(batch))
          : Effect.fail(noTimes(batch.report))
      )
    )
  })
