import { type DataPoint, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Packer, Unpacker } from "./Packing.ts"
import { Timeline } from "./Timeline.ts"

/** Points of a series: how late each was observed (seconds), then the metrics in the order of metricNames. */
export type Points = Timeline

const latenessColumn = 0
export const columnOfMetric = (metric: number): number => 1 + metric

export const noPoints = (capacity = 0): Points => new Timeline(1 + metricNames.length, capacity)

export const pushPoint = (points: Points, point: DataPoint): void => {
  points.push(point.time)
  points.set(latenessColumn, point.observedAt - point.time)
  for (let metric = 0; metric < metricNames.length; metric++) {
    const name = metricNames[metric]
    const value = name === undefined ? undefined : point[name]
    if (value !== undefined) points.set(columnOfMetric(metric), value)
  }
}

export const toDataPoint = (points: Points, id: InfluencerId, row: number): DataPoint => {
  const time = points.timeAt(row)
  const point: { -readonly [K in keyof DataPoint]: DataPoint[K] } = {
    id,
    time,
    observedAt: time + points.valueAt(latenessColumn, row)
  }
  for (let metric = 0; metric < metricNames.length; metric++) {
    const name = metricNames[metric]
    const value = points.valueAt(columnOfMetric(metric), row)
    if (name !== undefined && !Number.isNaN(value)) point[name] = value
  }
  return point
}

/** Of points of one series, in any order; of two with the same time the first. */
export const pointsOf = (points: ReadonlyArray<DataPoint>): Points => {
  const sorted = [...points].sort((a, b) => a.time - b.time)
  const made = noPoints(sorted.length)
  for (const point of sorted) if (point.time !== made.timeAt(-1)) pushPoint(made, point)
  return made
}

/** Bit n: some point has the n-th of metricNames. */
export const metricMask = (points: Points): number => {
  let mask = 0
  for (let metric = 0; metric < metricNames.length; metric++)
    if (points.columns[columnOfMetric(metric)] !== undefined) mask |= 1 << metric
  return mask
}

/** Everything but the times. */
export const packFigures = (packer: Packer, points: Points): void => {
  packer.unsigned(metricMask(points))
  for (const column of points.columns) if (column !== undefined) packer.sparse(column, points.count)
}

export const unpackFigures = (unpacker: Unpacker, times: Float64Array): Points => {
  const points = noPoints()
  points.count = times.length
  points.times = times
  const mask = unpacker.unsigned()
  for (let at = 0; at < points.columns.length; at++)
    if (at === latenessColumn || (mask & (1 << (at - columnOfMetric(0)))) !== 0)
      points.columns[at] = unpacker.sparse(times.length)
  return points
}
