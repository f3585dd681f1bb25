import type { ProfileFields } from "@influscope/domain/Observation"
import { type Platform, platforms } from "@influscope/domain/Platform"
import { type Tier, tierOf } from "@influscope/domain/Tier"
import {
  benchmarkFor,
  largestAccount,
  megaExponent,
  starterShare,
  tailExponent,
  typicalRate
} from "./Benchmarks.ts"
import { bioOf } from "./Bios.ts"
import { type Country, countries, type SpokenLanguage } from "./Countries.ts"
import { handleAt, maxIndex } from "./Handles.ts"
import { poolOf } from "./Names.ts"
import { type Niche, nicheNames, nicheOf } from "./Niches.ts"
import { type Random, randomAt, weighted } from "./Random.ts"

/** An invented creator. `handle` is normalized; `fields` lacks the avatar's key, which the object store decides. */
export interface SyntheticProfile {
  readonly platform: Platform
  readonly handle: string
  readonly niche: Niche
  readonly fields: ProfileFields
}

type Figures = { -readonly [K in keyof ProfileFields]?: ProfileFields[K] }

const pickPlatform = weighted<Platform>([
  ["instagram", 34],
  ["tiktok", 25],
  ["youtube", 18],
  ["x", 10],
  ["twitch", 6],
  ["linkedin", 7]
])

const pickCountry = weighted<Country>(countries.map((country) => [country, country.weight]))

const languagePickers = new Map(
  countries.map((country) => [
    country.code,
    weighted<SpokenLanguage>(country.languages.map((language) => [language, language.weight]))
  ])
)

const pickLanguage = (random: Random, country: Country): SpokenLanguage =>
  languagePickers.get(country.code)?.(random) ?? country.languages[0]

const nichePickers = new Map(
  platforms.map((platform) => [
    platform,
    weighted<Niche>(
      nicheNames.map((niche) => [niche, nicheOf(niche).weight * (nicheOf(niche).on[platform] ?? 1)])
    )
  ])
)

const pickNiche = (random: Random, platform: Platform): Niche =>
  nichePickers.get(platform)?.(random) ?? "fitness"

/** Rounds a count to what is shown: YouTube publishes 3 significant digits, the others exact counts. */
const shown = (platform: Platform, count: number): number => {
  if (platform !== "youtube" || count < 1_000) return Math.round(count)
  const step = 10 ** (Math.floor(Math.log10(count)) - 2)
  return Math.floor(count / step) * step
}

/** Averages of small accounts keep a decimal, or the rate would be that of the rounding. */
const average = (value: number): number => (value >= 100 ? Math.round(value) : Math.round(value * 10) / 10)

/**
 * Followers, heavy-tailed: a Pareto tail from 1,000 whose exponent comes from the published share of nano creators, a
 * steeper one from a million up to the largest accounts of the platform, and a few below 1,000.
 */
const followersOf = (random: Random, platform: Platform): number => {
  if (random.chance(starterShare)) return shown(platform, 80 * 12.4 ** random.next())
  const above = 1 - random.next()
  const count = 1_000 * above ** (-1 / tailExponent)
  if (count < 1_000_000) return shown(platform, count)
  const most = (1_000_000 / largestAccount[platform]) ** megaExponent
  const left = most + (1 - most) * random.next()
  return shown(platform, 1_000_000 * left ** (-1 / megaExponent))
}

/** Reactions to the average post, split: comments and shares as parts of the likes. */
const reactions = (
  random: Random,
  total: number,
  parts: { readonly comments: number; readonly shares?: number }
): Figures => {
  const comments = Math.min(0.5, random.logNormal(parts.comments, 0.5))
  const shares = parts.shares === undefined ? 0 : Math.min(0.5, random.logNormal(parts.shares, 0.5))
  const likes = total / (1 + comments + shares)
  const figures: Figures = { avgLikes: average(likes), avgComments: average(likes * comments) }
  if (parts.shares !== undefined) figures.avgShares = average(likes * shares)
  return figures
}

/** Views of the average video: fewer per follower the larger the account. */
const viewsOf = (random: Random, followers: number, perFollower: number, fall: number): number =>
  Math.max(40, Math.round(random.logNormal(perFollower * followers * (followers / 10_000) ** -fall, 0.8)))

/** A rate around the published one for the platform and size, percent; by views at most every second viewer reacts. */
const targetRate = (random: Random, platform: Platform, followers: number, most: number): number => {
  const benchmark = benchmarkFor(platform, followers)
  return Math.min(most, random.logNormal(typicalRate(benchmark), benchmark.sigma))
}

