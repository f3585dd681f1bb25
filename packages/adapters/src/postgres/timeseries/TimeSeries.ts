import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { StorageError } from "@influscope/ports/StorageError"
import { type SeriesStats, TimeSeries } from "@influscope/ports/TimeSeries"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { addressIn, Database, layerAt } from "../Database.ts"
import { readTopGrowth } from "./Growth.ts"
import { readIds, readLast, readPoints, readRollups } from "./Reading.ts"
import { makeUpkeep } from "./Upkeep.ts"
import { makeCovering, makeWriting } from "./Writing.ts"

const ownAddress = Config.redacted("TIMESERIES_URL").pipe(addressIn("TIMESERIES_URL"))

const findShape = `
SELECT relkind <> 'p' AS "isHypertable" FROM pg_class WHERE oid = 'influscope.points'::regclass`

const sizeOfPartitions = `
  (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits
   WHERE inhparent = 'influscope.points'::regclass)`

const stats = (sizeOfPoints: string): string => `
SELECT (SELECT count(*) FROM influscope.series)::float8 AS series,
  (SELECT coalesce(sum(points), 0) FROM influscope.series_counts, influscope.series_state
   WHERE series_counts.day >= raw)::float8 AS points,
  (${sizeOfPoints} + (
    SELECT sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relnamespace = 'influscope'::regnamespace AND relkind = 'r' AND relname ~ '^series'
  ))::float8 AS bytes`

const make = Effect.gen(function* () {
  const database = yield* Database
  const [shape] = yield* database.query<{ isHypertable: boolean }>("open time series", findShape, [])
  const isHypertable = shape?.isHypertable === true
  const cover = makeCovering(database)
  const selectStats = stats(isHypertable ? "hypertable_size('influscope.points')" : sizeOfPartitions)

  return TimeSeries.of({
    write: yield* makeWriting(database, cover),
    points: readPoints(database),
    rollups: readRollups(database),
    last: readLast(database),
    topGrowth: readTopGrowth(database),
    ids: readIds(database),
    forget: Effect.fn("PostgresTimeSeries.forget")(function* (id: InfluencerId) {
      yield* database.query("forget a series", "SELECT influscope.forget_series($1::text)", [id])
    }),
    maintain: makeUpkeep(database, cover, isHypertable),
    stats: Effect.map(
      database.query<SeriesStats>("count points", selectStats, []),
      ([row]) => row ?? { series: 0, points: 0, bytes: 0 }
    )
  })
})

/**
 * Time series in PostgreSQL, for any number of processes: points in partitions by time, or in a compressed hypertable where
 * TimescaleDB was there when the schema was made; rollups of hours and days.
 */
export const layer: Layer.Layer<TimeSeries, StorageError, Database> = Layer.scoped(TimeSeries, make)

/**
 * In the database at TIMESERIES_URL, where that is set: on a server of its own it may be down without holding up what the
 * services share. Else in theirs.
 */
export const layerConfig: Layer.Layer<TimeSeries, StorageError | ConfigError, Database> = Layer.unwrapEffect(
  Effect.map(
    Config.option(ownAddress),
    Option.match({ onNone: () => layer, onSome: (url) => Layer.provide(layer, layerAt(url)) })
  )
)
