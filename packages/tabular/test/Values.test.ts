import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { parseCategories } from "../src/Categories.ts"
import { parseCountry } from "../src/Countries.ts"
import { identityOfLink, nameWithHandle, parseHandle } from "../src/Handles.ts"
import { parseLanguage } from "../src/Languages.ts"
import {
  isMissing,
  markEvidence,
  numberStyle,
  type Outcome,
  parseBoolean,
  parseCount,
  parseDate,
  parsePercent
} from "../src/Values.ts"

const short = <A>(outcome: Outcome<A>): A | "missing" | "invalid" =>
  outcome._tag === "Value" ? outcome.value : outcome._tag === "Missing" ? "missing" : "invalid"

describe("counts", () => {
  it.each<readonly [string, number | "missing" | "invalid"]>([
    ["0", 0],
    ["1234567", 1234567],
    ["3.3k", 3300],
    ["475.8m", 475800000],
    ["29.0b", 29000000000],
    ["0.89k", 890],
    ["13.8M", 13800000],
    ["1.234M", 1234000],
    ["1,234,567", 1234567],
    ["12,34,567", 1234567],
    ["1.234.567", 1234567],
    ["1 234 567", 1234567],
    ["1\u00a0234\u00a0567", 1234567],
    ["1\u202f234\u202f567", 1234567],
    ["1'234'567", 1234567],
    ["1,234.5", 1234.5],
    ["1.234,5", 1234.5],
    ["1,234", 1234],
    ["12,5 mil", 12500],
    ["1,2 M", 1200000],
    ["3,4 mill.", 3400000],
    ["2 millones", 2000000],
    ["1,5 mil millones", 1500000000],
    ["2.28E+11", 228000000000],
    ["2,28E+11", 228000000000],
    ["477900000.00", 477900000],
    ["255.5", 255.5],
    ["~500k+", 500000],
    ["'1200", 1200],
    ['="1200"', 1200],
    ["1.2M followers", 1200000],
    ["１２３", 123],
    ["nan", "missing"],
    ["N/A'", "missing"],
    ["#VALOR!", "missing"],
    ["-", "missing"],
    ["-5", "invalid"],
    ["1.2.3", "invalid"],
    ["12,3,4", "invalid"],
    ["abc", "invalid"],
    ["12 apples", "invalid"],
    ["1e400", "invalid"],
    ["99999999999999999999", "invalid"],
    ["1k-5k", "invalid"]
  ])("%s is %s", (cell, expected) => {
    assert.strictEqual(short(parseCount(cell)), expected)
  })

  it("says when a stray mark was dropped", () => {
    assert.deepStrictEqual(parseCount("~12"), { _tag: "Value", value: 12, repaired: "stray mark" })
    assert.deepStrictEqual(parseCount("12"), { _tag: "Value", value: 12, repaired: undefined })
  })

  it.each<readonly [ReadonlyArray<string>, boolean, boolean | undefined, number]>([
    // 1.234 read by what the rest of the column and the file say
    [["1.234", "12.345", "1.234.567"], false, undefined, 1234],
    [["1.234", "0.5", "12.75"], false, undefined, 1.234],
    [["1.234"], true, undefined, 1234],
    [["1.234"], false, undefined, 1.234],
    [["1.234"], false, true, 1234]
  ])("a column of %j (whole: %s, decimal comma: %s) reads 1.234 as %s", (cells, whole, comma, expected) => {
    assert.strictEqual(short(parseCount("1.234", numberStyle(markEvidence(cells), whole, comma))), expected)
  })

  it("reads back every way of writing a number", () => {
    const forms: ReadonlyArray<(n: number) => string> = [
      (n) => String(n),
      (n) => n.toLocaleString("en-US"),
      (n) => n.toLocaleString("en-US").replaceAll(",", "."),
      (n) => n.toLocaleString("en-US").replaceAll(",", " "),
      (n) => n.toLocaleString("en-US").replaceAll(",", "\u00a0"),
      (n) => `${n}.00`,
      (n) => `${n / 1000}k`,
      (n) => `${n / 1e6}M`,
      (n) => n.toExponential().toUpperCase(),
      (n) => ` ${n} `,
      (n) => `${n}+`
    ]
    const grouped = { pointIsDecimal: false, commaIsDecimal: false }
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 0, max: 999_999_999 }),
        FastCheck.constantFrom(...forms),
        (n, form) => {
          assert.strictEqual(short(parseCount(form(n), grouped)), n)
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it("never throws on any text", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary", maxLength: 60 }), (text) => {
        for (const outcome of [parseCount(text), parsePercent(text)])
          if (outcome._tag === "Value") assert.isTrue(Number.isFinite(outcome.value) && outcome.value >= 0)
        parseDate(text)
        parseHandle(text)
        parseCountry(text)
        parseLanguage(text)
        parseCategories(text)
      }),
      { numRuns: 3_000 }
    )
  })
})

