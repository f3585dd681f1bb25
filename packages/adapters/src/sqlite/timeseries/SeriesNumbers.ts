import type { Database as BunDatabase } from "bun:sqlite"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { StorageError } from "@influscope/ports/StorageError"
import * as Schema from "effect/Schema"
import type { Kept } from "./Kept.ts"
import { blockOf } from "./Tables.ts"

const isInfluencerId = Schema.is(InfluencerId)

const checked = (id: string): InfluencerId => {
  if (isInfluencerId(id)) return id
  throw new StorageError({
    reason: "corrupt",
    operation: "read series",
    cause: `${id} is not an influencer id`
  })
}

/** Numbers of ids, in their order; undefined where there is no such series. */
export const findSeries = (
  db: BunDatabase,
  ids: ReadonlyArray<InfluencerId>
): ReadonlyArray<number | undefined> => {
  const find = db.query<{ number: number }, [string]>("SELECT number FROM series WHERE id = ?")
  return ids.map((id) => find.get(id)?.number)
}

/** Ids whose numbers are held in memory at most; about 30 bytes each. */
const mostHeld = 2_000_000

/**
 * The numbers of whole lists of ids: what is tracked together is written together, time after time, and one look-up for
 * all of a batch takes a tenth of the time of one for each.
 */
export class KnownBatches {
  private readonly batches = new Map<string, Uint32Array>()
  private held = 0

  find(db: BunDatabase, ids: ReadonlyArray<InfluencerId>): ArrayLike<number | undefined> {
    const key = ids.join("\n")
    const known = this.batches.get(key)
    if (known !== undefined) return known
    const numbers = findSeries(db, ids)
    const found = numbers.filter((number) => number !== undefined)
    if (found.length < ids.length) return numbers
    if (this.held + ids.length > mostHeld) this.clear()
    this.batches.set(key, Uint32Array.from(found))
    this.held += ids.length
    return numbers
  }

  /** To be called when a series is removed. */
  clear(): void {
    this.batches.clear()
    this.held = 0
  }
}

export const makeSeries = (db: BunDatabase, id: InfluencerId, kept: Kept): number => {
  const { lastInsertRowid } = db.query<never, [string]>("INSERT INTO series (id) VALUES (?)").run(id)
  const series = Number(lastInsertRowid)
  db.query<never, [number, number, number]>(
    "INSERT OR IGNORE INTO blocks (block, compacted, trimmed) VALUES (?, ?, ?)"
  ).run(blockOf(series), kept.raw, kept.generation)
  return series
}

export const removeSeries = (db: BunDatabase, series: number): void => {
  db.query<never, [number]>("DELETE FROM series WHERE number = ?").run(series)
}

export const idOf = (db: BunDatabase, series: number): InfluencerId | undefined => {
  const row = db.query<{ id: string }, [number]>("SELECT id FROM series WHERE number = ?").get(series)
  return row === null ? undefined : checked(row.id)
}

export const idsAfter = (
  db: BunDatabase,
  after: InfluencerId | undefined,
  limit: number
): ReadonlyArray<InfluencerId> =>
  db
    .query<{ id: string }, [string, number]>("SELECT id FROM series WHERE id > ? ORDER BY id LIMIT ?")
    .all(after ?? "", limit)
    .map(({ id }) => checked(id))
