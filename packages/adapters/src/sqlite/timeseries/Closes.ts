import type { Database as BunDatabase } from "bun:sqlite"
import { metricNames } from "@influscope/domain/tracking/DataPoint"
import { type Buckets, lastColumn } from "./Buckets.ts"
import { kinds, pack, Unpacker } from "./Packing.ts"
import { columnOfMetric, type Points } from "./Points.ts"
import { blockSize, dayOf, daySeconds } from "./Tables.ts"
import { Timeline } from "./Timeline.ts"

/** The last figures of one metric at the end of a day, by member; NaN where there is none. */
export interface Figures {
  readonly values: Float64Array
  /** The day (its start) that each figure is of. */
  readonly days: Float64Array
}

/** By the place in metricNames; undefined where no member has the metric. */
type Closes = Array<Figures | undefined>

interface StoredRow {
  readonly day: number
  readonly figures: Uint8Array
}

export const noFigures = (): Figures => ({
  values: new Float64Array(blockSize).fill(Number.NaN),
  days: new Float64Array(blockSize).fill(Number.NaN)
})

const unpackCloses = (block: number, row: StoredRow): Closes => {
  const unpacker = new Unpacker(kinds.closes, block, row.day, row.figures)
  const closes = metricNames.map(() => {
    if (unpacker.unsigned() === 0) return undefined
    return {
      values: unpacker.sparse(blockSize),
      days: unpacker.sparse(blockSize).map((age) => row.day - age * daySeconds)
    }
  })
  unpacker.end()
  return closes
}

const writeCloses = (db: BunDatabase, block: number, day: number, closes: Closes): void => {
  const blob = pack(kinds.closes, block, day, (packer) => {
    for (const figures of closes) {
      packer.unsigned(figures === undefined ? 0 : 1)
      if (figures === undefined) continue
      packer.sparse(figures.values, blockSize)
      packer.sparse(
        figures.days.map((of) => (day - of) / daySeconds),
        blockSize
      )
    }
  })
  db.query<never, [number, number, Uint8Array]>(
    "INSERT OR REPLACE INTO closes (key, figures) VALUES ((?1 << 32) + ?2, ?3)"
  ).run(block, day, blob)
}

/** What is known at the end of a day: of the last row that is not after it. */
const closesAt = (db: BunDatabase, block: number, day: number): Closes => {
  const row = db
    .query<StoredRow, [number, number]>(
      `SELECT key - (?1 << 32) AS day, figures FROM closes
       WHERE key >= ?1 << 32 AND key <= (?1 << 32) + ?2 ORDER BY key DESC LIMIT 1`
    )
    .get(block, day)
  return row === null ? metricNames.map(() => undefined) : unpackCloses(block, row)
}

/** The last figures of a metric (by its place in metricNames) at the end of a day, of the points in chunks. */
export const figuresAt = (db: BunDatabase, block: number, day: number, metric: number): Figures =>
  closesAt(db, block, day)[metric] ?? noFigures()

const rowDays = (db: BunDatabase, block: number, from: number): ReadonlyArray<number> =>
  db
    .query<{ day: number }, [number, number]>(
      `SELECT key - (?1 << 32) AS day FROM closes
       WHERE key >= (?1 << 32) + ?2 AND key < (?1 + 1) << 32 ORDER BY key`
    )
    .all(block, from)
    .map((row) => row.day)

const setFigure = (closes: Closes, metric: number, member: number, value: number, day: number): void => {
  const figures = closes[metric] ?? noFigures()
  closes[metric] = figures
  figures.values[member] = value
  figures.days[member] = day
}

const copyMember = (from: Closes, to: Closes, member: number): void => {
  for (const [metric, figures] of from.entries()) {
    const value = figures?.values[member] ?? Number.NaN
    if (!Number.isNaN(value)) setFigure(to, metric, member, value, figures?.days[member] ?? 0)
  }
}

/** The last figures of a series on each of its days; metrics in the order of metricNames. */
export type LastFigures = Timeline

const noLastFigures = (): LastFigures => new Timeline(metricNames.length)

export const lastOfDays = (days: Buckets): LastFigures => {
  const figures = noLastFigures()
  figures.count = days.count
  figures.times = days.times
  for (let metric = 0; metric < metricNames.length; metric++)
    figures.columns[metric] = days.columns[lastColumn(metric)]
  return figures
}

export const lastOfPoints = (points: Points): LastFigures => {
  const figures = noLastFigures()
  for (let row = 0; row < points.count; row++) {
    const day = dayOf(points.timeAt(row))
    if (day !== figures.timeAt(-1)) figures.push(day)
    for (let metric = 0; metric < metricNames.length; metric++) {
      const value = points.valueAt(columnOfMetric(metric), row)
      if (!Number.isNaN(value)) figures.set(metric, value)
    }
  }
  return figures
}

/**
 * Takes over what changed, by member: all the last figures that it has in chunks from some day on, or such as are later
 * than everything it had.
 */
export const updateCloses = (
  db: BunDatabase,
  block: number,
  changed: ReadonlyMap<number, LastFigures>
): void => {
  const changedDays = new Set<number>()
  for (const figures of changed.values())
    for (let row = 0; row < figures.count; row++) changedDays.add(figures.timeAt(row))
  if (changedDays.size === 0) return
  const first = Math.min(...changedDays)
  const present = new Set(rowDays(db, block, first))
  let before = closesAt(db, block, first - 1)
  for (const day of [...new Set([...present, ...changedDays])].sort((a, b) => a - b)) {
    const stored = present.has(day) ? closesAt(db, block, day) : before
    const closes: Closes = metricNames.map(() => undefined)
    for (let member = 0; member < blockSize; member++) {
      const figures = changed.get(member)
      // After the first change, a stored row may carry on what the member had before.
      copyMember(figures !== undefined && figures.timeAt(0) < day ? before : stored, closes, member)
      const row = figures?.rowOf(day) ?? 0
      if (figures === undefined || figures.timeAt(row) !== day) continue
      for (let metric = 0; metric < metricNames.length; metric++) {
        const value = figures.valueAt(metric, row)
        if (!Number.isNaN(value)) setFigure(closes, metric, member, value, day)
      }
    }
    writeCloses(db, block, day, closes)
    before = closes
  }
}

/** Removes all figures of a member. */
export const removeFromCloses = (db: BunDatabase, block: number, removed: number): void => {
  for (const day of rowDays(db, block, 0)) {
    const stored = closesAt(db, block, day)
    const closes: Closes = metricNames.map(() => undefined)
    for (let member = 0; member < blockSize; member++)
      if (member !== removed) copyMember(stored, closes, member)
    writeCloses(db, block, day, closes)
  }
}

export const trimCloses = (db: BunDatabase, block: number, before: number): void => {
  db.query<never, [number, number]>("DELETE FROM closes WHERE key >= ?1 << 32 AND key < (?1 << 32) + ?2").run(
    block,
    before
  )
}
