import type { Judgement } from "./SearchRelevanceCorpus.ts"

const depth = 10

const discounted = (grades: ReadonlyArray<number>): number =>
  grades.slice(0, depth).reduce((sum, grade, at) => sum + (2 ** grade - 1) / Math.log2(at + 2), 0)

/** Normalised discounted cumulative gain of the first ten: 1 when they could not be ordered better. */
export const ndcgAt10 = ({ grades }: Judgement, ids: ReadonlyArray<string>): number =>
  discounted(ids.map((id) => grades[id] ?? 0)) / discounted(Object.values(grades).sort((a, b) => b - a))

/** One over the place of the first hit with the best grade; 0 when it is not there. */
export const reciprocalRank = ({ grades }: Judgement, ids: ReadonlyArray<string>): number => {
  const best = Math.max(...Object.values(grades))
  const place = ids.findIndex((id) => grades[id] === best)
  return place < 0 ? 0 : 1 / (place + 1)
}
