import type { Database as BunDatabase } from "bun:sqlite"
import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { bucketStart, nextBucket, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import type { Range, Rollup } from "@influscope/ports/TimeSeries"
import * as Option from "effect/Option"
import { type Buckets, coarser, joined, rolledUp, toRollups } from "./Buckets.ts"
import { lastInChunks, readChunks } from "./Chunks.ts"
import { type Figures, figuresAt } from "./Closes.ts"
import { compactedUntil } from "./Compaction.ts"
import { lastHeadRow, placeIn, readHead } from "./Head.ts"
import { readKept } from "./Kept.ts"
import { columnOfMetric, type Points, toDataPoint } from "./Points.ts"
import { readRollups } from "./RollupRows.ts"
import { findSeries } from "./SeriesNumbers.ts"
import {
  allMembers,
  bitOf,
  blockOf,
  blockSize,
  dayOf,
  daySeconds,
  endOfTime,
  memberOf,
  seriesOf
} from "./Tables.ts"

/** Points of a series from `from` on and before `to`, at most `limit`, oldest first: those in the head are the last. */
const readSeries = (db: BunDatabase, series: number, from: number, to: number, limit?: number): Points => {
  const points = readChunks(db, series, from, to, limit)
  const member = memberOf(series)
  const rest = limit === undefined ? undefined : limit - points.count
  for (const row of readHead(db, blockOf(series), from, to, bitOf(member), rest)) {
    const place = placeIn(row, member)
    if (place !== undefined) points.append(row.points, place, place + 1)
  }
  return points
}

const within = (range: Range, from: number): { readonly from: number; readonly to: number } => ({
  from: Math.min(endOfTime, Math.max(range.from, from, 0)),
  to: Math.min(endOfTime, Math.max(range.to, 0))
})

export const pointsOfSeries = (db: BunDatabase, id: InfluencerId, range: Range): ReadonlyArray<DataPoint> => {
  const [series] = findSeries(db, [id])
  if (series === undefined) return []
  const { from, to } = within(range, readKept(db).raw)
  const points = readSeries(db, series, from, to, range.limit)
  return Array.from({ length: points.count }, (_, at) => toDataPoint(points, id, at))
}

/**
 * Buckets of a series from the start of one to the end of another, in runs that follow each other; not all of them when
 * there are more than `limit`.
 */
export const bucketsOfSeries = (
  db: BunDatabase,
  series: number,
  level: RollupLevel,
  from: number,
  to: number,
  limit?: number
): ReadonlyArray<Buckets> => {
  const rolled = dayOf(compactedUntil(db, blockOf(series)))
  const recent = (stored: "hour" | "day"): Buckets =>
    rolledUp(readSeries(db, series, Math.max(from, rolled), to), stored)
  if (level === "hour" || level === "day")
    return [...readRollups(db, series, level, from, Math.min(to, rolled), limit), recent(level)]
  // Weeks and months are made of all their days.
  return [
    coarser(joined([...readRollups(db, series, "day", from, Math.min(to, rolled)), recent("day")]), level)
  ]
}

export const rollupsOfSeries = (
  db: BunDatabase,
  id: InfluencerId,
  level: RollupLevel,
  range: Range,
  metrics: ReadonlyArray<MetricName> = metricNames
): ReadonlyArray<Rollup> => {
  const [series] = findSeries(db, [id])
  const { from, to } = within(range, readKept(db)[level])
  if (series === undefined || from >= to) return []
  const start = bucketStart(level, from)
  const first = start === from ? from : nextBucket(level, start)
  const end = Math.min(endOfTime, nextBucket(level, bucketStart(level, to - 1)))
  const rollups: Array<Rollup> = []
  for (const run of bucketsOfSeries(db, series, level, first, end, range.limit))
    for (const rollup of toRollups(run, range.limit - rollups.length, metrics)) rollups.push(rollup)
  return rollups
}

/** The last point of a series at or before a time. */
const lastPoint = (db: BunDatabase, id: InfluencerId, series: number, at: number): DataPoint | undefined => {
  const member = memberOf(series)
  const row = lastHeadRow(db, blockOf(series), at + 1, bitOf(member))
  const place = row === undefined ? undefined : placeIn(row, member)
  if (row !== undefined && place !== undefined) return toDataPoint(row.points, id, place)
  const points = lastInChunks(db, series, at)
  return points.count === 0 ? undefined : toDataPoint(points, id, 0)
}

export const lastPoints = (
  db: BunDatabase,
  ids: ReadonlyArray<InfluencerId>,
  at: number
): ReadonlyArray<Option.Option<DataPoint>> => {
  const kept = readKept(db).raw
  const numbers = findSeries(db, ids)
  return ids.map((id, place) => {
    const series = numbers[place]
    const point = series === undefined ? undefined : lastPoint(db, id, series, Math.min(at, endOfTime - 1))
    return point === undefined || point.time < kept ? Option.none() : Option.some(point)
  })
}

/** The last figures of a metric (by its place in metricNames) of a block's members at the end of a day. */
const lastFigures = (db: BunDatabase, block: number, day: number, metric: number): Figures => {
  const figures = figuresAt(db, block, day, metric)
  // What is in the head is later than what is in chunks.
  let missing = allMembers
  let before = day + daySeconds
  for (;;) {
    const row = missing === 0 ? undefined : lastHeadRow(db, block, before, missing, 1 << metric)
    if (row === undefined) return figures
    before = row.time
    for (let member = 0; member < blockSize; member++) {
      const place = placeIn(row, member)
      const value = place === undefined ? undefined : row.points.valueAt(columnOfMetric(metric), place)
      if (value === undefined || Number.isNaN(value) || (missing & bitOf(member)) === 0) continue
      figures.values[member] = value
      figures.days[member] = dayOf(row.time)
      missing = (missing & ~bitOf(member)) >>> 0
    }
  }
}

export interface SeriesChange {
  readonly series: number
  readonly start: number
  readonly end: number
}

/** How far a metric of a block's members went between two days; only of those that began above 0. */
export const changesOfBlock = (
  db: BunDatabase,
  block: number,
  metric: number,
  from: number,
  to: number
): ReadonlyArray<SeriesChange> => {
  const kept = readKept(db).day
  const before = lastFigures(db, block, dayOf(from), metric)
  const after = lastFigures(db, block, dayOf(to), metric)
  const changes: Array<SeriesChange> = []
  for (let member = 0; member < blockSize; member++) {
    const start = before.values[member] ?? Number.NaN
    const end = after.values[member] ?? Number.NaN
    if (start > 0 && end >= 0 && (before.days[member] ?? 0) >= kept && (after.days[member] ?? 0) >= kept)
      changes.push({ series: seriesOf(block, member), start, end })
  }
  return changes
}
