import { maxBatchItems } from "@influscope/domain/Events"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { IntervalSeconds } from "@influscope/domain/tracking/Tracking"
import * as Schema from "effect/Schema"

/**
 * Influencers that are due at the same moments: the unit of scheduling. As many as fit one message, of one provider and
 * one interval, due whenever the epoch second leaves `phase` when divided by `interval`.
 */
export const Cohort = Schema.Struct({
  number: Schema.Int,
  provider: Schema.String,
  interval: IntervalSeconds,
  phase: Schema.Int,
  members: Schema.Array(InfluencerId).pipe(Schema.maxItems(maxBatchItems))
})
export type Cohort = typeof Cohort.Type

/** Golden ratio: however many multiples of it are laid around a circle, they keep apart. */
const ratio = 0.618_033_988_749_894_8

/** Spreads cohorts evenly over their interval, whatever their number. */
export const phaseOf = (number: number, interval: number): number =>
  Math.floor(((number * ratio) % 1) * interval)

export const isDue = (cohort: Cohort, time: number): boolean => time % cohort.interval === cohort.phase
