import { median } from "../Median.ts"
import type { ProfileId } from "../ProfileId.ts"
import { type AuthorRollup, maxRolledUpPosts } from "./AuthorRollup.ts"
import { bestHours } from "./BestHours.ts"
import type { Post } from "./Post.ts"
import type { PostAnalysis } from "./PostAnalysis.ts"
import { fingerprintBits, hammingDistance, nearBits } from "./Simhash.ts"
import { tally } from "./Tally.ts"

/** A post with its analysis, undefined while it has none. */
export interface AnalysedPost {
  readonly post: Post
  readonly analysis: PostAnalysis | undefined
}

const weekMillis = 7 * 86_400_000
const frequencyMillis = 90 * 86_400_000
const mostHashtags = 20
const mostRepeats = 100

/** Posts that the median engagement looks at, and of how many at least a rate has to be known. */
const engagementPosts = 30
const fewestRates = 5

const newestFirst = (a: AnalysedPost, b: AnalysedPost): number =>
  b.post.publishedAt - a.post.publishedAt || (a.post.id < b.post.id ? 1 : -1)

/** Intervals between posts of the 90 days up to the newest, as posts a week; 2 decimals. */
const postsPerWeekOf = (newest: number, posts: ReadonlyArray<AnalysedPost>): number | null => {
  const times = posts
    .map(({ post }) => post.publishedAt)
    .filter((publishedAt) => publishedAt >= newest - frequencyMillis)
  const span = newest - Math.min(...times)
  return span === 0 ? null : Math.round(((times.length - 1) / span) * weekMillis * 100) / 100
}

/** The median rate of the formula that most of the last posts have a rate by. */
const medianEngagementOf = (posts: ReadonlyArray<AnalysedPost>): AuthorRollup["medianEngagement"] => {
  const rates = posts.slice(0, engagementPosts).flatMap(({ analysis }) => {
    const { formula, rate } = analysis?.engagement ?? { formula: "", rate: null }
    return rate === null ? [] : [{ formula, rate }]
  })
  const [[formula] = [""]] = tally(rates.map((rate) => rate.formula))
  const comparable = rates.filter((rate) => rate.formula === formula).map(({ rate }) => rate)
  return comparable.length < fewestRates
    ? null
    : { rate: Math.round(median(comparable) * 1e4) / 1e4, formula, posts: comparable.length }
}

/** Each post that says nearly the same as one before it, with the latest such one. */
const repeatsOf = (posts: ReadonlyArray<AnalysedPost>): AuthorRollup["repeats"] => {
  const marked = posts.flatMap(({ analysis, post }) => {
    const fingerprint = analysis?.fingerprint ?? null
    return fingerprint === null ? [] : [{ id: post.id, bits: fingerprintBits(fingerprint) }]
  })
  return marked
    .flatMap(({ bits, id }, place) => {
      const earlier = marked.slice(place + 1).find((other) => hammingDistance(bits, other.bits) <= nearBits)
      return earlier === undefined
        ? []
        : [{ post: id, of: earlier.id, distance: hammingDistance(bits, earlier.bits) }]
    })
    .slice(0, mostRepeats)
}

/**
 * What the newest posts of an author, of those given, have in common; undefined when there are none. `zone` (IANA) is that of
 * the account. The order in which they are given does not matter.
 */
export const rollUp = (
  author: ProfileId,
  given: ReadonlyArray<AnalysedPost>,
  zone: string
): AuthorRollup | undefined => {
  const posts = given.toSorted(newestFirst).slice(0, maxRolledUpPosts)
  const newest = posts[0]?.post
  const oldest = posts.at(-1)?.post
  if (newest === undefined || oldest === undefined) return undefined
  const analyses = posts.flatMap(({ analysis }) => analysis ?? [])
  return {
    author,
    asOf: posts.reduce((latest, { post }) => Math.max(latest, post.observedAt), 0),
    posts: posts.length,
    firstPublishedAt: oldest.publishedAt,
    lastPublishedAt: newest.publishedAt,
    postsPerWeek: postsPerWeekOf(newest.publishedAt, posts),
    zone,
    ...bestHours(
      posts.map(({ post }) => post),
      zone
    ),
    hashtags: tally(analyses.flatMap(({ hashtags }) => hashtags))
      .slice(0, mostHashtags)
      .map(([tag, count]) => ({ tag, posts: count })),
    medianEngagement: medianEngagementOf(posts),
    repeats: repeatsOf(posts),
    languages: tally(analyses.flatMap(({ language }) => language ?? [])).map(([language, count]) => ({
      language,
      posts: count
    }))
  }
}
