import { makeProfileId } from "../../src/ProfileId.ts"
import { makePostId, type Post, type PostMetrics } from "../../src/posts/Post.ts"
import type { PostAnalysis } from "../../src/posts/PostAnalysis.ts"
import type { AnalysedPost } from "../../src/posts/RollUp.ts"

export const ana = makeProfileId("instagram", "ana")

export const hour = 3_600_000
export const day = 24 * hour

/** 2026-03-02T00:00:00Z, a Monday. */
export const monday = Date.UTC(2026, 2, 2)

export interface Given {
  readonly key?: string
  readonly at?: number
  readonly text?: string
  readonly metrics?: PostMetrics
}

export const post = ({ at = monday, key = String(at), metrics = {}, text = "" }: Given = {}): Post => ({
  id: makePostId("instagram", key),
  author: ana,
  publishedAt: at,
  observedAt: at + day,
  text,
  metrics
})

/** An analysis of which only what a test is about is interesting. */
export const analysis = (of: Post, known: Partial<PostAnalysis> = {}): PostAnalysis => ({
  post: of.id,
  observedAt: of.observedAt,
  words: 0,
  averageWordLength: null,
  characters: 0,
  sentences: 0,
  hashtags: [],
  mentions: [],
  links: [],
  emoji: 0,
  language: null,
  readability: null,
  fingerprint: null,
  engagement: {
    rate: null,
    formula: "instagram/by-followers@1",
    reason: "missing-followers",
    followers: null
  },
  ...known
})

export const rated = (rate: number, formula = "instagram/by-followers@1"): PostAnalysis["engagement"] => ({
  rate,
  formula,
  reason: null,
  followers: 1_000
})

export const analysed = (given: Given, known: Partial<PostAnalysis> = {}): AnalysedPost => {
  const of = post(given)
  return { post: of, analysis: analysis(of, known) }
}
