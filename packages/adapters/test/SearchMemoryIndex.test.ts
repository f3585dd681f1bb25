import { assert, describe, it } from "@effect/vitest"
import type { Profile } from "@influscope/domain/Profile"
import { profileOf, queryOf } from "@influscope/ports/conformance/ProfileFixture"
import * as FastCheck from "effect/FastCheck"
import { fold } from "../src/search/Folding.ts"
import { typoBudget, typosBetween, visitSimilar } from "../src/search/Fuzzy.ts"
import { MemoryIndex } from "../src/search/MemoryIndex.ts"
import { maxWords, parseQuery } from "../src/search/QueryWords.ts"
import {
  isTerm,
  lowerBound,
  prefixEnd,
  type Segment,
  SegmentBuilder,
  termCount
} from "../src/search/Segment.ts"
import { SegmentMerge } from "../src/search/SegmentMerge.ts"
import { visitHandleParts, visitTokens } from "../src/search/Tokens.ts"

const termsIn = (segment: Segment): ReadonlyArray<string> =>
  Array.from({ length: termCount(segment) }, (_, term) =>
    String.fromCharCode(...segment.chars.subarray(segment.termStarts[term], segment.termStarts[term + 1]))
  )

/** `term:slot:place`, in the order of the terms. */
const postingsIn = (segment: Segment): ReadonlyArray<string> =>
  termsIn(segment).flatMap((term, at) =>
    Array.from(
      segment.slots.subarray(segment.postingStarts[at], segment.postingStarts[at + 1]),
      (slot, offset) => [term, slot, segment.places[(segment.postingStarts[at] ?? 0) + offset]].join(":")
    ).sort()
  )

const segmentOf = (postings: ReadonlyArray<readonly [string, number, number]>): Segment => {
  const builder = new SegmentBuilder()
  for (const [term, slot, place] of postings) builder.add(term, slot, place)
  return builder.build()
}

const segmentOfTerms = (terms: ReadonlyArray<string>): Segment =>
  segmentOf(terms.map((term) => [term, 0, 1] as const))

/** Damerau-Levenshtein distance (optimal string alignment) straight from its definition. */
const distance = (a: string, b: string): number => {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0))
  )
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const row = rows[i] ?? []
      row[j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j] ?? 0, at(i - 2, j - 2) + 1)
    }
  return at(a.length, b.length)
}

const nearestPrefix = (word: string, term: string): number =>
  Math.min(...Array.from({ length: term.length + 1 }, (_, end) => distance(word, term.slice(0, end))))

// Few letters, so that near misses are frequent.
const letters = FastCheck.stringOf(FastCheck.constantFrom("a", "b", "c", "é", "字"), {
  minLength: 1,
  maxLength: 9
})
const words = FastCheck.stringOf(FastCheck.constantFrom("a", "b", "c"), { minLength: 3, maxLength: 9 })

describe("terms", () => {
  const tokens = (text: string): ReadonlyArray<string> => {
    const found: Array<string> = []
    visitTokens(text, (term, start, end) => found.push(`${term}=${text.slice(start, end)}`))
    return found
  }

  it("are folded words with their places in the original", () => {
    assert.deepStrictEqual(tokens("Charli D'Amelio's 100% it's"), [
      "charli=Charli",
      "damelio=D'Amelio",
      "s=s",
      "100=100",
      "it=it",
      "s=s"
    ])
    assert.deepStrictEqual(tokens("Ⓐ LE\u0302LE d’Amelio"), ["a=Ⓐ", "lele=LE\u0302LE", "damelio=d’Amelio"])
    assert.deepStrictEqual(tokens("東京都 x"), ["東京=東京", "京都=京都", "都=都", "x=x"])
    assert.deepStrictEqual(tokens("🔥🇩🇪👍🏽❤️"), ["🔥=🔥", "🇩🇪=🇩🇪", "👍=👍🏽", "❤=❤️"])
    assert.deepStrictEqual(tokens(" \u0000—!? "), [])
  })

  it("of handles are split at signs and between letters and digits", () => {
    const parts: Array<string> = []
    visitHandleParts("pro_gamer99.tv", (term) => parts.push(term))
    assert.deepStrictEqual(parts, ["pro", "gamer99", "gamer", "99", "tv"])
  })

  it("are the same for a text however it is composed", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.fullUnicodeString(), (text) => {
        assert.strictEqual(fold(text.normalize("NFD")), fold(text.normalize("NFC")))
      })
    )
  })

  it("never reach beyond the text", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string16bits({ maxLength: 60 }), (text) => {
        visitTokens(text, (term, start, end) => {
          assert.isAbove(term.length, 0)
          assert.isTrue(start >= 0 && start < end && end <= text.length)
        })
      })
    )
  })

  it("of a query are bounded", () => {
    const many = parseQuery(Array.from({ length: 1_000 }, (_, at) => `w${at}`).join(" "))
    assert.strictEqual(many.words.length, maxWords)
    assert.isTrue(many.words.every((word) => !word.prefix))
    assert.isAtMost(parseQuery("x".repeat(10_000)).words[0]?.term.length ?? 0, 100)
  })
})

