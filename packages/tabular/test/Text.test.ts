import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { DelimitedParser, type DelimitedRecord, type Dialect, maxRecordLength } from "../src/Delimited.ts"
import { sniffDialect } from "../src/Dialect.ts"
import { parseJson, sniffJsonLayout } from "../src/JsonRecords.ts"
import { JsonScanner } from "../src/JsonScanner.ts"
import { repairMojibake } from "../src/Mojibake.ts"
import { TextDecoding } from "../src/TextDecoding.ts"

const twice = (text: string, by: "latin1" | "windows-1252" = "windows-1252"): string => {
  const bytes = new TextEncoder().encode(text)
  return by === "latin1"
    ? Buffer.from(bytes).toString("latin1")
    : new TextDecoder("windows-1252").decode(bytes)
}

describe("text encoded twice", () => {
  it.each([
    ["MÃºsica y baile", "Música y baile"],
    ["CÃ´te d'Ivoire", "Côte d'Ivoire"],
    ["donâ€™t", "don’t"],
    ["ðŸ˜€ party", "😀 party"],
    ["PelÃ\u00adculas", "Películas"],
    [twice(twice("Educación")), "Educación"],
    [twice("日本語", "latin1"), "日本語"]
  ])("%s becomes %s", (broken, expected) => {
    assert.deepStrictEqual(repairMojibake(broken), { text: expected, repaired: true })
  })

  it.each([
    "SÃO PAULO",
    "Ã",
    "Música",
    "«CAFÉ»",
    "l’été…»",
    "IRMÃ”",
    "Ünlü™",
    "naïve",
    "plain",
    "日本語",
    "Å",
    "ÉÉ®"
  ])("%s stays", (text) => {
    assert.deepStrictEqual(repairMojibake(text), { text, repaired: false })
  })

  it("restores any text with letters beyond ASCII when the file is known to be encoded twice", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.stringMatching(/^[a-z ]{0,5}[áéíóúñçãõüЖжあ漢]{1,4}[a-z ]{0,5}$/u),
        FastCheck.constantFrom("latin1" as const, "windows-1252" as const),
        (text, by) => {
          assert.strictEqual(repairMojibake(twice(text, by), true).text, text)
        }
      )
    )
  })

  it("leaves text alone that is not valid UTF-8 when read as bytes", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.stringMatching(/^[A-Za-záéíóúñãõçÁÉÍÓÚÑÃÕÇ ]{0,20}$/u), (text) => {
        assert.strictEqual(repairMojibake(text).text, text)
      })
    )
  })
})

const decode = (bytes: Uint8Array, blockBytes = 7): { readonly text: string; readonly mended: string } => {
  const decoding = new TextDecoding()
  const segments = []
  for (let at = 0; at < bytes.length; at += blockBytes)
    segments.push(...decoding.push(bytes.subarray(at, at + blockBytes)))
  segments.push(...decoding.end())
  return {
    text: segments.map((segment) => segment.text).join(""),
    mended: segments.flatMap((segment) => (segment.mended ? [segment.text] : [])).join("")
  }
}

describe("bytes to text", () => {
  const text = "name\nJosé 😀\nlast line ñ"
  const utf16 = Buffer.from(`\ufeff${text}`, "utf16le")

  it.each<readonly [string, Uint8Array]>([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-16 little endian", utf16],
    ["UTF-16 big endian", Buffer.from(utf16).swap16()]
  ])("%s", (_, bytes) => {
    assert.strictEqual(decode(bytes, 8).text, text)
  })

  it("finds UTF-16 without a mark", () => {
    const decoding = new TextDecoding()
    decoding.push(Buffer.from("username,followers\nana,1\n", "utf16le"))
    assert.strictEqual(decoding.encoding, "utf-16le")
  })

  it("reads a late line that is not UTF-8 as windows-1252 and says which", () => {
    const bytes = Buffer.concat([
      Buffer.from("a,ñ\n".repeat(100)),
      Buffer.from([0x4a, 0x6f, 0x73, 0xe9, 0x80, 0x0a]),
      Buffer.from("b,ü\n")
    ])
    const decoded = decode(bytes)
    assert.strictEqual(decoded.text, `${"a,ñ\n".repeat(100)}José€\nb,ü\n`)
    assert.strictEqual(decoded.mended, "José€\n")
  })

  it("never splits a character, whatever the blocks", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.string({ unit: "grapheme" }),
        FastCheck.integer({ min: 4, max: 20 }),
        (any, size) => {
          const clean = any
            .toWellFormed()
            .replace(/^\ufeff/, "")
            .replaceAll("\0", "")
          assert.strictEqual(decode(Buffer.from(`x${clean}`), size).text, `x${clean}`)
        }
      )
    )
  })
})

