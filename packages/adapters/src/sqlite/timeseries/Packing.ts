import { StorageError } from "@influscope/ports/StorageError"

/** What a blob holds: its first byte, so that none passes for another. A changed layout takes a new number. */
export const kinds = { head: 1, chunk: 2, buckets: 3, closes: 4 } as const
export type Kind = (typeof kinds)[keyof typeof kinds]

/** Values packed with one width. */
const groupSize = 16
/** Widths in bits: up to 24 as needed, else 32, else doubles. */
const widestPacked = 24
const doubleWidth = 64
const prefixBytes = 5

/** Whole numbers near zero of either sign become small ones without. */
const folded = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
const unfolded = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)
/** Of at most 32 bits. */
const unfoldedInt = (value: number): number => (value >>> 1) ^ -(value & 1)

const damaged = (kind: Kind, owner: number, time: number, cause: string): StorageError =>
  new StorageError({
    reason: "corrupt",
    operation: `read time series (kind ${kind}, ${owner} at ${time})`,
    cause
  })

/** A blob read where another one belongs has another sum. */
const sumOf = (bytes: Uint8Array, owner: number, time: number): number =>
  Bun.hash.xxHash32(bytes, (Math.imul(owner, 0x9e3779b1) ^ time) >>> 0)

/** Makes numbers of steps. */
const addUp = (values: Float64Array): void => {
  for (let at = 1; at < values.length; at++) values[at] = (values[at] ?? 0) + (values[at - 1] ?? 0)
}

/** Writes numbers in few bytes. */
export class Packer {
  private bytes = new Uint8Array(64 * 1_024)
  private view = new DataView(this.bytes.buffer)
  private length = 0
  private readonly group = new Uint32Array(groupSize)

  /** Makes a blob; `write` must not make another one. */
  pack(kind: Kind, owner: number, time: number, write: (packer: Packer) => void): Uint8Array {
    this.length = prefixBytes
    this.bytes[prefixBytes - 1] = kind
    write(this)
    this.view.setUint32(0, sumOf(this.bytes.subarray(4, this.length), owner, time), true)
    return this.bytes.slice(0, this.length)
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = new Uint8Array(2 * (this.length + count))
    larger.set(this.bytes)
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }

  /** A whole number from 0 to 2^54, seven bits a byte. */
  unsigned(value: number): void {
    this.reserve(8)
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.bytes[this.length++] = (rest % 0x80) | 0x80
    this.bytes[this.length++] = rest
  }

  /** Numbers as they are. Whole ones near zero take few bits: all of a group as many as its widest needs. */
  column(values: Float64Array, count: number): void {
    for (let from = 0; from < count; from += groupSize)
      this.packGroup(values, from, Math.min(groupSize, count - from))
  }

  private packGroup(values: Float64Array, from: number, count: number): void {
    this.reserve(1 + 8 * groupSize)
    const { group } = this
    let widest = 0
    for (let at = 0; at < count; at++) {
      const value = folded(values[from + at] ?? 0)
      group[at] = value
      if (value > widest) widest = value
    }
    if (widest >= 2 ** 32) {
      this.bytes[this.length++] = doubleWidth
      for (let at = 0; at < count; at++, this.length += 8)
        this.view.setFloat64(this.length, values[from + at] ?? 0, true)
      return
    }
    const bits = 32 - Math.clz32(widest)
    if (bits > widestPacked) {
      this.bytes[this.length++] = 32
      for (let at = 0; at < count; at++, this.length += 4)
        this.view.setUint32(this.length, group[at] ?? 0, true)
      return
    }
    this.bytes[this.length++] = bits
    let pending = 0
    let pendingBits = 0
    for (let at = 0; at < count && bits > 0; at++) {
      pending |= (group[at] ?? 0) << pendingBits
      pendingBits += bits
      for (; pendingBits >= 8; pendingBits -= 8, pending >>>= 8) this.bytes[this.length++] = pending
    }
    if (pendingBits > 0) this.bytes[this.length++] = pending
  }

  /** Numbers that follow each other closely: the first, then the steps. */
  steps(values: Float64Array, count: number): void {
    if (count === 0) return
    this.unsigned(folded(values[0] ?? 0))
    const steps = new Float64Array(count - 1)
    for (let at = 1; at < count; at++) steps[at - 1] = (values[at] ?? 0) - (values[at - 1] ?? 0)
    this.column(steps, count - 1)
  }

