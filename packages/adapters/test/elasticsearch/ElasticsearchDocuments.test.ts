import { assert, describe, it } from "@effect/vitest"
import { profileOf } from "@influscope/ports/conformance/ProfileFixture"
import { StorageError } from "@influscope/ports/StorageError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import { documentOf, encodeTerm } from "../../src/elasticsearch/IndexedDocument.ts"
import { documentVersion, mappings } from "../../src/elasticsearch/Mapping.ts"
import { makeRefresher } from "../../src/elasticsearch/Refresher.ts"
import { formatRevision, generationOf, parseRevision } from "../../src/elasticsearch/Revision.ts"
import { modesOf, textQuery } from "../../src/elasticsearch/TextQuery.ts"
import { typosBetween } from "../../src/search/Fuzzy.ts"
import { parseQuery } from "../../src/search/QueryWords.ts"

/** Everything a document of this version is searched by, made of one profile. */
const sample = documentOf(
  profileOf("khaby.lame99", {
    name: "Khabane Lame",
    bio: "東京 gamer 99",
    categories: ["Home Décor"],
    followers: 1_000,
    growth30: -1.5
  })
)

describe("documents for Elasticsearch", () => {
  it("change only together with their version", () => {
    const { document: _, origin: _of, ...searched } = sample
    const fingerprint = Bun.hash(JSON.stringify([mappings, searched])).toString(36)
    // When this fails, raise `documentVersion` and put the new pair here: existing indices need `influscope reindex`.
    assert.deepStrictEqual([documentVersion, fingerprint], [3, "3o48xf6bsvllj"])
  })

  it("have all the mapping has, and nothing else", () => {
    for (const field of Object.keys(sample)) assert.property(mappings.properties, field)
    for (const field of mappings._source.excludes) assert.property(sample, field)
  })

  it("have terms with digits beyond the reach of typos", () => {
    assert.strictEqual(encodeTerm("gamer99"), "gamer9··9")
    assert.strictEqual(encodeTerm("gamer"), "gamer")
    FastCheck.assert(
      FastCheck.property(
        FastCheck.stringMatching(/^[ab]{8,10}$/),
        FastCheck.stringMatching(/^[ab]{0,8}[0-9][ab]{0,2}$/),
        (word, term) => typosBetween(word, encodeTerm(term).replace(/\d/, "x"), 2, false) > 2
      )
    )
  })
})

describe("queries for Elasticsearch", () => {
  it("have scores that floats count exactly", () => {
    const many = parseQuery(
      Array.from({ length: 16 }, (_, at) => `wordnumber${"abcdefghijklmnop"[at]}`).join(" ")
    )
    for (const mode of modesOf(many)) {
      const boosts = [...JSON.stringify(textQuery(many, mode)).matchAll(/"boost":(\d+)/g)].map(([, b]) =>
        Number(b)
      )
      const best = Math.max(...boosts)
      assert.isBelow(best, 2 ** 24)
      // All words at their best, one beside the other.
      assert.isBelow(16 * (3 * 2 ** 13 + 15 * 2 ** 4) + 15, 2 ** 24)
      assert.isTrue(boosts.every(Number.isSafeInteger))
    }
  })

  it("never hold a text in a query language", () => {
    const hostile = 'name:* OR _exists_:x "a b"~9 /.*/ {"match_all":{}} \\u0000'
    const query = JSON.stringify(textQuery(parseQuery(hostile), { typos: 2, minWords: 1 }))
    for (const language of ["query_string", "script", "regexp", "wildcard"])
      assert.notInclude(query, language)
  })
})

describe("revisions of Elasticsearch", () => {
  it("are read as they were written, and nothing else is one", () => {
    const revision = { generation: "v1-12", sequenceNumber: 345, primaryTerm: 2 }
    assert.deepStrictEqual(parseRevision(formatRevision(revision)), revision)
    for (const junk of ["", "no revision of ours", "v1-1_1", "v1-1_-1_1", "v1-1_1_1 ", "x_1_1"])
      assert.isUndefined(parseRevision(junk))
    assert.strictEqual(generationOf("profiles", "profiles-v1-3"), "v1-3")
    assert.isUndefined(generationOf("profiles", "profiles-v1-3-old"))
    assert.isUndefined(generationOf("profiles", "other-v1-3"))
  })
})

describe("a refresher", () => {
  it.effect("serves everybody who asked before it began with one refresh", () =>
    Effect.gen(function* () {
      let runs = 0
      const gate = yield* Deferred.make<void>()
      const refresh = yield* makeRefresher(
        Effect.zipRight(
          Effect.sync(() => runs++),
          Deferred.await(gate)
        )
      )
      const first = yield* Effect.fork(refresh)
      yield* Effect.yieldNow()
      const others = yield* Effect.forEach([1, 2, 3, 4], () => Effect.fork(refresh))
      yield* Effect.yieldNow()
      assert.strictEqual(runs, 1)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll([first, ...others])
      assert.strictEqual(runs, 2)
      yield* refresh
      assert.strictEqual(runs, 3)
    })
  )

  it.effect("fails only who asked for the refresh that failed", () =>
    Effect.gen(function* () {
      let runs = 0
      const failure = new StorageError({ reason: "unavailable", operation: "refresh", cause: "test" })
      const refresh = yield* makeRefresher(Effect.suspend(() => (++runs === 1 ? failure : Effect.void)))
      const results = yield* Effect.forEach([1, 2, 3], () => Effect.either(refresh), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(results.map(Either.isRight), [false, true, true])
    })
  )
})
