/**
 * PostgreSQL's binary form of arrays, which neither side has to print or parse: the number of dimensions, whether there are
 * nulls, the type, each dimension's length and lower bound, then every element's length (-1: null) and bytes.
 */

/** Object identifiers of the types of elements. */
const types = { integer: 23, bigint: 20, text: 25 } as const
const sizes = { integer: 4, bigint: 8 } as const
const lengthOfHead = 20

const writeHead = (view: DataView, type: keyof typeof types, length: number, hasNulls: boolean): void => {
  for (const [place, word] of [1, hasNulls ? 1 : 0, types[type], length, 1].entries())
    view.setInt32(4 * place, word)
}

/** Whole numbers as a parameter of type integer[] or bigint[]; what is undefined is null. */
export const encodeArray = <A>(
  type: keyof typeof sizes,
  rows: ReadonlyArray<A>,
  valueOf: (row: A) => number | undefined
): Uint8Array => {
  const bytes = new Uint8Array(lengthOfHead + rows.length * (4 + sizes[type]))
  const view = new DataView(bytes.buffer)
  let end = lengthOfHead
  let hasNulls = false
  for (const row of rows) {
    const value = valueOf(row)
    if (value === undefined) {
      hasNulls = true
      view.setInt32(end, -1)
      end += 4
      continue
    }
    view.setInt32(end, sizes[type])
    if (type === "bigint") {
      view.setInt32(end + 4, Math.floor(value / 2 ** 32))
      view.setUint32(end + 8, value % 2 ** 32)
    } else view.setInt32(end + 4, value)
    end += 4 + sizes[type]
  }
  writeHead(view, type, rows.length, hasNulls)
  return bytes.subarray(0, end)
}

/** Texts, which have no NUL in them, as a parameter of type text[]. */
export const encodeTexts = <A>(rows: ReadonlyArray<A>, textOf: (row: A) => string): Uint8Array => {
  const texts = rows.map((row) => Buffer.from(textOf(row)))
  const bytes = new Uint8Array(texts.reduce((size, text) => size + 4 + text.length, lengthOfHead))
  const view = new DataView(bytes.buffer)
  writeHead(view, "text", rows.length, false)
  let end = lengthOfHead
  for (const text of texts) {
    view.setInt32(end, text.length)
    bytes.set(text, end + 4)
    end += 4 + text.length
  }
  return bytes
}

/** What is left to read of bytes. */
export interface Reader {
  readonly view: DataView
  at: number
}

export const readerOf = (bytes: Uint8Array): Reader => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  at: 0
})

export const isAtEnd = ({ at, view }: Reader): boolean => at >= view.byteLength

/** A bigint that is a safe integer, as int8send writes it. */
export const readBigint = (reader: Reader): number => {
  const { at, view } = reader
  reader.at += 8
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4)
}

/** The elements of an array of type integer[] or float8[], of any number of dimensions, as array_send writes it; null is NaN. */
export const readArray = (reader: Reader): Float64Array => {
  const { view } = reader
  const head = reader.at
  const dimensions = view.getInt32(head)
  const isInteger = view.getInt32(head + 8) === types.integer
  let length = dimensions === 0 ? 0 : 1
  for (let dimension = 0; dimension < dimensions; dimension++)
    length *= view.getInt32(head + 12 + 8 * dimension)
  const values = new Float64Array(length).fill(Number.NaN)
  let at = head + 12 + 8 * dimensions
  for (let place = 0; place < length; place++) {
    const size = view.getInt32(at)
    at += 4
    if (size < 0) continue
    values[place] = isInteger ? view.getInt32(at) : view.getFloat64(at)
    at += size
  }
  reader.at = at
  return values
}
