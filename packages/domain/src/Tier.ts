import * as Schema from "effect/Schema"

/** Audience size classes used across the field (Modash, HypeAuditor): the lower bound belongs to the tier. */
export const Tier = Schema.Literal("starter", "nano", "micro", "mid", "macro", "mega").annotations({
  identifier: "Tier"
})
export type Tier = typeof Tier.Type

/** Lower bounds in followers, smallest tier first. */
export const tierBounds: ReadonlyArray<readonly [Tier, number]> = [
  ["starter", 0],
  ["nano", 1_000],
  ["micro", 10_000],
  ["mid", 100_000],
  ["macro", 500_000],
  ["mega", 1_000_000]
]

/** The tier of a follower count (accounts); undefined when the count is unknown. */
export const tierOf = (followers: number | undefined): Tier | undefined => {
  if (followers === undefined) return undefined
  let tier: Tier | undefined
  for (const [name, bound] of tierBounds) if (followers >= bound) tier = name
  return tier
}