  /** Rising numbers at steady distances: the first, then the distances. */
  times(values: Float64Array, count: number): void {
    if (count === 0) return
    this.unsigned(values[0] ?? 0)
    const distances = new Float64Array(count - 1)
    for (let at = 1; at < count; at++) distances[at - 1] = (values[at] ?? 0) - (values[at - 1] ?? 0)
    this.steps(distances, count - 1)
  }

  /** Numbers that follow each other closely, with gaps (NaN): where there are any, then the others. */
  sparse(values: Float64Array, count: number): void {
    const dense = new Float64Array(count)
    let present = 0
    for (let at = 0; at < count; at++) {
      const value = values[at] ?? Number.NaN
      if (!Number.isNaN(value)) dense[present++] = value
    }
    this.unsigned(count - present)
    if (present < count) {
      this.reserve(Math.ceil(count / 8))
      for (let from = 0; from < count; from += 8) {
        let bits = 0
        for (let bit = 0; bit < 8 && from + bit < count; bit++)
          if (!Number.isNaN(values[from + bit] ?? Number.NaN)) bits |= 1 << bit
        this.bytes[this.length++] = bits
      }
    }
    this.steps(dense, present)
  }
}

/** Reads what Packer wrote, in the same order. Throws StorageError `corrupt` for anything else. */
export class Unpacker {
  private readonly view: DataView
  private at = prefixBytes

  constructor(
    private readonly kind: Kind,
    private readonly owner: number,
    private readonly time: number,
    private readonly bytes: Uint8Array
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < prefixBytes || this.view.getUint32(0, true) !== sumOf(bytes.subarray(4), owner, time))
      throw this.damage("its check sum is wrong")
    if (bytes[prefixBytes - 1] !== kind) throw this.damage("it is of another kind")
  }

  damage(cause: string): StorageError {
    return damaged(this.kind, this.owner, this.time, cause)
  }

  /** To be called after the last value. */
  end(): void {
    if (this.at !== this.bytes.length) throw this.damage("its length is wrong")
  }

  private advance(count: number): number {
    const from = this.at
    this.at += count
    if (this.at > this.bytes.length) throw this.damage("it ends early")
    return from
  }

  unsigned(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.bytes[this.advance(1)] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }

  column(count: number): Float64Array {
    const values = new Float64Array(count)
    this.unpackInto(values, 0)
    return values
  }

  private unpackInto(values: Float64Array, start: number): void {
    for (let from = start; from < values.length; from += groupSize)
      this.unpackGroup(values, from, Math.min(groupSize, values.length - from))
  }

  private unpackGroup(values: Float64Array, from: number, count: number): void {
    const bits = this.bytes[this.advance(1)] ?? 0
    if (bits === 0) return
    let read = this.advance(Math.ceil((bits * count) / 8))
    if (bits === doubleWidth) {
      for (let at = 0; at < count; at++, read += 8) values[from + at] = this.view.getFloat64(read, true)
      return
    }
    if (bits === 32) {
      for (let at = 0; at < count; at++, read += 4)
        values[from + at] = unfoldedInt(this.view.getUint32(read, true))
      return
    }
    const mask = 2 ** bits - 1
    let pending = 0
    let pendingBits = 0
    for (let at = 0; at < count; at++) {
      for (; pendingBits < bits; pendingBits += 8) pending |= (this.bytes[read++] ?? 0) << pendingBits
      values[from + at] = unfoldedInt(pending & mask)
      pending >>>= bits
      pendingBits -= bits
    }
  }

  steps(count: number): Float64Array {
    const values = new Float64Array(count)
    if (count > 0) {
      values[0] = unfolded(this.unsigned())
      this.unpackInto(values, 1)
      addUp(values)
    }
    return values
  }

  times(count: number): Float64Array {
    const values = new Float64Array(count)
    if (count > 0) values[0] = this.unsigned()
    if (count > 1) {
      values.set(this.steps(count - 1), 1)
      addUp(values)
    }
    return values
  }

  sparse(count: number): Float64Array {
    const gaps = this.unsigned()
    if (gaps === 0) return this.steps(count)
    const bits = this.advance(Math.ceil(count / 8))
    const dense = this.steps(count - gaps)
    const values = new Float64Array(count).fill(Number.NaN)
    for (let at = 0, next = 0; at < count; at++)
      if (((this.bytes[bits + (at >> 3)] ?? 0) & (1 << (at & 7))) !== 0)
        values[at] = dense[next++] ?? Number.NaN
    return values
  }
}

const packer = new Packer()

/** A blob of what `write` gives, to be read by an Unpacker of the same kind, owner and time. */
export const pack = (kind: Kind, owner: number, time: number, write: (packer: Packer) => void): Uint8Array =>
  packer.pack(kind, owner, time, write)
