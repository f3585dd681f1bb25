import type { DataPoint, MetricName } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { RollupLevel } from "@influscope/domain/tracking/Resolution"
import type { Retention } from "@influscope/domain/tracking/Retention"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StorageError } from "./StorageError.ts"

/** Of one metric, over the points of one bucket that have it. `first` and `last` are by nominal time. */
export interface Summary {
  readonly first: number
  readonly last: number
  readonly min: number
  readonly max: number
  readonly sum: number
  readonly count: number
}

/** A bucket of a rollup: `time` is its start (epoch seconds). Metrics without a point in it are absent. */
export interface Rollup {
  readonly time: number
  readonly metrics: { readonly [M in MetricName]?: Summary }
}

/** From `from` (epoch seconds, inclusive) to `to` (exclusive), at most `limit` rows, oldest first. */
export interface Range {
  readonly from: number
  readonly to: number
  readonly limit: number
}

/** How far a metric went between two moments: the last figure at or before each. */
export interface Change {
  readonly id: InfluencerId
  readonly start: number
  readonly end: number
}

export interface SeriesStats {
  readonly series: number
  readonly points: number
  /** On disk, rollups and indices included. */
  readonly bytes: number
}

/**
 * Figures of influencers over time. A point is identified by influencer and nominal time; the first one written stays,
 * so batches can be written again in any order. Rollups follow by themselves, late points included, at the latest when
 * `maintain` has run; reads of rollups always show every point that was written before.
 */
export class TimeSeries extends Context.Tag("@influscope/ports/TimeSeries")<
  TimeSeries,
  {
    /**
     * Durable when it succeeds, all of it or none. Answers how many points were new. At most 10,000 points. A point that
     * is older than single points are kept counts into the rollups, unless the finest of them that is kept at its time
     * had its bucket before the write: it is then taken for one of the points that were dropped. It is ignored where
     * nothing is kept.
     */
    readonly write: (points: ReadonlyArray<DataPoint>) => Effect.Effect<number, StorageError>
    /** Single points. To page, ask on from the last time + 1. */
    readonly points: (id: InfluencerId, range: Range) => Effect.Effect<ReadonlyArray<DataPoint>, StorageError>
    /** Buckets that have points and start within the range, with some of the metrics or all of them. */
    readonly rollups: (
      id: InfluencerId,
      level: RollupLevel,
      range: Range,
      metrics?: ReadonlyArray<MetricName>
    ) => Effect.Effect<ReadonlyArray<Rollup>, StorageError>
    /** The latest point at or before a time (epoch seconds) of each, in the order asked; up to 1,000 ids. */
    readonly last: (
      ids: ReadonlyArray<InfluencerId>,
      at: number
    ) => Effect.Effect<ReadonlyArray<Option.Option<DataPoint>>, StorageError>
    /**
     * Of all influencers with a figure at or before both times, and the first above 0, by relative change, greatest first,
     * equal ones in any order. By day rollups: `from` and `to` count by their days.
     */
    readonly topGrowth: (
      metric: MetricName,
      from: number,
      to: number,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Change>, StorageError>
    /** Influencers with points, in the order of their ids (by code points), after the given one. */
    readonly ids: (
      after: InfluencerId | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<InfluencerId>, StorageError>
    /** Removes all points and rollups of an influencer. */
    readonly forget: (id: InfluencerId) => Effect.Effect<void, StorageError>
    /**
     * Rolls up what is new and drops what is older than its retention, as of `now` (epoch seconds); see keptFrom of Retention. What
     * was dropped once stays dropped.
     */
    readonly maintain: (now: number, retention: Retention) => Effect.Effect<void, StorageError>
    readonly stats: Effect.Effect<SeriesStats, StorageError>
  }
>() {}
