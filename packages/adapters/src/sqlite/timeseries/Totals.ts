import type { Database as BunDatabase } from "bun:sqlite"
import type { SeriesStats } from "@influscope/ports/TimeSeries"

/** Counts on; both may be negative. */
export const addToTotals = (db: BunDatabase, series: number, points: number): void => {
  if (series !== 0 || points !== 0)
    db.query<never, [number, number]>("UPDATE totals SET series = series + ?, points = points + ?").run(
      series,
      points
    )
}

export const readStats = (db: BunDatabase): SeriesStats =>
  db
    .query<SeriesStats, []>(
      `SELECT series, points, page_count * page_size AS bytes
       FROM totals, pragma_page_count(), pragma_page_size()`
    )
    .get() ?? { series: 0, points: 0, bytes: 0 }
