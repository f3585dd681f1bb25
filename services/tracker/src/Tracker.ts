import { retention } from "@influscope/domain/tracking/Retention"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { Cohorts } from "./Cohorts.ts"
import { Dispatch } from "./Dispatch.ts"
import { FetchLive } from "./Fetch.ts"
import { SinkLive } from "./Sink.ts"
import { Slots } from "./Slots.ts"
import { TrackLive } from "./Track.ts"

/** Does something over and over, until the layer goes; a failure waits for the next time. */
const again = <E, R>(what: string, body: Effect.Effect<void, E, R>, every: Schedule.Schedule<unknown>) =>
  body.pipe(
    Effect.catchAllCause((cause) => Effect.logWarning(`${what} went wrong; it will be tried again`, cause)),
    Effect.repeat(every),
    Effect.interruptible,
    Effect.forkScoped
  )

const DispatchLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    // At the turn of every second, which is when slots become due.
    yield* again("Handing out what is due", dispatch.round, Schedule.fixed("1 second"))
  })
)

const MaintainLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const series = yield* TimeSeries
    const kept = yield* retention
    const round = Effect.flatMap(Clock.currentTimeMillis, (millis) =>
      series.maintain(Math.floor(millis / 1_000), kept)
    )
    yield* again("The upkeep of the time series", round, Schedule.spaced("1 minute"))
  })
)

/** All that tracking does: who is due when, asking the providers, and writing the answers down. */
export const TrackerLive = Layer.mergeAll(TrackLive, DispatchLive).pipe(
  Layer.provideMerge(Layer.mergeAll(FetchLive, SinkLive, MaintainLive)),
  Layer.provide(Dispatch.Default),
  Layer.provide(Cohorts.Default),
  Layer.provide(Slots.Default)
)
