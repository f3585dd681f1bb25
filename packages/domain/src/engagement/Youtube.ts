import { type Formula, maxRateOfViews } from "./Formula.ts"

/**
 * `(avgLikes + avgComments) / avgViews * 100`, percent. Inputs: averages per video over the source's window.
 * Source: HypeAuditor (last 30 videos).
 */
export const youtubeByViews: Formula = {
  id: "youtube/by-views@1",
  platform: "youtube",
  description: "Likes and comments of the average video, per view.",
  numerator: ["avgLikes", "avgComments"],
  denominator: "avgViews",
  maxRate: maxRateOfViews,
  source: {
    name: "HypeAuditor",
    url: "https://hypeauditor.com/blog/what-is-instagram-engagement-rate-and-how-to-calculate-it"
  }
}

/**
 * `avgLikes / avgViews * 100`, percent; used when the comments are unknown (many channels close them).
 * Source: Modash (two months of videos).
 */
export const youtubeLikesByViews: Formula = {
  id: "youtube/likes-by-views@1",
  platform: "youtube",
  description: "Likes of the average video, per view: for channels whose comments are unknown.",
  numerator: ["avgLikes"],
  denominator: "avgViews",
  maxRate: maxRateOfViews,
  source: { name: "Modash", url: "https://help.modash.io/en/articles/6542471" }
}
