import { assert, describe, it } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import { isAtEnd, readArray, readerOf } from "../../src/postgres/Arrays.ts"

/** As PostgreSQL prints float8: the shortest digits, with an exponent of at least two from 10^15 on. */
const printed = (value: number): string => {
  if (Number.isNaN(value)) return "NULL"
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2")
}

const figures = fc.array(
  fc.oneof(
    fc.nat(),
    fc.maxSafeInteger(),
    fc.double({ noDefaultInfinity: true }).filter((value) => !Object.is(value, -0))
  )
)

describe("arrays in PostgreSQL's text form", () => {
  it.prop("are read one after the other, number by number", [fc.array(figures)], ([rows]) => {
    const reader = readerOf(rows.map((row) => `{${row.map(printed).join(",")}}`).join(""))
    for (const row of rows) assert.deepStrictEqual(readArray(reader), row)
    assert.isTrue(isAtEnd(reader))
  })

  it("are flat, whatever dimensions they have", () => {
    const reader = readerOf("{{1,2},{NULL,-3.5}}{}{4}")
    assert.deepStrictEqual(
      [readArray(reader), readArray(reader), readArray(reader)],
      [[1, 2, Number.NaN, -3.5], [], [4]]
    )
    assert.isTrue(isAtEnd(reader))
  })
})
