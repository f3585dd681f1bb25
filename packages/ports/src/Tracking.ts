import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type {
  TrackedPage,
  TrackingAdded,
  TrackingRemoved,
  TrackingStatus
} from "@influscope/domain/tracking/Tracking"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { PipelineBusy } from "./Profiles.ts"
import type { StorageError } from "./StorageError.ts"

/** No provider can be asked about these; nothing was added. */
export class NoProvider extends Schema.TaggedError<NoProvider>()("NoProvider", {
  /** The first of them. */
  id: Schema.String,
  count: Schema.Int,
  known: Schema.Array(Schema.String)
}) {}

/** With these there would be more influencers, or points a second, than may be tracked in all; nothing was added. */
export class TooMuchTracking extends Schema.TaggedError<TooMuchTracking>()("TooMuchTracking", {
  influencers: Schema.Int,
  mostInfluencers: Schema.Int,
  pointsPerSecond: Schema.Number,
  mostPointsPerSecond: Schema.Int
}) {}

/** Who is tracked, and how often. Changes are durable when they succeed and hold from the next nominal time on. */
export class Tracking extends Context.Tag("@influscope/ports/Tracking")<
  Tracking,
  {
    /** `interval` in seconds; the provider's own when undefined. */
    readonly add: (
      ids: ReadonlyArray<InfluencerId>,
      interval: number | undefined
    ) => Effect.Effect<TrackingAdded, NoProvider | TooMuchTracking | StorageError>
    readonly remove: (ids: ReadonlyArray<InfluencerId>) => Effect.Effect<TrackingRemoved, StorageError>
    /** In a fixed order; `cursor` is the `nextCursor` of the page before. None when it is not one. */
    readonly list: (
      cursor: string | undefined,
      limit: number
    ) => Effect.Effect<Option.Option<TrackedPage>, StorageError>
    /** Seconds between two points; none when it is not tracked. */
    readonly intervalOf: (id: InfluencerId) => Effect.Effect<Option.Option<number>, StorageError>
    /**
     * Takes points that somebody else collected, up to 500. They are durable when it succeeds and in the series soon after.
     * Answers the batch, which is the same for the same points.
     */
    readonly collect: (
      points: readonly [DataPoint, ...ReadonlyArray<DataPoint>]
    ) => Effect.Effect<string, PipelineBusy | StorageError>
    readonly status: Effect.Effect<TrackingStatus, StorageError>
  }
>() {}
