import { type Formula, maxRateOfFollowers, maxRateOfViews } from "./Formula.ts"

/**
 * `(avgLikes + avgComments + avgShares) / avgImpressions * 100`, percent, where likes are reactions and shares are reposts.
 * Inputs: averages per post over the source's window. Clicks are left out: only the owner sees them.
 * Source: LinkedIn's own analytics, Sprout Social.
 */
export const linkedinByImpressions: Formula = {
  id: "linkedin/by-impressions@1",
  platform: "linkedin",
  description: "Reactions, comments and reposts of the average post, per impression.",
  numerator: ["avgLikes", "avgComments", "avgShares"],
  denominator: "avgImpressions",
  maxRate: maxRateOfViews,
  source: { name: "LinkedIn analytics, Sprout Social", url: null }
}

/** `avgLikes / avgImpressions * 100`, percent; used when comments or reposts are unknown. Source: ours, as above. */
export const linkedinLikesByImpressions: Formula = {
  id: "linkedin/likes-by-impressions@1",
  platform: "linkedin",
  description:
    "Reactions of the average post, per impression: for accounts whose comments or reposts are unknown.",
  numerator: ["avgLikes"],
  denominator: "avgImpressions",
  maxRate: maxRateOfViews,
  source: { name: "InfluScope, after LinkedIn analytics", url: null }
}

/**
 * `(avgLikes + avgComments + avgShares) / followers * 100`, percent; used when the impressions are unknown, as they are to
 * everybody but the owner. Source: SociaVault's public-data benchmark.
 */
export const linkedinByFollowers: Formula = {
  id: "linkedin/by-followers@1",
  platform: "linkedin",
  description: "Reactions, comments and reposts of the average post, per follower.",
  numerator: ["avgLikes", "avgComments", "avgShares"],
  denominator: "followers",
  maxRate: maxRateOfFollowers,
  source: {
    name: "SociaVault",
    url: "https://sociavault.com/blog/linkedin-engagement-rate-fastest-growing-platform-2026"
  }
}

/** `avgLikes / followers * 100`, percent; used when comments or reposts are unknown too. Source: ours, as above. */
export const linkedinLikesByFollowers: Formula = {
  id: "linkedin/likes-by-followers@1",
  platform: "linkedin",
  description: "Reactions of the average post, per follower: for accounts of which nothing more is known.",
  numerator: ["avgLikes"],
  denominator: "followers",
  maxRate: maxRateOfFollowers,
  source: { name: "InfluScope, after SociaVault", url: null }
}
