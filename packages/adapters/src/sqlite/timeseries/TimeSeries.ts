import type { Database as BunDatabase } from "bun:sqlite"
import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Retention } from "@influscope/domain/tracking/Retention"
import type { StorageError } from "@influscope/ports/StorageError"
import { type Change, TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeJoining } from "../../timeseries/Joining.ts"
import { make as openDatabase } from "../Database.ts"
import { trimChunks } from "./Chunks.ts"
import { removeFromCloses } from "./Closes.ts"
import { compact, trim } from "./Compaction.ts"
import { headExtent, lastHeadRow, nextHeadBlock } from "./Head.ts"
import { type Kept, keptAsOf, readKept, writeKept } from "./Kept.ts"
import type { Points } from "./Points.ts"
import { changesOfBlock, lastPoints, pointsOfSeries, rollupsOfSeries, type SeriesChange } from "./Reading.ts"
import { removeRollups } from "./RollupRows.ts"
import { findSeries, idOf, idsAfter, KnownBatches, removeSeries } from "./SeriesNumbers.ts"
import { bitOf, blockOf, daySeconds, endOfTime, memberOf, migrations } from "./Tables.ts"
import { addToTotals, readStats } from "./Totals.ts"
import { writePoints } from "./Writing.ts"

/** Pages of ids and of what is read most; the rest is cached by the operating system. */
const cacheMebibytes = 64

/** Points stay in the head for so long (seconds, by nominal time), so that those which come out of order find it. */
const settlingSeconds = 15 * 60
/** A block that got nothing for so long is compacted wholly. */
const idleSeconds = daySeconds
/** Points written in one turn, unless a batch has more. */
const pointsPerTurn = 2_000
/** Blocks looked at in one turn. */
const blocksPerTurn = 128

const nothing: ReadonlyMap<number, Points> = new Map()

/** Seconds between two compactions of a block: not the same for all, as they would then all be due together. */
const compactionInterval = (block: number): number => (90 + (block % 61)) * 60

/** Before when the head of a block is to be compacted now, if at all. */
const dueUntil = (db: BunDatabase, block: number, now: number): number | undefined => {
  const extent = headExtent(db, block)
  if (extent === undefined) return undefined
  if (extent.newest < now - idleSeconds) return extent.newest + 1
  const settled = Math.min(extent.newest, now) - settlingSeconds
  return extent.oldest < settled - compactionInterval(block) ? settled : undefined
}

interface DueBlocks {
  readonly due: ReadonlyArray<{ readonly block: number; readonly until: number }>
  /** The first block that was not looked at; undefined when there is none. */
  readonly next: number | undefined
}

const dueBlocks = (db: BunDatabase, first: number, now: number): DueBlocks => {
  const due: Array<{ readonly block: number; readonly until: number }> = []
  let next = nextHeadBlock(db, first)
  for (let looked = 0; next !== undefined && looked < blocksPerTurn; looked++) {
    const until = dueUntil(db, next, now)
    if (until !== undefined) due.push({ block: next, until })
    next = nextHeadBlock(db, next + 1)
  }
  return { due, next }
}

/** A block that has points in the head or in chunks that were not rolled up before a time. */
const blockBehind = (db: BunDatabase, time: number): number | undefined =>
  db.query<{ block: number }, [number]>("SELECT block FROM blocks WHERE compacted < ? LIMIT 1").get(time)
    ?.block

const countBlocks = (db: BunDatabase): number =>
  1 + (db.query<{ last: number | null }, []>("SELECT max(block) AS last FROM blocks").get()?.last ?? -1)

const untrimmedBlock = (db: BunDatabase, generation: number): number | undefined =>
  db.query<{ block: number }, [number]>("SELECT block FROM blocks WHERE trimmed < ? LIMIT 1").get(generation)
    ?.block

const forgetSeries = (db: BunDatabase, id: InfluencerId): void => {
  const [series] = findSeries(db, [id])
  if (series === undefined) return
  const block = blockOf(series)
  const inHead = lastHeadRow(db, block, endOfTime, bitOf(memberOf(series)))
  if (inHead !== undefined) compact(db, block, inHead.time + 1, nothing)
  addToTotals(db, -1, -trimChunks(db, series, endOfTime))
  removeRollups(db, series)
  removeFromCloses(db, block, memberOf(series))
  removeSeries(db, series)
}

/** Lets everything else of the process have its turn: timers and sockets too, which a yield to other fibers does not. */
const breathe = Effect.async<void>((resume) => {
  const turn = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(turn))
})

const growthOf = (change: SeriesChange): number => change.end / change.start

/** The greatest changes of both, greatest first. */
const greatest = (
  top: ReadonlyArray<SeriesChange>,
  others: ReadonlyArray<SeriesChange>,
  limit: number
): ReadonlyArray<SeriesChange> => {
  const last = top[limit - 1]
  const least = last === undefined ? Number.NEGATIVE_INFINITY : growthOf(last)
  const better = others.filter((change) => growthOf(change) > least)
  if (better.length === 0) return top
  return [...top, ...better].sort((a, b) => growthOf(b) - growthOf(a)).slice(0, limit)
}

