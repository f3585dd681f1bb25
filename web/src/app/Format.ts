import type { NoRateReason } from "@influscope/domain/engagement/Engagement"
import type { FieldName } from "@influscope/domain/Observation"
import type { Platform } from "@influscope/domain/Platform"
import type { Tier } from "@influscope/domain/Tier"
import type { ActiveFilter, ListName, RangeName } from "./Query.ts"

const locale = "en"
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
const exact = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const signed = { signDisplay: "exceptZero" } as const
const change = new Intl.NumberFormat(locale, {
  ...signed,
  minimumFractionDigits: 2,
  maximumFractionDigits: 2
})
const countChange = new Intl.NumberFormat(locale, { ...signed, maximumFractionDigits: 0 })
const axisDay = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" })
const axisMonth = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone: "UTC" })
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" })

/** What stands where a figure is unknown. */
export const unknown = "–"

/** A count in full, for example `4,214,553`. */
export const formatCount = (value: number): string => whole.format(value)

/** A count or an average in full, below a thousand with up to two decimals. */
export const formatExact = (value: number): string => (value < 1_000 ? exact : whole).format(value)

/** A count in short, for example `4.2M`. */
export const formatCompact = (value: number): string => compact.format(value)

/** A rate in percent, for example `3.14%`. */
export const formatPercent = (value: number): string =>
  value > 0 && value < 0.005 ? "<0.01%" : `${percent.format(value)}%`

/** A change in percent, for example `+3.14%`. */
export const formatChange = (value: number): string => `${change.format(value)}%`

/** A change of a count, for example `+1,234`. */
export const formatCountChange = (value: number): string => countChange.format(value)

/** Milliseconds, with a decimal below ten. */
export const formatMs = (value: number): string => `${value < 10 ? value.toFixed(1) : whole.format(value)} ms`

/** The day of an ISO time, in UTC. */
export const formatDay = (iso: string): string => {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? unknown : day.format(time)
}

/** A day (epoch ms) in short, for an axis; `isLong`: its month. */
export const formatAxisDay = (time: number, isLong: boolean): string =>
  (isLong ? axisMonth : axisDay).format(time)

const units = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"]
] as const

/** Seconds as a length of time, for example `minute` or `15 minutes`: what stands after "every". */
export const formatInterval = (seconds: number): string => {
  const [size, name] = units.find(([length]) => seconds % length === 0) ?? units[3]
  return seconds === size ? name : `${whole.format(seconds / size)} ${name}s`
}

/**
 * Reads a count as people write it: `250000`, `250,000`, `10k`, `1.5M`. Undefined for an empty text, null when it is not
 * a count.
 */
export const parseCount = (text: string): number | undefined | null => {
  const trimmed = text
    .trim()
    .replace(/[,\s_]/g, "")
    .replace(/%$/, "")
  if (trimmed === "") return undefined
  const match = /^(\d+(?:\.\d+)?|\.\d+)([kmb]?)$/i.exec(trimmed)
  if (match === null) return null
  const power = { "": 0, k: 3, m: 6, b: 9 }[match[2]?.toLowerCase() ?? ""] ?? 0
  // Through the text's own exponent: 1.1 * 1e6 is not a whole number, 1.1e6 is.
  return Number(`${match[1]}e${power}`)
}

/** Reads a change in percent: `5`, `-2.5`, `+3 %`. Undefined for an empty text, null when it is not one. */
export const parseChange = (text: string): number | undefined | null => {
  const trimmed = text.trim().replace(/\s*%$/, "")
  if (trimmed === "") return undefined
  return /^[-+−]?(?:\d+(?:\.\d+)?|\.\d+)$/.test(trimmed) ? Number(trimmed.replace("−", "-")) : null
}

const regions = new Intl.DisplayNames(locale, { type: "region", fallback: "code" })
const languages = new Intl.DisplayNames(locale, { type: "language", fallback: "code" })

/** The name of a code, or the text itself when it is no code: addresses are written by hand as well. */
const nameOf = (names: Intl.DisplayNames, shape: RegExp, code: string): string =>
  shape.test(code) ? (names.of(code) ?? code) : code

const platformNames: { readonly [K in Platform]: string } = {
  instagram: "Instagram",
  tiktok: "TikTok",
  youtube: "YouTube",
  x: "X",
  twitch: "Twitch",
  linkedin: "LinkedIn"
}

interface TierText {
  readonly name: string
  readonly range: string
}

