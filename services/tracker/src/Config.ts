import { positive } from "@influscope/domain/Settings"
import * as Config from "effect/Config"

/**
 * TRACKER_MAX_QUEUED_BATCHES: messages that may wait for workers before no more slots are handed out;
 * TRACKER_MAX_UNWRITTEN_BATCHES: messages with points that may wait for the time series until then, an hour of a million
 * influencers a minute.
 */
export const dispatchConfig = Config.all({
  maxQueued: positive("MAX_QUEUED_BATCHES", 20_000),
  maxUnwritten: positive("MAX_UNWRITTEN_BATCHES", 120_000)
}).pipe(Config.nested("TRACKER"))

/**
 * What may be tracked in all. TRACKER_MAX_INFLUENCERS: they are kept in memory. TRACKER_MAX_POINTS_PER_SECOND: a million a
 * minute are 16,667; it keeps anybody from asking for them every second by mistake.
 */
export const trackingLimits = Config.all({
  mostInfluencers: positive("MAX_INFLUENCERS", 2_000_000),
  mostPointsPerSecond: positive("MAX_POINTS_PER_SECOND", 20_000)
}).pipe(Config.nested("TRACKER"))
