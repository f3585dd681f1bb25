import type { Database as BunDatabase } from "bun:sqlite"
import { kinds, pack, Unpacker } from "./Packing.ts"
import { noPoints, type Points, packFigures, unpackFigures } from "./Points.ts"
import { endOfTime } from "./Tables.ts"
import { merged } from "./Timeline.ts"

/** Points of a chunk when it is left for the next one. */
const fullChunk = 512
/** Fewer than this do not begin a chunk: they stay with the one before. */
const leastChunk = 128

interface ChunkRow {
  readonly start: number
  readonly points: Uint8Array
}

interface Chunk {
  readonly start: number
  readonly points: Points
}

const unpackChunk = (series: number, row: ChunkRow | null): Chunk | undefined => {
  if (row === null) return undefined
  const unpacker = new Unpacker(kinds.chunk, series, row.start, row.points)
  const points = unpackFigures(unpacker, unpacker.times(unpacker.unsigned()))
  unpacker.end()
  return { start: row.start, points }
}

/** The chunk that a time falls into: the last one that begins by then. */
const chunkAt = (db: BunDatabase, series: number, time: number): Chunk | undefined =>
  unpackChunk(
    series,
    db
      .query<ChunkRow, [number, number]>(
        `SELECT key - (?1 << 32) AS start, points FROM chunks
         WHERE key >= ?1 << 32 AND key <= (?1 << 32) + ?2 ORDER BY key DESC LIMIT 1`
      )
      .get(series, time)
  )

const chunkAfter = (db: BunDatabase, series: number, time: number): Chunk | undefined =>
  unpackChunk(
    series,
    db
      .query<ChunkRow, [number, number]>(
        `SELECT key - (?1 << 32) AS start, points FROM chunks
         WHERE key > (?1 << 32) + ?2 AND key < (?1 + 1) << 32 ORDER BY key LIMIT 1`
      )
      .get(series, time)
  )

const startAfter = (db: BunDatabase, series: number, time: number): number =>
  db
    .query<{ start: number }, [number, number]>(
      `SELECT key - (?1 << 32) AS start FROM chunks
       WHERE key > (?1 << 32) + ?2 AND key < (?1 + 1) << 32 ORDER BY key LIMIT 1`
    )
    .get(series, time)?.start ?? endOfTime

const removeChunk = (db: BunDatabase, series: number, start: number): void => {
  db.query<never, [number, number]>("DELETE FROM chunks WHERE key = (?1 << 32) + ?2").run(series, start)
}

/** Writes points as chunks; `replaced` is the start of the one that they were in. */
const writeChunks = (db: BunDatabase, series: number, points: Points, replaced: number | undefined): void => {
  if (replaced !== undefined && points.timeAt(0) !== replaced) removeChunk(db, series, replaced)
  for (let from = 0; from < points.count; ) {
    const rest = points.count - from
    const part = points.slice(from, from + (rest < fullChunk + leastChunk ? rest : fullChunk))
    const start = part.timeAt(0)
    const blob = pack(kinds.chunk, series, start, (packer) => {
      packer.unsigned(part.count)
      packer.times(part.times, part.count)
      packFigures(packer, part)
    })
    db.query<never, [number, number, Uint8Array]>(
      "INSERT OR REPLACE INTO chunks (key, points) VALUES ((?1 << 32) + ?2, ?3)"
    ).run(series, start, blob)
    from += part.count
  }
}

/** Points of a series from `from` on and before `to`, at most `limit`. */
export const readChunks = (
  db: BunDatabase,
  series: number,
  from: number,
  to: number,
  limit = Number.POSITIVE_INFINITY
): Points => {
  const found = noPoints()
  let chunk = chunkAt(db, series, from) ?? chunkAfter(db, series, from)
  while (chunk !== undefined && chunk.start < to && found.count < limit) {
    const start = chunk.points.rowOf(from)
    found.append(
      chunk.points,
      start,
      Math.max(start, Math.min(chunk.points.rowOf(to), start + limit - found.count))
    )
    chunk = chunkAfter(db, series, chunk.start)
  }
  return found
}

/** The last point of a series at or before a time, if any. */
export const lastInChunks = (db: BunDatabase, series: number, time: number): Points => {
  const points = chunkAt(db, series, time)?.points
  if (points === undefined) return noPoints()
  const end = points.rowOf(time + 1)
  return points.slice(end - 1, end)
}

/** When the first point of a series at or after a time is. */
export const firstTimeInChunks = (db: BunDatabase, series: number, from: number): number | undefined => {
  const points = readChunks(db, series, from, endOfTime, 1)
  return points.count === 0 ? undefined : points.timeAt(0)
}

/** Adds points to the chunks they fall into; what is there already stays. Answers how many were new. */
export const addToChunks = (db: BunDatabase, series: number, added: Points): number => {
  let fresh = 0
  for (let from = 0; from < added.count; ) {
    const time = added.timeAt(from)
    const chunk = chunkAt(db, series, time) ?? chunkAfter(db, series, time)
    const end =
      chunk === undefined ? added.count : added.rowOf(startAfter(db, series, Math.max(chunk.start, time)))
    const before = chunk?.points ?? noPoints()
    const all = merged(before, added.slice(from, end))
    if (all.count > before.count) writeChunks(db, series, all, chunk?.start)
    fresh += all.count - before.count
    from = end
  }
  return fresh
}

/** Removes the points before a time; answers how many there were. */
export const trimChunks = (db: BunDatabase, series: number, before: number): number => {
  let removed = 0
  for (;;) {
    const chunk = chunkAfter(db, series, -1)
    if (chunk === undefined || chunk.start >= before) return removed
    const kept = chunk.points.between(before, endOfTime)
    removed += chunk.points.count - kept.count
    removeChunk(db, series, chunk.start)
    writeChunks(db, series, kept, undefined)
  }
}
