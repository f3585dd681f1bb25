import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import type { PostgresDatabase } from "../Database.ts"
import { startOf } from "./Columns.ts"

/** More are not remembered, so that they do not fill the memory. */
const mostRemembered = 1_000_000

/** $1 [{id, newest}]. Influencers of whose newest point nothing is kept get no series. */
const make = `
INSERT INTO influscope.series (id)
SELECT id FROM json_to_recordset($1::json) AS wanted(id text, newest bigint), influscope.series_state kept
WHERE NOT EXISTS (SELECT FROM influscope.series known WHERE known.id = wanted.id) AND (
  newest >= kept.raw OR ${startOf.hour("newest")} >= kept.hour OR ${startOf.day("newest")} >= kept.day
  OR ${startOf.week("newest")} >= kept.week OR ${startOf.month("newest")} >= kept.month
)
ORDER BY id ON CONFLICT (id) DO NOTHING`

/** $1 [{id}]. */
const find = `
SELECT id, number, generation::float8 AS generation
FROM json_to_recordset($1::json) AS wanted(id text) JOIN influscope.series USING (id), influscope.series_state`

interface SeriesRow {
  readonly id: InfluencerId
  readonly number: number
  readonly generation: number
}

/** Series of points, in their order, as of a generation of the store; undefined where nothing is kept. */
export interface Numbered {
  readonly generation: number
  readonly series: ReadonlyArray<number | undefined>
}

const newestByInfluencer = (points: ReadonlyArray<DataPoint>): ReadonlyMap<InfluencerId, number> => {
  const newest = new Map<InfluencerId, number>()
  for (const { id, time } of points) newest.set(id, Math.max(time, newest.get(id) ?? 0))
  return newest
}

export interface SeriesNumbers {
  /** Numbers the influencers of points, as far as anything is kept of them: makes the series that are missing. */
  readonly number: (points: ReadonlyArray<DataPoint>) => Effect.Effect<Numbered, StorageError>
  /** To be called when the store is of another generation. */
  readonly expire: () => void
}

export const makeSeriesNumbers = ({ query }: PostgresDatabase): SeriesNumbers => {
  const known = new Map<InfluencerId, number>()
  let generation = 0

  const remember = (rows: ReadonlyArray<SeriesRow>): void => {
    if (known.size + rows.length > mostRemembered) known.clear()
    for (const row of rows) {
      if (row.generation !== generation) known.clear()
      generation = row.generation
      known.set(row.id, row.number)
    }
  }

  const number = Effect.fnUntraced(function* (points: ReadonlyArray<DataPoint>) {
    for (;;) {
      const asOf = generation
      const series = points.map(({ id }) => known.get(id))
      const unknown = newestByInfluencer(points.filter((_, at) => series[at] === undefined))
      if (unknown.size === 0) return { generation: asOf, series }
      const wanted = JSON.stringify(Array.from(unknown, ([id, newest]) => ({ id, newest })))
      yield* query("make series", make, [wanted])
      const found = yield* query<SeriesRow>("find series", find, [wanted])
      remember(found)
      if (found.some((row) => row.generation !== asOf)) continue
      const made = new Map(found.map((row) => [row.id, row.number]))
      return { generation: asOf, series: points.map(({ id }, at) => series[at] ?? made.get(id)) }
    }
  })

  return { number, expire: () => known.clear() }
}