describe("a segment", () => {
  it("finds terms and prefixes like a sorted list", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.uniqueArray(letters, { maxLength: 60 }), letters, (terms, wanted) => {
        const segment = segmentOfTerms(terms)
        const sorted = [...terms].sort()
        assert.deepStrictEqual(termsIn(segment), sorted)
        const first = lowerBound(segment, wanted)
        assert.strictEqual(first, sorted.filter((term) => term < wanted).length)
        assert.strictEqual(isTerm(segment, first, wanted), terms.includes(wanted))
        const end = prefixEnd(segment, first, wanted)
        assert.deepStrictEqual(
          sorted.slice(first, end),
          sorted.filter((term) => term.startsWith(wanted))
        )
      })
    )
  })

  it("finds what is similar like a search by the definition", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.uniqueArray(letters, { maxLength: 60 }),
        words,
        FastCheck.integer({ min: 1, max: 2 }),
        FastCheck.boolean(),
        (terms, word, budget, prefix) => {
          const segment = segmentOfTerms(terms)
          const sorted = termsIn(segment)
          const best = new Map<string, number>()
          visitSimilar(segment, word, budget, prefix, (from, to, typos, exact) => {
            for (const term of sorted.slice(from, to)) {
              best.set(term, Math.min(best.get(term) ?? budget, typos))
              if (exact) assert.strictEqual(typos, distance(word, term))
            }
          })
          for (const term of terms) {
            const nearest = prefix ? nearestPrefix(word, term) : distance(word, term)
            assert.strictEqual(typosBetween(word, term, budget, prefix), Math.min(nearest, budget + 1), term)
            // Without a typo the term is found by other means.
            if (nearest > 0) assert.strictEqual(best.get(term), nearest <= budget ? nearest : undefined, term)
          }
        }
      ),
      { numRuns: 500 }
    )
  })

  it("forgives nothing in numbers", () => {
    const segment = segmentOfTerms(["abcd1", "abc1d", "1abcd"])
    const found: Array<number> = []
    visitSimilar(segment, "abcd", 1, false, (from) => found.push(from))
    assert.deepStrictEqual(found, [])
    assert.strictEqual(typosBetween("abcd", "abcd1", 1, false), 2)
    assert.strictEqual(typoBudget("abcdefgh1"), 0)
    assert.deepStrictEqual(["abc", "abcd", "abcdefg", "abcdefgh"].map(typoBudget), [0, 1, 1, 2])
  })

  const anyPostings = FastCheck.array(
    FastCheck.tuple(letters, FastCheck.nat(5), FastCheck.integer({ min: 1, max: 7 })),
    { maxLength: 40 }
  )

  it("merged with others holds the postings of all, without the dead", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(anyPostings, { minLength: 1, maxLength: 5 }),
        FastCheck.subarray([0, 1, 2, 3, 4, 5]),
        FastCheck.integer({ min: 1, max: 50 }),
        (batches, alive, budget) => {
          // Postings of a document are added together, and each document is in one segment.
          const segments = batches.map((postings, batch) =>
            segmentOf(
              [...postings]
                .sort((a, b) => a[1] - b[1])
                .map(([term, slot, place]) => [term, slot * 8 + batch, place])
            )
          )
          const isAlive = (slot: number): boolean => alive.includes(Math.floor(slot / 8))
          const merge = new SegmentMerge(segments, isAlive)
          let merged = merge.step(budget)
          while (merged === undefined) merged = merge.step(budget)
          const expected = segments
            .flatMap(postingsIn)
            .filter((posting) => isAlive(Number(posting.split(":")[1])))
            .sort()
          assert.deepStrictEqual([...postingsIn(merged)].sort(), expected)
          assert.deepStrictEqual(termsIn(merged), [...new Set(termsIn(merged))].sort())
        }
      )
    )
  })
})

