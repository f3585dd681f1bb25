import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { bucketStart, nextBucket, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import { StorageError } from "@influscope/ports/StorageError"
import type { Range, Rollup } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { PostgresDatabase } from "../Database.ts"
import { blockSize, columnOf } from "./Columns.ts"
import { coarser, type Packed, packed, rollupOfPoint, unpacked } from "./Rollups.ts"

/** No time is so late. */
const endOfTime = 2 ** 32
const daySeconds = 86_400

const isInfluencerId = Schema.is(InfluencerId)

const checkedId = (id: string): Effect.Effect<InfluencerId, StorageError> =>
  isInfluencerId(id)
    ? Effect.succeed(id)
    : new StorageError({
        reason: "corrupt",
        operation: "read series",
        cause: `${id} is not an influencer id`
      })

/** Numbers of type bigint are text to the driver. */
type PointRow = { readonly time: string; readonly late: number } & {
  readonly [M in MetricName]: string | null
}

const pointColumns = `time, late, ${metricNames.map((metric) => `${columnOf(metric)} AS "${metric}"`).join(", ")}`

const pointOf = (id: InfluencerId, row: PointRow): DataPoint => {
  const time = Number(row.time)
  const point: { -readonly [K in keyof DataPoint]: DataPoint[K] } = {
    id,
    time,
    observedAt: (time + row.late) >>> 0
  }
  for (const metric of metricNames) {
    const value = row[metric]
    if (value !== null) point[metric] = Number(value)
  }
  return point
}

const clamped = (time: number): number => Math.min(endOfTime, Math.max(0, time))

const seriesOf = "(SELECT number FROM influscope.series WHERE id = $1::text)"
const keptFrom = (level: string): string => `(SELECT ${level} FROM influscope.series_state)`

/** $1 id, $2 from, $3 to, $4 limit. */
const selectPoints = `
SELECT ${pointColumns} FROM influscope.points
WHERE series = ${seriesOf} AND time >= greatest($2::bigint, ${keptFrom("raw")}) AND time < $3::bigint
ORDER BY time LIMIT $4::bigint`

export const readPoints = ({ query }: PostgresDatabase) =>
  Effect.fn("PostgresTimeSeries.points")(function* (id: InfluencerId, range: Range) {
    const limits = [clamped(range.from), clamped(range.to), range.limit]
    const rows = yield* query<PointRow>("read points", selectPoints, [id, ...limits])
    return rows.map((row) => pointOf(id, row))
  })

/** With $1 id, $2 from, $3 to: days of which rollups may not have all points, as JSON. */
const dirtyDays = `(
  SELECT json_agg(DISTINCT day) FROM influscope.series_dirty
  WHERE block = ${seriesOf} / ${blockSize} AND day > $2::bigint - ${daySeconds} AND day < $3::bigint
)`

type StoredRollups = Packed & { readonly dirty: ReadonlyArray<number> | null }

/** $1 id, $2 from, $3 to, $4 days as JSON. A level is kept from the start of one of its buckets on. */
const selectPointsOfDays = (level: RollupLevel): string => `
SELECT ${pointColumns} FROM json_array_elements_text($4::json) AS dirty(day) CROSS JOIN LATERAL (
  SELECT * FROM influscope.points WHERE series = ${seriesOf}
  AND time >= greatest($2::bigint, day::bigint, ${keptFrom(level)})
  AND time < least($3::bigint, day::bigint + ${daySeconds})
) points ORDER BY time`

/** $1 id, $2 from, $3 to, $4 rows. */
const selectHours = (metrics: ReadonlyArray<MetricName>): string => `
SELECT ${packed("series_hours", metrics)}, ${dirtyDays} AS dirty FROM (
  SELECT * FROM influscope.series_hours
  WHERE series = ${seriesOf} AND day > $2::bigint - ${daySeconds} AND day >= ${keptFrom("hour")} AND day < $3::bigint
  ORDER BY day LIMIT $4::bigint
) hours`

/** $1 id, $2 from, $3 to. */
const selectDays = (level: RollupLevel, metrics: ReadonlyArray<MetricName>): string => `
SELECT ${packed("series_days", metrics)}, ${dirtyDays} AS dirty FROM (
  SELECT * FROM influscope.series_days
  WHERE series = ${seriesOf} AND day >= greatest($2::bigint, ${keptFrom(level)}) AND day < $3::bigint
  ORDER BY day
) days`

const isIn =
  (from: number, to: number) =>
  ({ time }: Rollup): boolean =>
    time >= from && time < to

/** All of both, by time; of two with the same time the one of `over`. */
const overlaid = (rollups: ReadonlyArray<Rollup>, over: ReadonlyArray<Rollup>): ReadonlyArray<Rollup> => {
  if (over.length === 0) return rollups
  const byTime = new Map([...rollups, ...over].map((rollup) => [rollup.time, rollup]))
  return [...byTime.values()].sort((a, b) => a.time - b.time)
}

/**
 * What is stored, overlaid with what is made of the points of days that were dirty at the same moment: a day that is rolled up
 * in between is in both.
 */
export const readRollups = ({ query }: PostgresDatabase) =>
  Effect.fn("PostgresTimeSeries.rollups")(function* (
    id: InfluencerId,
    level: RollupLevel,
    range: Range,
    metrics: ReadonlyArray<MetricName> = metricNames
  ) {
    const [from, to] = [clamped(range.from), clamped(range.to)]
    if (from >= to) return []
    const start = bucketStart(level, from)
    const first = start < from ? nextBucket(level, start) : from
    const end = nextBucket(level, bucketStart(level, to - 1))
    const limited = [id, first, end]
    const [row] =
      level === "hour"
        ? // The first row may have no hour of the range.
          yield* query<StoredRollups>("read rollups", selectHours(metrics), [...limited, range.limit + 1])
        : yield* query<StoredRollups>("read rollups", selectDays(level, metrics), limited)
    // Mostly there are none, and planning for all partitions would take longer than finding that out.
    const points = row?.dirty
      ? yield* query<PointRow>("read rollups", selectPointsOfDays(level), [
          ...limited,
          JSON.stringify(row.dirty)
        ])
      : []
    const fresh = points.map((point) => rollupOfPoint(pointOf(id, point), metrics))
    if (level === "hour") {
      const hours = unpacked("series_hours", metrics, row).filter(isIn(first, end))
      return overlaid(hours, coarser("hour", fresh)).slice(0, range.limit)
    }
    const byDay = overlaid(unpacked("series_days", metrics, row), coarser("day", fresh))
    return (level === "day" ? byDay : coarser(level, byDay)).slice(0, range.limit)
  })

/** $1 ids as JSON, $2 at. */
const selectLast = `
SELECT id, ${pointColumns}
FROM json_array_elements_text($1::json) AS wanted(id) JOIN influscope.series USING (id)
CROSS JOIN LATERAL (
  SELECT * FROM influscope.points
  WHERE series = number AND time >= ${keptFrom("raw")} AND time <= $2::bigint ORDER BY time DESC LIMIT 1
) points`

export const readLast = ({ query }: PostgresDatabase) =>
  Effect.fn("PostgresTimeSeries.last")(function* (ids: ReadonlyArray<InfluencerId>, at: number) {
    const wanted = JSON.stringify([...new Set(ids)])
    const rows = yield* query<PointRow & { readonly id: InfluencerId }>("read last points", selectLast, [
      wanted,
      clamped(at)
    ])
    const byId = new Map(rows.map((row) => [row.id, pointOf(row.id, row)]))
    return ids.map((id) => Option.fromNullable(byId.get(id)))
  })

/** $1 after, $2 limit. */
const selectIds = "SELECT id FROM influscope.series WHERE id > $1::text ORDER BY id LIMIT $2::bigint"

export const readIds =
  ({ query }: PostgresDatabase) =>
  (
    after: InfluencerId | undefined,
    limit: number
  ): Effect.Effect<ReadonlyArray<InfluencerId>, StorageError> =>
    Effect.flatMap(query<{ id: string }>("list series", selectIds, [after ?? "", limit]), (rows) =>
      Effect.forEach(rows, ({ id }) => checkedId(id))
    )