const tierTexts: { readonly [K in Tier]: TierText } = {
  starter: { name: "Starter", range: "under 1K" },
  nano: { name: "Nano", range: "1K–10K" },
  micro: { name: "Micro", range: "10K–100K" },
  mid: { name: "Mid", range: "100K–500K" },
  macro: { name: "Macro", range: "500K–1M" },
  mega: { name: "Mega", range: "1M and up" }
}

/** Smallest first. */
export const tierOrder: ReadonlyArray<string> = Object.keys(tierTexts)

const own = <A>(table: { readonly [key: string]: A }, key: string): A | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/** The name of a facet's value as a reader knows it. */
export const valueName = (facet: ListName, value: string): string => {
  switch (facet) {
    case "platform":
      return own(platformNames, value) ?? value
    case "tier":
      return own<TierText>(tierTexts, value)?.name ?? value
    case "country":
      return nameOf(regions, /^[A-Z]{2}$/, value)
    case "language":
      return nameOf(languages, /^[a-z]{2,3}$/, value)
    case "category":
      // The index folds categories, so that one spelt in two ways is counted once.
      return value.charAt(0).toLocaleUpperCase() + value.slice(1)
  }
}

/** The followers a tier stands for, or undefined for a tier we do not know. */
export const tierRange = (tier: string): string | undefined => own<TierText>(tierTexts, tier)?.range

export const facetTitles: { readonly [K in ListName | "verified"]: string } = {
  platform: "Platform",
  tier: "Audience size",
  category: "Category",
  country: "Country",
  language: "Language",
  verified: "Verified"
}

export const verifiedName = (value: string): string => (value === "true" ? "Verified" : "Not verified")

const rangeTexts: { readonly [K in RangeName]: (value: number) => string } = {
  followersMin: (value) => `at least ${formatCompact(value)} followers`,
  followersMax: (value) => `at most ${formatCompact(value)} followers`,
  engagementMin: (value) => `engagement from ${formatExact(value)}%`,
  engagementMax: (value) => `engagement to ${formatExact(value)}%`,
  growth30Min: (value) => `growth from ${formatChange(value)}`,
  growth30Max: (value) => `growth to ${formatChange(value)}`
}

/** An active filter in words, for its chip. */
export const filterText = (filter: ActiveFilter): string => {
  switch (filter.name) {
    case "verified":
      return verifiedName(filter.value)
    case "followersMin":
    case "followersMax":
    case "engagementMin":
    case "engagementMax":
    case "growth30Min":
    case "growth30Max":
      return rangeTexts[filter.name](Number(filter.value))
    default:
      return valueName(filter.name, filter.value)
  }
}

const reasons: { readonly [K in NoRateReason]: string } = {
  "missing-followers": "No source states the number of followers, which the rate is divided by.",
  "missing-views": "No source states the views per post, which the rate is divided by.",
  "missing-impressions": "No source states the impressions per post, which the rate is divided by.",
  "missing-likes": "No source states the likes per post, the main part of engagement.",
  "missing-engagements": "No source states any likes, comments or shares per post.",
  "missing-viewers": "No source states the average number of live viewers.",
  "zero-denominator": "The figure the rate would be divided by is zero.",
  implausible: "The figures contradict each other: the rate would be higher than any real account reaches."
}

/** Why a profile has no engagement rate. */
export const reasonText = (reason: NoRateReason | null): string =>
  reason === null ? "It has not been computed." : reasons[reason]

export type Unit = "count" | "average" | "percent" | "change" | "text"

/** Every field of a profile in the order of its table. */
export const fieldTexts: { readonly [K in Exclude<FieldName, "avatarKey">]: readonly [string, Unit] } = {
  followers: ["Followers", "count"],
  following: ["Following", "count"],
  posts: ["Posts", "count"],
  avgLikes: ["Likes per post", "average"],
  avgComments: ["Comments per post", "average"],
  avgShares: ["Shares per post", "average"],
  avgSaves: ["Saves per post", "average"],
  avgViews: ["Views per post", "average"],
  avgImpressions: ["Impressions per post", "average"],
  avgViewers: ["Average live viewers", "average"],
  totalLikes: ["Likes in all", "count"],
  totalViews: ["Views in all", "count"],
  reportedEngagementRate: ["Stated engagement rate", "percent"],
  growth30: ["Growth in 30 days", "change"],
  postsPerWeek: ["Posts per week", "average"],
  medianEngagement: ["Median engagement of posts", "percent"],
  name: ["Name", "text"],
  bio: ["Bio", "text"],
  categories: ["Categories", "text"],
  country: ["Country", "text"],
  language: ["Language", "text"],
  verified: ["Verified", "text"],
  url: ["Page", "text"],
  topHashtags: ["Top hashtags", "text"]
}