describe("other values", () => {
  it.each([
    "",
    " ",
    "nan",
    "NaN",
    "null",
    "None",
    "N/A",
    "N/A'",
    "n.a.",
    "-",
    "--",
    "—",
    "#VALOR!",
    "#REF!",
    "#N/A",
    "#¿NOMBRE?",
    "unknown",
    "Desconocido"
  ])("%j is missing", (cell) => {
    assert.isTrue(isMissing(cell))
  })

  it.each<readonly [string, number | "missing" | "invalid"]>([
    ["1.39%", 1.39],
    ["1,39 %", 1.39],
    ["0.07", 0.07],
    ["25.80%", 25.8],
    ["n/a", "missing"],
    ["-1%", "invalid"]
  ])("percent %s is %s", (cell, expected) => {
    assert.strictEqual(short(parsePercent(cell)), expected)
  })

  it.each<readonly [string, boolean | "missing" | "invalid"]>([
    ["True", true],
    ["FALSE", false],
    ["1", true],
    ["0", false],
    ["sí", true],
    ["no", false],
    ["", "missing"],
    ["perhaps", "invalid"]
  ])("boolean %s is %s", (cell, expected) => {
    assert.strictEqual(short(parseBoolean(cell)), expected)
  })

  it.each<readonly [string, string]>([
    ["2026-01-17", "2026-01-17T00:00:00.000Z"],
    ["2026-01-17T10:30:00Z", "2026-01-17T10:30:00.000Z"],
    ["2026-01-17 10:30:05.123", "2026-01-17T10:30:05.000Z"],
    ["2026-01-17T10:30:00+02:00", "2026-01-17T08:30:00.000Z"],
    ["1768608000", "2026-01-17T00:00:00.000Z"],
    ["1768608000000", "2026-01-17T00:00:00.000Z"],
    ["20260117", "2026-01-17T00:00:00.000Z"],
    ["17/01/2026", "2026-01-17T00:00:00.000Z"],
    ["01/17/2026", "2026-01-17T00:00:00.000Z"],
    ["17.01.2026", "2026-01-17T00:00:00.000Z"],
    ["Jan 17, 2026", "2026-01-17T00:00:00.000Z"],
    ["17 de enero de 2026", "2026-01-17T00:00:00.000Z"],
    ["17 January 2026 3:05 pm", "2026-01-17T15:05:00.000Z"]
  ])("date %s is %s", (cell, expected) => {
    const outcome = short(parseDate(cell))
    assert.strictEqual(typeof outcome === "number" ? new Date(outcome).toISOString() : outcome, expected)
  })

  it.each(["2026-02-30", "31/02/2026", "13/13/2026", "tomorrow", "1500-01-01"])(
    "date %s is invalid",
    (cell) => {
      assert.strictEqual(short(parseDate(cell)), "invalid")
    }
  )

  it("takes the order of day and month as given where nothing else tells", () => {
    assert.notStrictEqual(
      short(parseDate("03/04/2026", "day-month")),
      short(parseDate("03/04/2026", "month-day"))
    )
  })

  it.each<readonly [string, string]>([
    ["Spain", "ES"],
    ["España", "ES"],
    ["ESPANA", "ES"],
    ["es", "ES"],
    ["ESP", "ES"],
    ["USA", "US"],
    ["EE.UU.", "US"],
    ["EEUU", "US"],
    ["Estados Unidos", "US"],
    ["United States of America", "US"],
    ["UK", "GB"],
    ["Reino Unido", "GB"],
    ["South Korea", "KR"],
    ["Corea del Sur", "KR"],
    ["Türkiye", "TR"],
    ["Turkey", "TR"],
    ["Russia", "RU"],
    ["Ivory Coast", "CI"],
    ["Côte d'Ivoire", "CI"],
    ["Cote d’Ivoire", "CI"],
    ["Czech Republic", "CZ"],
    ["British Virgin Islands", "VG"],
    ["Arabia Saudita", "SA"],
    ["🇲🇽", "MX"],
    ["Spain (45%)", "ES"],
    ["Unknown", "missing"],
    ["Narnia", "invalid"],
    ["XX", "invalid"],
    ["EU", "invalid"]
  ])("country %s is %s", (cell, expected) => {
    assert.strictEqual(short(parseCountry(cell)), expected)
  })

  it.each<readonly [string, string]>([
    ["English", "en"],
    ["inglés", "en"],
    ["es", "es"],
    ["spa", "es"],
    ["pt-BR", "pt"],
    ["en_US", "en"],
    ["Castellano", "es"],
    ["中文", "zh"],
    ["Klingonish", "invalid"],
    ["other", "missing"]
  ])("language %s is %s", (cell, expected) => {
    assert.strictEqual(short(parseLanguage(cell)), expected)
  })

  it.each<readonly [string, ReadonlyArray<string>]>([
    ["Música y baile", ["Music & Dance"]],
    ["Music and dance", ["Music & Dance"]],
    ["Videojuegos, Humor", ["Video games", "Humor"]],
    ["Música;Moda|Viajes", ["Music", "Fashion", "Travel"]],
    ["Diseño/arte", ["Design/Art"]],
    ["Beauty / Fashion", ["Beauty", "Fashion"]],
    ["music, MUSIC, Música", ["Music"]],
    ["skateboarding", ["Skateboarding"]],
    ["ASMR", ["ASMR"]],
    ["['Music', 'Art']", ["Music", "Art"]],
    ["Arts & Crafts", ["Arts & Crafts"]]
  ])("category %s is %j", (cell, expected) => {
    assert.deepStrictEqual(short(parseCategories(cell)), expected)
  })
})

