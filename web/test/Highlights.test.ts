import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { snippet, splitByRanges } from "../src/app/Highlights.ts"

const ranges = FastCheck.array(
  FastCheck.record({
    start: FastCheck.integer({ min: -5, max: 300 }),
    end: FastCheck.integer({ min: -5, max: 300 })
  }),
  { maxLength: 6 }
)
const texts = FastCheck.string({ unit: "grapheme", maxLength: 200 })

describe("Highlights", () => {
  it.prop("cuts without losing or adding a letter", [texts, ranges], ([text, given]) => {
    assert.strictEqual(
      splitByRanges(text, given)
        .map((piece) => piece.text)
        .join(""),
      text
    )
  })

  it.prop("marks exactly the letters inside a range", [texts, ranges], ([text, given]) => {
    const marked = splitByRanges(text, given).flatMap((piece) => [...piece.text].map(() => piece.marked))
    const letters = [...text]
    let at = 0
    letters.forEach((letter, index) => {
      const inside = given.some(({ start, end }) => start <= at && at + letter.length <= end)
      if (inside) assert.isTrue(marked[index], `letter ${index}`)
      at += letter.length
    })
    const covered = given.every(({ start, end }) => Math.max(start, 0) >= Math.min(end, text.length))
    assert.strictEqual(
      splitByRanges(text, given).some((piece) => piece.marked),
      !covered
    )
  })

  it("never cuts a letter of two code units in two", () => {
    assert.deepStrictEqual(
      splitByRanges("𐀀𐀀 ", [
        { start: 0, end: 3 },
        { start: 4, end: 5 }
      ]),
      [{ text: "𐀀𐀀 ", marked: true }]
    )
    assert.deepStrictEqual(splitByRanges("a🎉b", [{ start: 2, end: 3 }]), [
      { text: "a", marked: false },
      { text: "🎉", marked: true },
      { text: "b", marked: false }
    ])
  })

  it("joins ranges that overlap or touch", () => {
    assert.deepStrictEqual(
      splitByRanges("abcdef", [
        { start: 2, end: 4 },
        { start: 1, end: 3 },
        { start: 4, end: 5 }
      ]),
      [
        { text: "a", marked: false },
        { text: "bcde", marked: true },
        { text: "f", marked: false }
      ]
    )
  })

  it("keeps the match when it cuts a long beginning off", () => {
    const text = `${"word ".repeat(60)}needle in hay`
    const start = text.indexOf("needle")
    const cut = snippet(text, [{ start, end: start + 6 }])
    assert.isBelow(cut.text.length, 80)
    assert.deepStrictEqual(
      splitByRanges(cut.text, cut.ranges).filter((piece) => piece.marked),
      [{ text: "needle", marked: true }]
    )
  })

  it("leaves a text alone whose match is in sight, or that has none", () => {
    const text = "word ".repeat(60)
    assert.strictEqual(snippet(text, []).text, text)
    assert.strictEqual(snippet(text, [{ start: 5, end: 9 }]).text, text)
  })

  it("cuts where there is no blank", () => {
    const text = `${"漢".repeat(200)}needle`
    const cut = snippet(text, [{ start: 200, end: 206 }])
    assert.strictEqual(cut.text, "…needle")
    assert.deepStrictEqual(cut.ranges, [{ start: 1, end: 7 }])
  })
})
