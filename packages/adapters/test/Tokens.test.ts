import { assert, describe, it } from "@effect/vitest"
import { visitTokens } from "@influscope/adapters/search/Tokens"
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"

const tokensOf = (text: string): ReadonlyArray<readonly [term: string, seen: string]> => {
  const tokens: Array<readonly [string, string]> = []
  visitTokens(text, (term, start, end) => tokens.push([term, text.slice(start, end)]))
  return tokens
}

/** Letters with their accents, apart from them, and what stands between words. */
const latinText = Arbitrary.make(
  Schema.Array(
    Schema.Literal(
      ...["a", "Z", "e", "7", " ", "  ", "-", "_", ".", "¿", "«", "🎮", "…", "·"],
      ...["á", "Ç", "ñ", "Ö", "ø", "Ł", "ß", "æ", "Œ", "ı", "İ", "ğ", "ŉ", "ŀ", "þ", "×", "÷", "ÿ", "ſ", "ĳ"],
      ...["ª", "½", "µ", "я", "ώ", "語", "ก", "\u0301", "\u0327", "ạ", "ﬁ", "Ａ"]
    )
  )
).map((parts) => parts.join(""))

describe("words of a text", () => {
  it("are folded, and say where they stand", () => {
    assert.deepStrictEqual(tokensOf("João's Über-Café: smørrebrød & Łódź, ŉo D'AMELIO"), [
      ["joao", "João"],
      ["s", "s"],
      ["uber", "Über"],
      ["cafe", "Café"],
      ["smorrebrod", "smørrebrød"],
      ["lodz", "Łódź"],
      ["ʼno", "ŉo"],
      ["damelio", "D'AMELIO"]
    ])
  })

  it("are the same whether accents are part of their letters or follow them", () => {
    FastCheck.assert(
      FastCheck.property(latinText, (text) => {
        const termsOf = (form: string) => tokensOf(text.normalize(form)).map(([term]) => term)
        assert.deepStrictEqual(termsOf("NFC"), termsOf("NFD"))
      }),
      { numRuns: 2_000 }
    )
  })
})