const comma: Dialect = { delimiter: ",", quoteEscape: "doubled", lineEnd: "\n" }

/** The records of a text, each empty line as one of its own: how many stand together depends on the pieces. */
const parse = (text: string, dialect = comma, pieceLength = 5) => {
  const parser = new DelimitedParser(dialect)
  const records: Array<DelimitedRecord> = []
  for (let at = 0; at < text.length; at += pieceLength)
    records.push(...parser.push(text.slice(at, at + pieceLength), false))
  return [...records, ...parser.end()].flatMap((record) =>
    Array.from({ length: record.lines }, (_, at) => ({ ...record, line: record.line + at, lines: 1 }))
  )
}

const cellsOf = (text: string, dialect = comma) => parse(text, dialect).map((record) => record.cells)

describe("delimited records", () => {
  it.each<readonly [string, string, ReadonlyArray<ReadonlyArray<string>>]>([
    [
      "line feeds",
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"]
      ]
    ],
    [
      "CRLF",
      "a,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"]
      ]
    ],
    [
      "no end of line at the end",
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"]
      ]
    ],
    ["quoted separators", 'x,"a,b",y\n', [["x", "a,b", "y"]]],
    ["doubled quotes", '"say ""hi""",1\n', [['say "hi"', "1"]]],
    [
      "quoted line breaks",
      '"a\nb",1\nc,2\n',
      [
        ["a\nb", "1"],
        ["c", "2"]
      ]
    ],
    [
      "quoted CRLF",
      '"a\r\nb",1\r\nc,2\r\n',
      [
        ["a\r\nb", "1"],
        ["c", "2"]
      ]
    ],
    ["blanks before quotes", 'a, "b,c",d\n', [["a", "b,c", "d"]]],
    ["quotes within a cell", 'a,5" disc,b\n', [["a", '5" disc', "b"]]],
    ["text after a closing quote", 'a,"b"c,d\n', [["a", "bc", "d"]]],
    ["empty cells", ",,\n", [["", "", ""]]]
  ])("%s", (_, text, expected) => {
    assert.deepStrictEqual(cellsOf(text), expected)
  })

  it("knows backslash escapes and lone carriage returns", () => {
    assert.deepStrictEqual(cellsOf('"a \\"b\\"",1\n', { ...comma, quoteEscape: "backslash" }), [
      ['a "b"', "1"]
    ])
    assert.deepStrictEqual(cellsOf("a,b\r1,2\r", { ...comma, lineEnd: "\r" }), [
      ["a", "b"],
      ["1", "2"]
    ])
  })

  it("counts lines through quoted line breaks", () => {
    assert.deepStrictEqual(
      parse('a,"1\n2\n3"\nb,2\nc,3\n').map((record) => record.line),
      [1, 4, 5]
    )
  })

  it("gives up only the line whose quote is never closed", () => {
    const records = parse('a,"open,1\nb,2,3\nc,"x, y",5\nd,6,7\n')
    assert.deepStrictEqual(
      records.map((record) => [record.line, record.problem === undefined, record.cells[0]]),
      [
        [1, false, undefined],
        [2, true, "b"],
        [3, true, "c"],
        [4, true, "d"]
      ]
    )
  })

  it("passes over a line that never ends without keeping it, and goes on behind it", () => {
    const parser = new DelimitedParser(comma)
    const records = [...parser.push("a,b\n", false)]
    for (let n = 0; n < 100; n++) records.push(...parser.push("x".repeat(maxRecordLength / 10), false))
    records.push(...parser.push("\nc,d\n", false))
    assert.deepStrictEqual(
      records.map((record) => [record.line, record.problem !== undefined]),
      [
        [1, false],
        [2, true],
        [3, false]
      ]
    )
  })

  it("takes empty lines together and keeps count of them", () => {
    const parser = new DelimitedParser(comma)
    const records = [...parser.push("a,b\n\n\r\n\n1,2\n\n", false), ...parser.end()]
    assert.deepStrictEqual(
      records.map(({ cells, line, lines }) => [cells, line, lines]),
      [
        [["a", "b"], 1, 1],
        [[""], 2, 3],
        [["1", "2"], 5, 1],
        [[""], 6, 1]
      ]
    )
  })

  it("gives the same records in whatever pieces the text comes", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(FastCheck.constantFrom("a", ",", '"', "\n", "\r", " ", "é"), { maxLength: 60 }),
        FastCheck.integer({ min: 1, max: 9 }),
        (chars, size) => {
          const text = chars.join("")
          assert.deepStrictEqual(parse(text, comma, size), parse(text, comma, 1_000))
        }
      ),
      { numRuns: 3_000 }
    )
  })

  it.each<readonly [string, string, string]>([
    ["name;er\na;1,5\nb;2,5\n", "f.csv", ";"],
    ["a\tb\tc\n1\t2,5\t3\n", "f.txt", "\t"],
    ["a|b\n1|2\n", "f.csv", "|"],
    ["a,b,c\n1,x;y;z,3\n", "f.csv", ","],
    ["sep=;\na,b;c\n", "f.csv", ";"],
    ["username\nana\nbob\n", "f.tsv", "\t"]
  ])("%j is separated by %s %s", (sample, fileName, expected) => {
    assert.strictEqual(sniffDialect(sample, fileName).delimiter, expected)
  })
})

