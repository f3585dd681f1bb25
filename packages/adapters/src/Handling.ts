import { type Delivery, type Reject, Retry } from "@influscope/ports/PubSub"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

/** How a handler ended: to be acknowledged, delivered again, that without counting as an attempt, or buried. */
export type Outcome =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Again"; readonly reason: string }
  | { readonly _tag: "Outage"; readonly reason: string }
  | { readonly _tag: "Dead"; readonly reason: string }

const failedOutcome = (cause: Cause.Cause<Retry | Reject>): Outcome =>
  Either.match(Cause.failureOrCause(cause), {
    onLeft: (error): Outcome =>
      error._tag === "Reject"
        ? { _tag: "Dead", reason: error.reason }
        : { _tag: error.outage === true ? "Outage" : "Again", reason: error.reason },
    onRight: (defect): Outcome => ({ _tag: "Again", reason: Cause.pretty(defect) })
  })

/** Runs the handler once; every way it can end is an outcome. */
export const runHandler = <R>(
  handler: (delivery: Delivery) => Effect.Effect<void, Retry | Reject, R>,
  delivery: Delivery,
  timeout: Duration.DurationInput
): Effect.Effect<Outcome, never, R> =>
  Effect.suspend(() => handler(delivery)).pipe(
    Effect.timeoutFail({
      duration: timeout,
      onTimeout: () => new Retry({ reason: `not handled within ${Duration.format(timeout)}` })
    }),
    Effect.exit,
    Effect.map(Exit.match({ onSuccess: (): Outcome => ({ _tag: "Done" }), onFailure: failedOutcome }))
  )

/** Whether an effect ended within a time, whatever it does about being interrupted. */
export const within = (duration: Duration.Duration, effect: Effect.Effect<void>): Effect.Effect<boolean> =>
  effect.pipe(
    Effect.disconnect,
    Effect.timeoutOption(duration),
    Effect.map(Option.isSome),
    Effect.interruptible
  )
