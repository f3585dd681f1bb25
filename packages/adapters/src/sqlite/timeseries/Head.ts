import type { Database as BunDatabase } from "bun:sqlite"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { kinds, pack, Unpacker } from "./Packing.ts"
import { metricMask, noPoints, type Points, packFigures, pushPoint, unpackFigures } from "./Points.ts"
import { allMembers, bitOf, blockSize } from "./Tables.ts"

/** New points of a block with one nominal time. */
export interface HeadRow {
  readonly time: number
  /** Bit n: the block's n-th series has a point. */
  readonly members: number
  /** In the order of the members. */
  readonly points: Points
}

interface StoredRow {
  readonly time: number
  readonly members: number
  readonly points: Uint8Array
}

const ones = (bits: number): number => {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

/** Where in the points of a row a member's is; undefined when it has none. */
export const placeIn = (row: HeadRow, member: number): number | undefined =>
  (row.members & bitOf(member)) === 0 ? undefined : ones(row.members & (bitOf(member) - 1))

const unpackRow = (block: number, { members, points, time }: StoredRow): HeadRow => {
  const unpacker = new Unpacker(kinds.head, block, time, points)
  if (unpacker.unsigned() !== members) throw unpacker.damage("its series are others")
  const row = { time, members, points: unpackFigures(unpacker, new Float64Array(ones(members)).fill(time)) }
  unpacker.end()
  return row
}

/** Rows from `from` on and before `to` that have one of some members, oldest first. */
export const readHead = (
  db: BunDatabase,
  block: number,
  from: number,
  to: number,
  members = allMembers,
  limit = Number.POSITIVE_INFINITY
): ReadonlyArray<HeadRow> =>
  db
    .query<StoredRow, [number, number, number, number, number]>(
      `SELECT key - (?1 << 32) AS time, members, points FROM head
       WHERE key >= (?1 << 32) + ?2 AND key < (?1 << 32) + ?3 AND members & ?4 ORDER BY key LIMIT ?5`
    )
    .all(block, from, to, members, Number.isFinite(limit) ? limit : -1)
    .map((row) => unpackRow(block, row))

/** The last row before a time that has one of some members and, where it is given, one of some metrics. */
export const lastHeadRow = (
  db: BunDatabase,
  block: number,
  before: number,
  members: number,
  metrics = -1
): HeadRow | undefined => {
  const row = db
    .query<StoredRow, [number, number, number, number]>(
      `SELECT key - (?1 << 32) AS time, members, points FROM head
       WHERE key >= ?1 << 32 AND key < (?1 << 32) + ?2 AND members & ?3 AND (?4 < 0 OR metrics & ?4)
       ORDER BY key DESC LIMIT 1`
    )
    .get(block, before, members, metrics)
  return row === null ? undefined : unpackRow(block, row)
}

/** Times of the first and the last row of a block. */
export const headExtent = (
  db: BunDatabase,
  block: number
): { readonly oldest: number; readonly newest: number } | undefined => {
  const row = db
    .query<{ oldest: number | null; newest: number | null }, [number]>(
      `SELECT (SELECT min(key) FROM head WHERE key >= ?1 << 32 AND key < (?1 + 1) << 32) - (?1 << 32) AS oldest,
              (SELECT max(key) FROM head WHERE key >= ?1 << 32 AND key < (?1 + 1) << 32) - (?1 << 32) AS newest`
    )
    .get(block)
  const { newest = null, oldest = null } = row ?? {}
  return oldest === null || newest === null ? undefined : { oldest, newest }
}

/** The first block from a number on that has rows. */
export const nextHeadBlock = (db: BunDatabase, from: number): number | undefined =>
  db
    .query<{ block: number }, [number]>(
      "SELECT key >> 32 AS block FROM head WHERE key >= ?1 << 32 ORDER BY key LIMIT 1"
    )
    .get(from)?.block

/** Adds points of one time, by member, to the row of that time. What is there stays. Answers how many were new. */
export const addToHead = (
  db: BunDatabase,
  block: number,
  time: number,
  added: ReadonlyMap<number, DataPoint>
): number => {
  const stored = db
    .query<StoredRow, [number, number]>(
      "SELECT ?2 AS time, members, points FROM head WHERE key = (?1 << 32) + ?2"
    )
    .get(block, time)
  const present = stored === null ? undefined : unpackRow(block, stored)
  const points = noPoints(blockSize)
  let members = 0
  let fresh = 0
  for (let member = 0; member < blockSize; member++) {
    const place = present === undefined ? undefined : placeIn(present, member)
    const point = added.get(member)
    if (present !== undefined && place !== undefined) points.append(present.points, place, place + 1)
    else if (point !== undefined) {
      pushPoint(points, point)
      fresh++
    } else continue
    members |= bitOf(member)
  }
  if (fresh === 0) return 0
  const unsignedMembers = members >>> 0
  const blob = pack(kinds.head, block, time, (packer) => {
    packer.unsigned(unsignedMembers)
    packFigures(packer, points)
  })
  db.query<never, [number, number, number, number, Uint8Array]>(
    "INSERT OR REPLACE INTO head (key, members, metrics, points) VALUES ((?1 << 32) + ?2, ?3, ?4, ?5)"
  ).run(block, time, unsignedMembers, metricMask(points), blob)
  return fresh
}

/** Removes the rows before a time and answers their points by member. */
export const takeFromHead = (db: BunDatabase, block: number, before: number): Map<number, Points> => {
  const taken = new Map<number, Points>()
  const rows = readHead(db, block, 0, before)
  for (const row of rows) {
    let place = 0
    for (let member = 0; member < blockSize; member++) {
      if ((row.members & bitOf(member)) === 0) continue
      const points = taken.get(member) ?? noPoints(rows.length)
      taken.set(member, points)
      points.append(row.points, place, place + 1)
      place++
    }
  }
  if (rows.length > 0)
    db.query<never, [number, number]>("DELETE FROM head WHERE key >= ?1 << 32 AND key < (?1 << 32) + ?2").run(
      block,
      before
    )
  return taken
}
