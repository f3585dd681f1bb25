import { computeEngagement } from "../engagement/Formulas.ts"
import type { ProfileFields } from "../Observation.ts"
import { platformOf } from "../ProfileId.ts"
import type { Post } from "./Post.ts"
import type { PostAnalysis, PostEngagement } from "./PostAnalysis.ts"
import { readability } from "./Readability.ts"
import { simhash } from "./Simhash.ts"
import { lengthOf, type TextParts, textParts } from "./TextParts.ts"

/** The title and the text: what the words of a post are. */
const textOf = ({ text, title }: Post): string => (title === undefined ? text : `${title}\n${text}`)

const averageLength = ({ words }: TextParts): number | null => {
  if (words.length === 0) return null
  const characters = words.reduce((sum, word) => sum + lengthOf(word), 0)
  return Math.round((characters / words.length) * 100) / 100
}

/**
 * The engagement rate of one post by the formula of its platform, which is made for the average of many: the figures of the post
 * stand in for the averages, and `followers` (accounts) are those of its author when it is worked out.
 */
const engagementOf = ({ author, metrics }: Post, followers: number | undefined): PostEngagement => {
  const fields: { -readonly [K in keyof ProfileFields]: ProfileFields[K] } = {}
  if (followers !== undefined) fields.followers = followers
  if (metrics.likes !== undefined) fields.avgLikes = metrics.likes
  if (metrics.comments !== undefined) fields.avgComments = metrics.comments
  if (metrics.shares !== undefined) fields.avgShares = metrics.shares
  if (metrics.views !== undefined) fields.avgViews = metrics.views
  if (metrics.impressions !== undefined) fields.avgImpressions = metrics.impressions
  const { formula, rate, reason } = computeEngagement(platformOf(author), fields)
  return { rate, formula, reason, followers: followers ?? null }
}

/** Tells the language of a text: ISO 639-1, or null when it cannot be told. */
export type DetectLanguage = (text: string) => string | null

/** Everything that can be found out about a post by itself. The same for the same post and followers. */
export const analysePost = (
  post: Post,
  followers: number | undefined,
  detectLanguage: DetectLanguage
): PostAnalysis => {
  const parts = textParts(textOf(post))
  const language = parts.words.length === 0 ? null : detectLanguage(parts.prose)
  return {
    post: post.id,
    observedAt: post.observedAt,
    words: parts.words.length,
    averageWordLength: averageLength(parts),
    characters: parts.characters,
    sentences: parts.sentences,
    hashtags: parts.hashtags,
    mentions: parts.mentions,
    links: parts.links,
    emoji: parts.emoji,
    language,
    readability: readability(language, parts.words, parts.sentences),
    fingerprint: simhash(parts.words),
    engagement: engagementOf(post, followers)
  }
}
