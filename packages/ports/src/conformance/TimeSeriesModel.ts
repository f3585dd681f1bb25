import { type DataPoint, type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import {
  bucketStart,
  type Resolution,
  type RollupLevel,
  resolutions
} from "@influscope/domain/tracking/Resolution"
import { keptFrom, type Retention } from "@influscope/domain/tracking/Retention"
import type { Change, Range, Rollup, SeriesStats, Summary } from "../TimeSeries.ts"

const startOf = (level: Resolution, time: number): number =>
  level === "raw" ? time : bucketStart(level, time)

const byTime = (a: { readonly time: number }, b: { readonly time: number }): number => a.time - b.time

const inRange = <A extends { readonly time: number }>(
  all: ReadonlyArray<A>,
  range: Range
): ReadonlyArray<A> => all.filter(({ time }) => time >= range.from && time < range.to).slice(0, range.limit)

/** Of values by their time; at least one. */
const summaryOf = (values: ReadonlyArray<number>): Summary => ({
  first: values[0] ?? Number.NaN,
  last: values[values.length - 1] ?? Number.NaN,
  min: Math.min(...values),
  max: Math.max(...values),
  sum: values.reduce((sum, value) => sum + value, 0),
  count: values.length
})

const rollupOf = (time: number, points: ReadonlyArray<DataPoint>): Rollup => {
  const metrics: { [M in MetricName]?: Summary } = {}
  for (const name of metricNames) {
    const values = points.flatMap((point) => point[name] ?? [])
    if (values.length > 0) metrics[name] = summaryOf(values)
  }
  return { time, metrics }
}

/** What a TimeSeries answers, without anything clever: it keeps every point that ever counted and computes all anew. */
export class TimeSeriesModel {
  private readonly series = new Map<InfluencerId, Map<number, DataPoint>>()
  private kept: { readonly [L in Resolution]: number } = { raw: 0, hour: 0, day: 0, week: 0, month: 0 }

  /** All points that counted, by time. */
  private all(id: InfluencerId): ReadonlyArray<DataPoint> {
    return [...(this.series.get(id)?.values() ?? [])].sort(byTime)
  }

  private isNew(point: DataPoint): boolean {
    const finest = resolutions.find((level) => startOf(level, point.time) >= this.kept[level])
    if (finest === undefined) return false
    const start = startOf(finest, point.time)
    return this.all(point.id).every(({ time }) => startOf(finest, time) !== start)
  }

  write(points: ReadonlyArray<DataPoint>): number {
    let count = 0
    for (const point of points.filter((each) => this.isNew(each))) {
      const known = this.series.get(point.id) ?? new Map<number, DataPoint>()
      this.series.set(point.id, known)
      if (known.has(point.time)) continue
      known.set(point.time, point)
      count++
    }
    return count
  }

  points(id: InfluencerId, range: Range): ReadonlyArray<DataPoint> {
    return inRange(
      this.all(id).filter((point) => point.time >= this.kept.raw),
      range
    )
  }

  rollups(id: InfluencerId, level: RollupLevel, range: Range): ReadonlyArray<Rollup> {
    const buckets = new Map<number, Array<DataPoint>>()
    for (const point of this.all(id)) {
      const start = bucketStart(level, point.time)
      buckets.set(start, [...(buckets.get(start) ?? []), point])
    }
    const rollups = [...buckets].map(([start, points]) => rollupOf(start, points))
    return inRange(
      rollups.filter(({ time }) => time >= this.kept[level]),
      range
    )
  }

  last(id: InfluencerId, at: number): DataPoint | undefined {
    return this.points(id, { from: 0, to: at + 1, limit: Number.POSITIVE_INFINITY }).at(-1)
  }

  /** All of them, by relative change. */
  growth(metric: MetricName, from: number, to: number): ReadonlyArray<Change> {
    const changes = this.ids().flatMap((id): ReadonlyArray<Change> => {
      const figureAt = (time: number): number | undefined =>
        this.rollups(id, "day", { from: 0, to: time + 1, limit: Number.POSITIVE_INFINITY })
          .flatMap((rollup) => rollup.metrics[metric]?.last ?? [])
          .at(-1)
      const [start, end] = [figureAt(from), figureAt(to)]
      return start === undefined || end === undefined || start === 0 ? [] : [{ id, start, end }]
    })
    return changes.sort((a, b) => b.end / b.start - a.end / a.start)
  }

  ids(): ReadonlyArray<InfluencerId> {
    return [...this.series.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  forget(id: InfluencerId): void {
    this.series.delete(id)
  }

  maintain(now: number, retention: Retention): void {
    const kept = (level: Resolution): number => Math.max(this.kept[level], keptFrom(retention, level, now))
    this.kept = {
      raw: kept("raw"),
      hour: kept("hour"),
      day: kept("day"),
      week: kept("week"),
      month: kept("month")
    }
  }

  stats(): Omit<SeriesStats, "bytes"> {
    const everything = { from: 0, to: Number.POSITIVE_INFINITY, limit: Number.POSITIVE_INFINITY }
    const points = this.ids().reduce((sum, id) => sum + this.points(id, everything).length, 0)
    return { series: this.series.size, points }
  }
}
