import { type Formula, maxRateOfViews } from "./Formula.ts"

/**
 * `(avgLikes + avgComments + avgShares) / avgViews * 100`, percent. Inputs: averages per video over the source's window.
 * Source: HypeAuditor (last 30 posts).
 */
export const tiktokByViews: Formula = {
  id: "tiktok/by-views@1",
  platform: "tiktok",
  description: "Likes, comments and shares of the average video, per view.",
  numerator: ["avgLikes", "avgComments", "avgShares"],
  denominator: "avgViews",
  maxRate: maxRateOfViews,
  source: {
    name: "HypeAuditor",
    url: "https://hypeauditor.com/blog/what-is-instagram-engagement-rate-and-how-to-calculate-it"
  }
}

/**
 * `(avgLikes + avgComments) / avgViews * 100`, percent; used when the shares are unknown.
 * Source: ours, HypeAuditor's formula without the shares.
 */
export const tiktokLikesCommentsByViews: Formula = {
  id: "tiktok/likes-comments-by-views@1",
  platform: "tiktok",
  description: "Likes and comments of the average video, per view: for accounts whose shares are unknown.",
  numerator: ["avgLikes", "avgComments"],
  denominator: "avgViews",
  maxRate: maxRateOfViews,
  source: { name: "InfluScope, after HypeAuditor", url: null }
}

/**
 * `avgLikes / avgViews * 100`, percent; used when the comments are unknown.
 * Source: Modash (two months of videos).
 */
export const tiktokLikesByViews: Formula = {
  id: "tiktok/likes-by-views@1",
  platform: "tiktok",
  description: "Likes of the average video, per view: for accounts whose comments are unknown.",
  numerator: ["avgLikes"],
  denominator: "avgViews",
  maxRate: maxRateOfViews,
  source: { name: "Modash", url: "https://help.modash.io/en/articles/6542471" }
}
