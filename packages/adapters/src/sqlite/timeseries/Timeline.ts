const leastCapacity = 16

const resized = (column: Float64Array, capacity: number): Float64Array => {
  const larger = new Float64Array(capacity)
  larger.set(column)
  return larger
}

/** Rows of numbers by rising times, in columns that may be longer than `count`. */
export class Timeline {
  count = 0
  times: Float64Array
  /** Undefined where no row has a value, NaN where this one has none. */
  readonly columns: Array<Float64Array | undefined>

  constructor(width: number, capacity = 0) {
    this.times = new Float64Array(capacity)
    this.columns = new Array<Float64Array | undefined>(width).fill(undefined)
  }

  private reserve(count: number): void {
    if (this.count + count <= this.times.length) return
    const capacity = Math.max(leastCapacity, this.count + count, 2 * this.count)
    this.times = resized(this.times, capacity)
    for (let at = 0; at < this.columns.length; at++) {
      const column = this.columns[at]
      if (column !== undefined) this.columns[at] = resized(column, capacity)
    }
  }

  private writable(at: number): Float64Array {
    const known = this.columns[at]
    if (known !== undefined) return known
    const column = new Float64Array(this.times.length).fill(Number.NaN, 0, this.count)
    this.columns[at] = column
    return column
  }

  /** The time of a row, of the last one when `row` is -1; NaN when there is no such row. */
  timeAt(row: number): number {
    const at = row < 0 ? this.count + row : row
    return at < this.count ? (this.times[at] ?? Number.NaN) : Number.NaN
  }

  valueAt(column: number, row: number): number {
    return this.columns[column]?.[row] ?? Number.NaN
  }

  /** Appends a row without values; its values are set until the next one is appended. */
  push(time: number): void {
    this.reserve(1)
    for (const column of this.columns) if (column !== undefined) column[this.count] = Number.NaN
    this.times[this.count++] = time
  }

  /** Sets a value of the last row. */
  set(column: number, value: number): void {
    this.writable(column)[this.count - 1] = value
  }

  /** Appends the rows of another from one to before another. */
  append(from: Timeline, start: number, end: number): void {
    if (start >= end) return
    this.reserve(end - start)
    // Loops: views of typed arrays cost more than copying a few numbers.
    for (let row = start, to = this.count; row < end; row++, to++) this.times[to] = from.times[row] ?? 0
    for (let at = 0; at < from.columns.length; at++) {
      const source = from.columns[at]
      if (source === undefined) {
        this.columns[at]?.fill(Number.NaN, this.count, this.count + end - start)
        continue
      }
      const target = this.writable(at)
      for (let row = start, to = this.count; row < end; row++, to++) target[to] = source[row] ?? Number.NaN
    }
    this.count += end - start
  }

  /** The first row at or after a time; `count` when there is none. */
  rowOf(time: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.times[middle] ?? 0) < time) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The rows from one to before another; itself when those are all. */
  slice(start: number, end: number): Timeline {
    if (start === 0 && end === this.count) return this
    const part = new Timeline(this.columns.length, Math.max(0, end - start))
    part.append(this, start, end)
    return part
  }

  /** The rows of a stretch of time; itself when those are all. */
  between(from: number, to: number): Timeline {
    return this.slice(this.rowOf(from), this.rowOf(to))
  }
}

/** All rows of both; where both have one, the one of `first`. */
export const merged = (first: Timeline, second: Timeline): Timeline => {
  if (first.count === 0) return second
  if (second.count === 0) return first
  const all = new Timeline(first.columns.length, first.count + second.count)
  for (let a = 0, b = 0; a < first.count || b < second.count; ) {
    const untilA = b < second.count ? first.rowOf(second.timeAt(b)) : first.count
    all.append(first, a, untilA)
    a = Math.max(a, untilA)
    if (a < first.count && first.timeAt(a) === second.timeAt(b)) b++
    const untilB = a < first.count ? second.rowOf(first.timeAt(a)) : second.count
    all.append(second, b, untilB)
    b = Math.max(b, untilB)
  }
  return all
}
