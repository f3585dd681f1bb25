import * as Schema from "effect/Schema"
import { InfluencerId } from "./InfluencerId.ts"

/** Shortest and longest time between two points of an influencer, in seconds: one second to 30 days. */
export const IntervalSeconds = Schema.Int.pipe(Schema.between(1, 30 * 86_400)).annotations({
  identifier: "IntervalSeconds"
})

/** An influencer that is tracked: every `interval` seconds, at times that leave `phase` when divided by it. */
export const Tracked = Schema.Struct({
  id: InfluencerId,
  provider: Schema.String,
  interval: IntervalSeconds,
  phase: Schema.Int,
  /** True when the provider said, the last time it was asked, that it does not know the influencer. */
  unknown: Schema.Boolean
}).annotations({ identifier: "Tracked" })
export type Tracked = typeof Tracked.Type

/**
 * Whether an influencer is tracked: `interval` is the seconds between two points, null when it is not. `latest` is the time
 * of the latest point there is; null when there is none.
 */
export const TrackingOf = Schema.Struct({
  id: InfluencerId,
  interval: Schema.NullOr(IntervalSeconds),
  latest: Schema.NullOr(Schema.Date)
}).annotations({ identifier: "TrackingOf" })
export type TrackingOf = typeof TrackingOf.Type

export const TrackedPage = Schema.Struct({
  influencers: Schema.Array(Tracked),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "TrackedPage" })
export type TrackedPage = typeof TrackedPage.Type

export const TrackingAdded = Schema.Struct({
  added: Schema.Int,
  /** Were tracked already; an interval that was asked for explicitly now holds for them too. */
  already: Schema.Int
}).annotations({ identifier: "TrackingAdded" })
export type TrackingAdded = typeof TrackingAdded.Type

export const TrackingRemoved = Schema.Struct({ removed: Schema.Int }).annotations({
  identifier: "TrackingRemoved"
})
export type TrackingRemoved = typeof TrackingRemoved.Type

/** How tracking stands. A slot is one influencer at one nominal time. */
export const TrackingStatus = Schema.Struct({
  influencers: Schema.Int,
  cohorts: Schema.Int,
  /** Points per second when all is well. */
  pointsPerSecond: Schema.Number,
  /** Epoch seconds up to which every slot has been handed out. */
  dispatchedUntil: Schema.Int,
  /** Slots handed out since tracking began. */
  slots: Schema.Int,
  /** Slots that nobody could fetch in time: there is no point for them. */
  missed: Schema.Int
}).annotations({ identifier: "TrackingStatus" })
export type TrackingStatus = typeof TrackingStatus.Type