/** The figures of which engagement is computed, made so that the rate falls where the benchmarks say. */
const engagementFigures: { readonly [P in Platform]: (random: Random, followers: number) => Figures } = {
  instagram: (random, followers) => {
    const total = (targetRate(random, "instagram", followers, 60) / 100) * followers
    const figures = reactions(random, total, { comments: 0.025 })
    if (random.chance(0.6)) figures.avgViews = viewsOf(random, followers, 0.35, 0.15)
    // Some hide their likes: their rate cannot be computed.
    if (random.chance(0.02)) delete figures.avgLikes
    return figures
  },
  tiktok: (random, followers) => {
    const views = viewsOf(random, followers, 0.7, 0.2)
    const total = (targetRate(random, "tiktok", followers, 50) / 100) * views
    return { avgViews: views, ...reactions(random, total, { comments: 0.012, shares: 0.02 }) }
  },
  youtube: (random, followers) => {
    const views = viewsOf(random, followers, 0.25, 0.12)
    const total = (targetRate(random, "youtube", followers, 50) / 100) * views
    const figures = { avgViews: views, ...reactions(random, total, { comments: 0.06 }) }
    // Some close their comments: likes are all there is.
    if (random.chance(0.03)) delete figures.avgComments
    return figures
  },
  x: (random, followers) =>
    reactions(random, (targetRate(random, "x", followers, 60) / 100) * followers, {
      comments: 0.09,
      shares: 0.16
    }),
  twitch: (random, followers) => ({
    avgViewers: average((targetRate(random, "twitch", followers, 90) / 100) * followers)
  }),
  linkedin: (random, followers) => {
    const parts = { comments: 0.12, shares: 0.04 }
    const rate = targetRate(random, "linkedin", followers, 60) / 100
    // Few connect their own statistics; the others show followers only.
    if (!random.chance(0.25)) return reactions(random, rate * followers, parts)
    const impressions = viewsOf(random, followers, 0.5, 0.1)
    return { avgImpressions: impressions, ...reactions(random, rate * impressions, parts) }
  }
}

interface Habits {
  /** Share of verified accounts. */
  readonly verified: number
  /** Medians. */
  readonly posts: number
  readonly following: number
}

const habits: { readonly [T in Tier]: Habits } = {
  starter: { verified: 0.002, posts: 60, following: 420 },
  nano: { verified: 0.006, posts: 160, following: 780 },
  micro: { verified: 0.04, posts: 420, following: 690 },
  mid: { verified: 0.2, posts: 800, following: 510 },
  macro: { verified: 0.5, posts: 1_200, following: 380 },
  mega: { verified: 0.8, posts: 1_800, following: 240 }
}

/** How often one posts there, against Instagram. */
const postsFactor: { readonly [P in Platform]: number } = {
  instagram: 1,
  tiktok: 0.9,
  youtube: 0.5,
  x: 12,
  twitch: 0.8,
  linkedin: 0.5
}

const pageOf: { readonly [P in Platform]: (handle: string) => string } = {
  instagram: (handle) => `https://www.instagram.com/${handle}/`,
  tiktok: (handle) => `https://www.tiktok.com/@${handle}`,
  youtube: (handle) => `https://www.youtube.com/@${handle}`,
  x: (handle) => `https://x.com/${handle}`,
  twitch: (handle) => `https://www.twitch.tv/${handle}`,
  linkedin: (handle) => `https://www.linkedin.com/in/${handle}/`
}

/** The name as its bearer shows it: in the script of the bio's language, or in Latin letters as some prefer. */
const displayName = (
  random: Random,
  country: Country,
  language: SpokenLanguage,
  placed: { readonly given: number; readonly family: number }
): string => {
  const { family, familyFirst, given } = poolOf(country.names)
  const first = given[placed.given]
  const last = family[placed.family]
  if (first === undefined || last === undefined) return ""
  // The letters of Latin scripts, with their marks, end before this code point.
  const latinScript = first.native.charCodeAt(0) < 0x250
  const foreign = language.code === "en" && country.names !== "english"
  if (!latinScript && (foreign || random.chance(0.3))) return `${first.latin} ${last.latin}`
  return familyFirst
    ? `${last.native}${country.names === "japanese" ? " " : ""}${first.native}`
    : `${first.native} ${last.native}`
}

/**
 * The invented creator `index` (0 to below `maxIndex`, 20 million) of the world that `seed` makes: the same at any time, whatever is
 * made before or beside it. Platform, niche, size, language, country, name, bio and figures agree with each other; no two
 * indexes share a handle on a platform. Throws a RangeError on an index outside the range.
 */
export const generateProfile = (seed: number, index: number): SyntheticProfile => {
  if (!Number.isInteger(index) || index < 0 || index >= maxIndex)
    throw new RangeError(`The index ${index} is not a whole number from 0 to below ${maxIndex}.`)
  const random = randomAt(seed, index)
  const platform = pickPlatform(random)
  const country = pickCountry(random)
  const language = pickLanguage(random, country)
  const niche = pickNiche(random, platform)
  const placed = handleAt(seed, index, platform, country.names, niche)
  const followers = followersOf(random, platform)
  const tier = tierOf(followers) ?? "starter"
  const { following, posts, verified } = habits[tier]
  const { label, related } = nicheOf(niche)
  const bio = bioOf(random, {
    language: language.code,
    niche,
    city: random.pick(language.cities),
    live: platform === "twitch" && random.chance(0.6),
    plain: platform === "linkedin"
  })
  const published = Math.max(1, Math.round(random.logNormal(posts * postsFactor[platform], 0.7)))
  const figures = engagementFigures[platform](random, followers)
  const fields: Figures = {
    name: displayName(random, country, language, placed),
    bio,
    categories: random.chance(0.35) ? [label, related] : [label],
    country: country.code,
    language: language.code,
    verified: random.chance(verified),
    url: pageOf[platform](placed.handle),
    followers,
    posts: published,
    ...figures
  }
  if (platform !== "youtube" && platform !== "twitch")
    fields.following = Math.min(7_500, Math.round(random.logNormal(following, 0.9)))
  if (platform === "youtube" && figures.avgViews !== undefined)
    fields.totalViews = Math.round(published * figures.avgViews * random.logNormal(1, 0.3))
  if (platform === "tiktok" && figures.avgLikes !== undefined)
    fields.totalLikes = Math.round(published * figures.avgLikes * random.logNormal(1, 0.3))
  return { platform, handle: placed.handle, niche, fields }
}
