import * as Schema from "effect/Schema"
import { Tier } from "../Tier.ts"

/** Why there is no rate. A rate that cannot be computed is null with one of these, never 0. */
export const NoRateReason = Schema.Literal(
  "missing-followers",
  "missing-views",
  "missing-impressions",
  "missing-likes",
  "missing-engagements",
  "missing-viewers",
  "zero-denominator",
  "implausible"
).annotations({ identifier: "NoRateReason" })
export type NoRateReason = typeof NoRateReason.Type

/**
 * The computed analytics of a profile. `rate` is percent; `formula` names the versioned formula it came from, for
 * example `instagram/by-followers@1`: rates of different formulas are not comparable.
 */
export const Engagement = Schema.Struct({
  rate: Schema.NullOr(Schema.Number),
  formula: Schema.String,
  reason: Schema.NullOr(NoRateReason),
  tier: Schema.NullOr(Tier)
}).annotations({ identifier: "Engagement" })
export type Engagement = typeof Engagement.Type
