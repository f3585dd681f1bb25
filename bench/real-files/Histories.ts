import type { ImportJob } from "@influscope/domain/Imports"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import { figure, type RawRow } from "./RawTable.ts"

const endOfTime = 4_294_967_295

/** What a file says about somebody at a moment: its figures, and when (epoch seconds). */
type RawPoint = Pick<DataPoint, "time"> & { readonly [M in "followers" | "totalViews" | "posts"]?: number }

interface History {
  readonly rows: number
  readonly series: number
  /** What the report says of the whole. */
  readonly extent: string
  /** Every column of the file, and the field it feeds. */
  readonly columns: { readonly [name: string]: string | null }
  readonly pointOf: (row: RawRow) => readonly [id: string, point: RawPoint]
}

/** Files with figures over time that are known, by name. */
export const histories: { readonly [file: string]: History } = {
  "youtube-daily-30d.csv": {
    rows: 4_628,
    series: 227,
    extent: "4628 points of 227 influencers, 2026-01-17 to 2026-02-15.",
    columns: {
      date_utc: "observedAt",
      channel_id: "handle",
      channel_title: "name",
      subscribers: "followers",
      views: "totalViews",
      videos: "posts"
    },
    pointOf: (row) => [
      `youtube:${(row["channel_id"] ?? "").toLowerCase()}`,
      {
        time: Date.parse(`${row["date_utc"]}T00:00:00Z`) / 1_000,
        followers: figure(row["subscribers"]) ?? Number.NaN,
        totalViews: figure(row["views"]) ?? Number.NaN,
        posts: figure(row["videos"]) ?? Number.NaN
      }
    ]
  }
}

const byInfluencer = (history: History, rows: ReadonlyArray<RawRow>) => {
  const all = new Map<string, Array<RawPoint>>()
  for (const [id, point] of rows.map(history.pointOf)) {
    const points = all.get(id)
    if (points === undefined) all.set(id, [point])
    else points.push(point)
  }
  for (const points of all.values()) points.sort((a, b) => a.time - b.time)
  return all
}

const compare = (what: string, found: unknown, wanted: unknown): ReadonlyArray<string> =>
  Bun.deepEquals(found, wanted)
    ? []
    : [`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`]

const storedProblems = (id: string, wanted: ReadonlyArray<RawPoint>) =>
  Effect.gen(function* () {
    const series = yield* TimeSeries
    const range = { from: 0, to: endOfTime, limit: 10_000 }
    const points = yield* series.points(InfluencerId.make(id), range)
    const days = yield* series.rollups(InfluencerId.make(id), "day", range)
    return [
      ...compare(
        `${id} points`,
        points.map(({ followers, posts, time, totalViews }) => ({ time, followers, totalViews, posts })),
        wanted
      ),
      ...compare(
        `${id} days`,
        days.map(({ metrics, time }) => [time, metrics.followers?.last]),
        wanted.map(({ followers, time }) => [time, followers])
      )
    ]
  })

/** What is wrong after a history was imported: with the report, and with every point and day in the store. */
export const historyProblems = (
  history: History,
  rows: ReadonlyArray<RawRow>,
  { failure, report, state }: ImportJob
) =>
  Effect.gen(function* () {
    const wanted = byInfluencer(history, rows)
    const { points, series } = yield* Effect.flatMap(TimeSeries, ({ stats }) => stats)
    const stored = yield* Effect.forEach(wanted, ([id, each]) => storedProblems(id, each))
    return [
      ...compare("state", [state, failure], ["done", null]),
      ...compare("rows", [report.rows, report.imported, report.rejected], [history.rows, history.rows, 0]),
      ...compare(
        "columns",
        Object.fromEntries(report.columns.map(({ mappedTo, name }) => [name, mappedTo])),
        history.columns
      ),
      ...compare("points and series in the store", [points, series], [history.rows, history.series]),
      ...compare("the whole", report.notes.at(-1), history.extent),
      ...stored.flat()
    ]
  })
