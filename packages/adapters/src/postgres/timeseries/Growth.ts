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

const isAmongThese = (series: string): string =>
  `${series} >= $1::integer AND ${series} < $1::integer + ${seriesAtOnce}`

/** The last figures of a day, of the series of which its rollup is up to date. */
const rolledUp = (column: string, day: string): string => `(
    SELECT series AS number, ${column}[2] AS figure FROM influscope.series_days, kept
    WHERE series_days.day = ${day} AND series_days.day >= kept.day AND ${isAmongThese("series")}
      AND series / ${blockSize} NOT IN (
        SELECT block FROM influscope.series_dirty
        WHERE block >= $1::integer / ${blockSize} AND block < ($1::integer + ${seriesAtOnce}) / ${blockSize} AND day = ${day}
      )
  )`

/** What the last point says, or the last rollup from before single points. */
const searched = (column: string, day: string): string => `
      SELECT coalesce((
        SELECT ${column} FROM influscope.points WHERE series = number
          AND time >= greatest(kept.raw, kept.day) AND time < ${day} + 86400 AND ${column} IS NOT NULL
        ORDER BY time DESC LIMIT 1
      ), (
        SELECT ${column}[2] FROM influscope.series_days WHERE series = number
          AND day >= kept.day AND day < kept.raw AND day <= ${day} AND ${column} IS NOT NULL ORDER BY day DESC LIMIT 1
      ))`

/**
 * $1 first series, $2 day, $3 later day, $4 limit. Of most series both days are rolled up, and those days are read as they lie;
 * to search for the last figure of a series takes ten times as long.
 */
const selectChanges = (column: string): string => `
WITH kept AS MATERIALIZED (SELECT raw, day FROM influscope.series_state), rolled AS MATERIALIZED (
  SELECT number, first.figure AS "start", last.figure AS "end" FROM influscope.series
  LEFT JOIN ${rolledUp(column, "$2::bigint")} first USING (number)
  LEFT JOIN ${rolledUp(column, "$3::bigint")} last USING (number)
  WHERE ${isAmongThese("number")}
), changes AS (
  SELECT * FROM rolled WHERE "start" IS NOT NULL AND "end" IS NOT NULL
  UNION ALL
  SELECT number, coalesce("start", (${searched(column, "$2::bigint")})), coalesce("end", (${searched(column, "$3::bigint")}))
  FROM rolled CROSS JOIN kept WHERE "start" IS NULL OR "end" IS NULL
), top AS (
  SELECT * FROM changes WHERE "start" > 0 AND "end" IS NOT NULL ORDER BY "end" / "start" DESC LIMIT $4::bigint
)
SELECT id, "start", "end" FROM top JOIN influscope.series USING (number) ORDER BY "end" / "start" DESC`

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
