import { type Formula, maxRateOfFollowers } from "./Formula.ts"

/**
 * `(avgLikes + avgComments) / followers * 100`, percent. Inputs: averages per post over the source's window, and accounts.
 * Source: HypeAuditor, the formula most agencies quote.
 */
export const instagramByFollowers: Formula = {
  id: "instagram/by-followers@1",
  platform: "instagram",
  description: "Likes and comments of the average post, per follower.",
  numerator: ["avgLikes", "avgComments"],
  denominator: "followers",
  maxRate: maxRateOfFollowers,
  source: { name: "HypeAuditor", url: "https://help.hypeauditor.com/en/articles/4089895" }
}

/**
 * `avgLikes / followers * 100`, percent; used when the comments are unknown, which is not the same as none.
 * Source: Modash, which counts likes only (of the median post; our input is the average).
 */
export const instagramLikesByFollowers: Formula = {
  id: "instagram/likes-by-followers@1",
  platform: "instagram",
  description: "Likes of the average post, per follower: for accounts whose comments are unknown.",
  numerator: ["avgLikes"],
  denominator: "followers",
  maxRate: maxRateOfFollowers,
  source: { name: "Modash", url: "https://help.modash.io/en/articles/6542471" }
}
