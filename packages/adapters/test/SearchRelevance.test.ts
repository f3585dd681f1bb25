import { assert, describe, it } from "@effect/vitest"
import { queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { MemoryIndex } from "../src/search/MemoryIndex.ts"
import { ndcgAt10, reciprocalRank } from "./RelevanceMeasures.ts"
import { type Judgement, judgements, relevanceCorpus } from "./SearchRelevanceCorpus.ts"

const index = new MemoryIndex()
index.upsert(relevanceCorpus.map((profile, at) => ({ row: at + 1, profile })))

const idsFor = (q: string): ReadonlyArray<string> =>
  index.search(queryOf(q, { limit: 10 }), undefined).hits.map((hit) => relevanceCorpus[hit.row - 1]?.id ?? "")

const mean = (measure: (judgement: Judgement, ids: ReadonlyArray<string>) => number): number =>
  judgements.reduce((sum, judgement) => sum + measure(judgement, idsFor(judgement.q)), 0) / judgements.length

describe("relevance", () => {
  it("judges real accounts of a corpus of a fair size", () => {
    assert.isAtLeast(relevanceCorpus.length, 140)
    assert.isAtLeast(judgements.length, 30)
    const ids = new Set<string>(relevanceCorpus.map((profile) => profile.id))
    for (const { q, grades } of judgements)
      for (const id of Object.keys(grades)) assert.isTrue(ids.has(id), `${q}: ${id}`)
  })

  it("puts what was meant at the top", () => {
    const poor = judgements
      .map((judgement) => [judgement.q, ndcgAt10(judgement, idsFor(judgement.q))] as const)
      .filter(([, ndcg]) => ndcg < 0.8)
    assert.isAtLeast(mean(ndcgAt10), 0.97, JSON.stringify(poor))
    assert.isAtLeast(mean(reciprocalRank), 0.97, JSON.stringify(poor))
  })

  it("never loses a query entirely", () => {
    for (const judgement of judgements)
      assert.isAbove(ndcgAt10(judgement, idsFor(judgement.q)), 0.5, `${judgement.q}: ${idsFor(judgement.q)}`)
  })
})
