import { retention } from "@influscope/domain/tracking/Retention"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { AlertLog } from "./alerts/AlertLog.ts"
import { AlertRules } from "./alerts/AlertRules.ts"
import { AlertsLive } from "./alerts/Alerts.ts"
import { Deliver } from "./alerts/Deliver.ts"
import { roundsPerSecond, Watch } from "./alerts/Watch.ts"
import { Cohorts } from "./Cohorts.ts"
import { Dispatch } from "./Dispatch.ts"
import { NoticesLive } from "./Notices.ts"
import { Slots } from "./Slots.ts"
import { TellGrowth } from "./TellGrowth.ts"
import { TrackLive } from "./Track.ts"

/** Does something over and over; a failure waits for the next time. */
const again = <E, R>(what: string, body: Effect.Effect<void, E, R>, every: Schedule.Schedule<unknown>) =>
  body.pipe(
    Effect.catchAllCause((cause) => Effect.logWarning(`${what} went wrong; it will be tried again`, cause)),
    Effect.repeat(every)
  )

/** Runs until the layer goes. */
const inBackground = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.forkScoped(Effect.interruptible(work))

/** Slots become due at the turn of a second. */
const turnOfSecond = Effect.flatMap(Clock.currentTimeMillis, (millis) =>
  Effect.sleep(1_000 - (millis % 1_000))
)

const DispatchLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const rounds = again("Handing out what is due", dispatch.round, Schedule.fixed("1 second"))
    yield* inBackground(Effect.zipRight(turnOfSecond, rounds))
  })
)

const MaintainLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const series = yield* TimeSeries
    const kept = yield* retention
    const round = Effect.flatMap(Clock.currentTimeMillis, (millis) =>
      series.maintain(Math.floor(millis / 1_000), kept)
    )
    yield* inBackground(again("The upkeep of the time series", round, Schedule.spaced("1 minute")))
  })
)

const TellGrowthLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { round } = yield* TellGrowth
    yield* inBackground(again("Telling how accounts grow", round, Schedule.spaced("5 seconds")))
  })
)

const AlertingLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const watch = yield* Watch
    const deliver = yield* Deliver
    const often = Schedule.spaced(Duration.seconds(1 / roundsPerSecond))
    // A store that does not answer is not asked so often.
    const rest = Effect.sleep("10 seconds")
    yield* inBackground(
      again(
        "Looking at alert rules",
        Effect.tapError(watch.round, () => rest),
        often
      )
    )
    yield* inBackground(
      again(
        "Sending alerts",
        Effect.tapError(deliver.round, () => rest),
        often
      )
    )
  })
)

/** All that the one that tracks does: who is due when, and telling what came of it. Collecting is services/collector. */
export const TrackerLive = Layer.mergeAll(TrackLive, AlertsLive, NoticesLive, DispatchLive).pipe(
  Layer.provideMerge(Layer.mergeAll(MaintainLive, TellGrowthLive, AlertingLive)),
  Layer.provide(Dispatch.Default),
  Layer.provide(Cohorts.Default),
  Layer.provide(Slots.Default),
  Layer.provide(TellGrowth.Default),
  Layer.provide(Deliver.Default),
  Layer.provide(Watch.Default),
  Layer.provide(Layer.mergeAll(AlertRules.Default, AlertLog.Default))
)
