import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { readability } from "../../src/posts/Readability.ts"

const repeated = (text: string, times: number): ReadonlyArray<string> =>
  Array.from({ length: times }, () => text.split(" ")).flat()

/** Twenty-four words in four sentences, so of six words each. */
const scoreOf = (language: string, six: string) => readability(language, repeated(six, 4), 4)

describe("readability", () => {
  it.each([
    // 206.835 - 1.015 * 6 - 84.6 * 6 / 6
    ["en", "the cat sat on the mat", "flesch-reading-ease@1", 116.1],
    // 180 - 6 - 58.5 * 8 / 6: die kat-ze sitzt auf dem so-fa
    ["de", "die katze sitzt auf dem sofa", "amstad@1", 96],
    // 206.835 - 62.3 * 9 / 6 - 6: el ga-to es-tá en la si-lla
    ["es", "el gato está en la silla", "szigriszt-pazos@1", 107.4],
    // 89 + (300 * 4 - 10 * 88) / 24: 22 letters in six words
    ["it", "la gatta sta sul tavolo blu", "gulpease@1", 102.3],
    // 206.84 - 77 * 8 / 6 - 0.93 * 6: de poes zit op ta-fel zo-juist
    ["nl", "de poes zit op tafel zojuist", "douma@1", 98.6],
    // 198.825 - 40.175 * 12 / 6 - 2.61 * 6: ke-di ma-sa üs-tün-de çok gü-zel u-yur
    ["tr", "kedi masa üstünde çok güzel uyur", "atesman@1", 102.8],
    // 6 + 100 * 1 / 6
    ["sv", "katten sitter på mattan alldeles still", "lix@1", 22.7]
  ])("of %s by its formula", (language, six, formula, score) => {
    assert.deepStrictEqual(scoreOf(language, six), { formula, score })
  })

  it("is harder with longer words", () => {
    const easy = scoreOf("en", "the cat sat on the mat")?.score ?? 0
    const hard = scoreOf(
      "en",
      "institutional considerations necessitate comprehensive organizational deliberation"
    )
    assert.isBelow(hard?.score ?? 0, easy)
  })

  it("is not known without a formula, a language, sentences or enough words", () => {
    const words = repeated("the cat sat on the mat", 4)
    assert.isNull(readability("ja", words, 4))
    assert.isNull(readability("constructor", words, 4))
    assert.isNull(readability(null, words, 4))
    assert.isNull(readability("en", words, 0))
    assert.isNull(readability("en", words.slice(0, 19), 4))
    assert.isNotNull(readability("en", words.slice(0, 20), 4))
  })

  it("is a number for any words", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.constantFrom("en", "de", "es", "it", "nl", "tr", "sv", "ru"),
        FastCheck.array(FastCheck.fullUnicodeString({ minLength: 1, maxLength: 12 }), {
          minLength: 20,
          maxLength: 40
        }),
        FastCheck.integer({ min: 1, max: 40 }),
        (language, words, sentences) => {
          assert.isTrue(Number.isFinite(readability(language, words, sentences)?.score))
        }
      )
    )
  })
})
