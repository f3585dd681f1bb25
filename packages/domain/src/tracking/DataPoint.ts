import * as Schema from "effect/Schema"
import { InfluencerId } from "./InfluencerId.ts"

/** Figures that are followed over time: counts, named as in a profile. */
export const metricNames = [
  "followers",
  "following",
  "posts",
  "totalLikes",
  "totalViews",
  "avgLikes",
  "avgComments"
] as const
export const MetricName = Schema.Literal(...metricNames).annotations({ identifier: "MetricName" })
export type MetricName = typeof MetricName.Type

/** Whole and up to 2^53 - 1: averages per post are rounded. */
const Count = Schema.Int.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER))

/** Epoch seconds; from 1970 to the year 2106. */
export const EpochSeconds = Schema.Int.pipe(Schema.between(0, 4_294_967_295)).annotations({
  identifier: "EpochSeconds"
})

/**
 * What an influencer's figures were. `time` (epoch seconds) is the nominal time, a multiple of the tracking interval
 * away from its phase, and identifies the point together with `id`. `observedAt` (epoch seconds) is when the figures
 * were true: later than `time` by what the point is late. Figures that the provider does not tell are absent.
 */
export const DataPoint = Schema.Struct({
  id: InfluencerId,
  time: EpochSeconds,
  observedAt: EpochSeconds,
  followers: Schema.optionalWith(Count, { exact: true }),
  following: Schema.optionalWith(Count, { exact: true }),
  posts: Schema.optionalWith(Count, { exact: true }),
  totalLikes: Schema.optionalWith(Count, { exact: true }),
  totalViews: Schema.optionalWith(Count, { exact: true }),
  avgLikes: Schema.optionalWith(Count, { exact: true }),
  avgComments: Schema.optionalWith(Count, { exact: true })
}).annotations({ identifier: "DataPoint" })
export type DataPoint = typeof DataPoint.Type
