import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

export const positive = (name: string, fallback: number) =>
  Config.integer(name).pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(fallback)
  )

/**
 * TRACKER_MAX_LATENESS: a slot that has not been fetched by then is given up and counted as missed. TRACKER_MAX_QUEUED_BATCHES: messages that
 * may wait for workers before no more slots are handed out; TRACKER_MAX_UNWRITTEN_BATCHES: messages with points that may wait for
 * the time series until then, an hour of a million influencers a minute. TRACKER_FETCH_CONCURRENCY and TRACKER_SINK_CONCURRENCY:
 * batches in work at once. TRACKER_TIMEOUT: for one of them.
 */
export const trackerConfig = Config.all({
  maxLateness: Config.duration("MAX_LATENESS").pipe(Config.withDefault(Duration.hours(1))),
  maxQueued: positive("MAX_QUEUED_BATCHES", 20_000),
  maxUnwritten: positive("MAX_UNWRITTEN_BATCHES", 120_000),
  fetchConcurrency: positive("FETCH_CONCURRENCY", 4),
  sinkConcurrency: positive("SINK_CONCURRENCY", 16),
  timeout: Config.duration("TIMEOUT").pipe(Config.withDefault(Duration.seconds(30)))
}).pipe(Config.nested("TRACKER"))

/**
 * What may be tracked in all. TRACKER_MAX_INFLUENCERS: they are kept in memory. TRACKER_MAX_POINTS_PER_SECOND: a million a
 * minute are 16,667; it keeps anybody from asking for them every second by mistake.
 */
export const trackingLimits = Config.all({
  mostInfluencers: positive("MAX_INFLUENCERS", 2_000_000),
  mostPointsPerSecond: positive("MAX_POINTS_PER_SECOND", 20_000)
}).pipe(Config.nested("TRACKER"))
