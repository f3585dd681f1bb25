import { type Formula, maxRateOfFollowers } from "./Formula.ts"

/**
 * `(avgLikes + avgComments + avgShares) / followers * 100`, percent, where comments are replies and shares are reposts.
 * Inputs: averages per post over the source's window, and accounts. Source: Rival IQ (likes, replies, reposts).
 */
export const xByFollowers: Formula = {
  id: "x/by-followers@1",
  platform: "x",
  description: "Likes, replies and reposts of the average post, per follower.",
  numerator: ["avgLikes", "avgComments", "avgShares"],
  denominator: "followers",
  maxRate: maxRateOfFollowers,
  source: { name: "Rival IQ", url: null }
}

/**
 * `avgLikes / followers * 100`, percent; used when replies or reposts are unknown.
 * Source: ours, the formula above without what is not known.
 */
export const xLikesByFollowers: Formula = {
  id: "x/likes-by-followers@1",
  platform: "x",
  description: "Likes of the average post, per follower: for accounts whose replies or reposts are unknown.",
  numerator: ["avgLikes"],
  denominator: "followers",
  maxRate: maxRateOfFollowers,
  source: { name: "InfluScope, after Rival IQ", url: null }
}
