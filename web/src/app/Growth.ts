import type { GrowthFigures, Series } from "./Client.ts"

const dayMillis = 86_400_000

/** Days that the chart shows, up to the last one with figures. */
export const ranges = [7, 30, 90, 365] as const
export type ChartRange = (typeof ranges)[number]

/** What the chart is about: a count, or average likes and comments per post in percent of the followers. */
export type ChartMetric = "followers" | "engagement"

/** A value of a day; `time` is the day's start, epoch ms. */
export interface DayValue {
  readonly time: number
  readonly value: number
}

type Row = Series["rows"][number]

const valueOf = ({ values }: Row, metric: ChartMetric): number | undefined => {
  const { avgComments, avgLikes, followers } = values
  if (metric === "followers") return followers
  return followers === undefined || followers === 0 || avgLikes === undefined || avgComments === undefined
    ? undefined
    : ((avgLikes + avgComments) / followers) * 100
}

/** The days that have a value, oldest first. */
export const daysOf = (series: Series, metric: ChartMetric): ReadonlyArray<DayValue> =>
  series.rows.flatMap((row) => {
    const value = valueOf(row, metric)
    return value === undefined ? [] : [{ time: Date.parse(row.time), value }]
  })

/** The days of a range that ends with the last one. */
export const lastDays = (days: ReadonlyArray<DayValue>, range: ChartRange): ReadonlyArray<DayValue> => {
  const last = days.at(-1)
  return last === undefined ? [] : days.filter(({ time }) => time >= last.time - range * dayMillis)
}

/** A day to come: what is expected, and between which bounds it is with a probability of 80 %. */
export interface Expected extends DayValue {
  readonly low: number
  readonly high: number
}

type FollowerGrowth = NonNullable<GrowthFigures["metrics"]["followers"]>

/** The forecasts that a range has room for: as far ahead as it reaches back, and 90 days at most. */
export const expectedOf = (
  growth: FollowerGrowth | undefined,
  last: DayValue | undefined,
  range: ChartRange
): ReadonlyArray<Expected> => {
  const forecasts = growth?.projection?.forecasts
  if (forecasts === undefined || last === undefined) return []
  return forecasts
    .filter(({ days }) => days <= range)
    .map(({ days, high80, low80, value }) => ({
      time: last.time + days * dayMillis,
      value,
      low: low80,
      high: high80
    }))
}

/** Something that stands out on a day of the chart. */
export interface Mark {
  readonly kind: "anomaly" | "milestone"
  readonly time: number
  readonly value: number
  readonly text: string
}

const anomalyTexts: { readonly [K in FollowerGrowth["anomalies"][number]["kind"]]: string } = {
  spike: "unusually fast rise",
  drop: "unusually fast fall",
  purge: "fall that took back a rise: bought or fake followers removed",
  roundNumberJump: "jump to a round number"
}

/** Anomalies and milestones among some days, oldest first. `formatCount` writes a milestone. */
export const marksOf = (
  growth: FollowerGrowth | undefined,
  days: ReadonlyArray<DayValue>,
  formatCount: (count: number) => string
): ReadonlyArray<Mark> => {
  const [first] = days
  if (growth === undefined || first === undefined) return []
  const marks: ReadonlyArray<Mark> = [
    ...growth.anomalies.map(({ after, kind, time }) => ({
      kind: "anomaly" as const,
      time: Date.parse(time),
      value: after,
      text: anomalyTexts[kind]
    })),
    ...growth.milestones.passed.map(({ milestone, time, value }) => ({
      kind: "milestone" as const,
      time: Date.parse(time),
      value,
      text: `${formatCount(milestone)} reached`
    }))
  ]
  return marks.filter(({ time }) => time >= first.time).toSorted((a, b) => a.time - b.time)
}

/** Days in a row without a gap: between two runs nobody looked. */
export const runsOf = (days: ReadonlyArray<DayValue>): ReadonlyArray<ReadonlyArray<DayValue>> => {
  const runs: Array<Array<DayValue>> = []
  for (const day of days) {
    const run = runs.at(-1)
    const before = run?.at(-1)
    if (run === undefined || before === undefined || day.time - before.time > dayMillis) runs.push([day])
    else run.push(day)
  }
  return runs
}

/** Days (epoch ms) at equal steps from the first on, up to the last, in about so many steps at most. */
export const spreadDays = (first: number, last: number, most: number): ReadonlyArray<number> => {
  const days = Math.round((last - first) / dayMillis)
  const step = Math.max(1, Math.ceil(days / most))
  return Array.from({ length: Math.floor(days / step) + 1 }, (_, index) => first + index * step * dayMillis)
}

/** About so many round values that lie within a range. */
export const ticksOf = (low: number, high: number, count: number): ReadonlyArray<number> => {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step)
}

/** The bounds of the vertical axis: all values with a little room, also when they are all the same. */
export const boundsOf = (values: ReadonlyArray<number>): readonly [low: number, high: number] => {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const room = high > low ? (high - low) * 0.08 : Math.max(Math.abs(high) * 0.01, 0.01)
  return [Math.max(0, low - room), high + room]
}
