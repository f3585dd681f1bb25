/**
 * Parameters are in PostgreSQL's binary form of arrays, which neither side has to print or parse: the number of dimensions, whether
 * there are nulls, the type, each dimension's length and lower bound, then every element's length (-1: null) and bytes. What is
 * read is in its text form: the driver gets bytes as hexadecimal digits, four times as many for figures as these have.
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

/** What is left to read of arrays in PostgreSQL's text form, one right after the other. */
export interface Reader {
  readonly text: string
  at: number
}

export const readerOf = (text: string): Reader => ({ text, at: 0 })

export const isAtEnd = ({ at, text }: Reader): boolean => at >= text.length

const [open, close, comma, zero] = [123, 125, 44, 48]

/**
 * The numbers of the next array, of any number of dimensions; NULL is NaN. Whole ones, as nearly all are, are put together digit by
 * digit: floats are printed like that, too, up to 10^15.
 */
export const readArray = (reader: Reader): ReadonlyArray<number> => {
  const { text } = reader
  const numbers: Array<number> = []
  let { at } = reader
  let depth = 0
  do {
    const code = text.charCodeAt(at)
    if (code === open || code === close || code === comma) {
      if (code !== comma) depth += code === open ? 1 : -1
      at++
      continue
    }
    const start = at
    let whole = 0
    for (let digit = code - zero; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - zero)
      whole = 10 * whole + digit
    let end = text.charCodeAt(at)
    const isWhole = end === comma || end === close
    while (at < text.length && end !== comma && end !== close) end = text.charCodeAt(++at)
    numbers.push(isWhole ? whole : Number(text.slice(start, at)))
  } while (depth > 0 && at < text.length)
  reader.at = at
  return numbers
}
