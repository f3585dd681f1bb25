import { assert, describe, it } from "@effect/vitest"
import { profileOf } from "@influscope/ports/conformance/ProfileFixture"
import * as fc from "effect/FastCheck"
import { compact } from "../src/search/Folding.ts"
import { Highlighter } from "../src/search/Highlighter.ts"
import { parseQuery } from "../src/search/QueryWords.ts"
import { visitTokens } from "../src/search/Tokens.ts"

const marked = (bio: string, query: string): ReadonlyArray<string> =>
  new Highlighter(parseQuery(query), 0)
    .highlights(profileOf("someone", { bio }))
    .filter(({ field }) => field === "bio")
    .map(({ end, start }) => bio.slice(start, end))

describe("Highlighter", () => {
  it("finds every character that folds to ASCII by what it folds to", () => {
    let found = 0
    for (let code = 0x80; code < 0x20000; code++) {
      const character = String.fromCodePoint(code)
      const query = compact(character)
      if (!/^[a-z0-9]+$/.test(query)) continue
      const bio = `so ${character} it is`
      const terms: Array<string> = []
      visitTokens(bio, (term) => terms.push(term))
      if (!terms.includes(query)) continue
      found++
      assert.include(marked(bio, query), character, `U+${code.toString(16)}`)
    }
    assert.isAbove(found, 1_000)
  })

  const pieces = [
    "Öñce",
    "d’Amelio",
    "l'été",
    "①②",
    "ﬁt",
    "ＷＩＤＥ",
    "🏋️‍♀️",
    "❤️",
    "™",
    "ไทย",
    "日本go",
    "x",
    "9",
    " ",
    ".",
    "-",
    "̈"
  ]
  it.prop(
    "marks something for every ASCII word of a text, whatever stands around it",
    [fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 })],
    ([parts]) => {
      const bio = parts.join("")
      visitTokens(bio, (term) => {
        if (/^[a-z0-9]+$/.test(term)) assert.isNotEmpty(marked(bio, term), `${term} in ${bio}`)
      })
    }
  )

  it("marks words among emoji, and nothing where there is nothing", () => {
    assert.deepStrictEqual(marked("🔥 Daily VEGAN recipes ✨", "vegan"), ["VEGAN"])
    assert.deepStrictEqual(marked("🔥 Daily VEGAN recipes ✨", "rec"), ["rec"])
    assert.deepStrictEqual(marked("🔥 Daily d'Amelio ✨", "damelio"), ["d'Amelio"])
    assert.deepStrictEqual(marked("🔥 Daily recipes ✨", "vegan"), [])
    assert.deepStrictEqual(marked("🔥 Daily recipes ✨", "🔥"), ["🔥"])
  })

  // As if typos were forgiven, which no word has any of, so that the way around splitting texts is not taken.
  const slowly = (query: string): Highlighter => {
    const { whole, words } = parseQuery(query)
    const strict = words.map((word) => ({ ...word, typoBudget: 0 }))
    return new Highlighter({ words: strict, whole: whole && { ...whole, typoBudget: 0 } }, 1)
  }

  const wordPieces = ["go", "g", "o", "Gö", "1", "12", "go1", "été", "ß", "x".repeat(101)]
  const between = [
    "",
    " ",
    ".",
    "_",
    "-",
    "'",
    "’",
    "❤️",
    "-\ufe0f",
    "1️⃣",
    "\u200d",
    "🎮",
    "го",
    "語",
    "\u0301",
    "·"
  ]
  const texts = fc
    .array(fc.tuple(fc.constantFrom(...wordPieces), fc.constantFrom(...between)), {
      minLength: 1,
      maxLength: 6
    })
    .map((parts) => parts.flat().join(""))

  it.prop(
    "marks the same where texts need not be split into words",
    [texts, texts, fc.array(fc.constantFrom(...wordPieces), { minLength: 1, maxLength: 3 })],
    ([handle, text, words]) => {
      const profile = {
        ...profileOf("someone", { name: text, bio: text, categories: [handle, text] }),
        handle
      }
      const query = words.join(" ")
      assert.deepStrictEqual(
        new Highlighter(parseQuery(query), 0).highlights(profile),
        slowly(query).highlights(profile)
      )
    },
    { fastCheck: { numRuns: 2_000 } }
  )
})
