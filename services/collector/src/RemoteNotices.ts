import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { callService } from "@influscope/http/CallService"
import { CollectionNotices } from "@influscope/ports/CollectionNotices"
import { TrackerApi, TrackerClient } from "@influscope/ports/TrackerApi"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { type Bounds, Untold } from "./Untold.ts"

export interface RemoteNoticesOptions extends Bounds {
  /** Between two looks at whether there is something to tell. */
  readonly every: Duration.DurationInput
  /** How long the end waits for the tracker to take what is left. */
  readonly lastWithin: Duration.DurationInput
}

/** As many are remembered as the tracker itself remembers (`Watch` and `TellGrowth` there): 200 MB at the worst. */
export const defaults: RemoteNoticesOptions = {
  every: "500 millis",
  lastWithin: "3 seconds",
  page: 5_000,
  most: 1_000_000,
  mostGiven: 100_000
}

const call = callService("tracker")

const make = ({ every, lastWithin, ...bounds }: RemoteNoticesOptions) =>
  Effect.gen(function* () {
    const { tracker } = yield* HttpApiClient.makeWith(TrackerApi, { httpClient: yield* TrackerClient })
    const untold = new Untold(bounds)
    let isAway = false

    const tellPage = Effect.gen(function* () {
      const page = untold.take()
      if (page === undefined) return
      yield* call("tell what was collected", tracker.note({ payload: page })).pipe(
        Effect.onError(() => Effect.sync(() => untold.putBack(page)))
      )
    })

    const tellAll = Effect.repeat(tellPage, { until: () => untold.size === 0 })

    /** Said once: while the tracker is away there is something to tell all the time. */
    const round = Effect.gen(function* () {
      if (untold.size === 0) return
      yield* tellAll
      if (isAway) yield* Effect.log("The tracker takes again what is told of collected figures.")
      isAway = false
    }).pipe(
      Effect.catchAll(({ message }) => {
        if (isAway) return Effect.void
        isAway = true
        return Effect.logWarning("What is told of collected figures waits for the tracker", message)
      }),
      Effect.catchAllDefect((defect) =>
        Effect.logError("Telling the tracker went wrong; it will be tried again", defect)
      )
    )

    // Registered first, so that it runs when the rounds have ended.
    yield* Effect.addFinalizer(() =>
      tellAll.pipe(
        Effect.timeout(lastWithin),
        Effect.interruptible,
        Effect.catchAll(({ message }) =>
          Effect.logWarning(`${untold.size} notes for the tracker are lost`, message)
        )
      )
    )
    yield* round.pipe(Effect.repeat(Schedule.spaced(every)), Effect.interruptible, Effect.forkScoped)

    return CollectionNotices.of({
      missed: (slots) => call("count missed slots", tracker.missed({ payload: { slots } })),
      note: (notes) => Effect.sync(() => untold.add(notes))
    })
  })

export const layerWith = (options: Partial<RemoteNoticesOptions> = {}) =>
  Layer.scoped(CollectionNotices, make({ ...defaults, ...options }))

/**
 * Tells the tracker in its own process. Missed slots are in its state when `missed` succeeds. Notes wait in memory, each
 * influencer once, and are told twice a second, 5,000 at a time; while the tracker is away they are merged with later ones,
 * and nobody waits for it.
 *
 * At most a million influencers with new figures, and as many that a provider was asked about, are remembered; of the others
 * nothing is told, and their next point does. Of more than 100,000 with given history it is told that there are more, so that the
 * growth of everybody is told again. A process that is killed loses what it has not told yet, half a second of notes where the
 * tracker answers: alert rules look at those influencers at their next point or the tracker's next start, and growth is
 * told the next day.
 */
export const layer = layerWith()
