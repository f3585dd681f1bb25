import type { Database as BunDatabase } from "bun:sqlite"
import { type Buckets, packBuckets, unpackBuckets } from "./Buckets.ts"
import { kinds, pack, Unpacker } from "./Packing.ts"
import { daySeconds } from "./Tables.ts"
import { merged } from "./Timeline.ts"

/** The levels that are stored; weeks and months follow from days. */
export type StoredLevel = "hour" | "day"

const tables = { hour: "hours", day: "days" } as const
/** Time that a row covers. Windows of days are made of whole windows of hours. */
export const windowSeconds = { hour: 16 * daySeconds, day: 512 * daySeconds } as const

export const windowOf = (level: StoredLevel, time: number): number => time - (time % windowSeconds[level])

interface StoredRow {
  readonly window: number
  readonly buckets: Uint8Array
}

const unpackRow = (series: number, row: StoredRow): Buckets =>
  unpackBuckets(new Unpacker(kinds.buckets, series, row.window, row.buckets))

/** Stored buckets that start from `from` on and before `to`, by window; no more are read once there are `limit`. */
export const readRollups = (
  db: BunDatabase,
  series: number,
  level: StoredLevel,
  from: number,
  to: number,
  limit = Number.POSITIVE_INFINITY
): ReadonlyArray<Buckets> => {
  const windows: Array<Buckets> = []
  let count = 0
  for (let next = windowOf(level, from); next < to && count < limit; ) {
    const row = db
      .query<StoredRow, [number, number, number]>(
        `SELECT key - (?1 << 32) AS window, buckets FROM ${tables[level]}
         WHERE key >= (?1 << 32) + ?2 AND key < (?1 << 32) + ?3 ORDER BY key LIMIT 1`
      )
      .get(series, next, to)
    if (row === null) break
    const buckets = unpackRow(series, row).between(from, to)
    windows.push(buckets)
    count += buckets.count
    next = row.window + windowSeconds[level]
  }
  return windows
}

/** Stores buckets that are all in one window, over those with the same start. */
export const putRollups = (db: BunDatabase, series: number, level: StoredLevel, fresh: Buckets): void => {
  if (fresh.count === 0) return
  const window = windowOf(level, fresh.timeAt(0))
  const stored = db
    .query<StoredRow, [number, number]>(
      `SELECT ?2 AS window, buckets FROM ${tables[level]} WHERE key = (?1 << 32) + ?2`
    )
    .get(series, window)
  const buckets = stored === null ? fresh : merged(fresh, unpackRow(series, stored))
  db.query<never, [number, number, Uint8Array]>(
    `INSERT OR REPLACE INTO ${tables[level]} (key, buckets) VALUES ((?1 << 32) + ?2, ?3)`
  ).run(
    series,
    window,
    pack(kinds.buckets, series, window, (packer) => packBuckets(packer, buckets))
  )
}

/** Removes the rows whose whole window is before a time. */
export const trimRollups = (db: BunDatabase, series: number, level: StoredLevel, before: number): void => {
  db.query<never, [number, number]>(
    `DELETE FROM ${tables[level]} WHERE key >= ?1 << 32 AND key < (?1 << 32) + ?2`
  ).run(series, windowOf(level, before))
}

export const removeRollups = (db: BunDatabase, series: number): void => {
  for (const table of Object.values(tables))
    db.query<never, [number]>(`DELETE FROM ${table} WHERE key >= ?1 << 32 AND key < (?1 + 1) << 32`).run(
      series
    )
}
