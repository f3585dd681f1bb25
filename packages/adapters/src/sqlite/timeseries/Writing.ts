import type { Database as BunDatabase } from "bun:sqlite"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import {
  bucketStart,
  nextBucket,
  type RollupLevel,
  rollupLevels
} from "@influscope/domain/tracking/Resolution"
import { compact, compactedUntil, rollOldPoints } from "./Compaction.ts"
import { addToHead } from "./Head.ts"
import { type Kept, readKept } from "./Kept.ts"
import { noPoints, type Points, pointsOf } from "./Points.ts"
import { bucketsOfSeries } from "./Reading.ts"
import { type KnownBatches, makeSeries } from "./SeriesNumbers.ts"
import { blockOf, memberOf } from "./Tables.ts"
import { addToTotals } from "./Totals.ts"

/** So many points of one series at once are cheaper to write as a chunk than as rows of the head. */
const pointsForChunk = 16

type PointsByMember = ReadonlyMap<number, ReadonlyArray<DataPoint>>

/** The finest level that is kept at a time that is too old for single points. */
const finestKept = (kept: Kept, time: number): RollupLevel | undefined =>
  rollupLevels.find((level) => bucketStart(level, time) >= kept[level])

/** Those of points too old to be kept whose bucket, on the finest level that is kept, is not known yet. */
const unknownOldPoints = (
  db: BunDatabase,
  series: number | undefined,
  points: ReadonlyArray<DataPoint>,
  kept: Kept
): ReadonlyArray<DataPoint> =>
  rollupLevels.flatMap((level) => {
    const ofLevel = points.filter((point) => finestKept(kept, point.time) === level)
    if (series === undefined || ofLevel.length === 0) return ofLevel
    const starts = ofLevel.map((point) => bucketStart(level, point.time)).sort((a, b) => a - b)
    const from = Math.max(0, starts[0] ?? 0)
    const runs = bucketsOfSeries(db, series, level, from, nextBucket(level, starts[starts.length - 1] ?? 0))
    const known = new Set(runs.flatMap((run) => [...run.times.slice(0, run.count)]))
    return ofLevel.filter((point) => !known.has(bucketStart(level, point.time)))
  })

/** Writes points of one block; answers how many were new. */
const writeBlock = (db: BunDatabase, block: number, byMember: PointsByMember): number => {
  const compacted = compactedUntil(db, block)
  let until = compacted
  for (const points of byMember.values())
    if (points.length >= pointsForChunk) for (const { time } of points) until = Math.max(until, time + 1)
  const direct = new Map<number, Points>()
  const byTime = new Map<number, Map<number, DataPoint>>()
  for (const [member, points] of byMember) {
    const early = points.filter((point) => point.time < until)
    if (early.length > 0) direct.set(member, pointsOf(early))
    for (const point of points) {
      if (point.time < until) continue
      const row = byTime.get(point.time) ?? new Map<number, DataPoint>()
      byTime.set(point.time, row)
      if (!row.has(member)) row.set(member, point)
    }
  }
  let fresh = direct.size === 0 ? 0 : compact(db, block, until, direct)
  for (const [time, row] of byTime) fresh += addToHead(db, block, time, row)
  return fresh
}

const byInfluencer = (points: ReadonlyArray<DataPoint>): Map<InfluencerId, Array<DataPoint>> => {
  const byId = new Map<InfluencerId, Array<DataPoint>>()
  for (const point of points) {
    const known = byId.get(point.id)
    if (known === undefined) byId.set(point.id, [point])
    else known.push(point)
  }
  return byId
}

/** Sets something of a member of a block. */
const setMember = <A>(blocks: Map<number, Map<number, A>>, series: number, value: A): void => {
  const block = blockOf(series)
  const members = blocks.get(block) ?? new Map<number, A>()
  blocks.set(block, members)
  members.set(memberOf(series), value)
}

/** Writes points; answers how many were new. */
export const writePoints = (
  db: BunDatabase,
  points: ReadonlyArray<DataPoint>,
  knownBatches: KnownBatches
): number => {
  const kept = readKept(db)
  const byId = byInfluencer(points)
  const numbers = knownBatches.find(db, [...byId.keys()])
  const blocks = new Map<number, Map<number, ReadonlyArray<DataPoint>>>()
  const oldBlocks = new Map<number, Map<number, Points>>()
  let at = 0
  let made = 0
  let counted = 0
  for (const [id, all] of byId) {
    const known = numbers[at++]
    const young = all.filter((point) => point.time >= kept.raw)
    const tooOld = young.length === all.length ? [] : all.filter((point) => point.time < kept.raw)
    const old = tooOld.length === 0 ? noPoints() : pointsOf(unknownOldPoints(db, known, tooOld, kept))
    if (young.length + old.count === 0) continue
    const series = known ?? makeSeries(db, id, kept)
    if (known === undefined) made++
    if (young.length > 0) setMember(blocks, series, young)
    if (old.count > 0) setMember(oldBlocks, series, old)
    counted += old.count
  }
  for (const [block, members] of oldBlocks) rollOldPoints(db, block, members, kept)
  let fresh = 0
  for (const [block, members] of blocks) fresh += writeBlock(db, block, members)
  addToTotals(db, made, fresh)
  return fresh + counted
}
