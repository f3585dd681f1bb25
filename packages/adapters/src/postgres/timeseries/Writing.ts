import { type DataPoint, metricNames } from "@influscope/domain/tracking/DataPoint"
import { bucketStart } from "@influscope/domain/tracking/Resolution"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { makeJoining } from "../../timeseries/Joining.ts"
import { encodeArray } from "../Arrays.ts"
import type { PostgresDatabase } from "../Database.ts"
import { blockOf, metricColumns } from "./Columns.ts"
import { makeSeriesNumbers, type Numbered } from "./SeriesNumbers.ts"

const write = `
SELECT influscope.write_points($1::boolean, $2::bigint, $3::integer[], $4::bigint[], $5::integer[], $6::bigint[],
  $7::integer[], $8::integer[], ${metricColumns.map((_, place) => `$${place + 9}::bigint[]`).join(", ")}) AS fresh`

/** What the function answers instead of a number when it was to write new points only, and some are not. */
const notAllNew = -1

/** $1 days, $2 from when days get partitions of their own. */
const cover = "SELECT influscope.cover_days($1::bigint[], $2::bigint)"

const daySeconds = 86_400
/** Points that come later than this many days belong to an import. */
const liveDays = 2
/** Days whose partitions are made before they begin. */
const daysAhead = 3

const dayOf = (time: number): number => bucketStart("day", time)

/** Sees to it that points of some days (their starts) have a place to be. */
export const makeCovering = ({ query }: PostgresDatabase) => {
  const covered = new Set<number>()
  return Effect.fnUntraced(function* (days: ReadonlyArray<number>) {
    const missing = days.filter((day) => !covered.has(day))
    if (missing.length === 0) return
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
    yield* query("make partitions", cover, [
      encodeArray("bigint", missing, (day) => day),
      dayOf(now) - liveDays * daySeconds
    ])
    for (const day of missing) covered.add(day)
  })
}

export type Cover = ReturnType<typeof makeCovering>

export const daysFrom = (now: number): ReadonlyArray<number> =>
  Array.from({ length: daysAhead + 1 }, (_, days) => dayOf(now) + days * daySeconds)

interface Row {
  readonly series: number
  readonly point: DataPoint
}

const rowsOf = (points: ReadonlyArray<DataPoint>, numbered: Numbered): ReadonlyArray<Row> => {
  const rows: Array<Row> = []
  for (const [at, point] of points.entries()) {
    const series = numbered.series[at]
    if (series !== undefined) rows.push({ series, point })
  }
  // All writers lock rows in this order.
  return rows.sort((a, b) => a.series - b.series || a.point.time - b.point.time)
}

interface Touched {
  readonly block: number
  readonly day: number
  count: number
}

/** The blocks and days that rows are in, and how many rows. */
const touchedBy = (rows: ReadonlyArray<Row>): ReadonlyArray<Touched> => {
  const byBlock = new Map<number, Map<number, Touched>>()
  for (const { point, series } of rows) {
    const block = blockOf(series)
    const day = dayOf(point.time)
    const byDay = byBlock.get(block) ?? new Map<number, Touched>()
    byBlock.set(block, byDay)
    const touched = byDay.get(day) ?? { block, day, count: 0 }
    byDay.set(day, touched)
    touched.count++
  }
  return Array.from(byBlock.values(), (byDay) => [...byDay.values()]).flat()
}

/** Writes points, also from many fibers at once. */
export const makeWriting = (database: PostgresDatabase, cover: Cover) => {
  const numbers = makeSeriesNumbers(database)

  /** Answers how many were new; undefined when only new ones were to be written and some are not. */
  const writeAll = Effect.fnUntraced(function* (points: ReadonlyArray<DataPoint>, onlyNew: boolean) {
    for (;;) {
      const known = yield* numbers.number(points)
      const rows = rowsOf(points, known)
      if (onlyNew && rows.length < points.length) return undefined
      if (rows.length === 0) return 0
      const touched = touchedBy(rows)
      yield* cover([...new Set(touched.map(({ day }) => day))])
      const [row] = yield* database.query<{ fresh: number | null }>("write points", write, [
        String(onlyNew),
        known.generation,
        encodeArray("integer", touched, ({ block }) => block),
        encodeArray("bigint", touched, ({ day }) => day),
        encodeArray("integer", touched, ({ count }) => count),
        encodeArray("bigint", rows, ({ point }) => point.time),
        encodeArray("integer", rows, ({ series }) => series),
        // Modulo 2^32, as in the table.
        encodeArray("integer", rows, ({ point }) => (point.observedAt - point.time) | 0),
        ...metricNames.map((metric) => encodeArray("bigint", rows, ({ point }) => point[metric]))
      ])
      if (row?.fresh === notAllNew) return undefined
      if (typeof row?.fresh === "number") return row.fresh
      numbers.expire()
    }
  })

  const joined = makeJoining({
    // The server has other processes for other connections.
    atOnce: 2,
    mostPoints: 10_000,
    write: (points) => Effect.map(writeAll(points, false), (fresh) => fresh ?? 0),
    writeTogether: (batches) =>
      Effect.map(writeAll(batches.flat(), true), (fresh) =>
        fresh === undefined ? undefined : batches.map(({ length }) => length)
      )
  })
  return Effect.map(joined, (joining) => Effect.fn("PostgresTimeSeries.write")(joining))
}
