import type { ProfileFields } from "../Observation.ts"
import type { Platform } from "../Platform.ts"
import { tierOf } from "../Tier.ts"
import type { Engagement } from "./Engagement.ts"
import { applyFormula, type Formula, missingInput } from "./Formula.ts"
import { instagramByFollowers, instagramLikesByFollowers } from "./Instagram.ts"
import {
  linkedinByFollowers,
  linkedinByImpressions,
  linkedinLikesByFollowers,
  linkedinLikesByImpressions
} from "./Linkedin.ts"
import { tiktokByViews, tiktokLikesByViews, tiktokLikesCommentsByViews } from "./Tiktok.ts"
import { twitchViewersByFollowers } from "./Twitch.ts"
import { xByFollowers, xLikesByFollowers } from "./X.ts"
import { youtubeByViews, youtubeLikesByViews } from "./Youtube.ts"

/** A platform's formulas: `preferred` in order, the first whose inputs are all known decides. */
interface PlatformFormulas {
  readonly preferred: ReadonlyArray<Formula>
  /** Named beside the reason when the inputs of none are known: the one most profiles of the platform can satisfy. */
  readonly usual: Formula
}

/** Which formula a platform uses. Its alternatives differ in what they leave out, so each has an id of its own. */
const byPlatform: { readonly [P in Platform]: PlatformFormulas } = {
  instagram: { preferred: [instagramByFollowers, instagramLikesByFollowers], usual: instagramByFollowers },
  tiktok: {
    preferred: [tiktokByViews, tiktokLikesCommentsByViews, tiktokLikesByViews],
    usual: tiktokByViews
  },
  youtube: { preferred: [youtubeByViews, youtubeLikesByViews], usual: youtubeByViews },
  x: { preferred: [xByFollowers, xLikesByFollowers], usual: xByFollowers },
  twitch: { preferred: [twitchViewersByFollowers], usual: twitchViewersByFollowers },
  linkedin: {
    preferred: [
      linkedinByImpressions,
      linkedinLikesByImpressions,
      linkedinByFollowers,
      linkedinLikesByFollowers
    ],
    usual: linkedinByFollowers
  }
}

/** Every formula, platform by platform, in the order in which they are tried. */
export const formulas: ReadonlyArray<Formula> = Object.values(byPlatform).flatMap(
  ({ preferred }) => preferred
)

/** The formula for what is known of an account; the platform's usual one when none can be applied. */
export const formulaFor = (platform: Platform, fields: ProfileFields): Formula => {
  const { preferred, usual } = byPlatform[platform]
  return preferred.find((formula) => missingInput(formula, fields) === undefined) ?? usual
}

/**
 * The engagement rate (percent, 4 decimals) of an account with the formula it came from, or null with the reason, and the
 * tier of its followers (accounts), null when they are unknown.
 */
export const computeEngagement = (platform: Platform, fields: ProfileFields): Engagement => {
  const formula = formulaFor(platform, fields)
  return {
    ...applyFormula(formula, fields),
    formula: formula.id,
    tier: tierOf(fields.followers) ?? null
  }
}
