import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { Dispatch } from "./Dispatch.ts"
import { OutreachLive } from "./Outreach.ts"
import { Prepare } from "./Prepare.ts"
import { Recipients } from "./Recipients.ts"
import { SendLive } from "./Send.ts"
import { UnsubscribeLinks } from "./UnsubscribeLinks.ts"

/** Does something over and over for as long as the layer lives; what fails is tried again after a rest. */
const again = <E, R>(what: string, body: Effect.Effect<void, E, R>, every: Schedule.Schedule<unknown>) =>
  body.pipe(
    Effect.catchAllCause((cause) =>
      Effect.zipRight(
        Effect.logWarning(`${what} went wrong; it will be tried again`, cause),
        Effect.sleep("10 seconds")
      )
    ),
    Effect.repeat(every),
    Effect.interruptible,
    Effect.forkScoped
  )

const DispatchLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const prepare = yield* Prepare
    const dispatch = yield* Dispatch
    yield* again("Looking up recipients", prepare.round, Schedule.spaced("1 second"))
    yield* again("Handing out messages", dispatch.round, Schedule.spaced("500 millis"))
    yield* again("Looking for batches without an outcome", dispatch.recover, Schedule.spaced("1 minute"))
  })
)

/** Outreach: who gets what, when it is their turn, and sending it. */
export const MessagesLive = Layer.merge(OutreachLive, DispatchLive).pipe(
  Layer.provideMerge(SendLive),
  Layer.provide(
    Layer.mergeAll(Prepare.Default, Dispatch.Default, Recipients.Default, UnsubscribeLinks.Default)
  )
)
