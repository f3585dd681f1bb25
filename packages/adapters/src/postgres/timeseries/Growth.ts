import type { MetricName } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { bucketStart } from "@influscope/domain/tracking/Resolution"
import type { StorageError } from "@influscope/ports/StorageError"
import type { Change } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import type { PostgresDatabase } from "../Database.ts"
import { blockSize, columnOf } from "./Columns.ts"

/** Series looked at by one statement; whole blocks. */
const seriesAtOnce = 256 * blockSize

/**
 * The last figure of each series at the end of a day: that of the day's rollup where it is up to date, else of the last
 * point, else of the last rollup from before single points.
 */
const figure = (name: string, column: string, day: string): string => `
  LEFT JOIN influscope.series_days ${name}_rolled ON ${name}_rolled.series = number AND ${name}_rolled.day = ${day}
    AND ${name}_rolled.series >= $1::integer AND ${name}_rolled.series < $1::integer + ${seriesAtOnce}
    AND ${name}_rolled.day >= kept.day AND number / ${blockSize} NOT IN (
      SELECT block FROM influscope.series_dirty
      WHERE block >= $1::integer / ${blockSize} AND block < ($1::integer + ${seriesAtOnce}) / ${blockSize} AND day = ${day}
    )
  LEFT JOIN LATERAL (
    SELECT ${column} FROM influscope.points WHERE ${name}_rolled.${column} IS NULL AND series = number
    AND time >= greatest(kept.raw, kept.day) AND time < ${day} + 86400 AND ${column} IS NOT NULL
    ORDER BY time DESC LIMIT 1
  ) ${name}_point ON true
  LEFT JOIN LATERAL (
    SELECT ${column}[2] AS ${column} FROM influscope.series_days
    WHERE ${name}_rolled.${column} IS NULL AND ${name}_point.${column} IS NULL AND series = number
    AND day >= kept.day AND day < kept.raw AND day <= ${day} AND ${column} IS NOT NULL ORDER BY day DESC LIMIT 1
  ) ${name}_old ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(${name}_rolled.${column}[2], ${name}_point.${column}, ${name}_old.${column}) AS figure
  ) ${name}_day`

/** $1 first series, $2 day, $3 later day, $4 limit. */
const selectChanges = (column: string): string => `
SELECT id, start_day.figure AS "start", end_day.figure AS "end"
FROM influscope.series CROSS JOIN influscope.series_state kept
  ${figure("start", column, "$2::bigint")}
  ${figure("end", column, "$3::bigint")}
WHERE number >= $1::integer AND number < $1::integer + ${seriesAtOnce}
  AND start_day.figure > 0 AND end_day.figure IS NOT NULL
ORDER BY end_day.figure / start_day.figure DESC LIMIT $4::bigint`

const growthOf = (change: Change): number => change.end / change.start

export const readTopGrowth = ({ query }: PostgresDatabase) =>
  Effect.fn("PostgresTimeSeries.topGrowth")(function* (
    metric: MetricName,
    from: number,
    to: number,
    limit: number
  ): Effect.fn.Return<ReadonlyArray<Change>, StorageError> {
    const [last] = yield* query<{ number: number }>(
      "count series",
      "SELECT coalesce(max(number), 0) AS number FROM influscope.series",
      []
    )
    const statement = selectChanges(columnOf(metric))
    const days = [bucketStart("day", from), bucketStart("day", to)]
    let top: ReadonlyArray<Change> = []
    for (let first = 0; first <= (last?.number ?? 0); first += seriesAtOnce) {
      const changes = yield* query<{ id: InfluencerId; start: number; end: number }>(
        "compare figures",
        statement,
        [first, ...days, limit]
      )
      top = [...top, ...changes].sort((a, b) => growthOf(b) - growthOf(a)).slice(0, limit)
    }
    return top
  })
