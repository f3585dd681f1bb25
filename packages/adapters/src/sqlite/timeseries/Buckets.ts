import { type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { bucketStart, type RollupLevel } from "@influscope/domain/tracking/Resolution"
import type { Rollup, Summary } from "@influscope/ports/TimeSeries"
import type { Packer, Unpacker } from "./Packing.ts"
import { columnOfMetric, type Points } from "./Points.ts"
import { Timeline } from "./Timeline.ts"

/** Buckets of a series and level by their start: for each metric, in the order of metricNames, the parts of its summary. */
export type Buckets = Timeline

const parts = 6
const [first, last, min, max, sum, count] = [0, 1, 2, 3, 4, 5] as const

export const noBuckets = (capacity = 0): Buckets => new Timeline(parts * metricNames.length, capacity)

/** Buckets that follow each other as one. */
export const joined = (runs: ReadonlyArray<Buckets>): Buckets => {
  const all = noBuckets(runs.reduce((rows, run) => rows + run.count, 0))
  for (const run of runs) all.append(run, 0, run.count)
  return all
}

/** The column of the last figures of a metric. */
export const lastColumn = (metric: number): number => parts * metric + last

/** Each point as a bucket of its own. */
const single = (points: Points): Buckets => {
  const buckets = noBuckets()
  buckets.count = points.count
  buckets.times = points.times
  for (let metric = 0; metric < metricNames.length; metric++) {
    const figures = points.columns[columnOfMetric(metric)]
    if (figures === undefined) continue
    for (const part of [first, last, min, max, sum]) buckets.columns[parts * metric + part] = figures
    buckets.columns[parts * metric + count] = figures.map((figure) => (Number.isNaN(figure) ? Number.NaN : 1))
  }
  return buckets
}

/** Rolls one metric up: the n-th row goes into the bucket at the n-th place. */
const rollMetric = (from: Buckets, to: Buckets, metric: number, places: Uint32Array): void => {
  const source = (part: number) => from.columns[parts * metric + part]
  const [firsts, lasts, mins, maxs, sums, counts] = [
    source(first),
    source(last),
    source(min),
    source(max),
    source(sum),
    source(count)
  ]
  if (counts === undefined) return
  const target = (part: number): Float64Array => {
    const column = new Float64Array(to.count).fill(Number.NaN)
    to.columns[parts * metric + part] = column
    return column
  }
  const [toFirst, toLast, toMin, toMax, toSum, toCount] = [
    target(first),
    target(last),
    target(min),
    target(max),
    target(sum),
    target(count)
  ]
  for (let row = 0; row < from.count; row++) {
    const added = counts[row] ?? Number.NaN
    if (Number.isNaN(added)) continue
    const place = places[row] ?? 0
    const before = toCount[place] ?? Number.NaN
    const isFirst = Number.isNaN(before)
    const least = mins?.[row] ?? 0
    const most = maxs?.[row] ?? 0
    if (isFirst) toFirst[place] = firsts?.[row] ?? 0
    if (isFirst || least < (toMin[place] ?? 0)) toMin[place] = least
    if (isFirst || most > (toMax[place] ?? 0)) toMax[place] = most
    toLast[place] = lasts?.[row] ?? 0
    toSum[place] = (isFirst ? 0 : (toSum[place] ?? 0)) + (sums?.[row] ?? 0)
    toCount[place] = (isFirst ? 0 : before) + added
  }
}

/** Rolls buckets up into those of a coarser level. */
export const coarser = (buckets: Buckets, level: RollupLevel): Buckets => {
  const places = new Uint32Array(buckets.count)
  const rolled = noBuckets()
  for (let row = 0; row < buckets.count; row++) {
    const start = bucketStart(level, buckets.timeAt(row))
    if (start !== rolled.timeAt(-1)) rolled.push(start)
    places[row] = rolled.count - 1
  }
  for (let metric = 0; metric < metricNames.length; metric++) rollMetric(buckets, rolled, metric, places)
  return rolled
}

export const rolledUp = (points: Points, level: RollupLevel): Buckets => coarser(single(points), level)

/** The values of rows that have one in another column. */
const present = (column: Float64Array | undefined, among: Float64Array, rows: number): Float64Array => {
  const values = new Float64Array(rows)
  let found = 0
  for (let row = 0; row < rows; row++)
    if (!Number.isNaN(among[row] ?? Number.NaN)) values[found++] = column?.[row] ?? 0
  return values.slice(0, found)
}

const packMetric = (packer: Packer, buckets: Buckets, metric: number): void => {
  const counts = buckets.columns[parts * metric + count]
  packer.unsigned(counts === undefined ? 0 : 1)
  if (counts === undefined) return
  packer.sparse(counts, buckets.count)
  const values = (part: number): Float64Array =>
    present(buckets.columns[parts * metric + part], counts, buckets.count)
  const [firsts, lasts, mins, maxs] = [values(first), values(last), values(min), values(max)]
  const sums = values(sum)
  const dense = values(count)
  // Sums above 2^53 are rounded, so distances from them would not be exact.
  const exact = sums.every(Number.isSafeInteger)
  packer.unsigned(firsts[0] ?? 0)
  // Everything as the distance from something near that the reader knows by then.
  for (let row = firsts.length - 1; row >= 0; row--) {
    const [from, to, least, most] = [firsts[row] ?? 0, lasts[row] ?? 0, mins[row] ?? 0, maxs[row] ?? 0]
    firsts[row] = row === 0 ? 0 : from - (lasts[row - 1] ?? 0)
    lasts[row] = to - from
    mins[row] = Math.min(from, to) - least
    maxs[row] = most - Math.max(from, to)
    if (exact) sums[row] = (sums[row] ?? 0) - (dense[row] ?? 0) * least
  }
  for (const column of [firsts, lasts, mins, maxs]) packer.column(column, column.length)
  packer.unsigned(exact ? 1 : 0)
  packer.column(sums, sums.length)
}

const unpackMetric = (unpacker: Unpacker, buckets: Buckets, metric: number): void => {
  if (unpacker.unsigned() === 0) return
  const counts = unpacker.sparse(buckets.count)
  const dense = present(counts, counts, buckets.count)
  let before = unpacker.unsigned()
  const firsts = unpacker.column(dense.length)
  const lasts = unpacker.column(dense.length)
  const mins = unpacker.column(dense.length)
  const maxs = unpacker.column(dense.length)
  const exact = unpacker.unsigned() === 1
  const sums = unpacker.column(dense.length)
  for (let row = 0; row < dense.length; row++) {
    const from = before + (firsts[row] ?? 0)
    const to = from + (lasts[row] ?? 0)
    const least = Math.min(from, to) - (mins[row] ?? 0)
    before = to
    firsts[row] = from
    lasts[row] = to
    mins[row] = least
    maxs[row] = (maxs[row] ?? 0) + Math.max(from, to)
    if (exact) sums[row] = (sums[row] ?? 0) + (dense[row] ?? 0) * least
  }
  const put = (part: number, values: Float64Array): void => {
    if (dense.length === buckets.count) {
      buckets.columns[parts * metric + part] = values
      return
    }
    const column = new Float64Array(buckets.count).fill(Number.NaN)
    for (let row = 0, found = 0; row < buckets.count; row++)
      if (!Number.isNaN(counts[row] ?? Number.NaN)) column[row] = values[found++] ?? 0
    buckets.columns[parts * metric + part] = column
  }
  put(first, firsts)
  put(last, lasts)
  put(min, mins)
  put(max, maxs)
  put(sum, sums)
  put(count, dense)
}

export const packBuckets = (packer: Packer, buckets: Buckets): void => {
  packer.unsigned(buckets.count)
  packer.times(buckets.times, buckets.count)
  for (let metric = 0; metric < metricNames.length; metric++) packMetric(packer, buckets, metric)
}

export const unpackBuckets = (unpacker: Unpacker): Buckets => {
  const buckets = noBuckets()
  buckets.count = unpacker.unsigned()
  buckets.times = unpacker.times(buckets.count)
  for (let metric = 0; metric < metricNames.length; metric++) unpackMetric(unpacker, buckets, metric)
  unpacker.end()
  return buckets
}

/** The first `limit` buckets. */
export const toRollups = (
  buckets: Buckets,
  limit: number,
  wanted: ReadonlyArray<MetricName>
): Array<Rollup> => {
  const rows = Math.min(buckets.count, limit)
  const metrics = Array.from({ length: rows }, (): { [M in MetricName]?: Summary } => ({}))
  for (const [metric, name] of metricNames.entries()) {
    if (!wanted.includes(name)) continue
    const column = (part: number) => buckets.columns[parts * metric + part]
    const [firsts, lasts, mins] = [column(first), column(last), column(min)]
    const [maxs, sums, counts] = [column(max), column(sum), column(count)]
    for (let row = 0; row < rows; row++) {
      const points = counts?.[row] ?? Number.NaN
      const into = metrics[row]
      if (into === undefined || Number.isNaN(points)) continue
      into[name] = {
        first: firsts?.[row] ?? 0,
        last: lasts?.[row] ?? 0,
        min: mins?.[row] ?? 0,
        max: maxs?.[row] ?? 0,
        sum: sums?.[row] ?? 0,
        count: points
      }
    }
  }
  return metrics.map((of, row) => ({ time: buckets.timeAt(row), metrics: of }))
}