const names = ["Emma Stone", "Emma Rossi", "Luca Rossi", "東京 グルメ", "Zoë Müller", "Valentina Photography"]
const bios = ["chef in paris", "travel and photography", "emma's mum", "", "gamer 🔥"]
const queries = [
  "",
  "emma",
  "emm",
  "rossi luca",
  "fotography",
  "paris chef",
  "東京",
  "zoe",
  "🔥",
  "emma gamer xx",
  "user1"
]

const anyWrites = FastCheck.array(
  FastCheck.array(
    FastCheck.record({
      account: FastCheck.nat(60),
      name: FastCheck.nat(names.length - 1),
      bio: FastCheck.nat(bios.length - 1),
      followers: FastCheck.nat(9),
      doomed: FastCheck.boolean()
    }),
    { maxLength: 8 }
  ),
  { maxLength: 30 }
)

const resultsOf = (index: MemoryIndex): ReadonlyArray<unknown> =>
  queries.map((q) => {
    const { total, hits, facets } = index.search(queryOf(q), undefined)
    return { q, total, hits, facets }
  })

describe("the index in memory", () => {
  it("after any history answers like one made of the outcome", () => {
    FastCheck.assert(
      FastCheck.property(anyWrites, FastCheck.boolean(), (batches, tidies) => {
        const index = new MemoryIndex()
        const outcome = new Map<number, Profile>()
        for (const batch of batches) {
          const writes = new Map(
            batch.map((each) => [
              each.account + 1,
              profileOf(`user${each.account}`, {
                name: names[each.name] ?? "",
                bio: bios[each.bio] ?? "",
                followers: each.followers
              })
            ])
          )
          index.upsert([...writes].map(([row, profile]) => ({ row, profile })))
          for (const [row, profile] of writes) outcome.set(row, profile)
          for (const { account, doomed } of batch)
            if (doomed) {
              index.remove(account + 1)
              outcome.delete(account + 1)
            }
          if (tidies) while (index.tidy());
        }
        const fresh = new MemoryIndex()
        fresh.upsert([...outcome].map(([row, profile]) => ({ row, profile })))
        assert.strictEqual(index.size, outcome.size)
        assert.deepStrictEqual(resultsOf(index), resultsOf(fresh))
        assert.deepStrictEqual(resultsOf(new MemoryIndex(index.parts)), resultsOf(fresh))
      })
    )
  })

  it("uses the places of replaced documents again, and forgets their words", () => {
    const index = new MemoryIndex()
    const accounts = 500
    const write = (round: number): void => {
      const profiles = Array.from({ length: accounts }, (_, at) => ({
        row: at + 1,
        profile: profileOf(`user${at}`, { name: `Round${round}x Name${at}` })
      }))
      index.upsert(profiles)
    }
    const rounds = 40
    for (let round = 0; round < rounds; round++) write(round)
    while (index.tidy());
    assert.strictEqual(index.size, accounts)
    assert.isBelow(index.parts.ids.length, accounts * 8)
    assert.strictEqual(index.search(queryOf(`round${rounds - 1}x`), undefined).total, accounts)
    assert.strictEqual(index.search(queryOf("name7"), undefined).hits[0]?.row, 8)
    for (let round = 0; round < rounds - 1; round++)
      assert.strictEqual(index.search(queryOf(`round${round}x`), undefined).total, 0, `round ${round}`)
  })
})