const scan = (text: string, path: ReadonlyArray<string>, pieceLength = 3) => {
  const items: Array<string | undefined> = []
  const scanner = new JsonScanner(
    false,
    (at) => at.join(".") === path.join("."),
    (item) => items.push(item.text)
  )
  for (let at = 0; at < text.length; at += pieceLength) scanner.push(text.slice(at, at + pieceLength))
  scanner.end()
  return { items, failure: scanner.failure, complete: scanner.complete }
}

describe("JSON records", () => {
  it("cuts the records out of a nested array, brackets in strings and all", () => {
    const users = [{ a: 'x"]}\\' }, { b: [1, { c: "[" }] }, {}]
    const text = JSON.stringify(
      { meta: { tags: ["p", { q: 1 }], users: 1 }, data: { users, next: null } },
      null,
      1
    )
    const { items, failure, complete } = scan(text, ["data", "users"])
    assert.deepStrictEqual(
      items.map((item) => JSON.parse(item ?? "")),
      users
    )
    assert.isUndefined(failure)
    assert.isTrue(complete)
  })

  it("finds any array of any JSON value whatever the pieces", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue())),
        FastCheck.integer({ min: 1, max: 7 }),
        (records, size) => {
          const { items, failure, complete } = scan(JSON.stringify(records), [], size)
          assert.deepStrictEqual(
            items,
            records.map((record) => JSON.stringify(record))
          )
          assert.isUndefined(failure)
          assert.isTrue(complete)
        }
      )
    )
  })

  it.each(['[{"a":1},', '[{"a":1', '[{"a":1}', '{"x":[{"a":1}]'])("%s is not complete", (text) => {
    assert.isFalse(scan(text, []).complete)
  })

  it.each(['[{"a":1} {"b":2}]', '[{"a":1}}', "[,]", '{"a" 1}'])("%s is broken", (text) => {
    assert.isDefined(scan(text, []).failure)
  })

  it("takes NaN and Infinity for null, not inside strings", () => {
    assert.deepStrictEqual(parseJson('{"a":NaN,"b":-Infinity,"c":"NaN, \\" NaN"}'), {
      a: null,
      b: null,
      c: 'NaN, " NaN'
    })
    assert.isUndefined(parseJson("{'a':1}"))
  })

  it("tells records with arrays in them from arrays of records", () => {
    const relevance = (columns: ReadonlyArray<string>): number => (columns.includes("username") ? 1 : 0)
    const profile = '{"username":"a","posts":[{"id":1},{"id":2}]}'
    assert.deepStrictEqual(sniffJsonLayout(profile, true, relevance), { _tag: "Roots" })
    assert.deepStrictEqual(sniffJsonLayout(`${profile}\n${profile}\n`, true, relevance), { _tag: "Lines" })
    assert.deepStrictEqual(
      sniffJsonLayout(
        `{"errors":[{"code":1},{"code":2},{"code":3}],"data":{"list":[${profile}]}}`,
        true,
        relevance
      ),
      { _tag: "Array", path: ["data", "list"] }
    )
  })
})
