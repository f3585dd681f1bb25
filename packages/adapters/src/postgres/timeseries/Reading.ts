import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { bucketStart, nextBucket, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import { StorageError } from "@influscope/ports/StorageError"
import type { Range, Rollup } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { PostgresDatabase } from "../Database.ts"
import { blockSize, columnOf, eachMetric } from "./Columns.ts"
import { coarser, rollupOfPoint, rollupsOfRow, type StoredRow } from "./Rollups.ts"

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

export const readPoints =
  ({ query }: PostgresDatabase) =>
  (id: InfluencerId, range: Range): Effect.Effect<ReadonlyArray<DataPoint>, StorageError> =>
    Effect.map(
      query<PointRow>("read points", selectPoints, [id, clamped(range.from), clamped(range.to), range.limit]),
      (rows) => rows.map((row) => pointOf(id, row))
    )

/** $1 id, $2 from, $3 to. Points that rollups may not have. */
const selectDirtyPoints = `
SELECT ${pointColumns} FROM (
  SELECT DISTINCT day FROM influscope.series_dirty
  WHERE block = ${seriesOf} / ${blockSize} AND day > $2::bigint - ${daySeconds} AND day < $3::bigint
) dirty JOIN LATERAL (
  SELECT * FROM influscope.points WHERE series = ${seriesOf}
  AND time >= greatest($2::bigint, day) AND time < least($3::bigint, day + ${daySeconds})
) points ON true`

/** $1 id, $2 from, $3 to, $4 rows. */
const selectHours = `
SELECT day::float8 AS day, array_send(hours) AS hours, ${eachMetric((metric) => `array_send(${metric}) AS ${metric}`)}
FROM influscope.series_hours
WHERE series = ${seriesOf} AND day > $2::bigint - ${daySeconds} AND day < $3::bigint ORDER BY day LIMIT $4::bigint`

/** $1 id, $2 from, $3 to, $4 rows. */
const selectDays = `
SELECT day::float8 AS day, ${eachMetric((metric) => `array_send(${metric}) AS ${metric}`)}
FROM influscope.series_days
WHERE series = ${seriesOf} AND day >= $2::bigint AND day < $3::bigint ORDER BY day LIMIT $4::bigint`

/**
 * What is stored, overlaid with what is made of the points of dirty days. Those are read first: a day that is rolled up in
 * between is then in both.
 */
export const readRollups =
  ({ query }: PostgresDatabase) =>
  (id: InfluencerId, level: RollupLevel, range: Range): Effect.Effect<ReadonlyArray<Rollup>, StorageError> =>
    Effect.gen(function* () {
      const [state] = yield* query<{ kept: number }>(
        "read rollups",
        `SELECT ${level}::float8 AS kept FROM influscope.series_state`,
        []
      )
      const from = Math.max(clamped(range.from), state?.kept ?? 0)
      const to = clamped(range.to)
      if (from >= to) return []
      const start = bucketStart(level, from)
      const first = Math.max(0, start === from ? from : nextBucket(level, start))
      const end = nextBucket(level, bucketStart(level, to - 1))
      const dirty = yield* query<PointRow>("read rollups", selectDirtyPoints, [id, first, end])
      const stored =
        level === "hour"
          ? yield* query<StoredRow>("read rollups", selectHours, [id, first, end, range.limit + 1])
          : yield* query<StoredRow>("read rollups", selectDays, [id, first, end, null])
      const finest = level === "hour" ? "hour" : "day"
      const recent = coarser(
        finest,
        dirty.map((row) => rollupOfPoint(pointOf(id, row))).sort((a, b) => a.time - b.time)
      )
      const byTime = new Map<number, Rollup>()
      for (const rollup of stored.flatMap(rollupsOfRow)) byTime.set(rollup.time, rollup)
      for (const rollup of recent) byTime.set(rollup.time, rollup)
      const all = [...byTime.values()]
        .filter(({ time }) => time >= first && time < end)
        .sort((a, b) => a.time - b.time)
      return (level === finest ? all : coarser(level, all)).slice(0, range.limit)
    })

/** $1 ids as JSON, $2 at. */
const selectLast = `
SELECT id, ${pointColumns}
FROM json_array_elements_text($1::json) WITH ORDINALITY AS wanted(id, place) JOIN influscope.series USING (id)
CROSS JOIN LATERAL (
  SELECT * FROM influscope.points
  WHERE series = number AND time >= ${keptFrom("raw")} AND time <= $2::bigint ORDER BY time DESC LIMIT 1
) points`

export const readLast =
  ({ query }: PostgresDatabase) =>
  (
    ids: ReadonlyArray<InfluencerId>,
    at: number
  ): Effect.Effect<ReadonlyArray<Option.Option<DataPoint>>, StorageError> =>
    Effect.map(
      query<PointRow & { readonly id: InfluencerId }>("read last points", selectLast, [
        JSON.stringify([...new Set(ids)]),
        clamped(at)
      ]),
      (rows) => {
        const byId = new Map(rows.map((row) => [row.id, pointOf(row.id, row)]))
        return ids.map((id) => Option.fromNullable(byId.get(id)))
      }
    )

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