describe("handles", () => {
  it.each<readonly [string, string | undefined, string | undefined]>([
    ["@NatGeo", "natgeo", undefined],
    [" virat.kohli ", "virat.kohli", undefined],
    ["https://www.instagram.com/natgeo/?hl=en", "natgeo", "instagram"],
    ["instagram.com/natgeo", "natgeo", "instagram"],
    ["https://www.tiktok.com/@khaby.lame", "khaby.lame", "tiktok"],
    ["https://youtube.com/@MrBeast/videos", "mrbeast", "youtube"],
    [
      "http://youtube.com/channel/UCq-Fj5jknLsUf-MWSy4_brA",
      "ucq-fj5jknlsuf-mwsy4_brA".toLowerCase(),
      "youtube"
    ],
    ["https://www.youtube.com/c/Tasty", "tasty", "youtube"],
    ["https://x.com/nasa", "nasa", "x"],
    ["https://mobile.twitter.com/nasa", "nasa", "x"],
    ["twitch.tv/ninja", "ninja", "twitch"],
    ["https://es.linkedin.com/in/maria-lopez", "maria-lopez", "linkedin"],
    ["Cristiano Ronaldo (@cristiano)", "cristiano", undefined],
    ["Leo Messi [leomessi]", "leomessi", undefined],
    ["5-Minute Crafts GIRLY", undefined, undefined],
    ["https://www.instagram.com/p/abc", undefined, undefined],
    ["N/A", undefined, undefined]
  ])("%s is %s on %s", (cell, handle, platform) => {
    const identity = parseHandle(cell)
    assert.strictEqual(identity?.handle, handle)
    assert.strictEqual(identity?.platform, platform)
  })

  it("keeps the name before the handle", () => {
    assert.strictEqual(nameWithHandle("Cristiano Ronaldo (@cristiano)", false)?.name, "Cristiano Ronaldo")
    assert.isUndefined(nameWithHandle("Prince (musician)", false))
  })

  it("does not take other sites for profiles", () => {
    assert.isUndefined(identityOfLink("https://example.com/natgeo"))
    assert.isUndefined(identityOfLink("https://notinstagram.com/natgeo"))
  })
})
