import type { FieldName, ProfileFields } from "../Observation.ts"
import type { Platform } from "../Platform.ts"
import type { NoRateReason } from "./Engagement.ts"

/** The figures a formula may use. */
export type Figure = Extract<
  FieldName,
  "followers" | "avgLikes" | "avgComments" | "avgShares" | "avgViews" | "avgImpressions" | "avgViewers"
>

/** Where a formula was published. `url` is null when the text behind it is not one public page. */
export interface FormulaSource {
  readonly name: string
  readonly url: string | null
}

/**
 * One versioned way to compute an engagement rate: `sum(numerator) / denominator * 100`, in percent. Its id never comes
 * to mean something else: a changed formula gets a new version, so a stored rate can always be explained.
 */
export interface Formula {
  /** `platform/name@version`, for example `instagram/by-followers@1`. */
  readonly id: string
  readonly platform: Platform
  readonly description: string
  /** First the figure without which no other formula of the platform works either. */
  readonly numerator: readonly [Figure, ...ReadonlyArray<Figure>]
  readonly denominator: Figure
  /** Percent. A result above it is a sign of wrong figures (swapped columns, another window), not of engagement. */
  readonly maxRate: number
  readonly source: FormulaSource
}

/** Bound of rates by views or impressions: an average post is not reacted to more often than it is seen. */
export const maxRateOfViews = 100

/**
 * Bound of rates by followers. Above 100 % is real: a small account's post that strangers see. Ten reactions per
 * follower on the *average* post is not.
 */
export const maxRateOfFollowers = 1_000

const missing: { readonly [F in Figure]: NoRateReason } = {
  followers: "missing-followers",
  avgLikes: "missing-likes",
  avgComments: "missing-engagements",
  avgShares: "missing-engagements",
  avgViews: "missing-views",
  avgImpressions: "missing-impressions",
  avgViewers: "missing-viewers"
}

/** Percent to 4 decimals, the same on every machine: half of the last place goes up. */
const round4 = (rate: number): number => Math.round(rate * 1e4) / 1e4

/** A rate in percent, or why there is none. */
export type Rate =
  | { readonly rate: number; readonly reason: null }
  | { readonly rate: null; readonly reason: NoRateReason }

const none = (reason: NoRateReason): Rate => ({ rate: null, reason })

/** The first input that the fields do not have: the leading figure, then the denominator, then the rest. */
export const missingInput = (formula: Formula, fields: ProfileFields): Figure | undefined => {
  const [leading, ...rest] = formula.numerator
  return [leading, formula.denominator, ...rest].find((figure) => fields[figure] === undefined)
}

/**
 * Applies a formula: percent, rounded to 4 decimals, finite and at least 0. Unknown is never taken for 0: a missing
 * input, a denominator of 0 or a result above `maxRate` gives null and the reason.
 */
export const applyFormula = (formula: Formula, fields: ProfileFields): Rate => {
  const absent = missingInput(formula, fields)
  if (absent !== undefined) return none(missing[absent])
  const valueOf = (figure: Figure): number => fields[figure] ?? 0
  if (valueOf(formula.denominator) === 0) return none("zero-denominator")
  const engagements = formula.numerator.reduce((sum, figure) => sum + valueOf(figure), 0)
  const rate = (engagements / valueOf(formula.denominator)) * 100
  // Written so that NaN, from figures beyond the range of numbers, is implausible too.
  return rate <= formula.maxRate ? { rate: round4(rate), reason: null } : none("implausible")
}