const make = (path: string) =>
  Effect.gen(function* () {
    const database = yield* openDatabase({ path, migrations, cacheMebibytes })
    const knownBatches = new KnownBatches()
    const maintaining = yield* Effect.makeSemaphore(1)

    /** What is repeated after a power cut need not be synced. */
    const upkeep = <A>(body: (db: BunDatabase) => A): Effect.Effect<A, StorageError> =>
      Effect.zipLeft(database.transaction("maintain time series", body, { commit: "lazy" }), breathe)

    const compactDue = Effect.fnUntraced(function* (now: number) {
      for (let first: number | undefined = 0; first !== undefined; ) {
        const from: number = first
        const { due, next }: DueBlocks = yield* database.read("find blocks", (db) => dueBlocks(db, from, now))
        for (const { block, until } of due) yield* upkeep((db) => compact(db, block, until, nothing))
        yield* breathe
        first = next
      }
    })

    /** Rolls up what will be dropped, then says that it is. */
    const moveKept = Effect.fnUntraced(function* (now: number, retention: Retention) {
      for (;;) {
        const kept = yield* upkeep((db): Kept | undefined => {
          const before = readKept(db)
          const after = keptAsOf(before, now, retention)
          const behind = blockBehind(db, after.raw)
          if (behind !== undefined) {
            compact(db, behind, after.raw, nothing)
            return undefined
          }
          if (after.generation !== before.generation) writeKept(db, after)
          return after
        })
        if (kept !== undefined) return kept
      }
    })

    const dropOld = Effect.fnUntraced(function* (kept: Kept) {
      for (let found = true; found; )
        found = yield* upkeep((db) => {
          const block = untrimmedBlock(db, kept.generation)
          if (block === undefined) return false
          addToTotals(db, 0, -trim(db, block, kept))
          return true
        })
    })

    const topGrowth = Effect.fn("SqliteTimeSeries.topGrowth")(function* (
      metric: MetricName,
      from: number,
      to: number,
      limit: number
    ) {
      const place = metricNames.indexOf(metric)
      const blocks = yield* database.read("count blocks", countBlocks)
      let top: ReadonlyArray<SeriesChange> = []
      for (let first = 0; first < blocks; first += blocksPerTurn) {
        const changes = yield* database.read("compare figures", (db) =>
          Array.from({ length: Math.min(blocksPerTurn, blocks - first) }, (_, at) =>
            changesOfBlock(db, first + at, place, from, to)
          ).flat()
        )
        top = greatest(top, changes, limit)
        yield* breathe
      }
      return yield* database.read("read ids", (db) =>
        top.flatMap(({ end, series, start }): ReadonlyArray<Change> => {
          const id = idOf(db, series)
          // It may have been forgotten meanwhile.
          return id === undefined ? [] : [{ id, start, end }]
        })
      )
    })

    const writeTogether = (batches: ReadonlyArray<ReadonlyArray<DataPoint>>) =>
      database
        .transaction("write points", (db) => batches.map((points) => writePoints(db, points, knownBatches)))
        // Numbers that one batch has made and another one found are gone again.
        .pipe(Effect.tapErrorCause(() => Effect.sync(() => knownBatches.clear())))
    const write = yield* makeJoining({
      atOnce: 1,
      mostPoints: pointsPerTurn,
      write: (points) => Effect.map(writeTogether([points]), ([fresh = 0]) => fresh),
      writeTogether
    })

    return TimeSeries.of({
      write: Effect.fn("SqliteTimeSeries.write")(write),
      points: Effect.fn("SqliteTimeSeries.points")((id, range) =>
        database.read("read points", (db) => pointsOfSeries(db, id, range))
      ),
      rollups: Effect.fn("SqliteTimeSeries.rollups")((id, level, range, metrics) =>
        database.read("read rollups", (db) => rollupsOfSeries(db, id, level, range, metrics))
      ),
      last: Effect.fn("SqliteTimeSeries.last")((ids, at) =>
        database.read("read last points", (db) => lastPoints(db, ids, at))
      ),
      topGrowth,
      ids: (after, limit) => database.read("list series", (db) => idsAfter(db, after, limit)),
      forget: Effect.fn("SqliteTimeSeries.forget")((id) =>
        database.transaction("forget a series", (db) => {
          knownBatches.clear()
          forgetSeries(db, id)
        })
      ),
      maintain: Effect.fn("SqliteTimeSeries.maintain")(function* (now, retention) {
        yield* compactDue(now)
        yield* dropOld(yield* moveKept(now, retention))
      }, maintaining.withPermits(1)),
      stats: database.read("count points", readStats)
    })
  })

/**
 * Time series in the SQLite file at `path`: new points by block of 32 influencers and time, older ones packed by
 * influencer, with packed rollups of hours and days. One process at a time.
 */
export const layer = (path: string): Layer.Layer<TimeSeries, StorageError> =>
  Layer.scoped(TimeSeries, make(path))
