import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ndcgAt10, reciprocalRank } from "./RelevanceMeasures.ts"
import { type Judgement, judgements, relevanceCorpus } from "./SearchRelevanceCorpus.ts"

type Answers = ReadonlyMap<string, ReadonlyArray<string>>

const mean = (
  answers: Answers,
  measure: (judgement: Judgement, ids: ReadonlyArray<string>) => number
): number =>
  judgements.reduce((sum, judgement) => sum + measure(judgement, answers.get(judgement.q) ?? []), 0) /
  judgements.length

/** What a search index must put first: `idsFor` finds the best ten of the relevance corpus for a text. */
export const relevanceCases = <E>(
  name: string,
  idsFor: (q: string) => Effect.Effect<ReadonlyArray<string>, E>
): void => {
  const answered = Effect.map(
    Effect.forEach(judgements, ({ q }) => Effect.map(idsFor(q), (ids) => [q, ids] as const)),
    (entries): Answers => new Map(entries)
  )

  describe(`relevance: ${name}`, () => {
    it("judges real accounts of a corpus of a fair size", () => {
      assert.isAtLeast(relevanceCorpus.length, 140)
      assert.isAtLeast(judgements.length, 30)
      const ids = new Set<string>(relevanceCorpus.map((profile) => profile.id))
      for (const { q, grades } of judgements)
        for (const id of Object.keys(grades)) assert.isTrue(ids.has(id), `${q}: ${id}`)
    })

    it.live("puts what was meant at the top, and never loses a query entirely", () =>
      Effect.gen(function* () {
        const answers = yield* answered
        const byQuery = judgements.map(
          (judgement) => [judgement.q, ndcgAt10(judgement, answers.get(judgement.q) ?? [])] as const
        )
        const poor = JSON.stringify(byQuery.filter(([, ndcg]) => ndcg < 0.8))
        assert.isAtLeast(mean(answers, ndcgAt10), 0.97, poor)
        assert.isAtLeast(mean(answers, reciprocalRank), 0.97, poor)
        for (const [q, ndcg] of byQuery) assert.isAbove(ndcg, 0.5, `${q}: ${answers.get(q)?.join(" ")}`)
      })
    )
  })
}
