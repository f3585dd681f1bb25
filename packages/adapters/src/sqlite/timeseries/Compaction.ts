import type { Database as BunDatabase } from "bun:sqlite"
import { coarser, joined, rolledUp } from "./Buckets.ts"
import { addToChunks, firstTimeInChunks, readChunks, trimChunks } from "./Chunks.ts"
import { type LastFigures, lastOfDays, lastOfPoints, trimCloses, updateCloses } from "./Closes.ts"
import { takeFromHead } from "./Head.ts"
import type { Kept } from "./Kept.ts"
import type { Points } from "./Points.ts"
import { putRollups, readRollups, trimRollups, windowOf, windowSeconds } from "./RollupRows.ts"
import { blockSize, dayOf, daySeconds, endOfTime, seriesOf } from "./Tables.ts"
import { merged } from "./Timeline.ts"

/** Before this time the points of a block are in chunks, and those of whole days in rollups as well. */
export const compactedUntil = (db: BunDatabase, block: number): number =>
  db.query<{ compacted: number }, [number]>("SELECT compacted FROM blocks WHERE block = ?").get(block)
    ?.compacted ?? 0

/** Rolls up all points of a stretch of whole days. */
const roll = (db: BunDatabase, series: number, from: number, to: number): void => {
  for (let next: number | undefined = from; next !== undefined && next < to; ) {
    const end = Math.min(to, windowOf("hour", next) + windowSeconds.hour)
    const hours = rolledUp(readChunks(db, series, dayOf(next), end), "hour")
    putRollups(db, series, "hour", hours)
    putRollups(db, series, "day", coarser(hours, "day"))
    next = end < to ? firstTimeInChunks(db, series, end) : undefined
  }
}

/** Parts of points by windows of hours. */
const byWindow = (points: Points): ReadonlyArray<Points> => {
  const parts: Array<Points> = []
  for (let from = 0; from < points.count; ) {
    const end = points.rowOf(windowOf("hour", points.timeAt(from)) + windowSeconds.hour)
    parts.push(points.slice(from, end))
    from = end
  }
  return parts
}

const firstDay = (points: Points): number => dayOf(points.timeAt(0))
const dayAfter = (points: Points): number => dayOf(points.timeAt(-1)) + daySeconds

/** The last figures of all days of a series from one on, of its points in chunks; days before `rolled` are stored. */
const lastFiguresFrom = (db: BunDatabase, series: number, from: number, rolled: number): LastFigures =>
  merged(
    lastOfDays(joined(readRollups(db, series, "day", from, rolled))),
    lastOfPoints(readChunks(db, series, Math.max(from, rolled), endOfTime))
  )

/**
 * Moves what the head of a block has before `until` into chunks, together with `added` (by member, all of it before
 * `until` or before what was compacted already), and rolls up the days that are complete or changed. Answers how many of
 * the added points were new.
 */
export const compact = (
  db: BunDatabase,
  block: number,
  until: number,
  added: ReadonlyMap<number, Points>
): number => {
  const before = compactedUntil(db, block)
  const end = Math.max(before, until)
  const rolledBefore = dayOf(before)
  const rolled = dayOf(end)
  const fromHead = takeFromHead(db, block, end)
  const changed = new Map<number, LastFigures>()
  let fresh = 0
  for (let member = 0; member < blockSize; member++) {
    const series = seriesOf(block, member)
    const moved = fromHead.get(member)
    if (moved !== undefined) addToChunks(db, series, moved)
    const late = added.get(member)
    const freshHere = late === undefined ? 0 : addToChunks(db, series, late)
    fresh += freshHere
    if (rolled > rolledBefore) roll(db, series, rolledBefore, rolled)
    if (late === undefined || freshHere === 0) {
      if (moved !== undefined) changed.set(member, lastOfPoints(moved))
      continue
    }
    for (const part of byWindow(late.between(0, rolledBefore)))
      roll(db, series, firstDay(part), Math.min(rolledBefore, dayAfter(part)))
    const from = Math.min(firstDay(late), moved === undefined ? endOfTime : firstDay(moved))
    changed.set(member, lastFiguresFrom(db, series, from, rolled))
  }
  updateCloses(db, block, changed)
  db.query<never, [number, number]>("UPDATE blocks SET compacted = ? WHERE block = ?").run(end, block)
  return fresh
}

/** Rolls up points of a block, by member, that are too old to be kept. Nothing may be known of their buckets. */
export const rollOldPoints = (
  db: BunDatabase,
  block: number,
  byMember: ReadonlyMap<number, Points>,
  kept: Kept
): void => {
  const rolled = dayOf(compactedUntil(db, block))
  const changed = new Map<number, LastFigures>()
  for (const [member, points] of byMember) {
    const series = seriesOf(block, member)
    for (const part of byWindow(points)) {
      putRollups(db, series, "hour", rolledUp(part, "hour").between(kept.hour, endOfTime))
      // Days have more hours than the new ones, as far as hours are kept.
      const hours = joined(
        readRollups(db, series, "hour", Math.max(kept.hour, firstDay(part)), dayAfter(part))
      )
      putRollups(
        db,
        series,
        "day",
        merged(rolledUp(part.between(0, kept.hour), "day"), coarser(hours, "day"))
      )
    }
    changed.set(member, lastFiguresFrom(db, series, firstDay(points), rolled))
  }
  updateCloses(db, block, changed)
}

/** Removes what is no longer kept of a block; answers how many points. */
export const trim = (db: BunDatabase, block: number, kept: Kept): number => {
  let removed = 0
  for (let member = 0; member < blockSize; member++) {
    const series = seriesOf(block, member)
    removed += trimChunks(db, series, kept.raw)
    trimRollups(db, series, "hour", kept.hour)
    trimRollups(db, series, "day", Math.min(kept.day, kept.week, kept.month))
  }
  trimCloses(db, block, kept.day)
  db.query<never, [number, number]>("UPDATE blocks SET trimmed = ? WHERE block = ?").run(
    kept.generation,
    block
  )
  return removed
}
