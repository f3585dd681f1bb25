import { bucketStart, type Resolution } from "@influscope/domain/tracking/Resolution"
import { keptFrom, type Retention } from "@influscope/domain/tracking/Retention"
import * as Effect from "effect/Effect"
import type { PostgresDatabase } from "../Database.ts"
import { type Cover, daysFrom } from "./Writing.ts"

/** A day is rolled up so long (seconds) after its end, so that most of its points are there. */
const settlingSeconds = 15 * 60
/** Rows removed by one statement: few enough not to hold up anybody. */
const removedAtOnce = 5_000

/** $1 end of the last day to roll up. */
const rollUp = "SELECT influscope.roll_up($1::bigint) AS more"

/** $1 first day that stays dirty. Every write has left its mark on the current day; one is enough. */
const thinOut = `
WITH marks AS (DELETE FROM influscope.series_dirty WHERE day >= $1::bigint RETURNING block, day)
INSERT INTO influscope.series_dirty (block, day) SELECT DISTINCT block, day FROM marks`

/** From when raw, hour, day, week and month are kept. */
const keepFrom = `SELECT influscope.keep_series_from($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint) AS kept`

/** $1 rows. Weeks and months are made of days. */
const removeOld = (table: "series_hours" | "series_days"): string => `
WITH removed AS (
  DELETE FROM influscope.${table} WHERE (series, day) IN (
    SELECT series, day FROM influscope.${table}
    WHERE day < (SELECT ${table === "series_hours" ? "hour" : "least(day, week, month)"} FROM influscope.series_state)
    ORDER BY day LIMIT $1::integer
  ) RETURNING 1
) SELECT count(*)::integer AS removed FROM removed`

/** $1 end of the last day to compress. One chunk at a time; one that got late points stays compressed with them beside it. */
const compress = `
SELECT compress_chunk(chunk) FROM (
  SELECT format('%I.%I', chunk_schema, chunk_name)::regclass AS chunk FROM timescaledb_information.chunks
  WHERE hypertable_schema = 'influscope' AND hypertable_name = 'points'
  AND range_end_integer <= $1::bigint AND NOT is_compressed LIMIT 1
) found`

const operation = "maintain time series"

export const makeUpkeep = ({ query }: PostgresDatabase, cover: Cover, isHypertable: boolean) => {
  /** Rolls up the days before a time. */
  const rollUpBefore = (time: number) =>
    query<{ more: boolean }>(operation, rollUp, [time]).pipe(
      Effect.repeat({ while: ([row]) => row?.more === true })
    )

  const removeAllOld = (table: "series_hours" | "series_days") =>
    query<{ removed: number }>(operation, removeOld(table), [removedAtOnce]).pipe(
      Effect.repeat({ while: ([row]) => row?.removed === removedAtOnce })
    )

  return Effect.fn("PostgresTimeSeries.maintain")(function* (now: number, retention: Retention) {
    const settled = bucketStart("day", Math.max(0, now - settlingSeconds))
    yield* rollUpBefore(settled)
    yield* query(operation, thinOut, [settled])
    const from = (level: Resolution): number => keptFrom(retention, level, now)
    const kept = [from("raw"), from("hour"), from("day"), from("week"), from("month")]
    // Points that came after the roll-up have to be rolled up before they are dropped.
    yield* Effect.zipRight(
      rollUpBefore(from("raw")),
      query<{ kept: boolean }>(operation, keepFrom, kept)
    ).pipe(Effect.repeat({ until: ([row]) => row?.kept === true }))
    yield* query(operation, "SELECT influscope.drop_old_points()", [])
    yield* removeAllOld("series_hours")
    yield* removeAllOld("series_days")
    yield* cover(daysFrom(now))
    if (isHypertable)
      yield* query(operation, compress, [settled]).pipe(Effect.repeat({ while: (rows) => rows.length > 0 }))
  })
}
