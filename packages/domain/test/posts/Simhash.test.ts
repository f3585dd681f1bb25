import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { fingerprintBits, hammingDistance, nearBits, simhash } from "../../src/posts/Simhash.ts"

const distance = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  const [first, second] = [simhash(a), simhash(b)]
  assert.isNotNull(first)
  assert.isNotNull(second)
  return hammingDistance(fingerprintBits(first ?? ""), fingerprintBits(second ?? ""))
}

const word = FastCheck.stringMatching(/^[a-z]{3,9}$/)
const words = (minLength: number) => FastCheck.array(word, { minLength, maxLength: 60 })
const bits = FastCheck.stringMatching(/^[0-9a-f]{16}$/)

const caption =
  "Today we are giving away three of our favourite espresso machines to people who follow us and tell us which coffee they drink in the morning before work starts".split(
    " "
  )

describe("fingerprints", () => {
  it("are the same for the same words, whatever their case", () => {
    FastCheck.assert(
      FastCheck.property(words(8), (some) => {
        const fingerprint = simhash(some)
        assert.match(fingerprint ?? "", /^[0-9a-f]{16}$/)
        assert.strictEqual(simhash(some.map((each) => each.toUpperCase())), fingerprint)
      })
    )
  })

  it("are not made of few words", () => {
    assert.isNull(simhash([]))
    assert.isNull(simhash(caption.slice(0, 7)))
    assert.isNotNull(simhash(caption.slice(0, 8)))
  })

  it("are near for texts that differ in a word", () => {
    const edited = caption.with(-1, "begins")
    assert.isAtMost(distance(caption, edited), nearBits)
    assert.isAtMost(distance(caption, [...caption, "today"]), nearBits)
  })

  it("are far for texts that have nothing in common", () => {
    FastCheck.assert(
      FastCheck.property(words(30), words(30), (a, b) => {
        FastCheck.pre(!a.some((each) => b.includes(each)))
        assert.isAbove(distance(a, b), nearBits)
      }),
      { numRuns: 300 }
    )
  })
})

describe("the distance", () => {
  it("counts the bits that differ", () => {
    assert.strictEqual(
      hammingDistance(fingerprintBits("0000000000000000"), fingerprintBits("ffffffffffffffff")),
      64
    )
    assert.strictEqual(
      hammingDistance(fingerprintBits("8000000000000001"), fingerprintBits("0000000000000000")),
      2
    )
  })

  it("is a metric", () => {
    FastCheck.assert(
      FastCheck.property(bits, bits, bits, (x, y, z) => {
        const [a, b, c] = [fingerprintBits(x), fingerprintBits(y), fingerprintBits(z)]
        assert.strictEqual(hammingDistance(a, a), 0)
        assert.strictEqual(hammingDistance(a, b), hammingDistance(b, a))
        assert.isAtMost(hammingDistance(a, c), hammingDistance(a, b) + hammingDistance(b, c))
        const differing = BigInt(`0x${x}`) ^ BigInt(`0x${y}`)
        assert.strictEqual(hammingDistance(a, b), differing.toString(2).replaceAll("0", "").length)
      })
    )
  })
})
