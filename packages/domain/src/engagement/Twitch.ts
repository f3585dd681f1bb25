import { type Formula, maxRateOfFollowers } from "./Formula.ts"

/**
 * `avgViewers / followers * 100`, percent. Inputs: average concurrent viewers of the live streams over the source's window
 * (30 days is usual), and accounts. Source: ours, from the metric definitions of Influencity; no vendor publishes one.
 */
export const twitchViewersByFollowers: Formula = {
  id: "twitch/viewers-by-followers@1",
  platform: "twitch",
  description: "Average concurrent viewers of a stream, per follower.",
  numerator: ["avgViewers"],
  denominator: "followers",
  maxRate: maxRateOfFollowers,
  source: {
    name: "InfluScope, from Influencity's metric definitions",
    url: "https://knowledge.influencity.com"
  }
}
