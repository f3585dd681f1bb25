import * as Schema from "effect/Schema"

/** The platforms an account can live on. A new one is one word here, its formulas in `engagement/`, its synonyms in the importer. */
export const Platform = Schema.Literal(
  "instagram",
  "tiktok",
  "youtube",
  "x",
  "twitch",
  "linkedin"
).annotations({
  identifier: "Platform"
})
export type Platform = typeof Platform.Type

export const platforms: ReadonlyArray<Platform> = Platform.literals
