import * as Schema from "effect/Schema"
import { NoRateReason } from "../engagement/Engagement.ts"
import { PostId } from "./Post.ts"

const Counted = Schema.Int.pipe(Schema.nonNegative())

/** Readability by a published formula of the language; scores of different formulas are not comparable. */
export const Readability = Schema.Struct({
  /** `name@version`, for example `flesch-reading-ease@1`. */
  formula: Schema.String,
  score: Schema.Finite
}).annotations({ identifier: "Readability" })
export type Readability = typeof Readability.Type

/** The engagement rate of one post, percent, by the formula of its platform; null with the reason. */
export const PostEngagement = Schema.Struct({
  rate: Schema.NullOr(Schema.Finite),
  formula: Schema.String,
  reason: Schema.NullOr(NoRateReason),
  /** Accounts that followed the author when the rate was worked out; null when nobody knows. */
  followers: Schema.NullOr(Schema.Finite)
}).annotations({ identifier: "PostEngagement" })
export type PostEngagement = typeof PostEngagement.Type

/** Bits of a fingerprint, written as 16 hexadecimal digits in lower case. */
export const Fingerprint = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{16}$/)).annotations({
  identifier: "Fingerprint"
})

/**
 * What was found out about the words of a post (its title and its text) and its figures. `observedAt` (epoch ms) is that of
 * the post it is of: it is older than the post's while the analysis of a newer statement is on its way.
 */
export const PostAnalysis = Schema.Struct({
  post: PostId,
  observedAt: Schema.Int,
  /** Words as Unicode and the dictionaries of the engine segment them; tags, mentions, links and emoji are none. */
  words: Counted,
  /** Characters as a reader sees them, per word; 2 decimals. Null without words. */
  averageWordLength: Schema.NullOr(Schema.Finite),
  /** As a reader sees them (grapheme clusters), blanks included. */
  characters: Counted,
  sentences: Counted,
  /** Without `#`, in lower case, in the order of their first use, each once; the first hundred. */
  hashtags: Schema.Array(Schema.String),
  /** Without `@`, in lower case, as hashtags. */
  mentions: Schema.Array(Schema.String),
  /** Addresses as they stand in the text, each once; the first hundred. */
  links: Schema.Array(Schema.String),
  /** How many emoji, repeats included. */
  emoji: Counted,
  /** ISO 639-1 or, where there is none, 639-3; null when the text is too short or too mixed to tell. */
  language: Schema.NullOr(Schema.String),
  /** Null for languages without a formula here, and for texts without sentences. */
  readability: Schema.NullOr(Readability),
  /** Simhash of the words: near-duplicates differ in few bits. Null for texts too short to compare. */
  fingerprint: Schema.NullOr(Fingerprint),
  engagement: PostEngagement
}).annotations({ identifier: "PostAnalysis" })
export type PostAnalysis = typeof PostAnalysis.Type
