import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"

export interface Check {
  readonly name: string
  /** Fails with a sentence when the part cannot do its work. */
  readonly run: Effect.Effect<void, string>
}

export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  readonly detail: string | null
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: ReadonlyArray<CheckResult>
}

type Phase = "starting" | "serving" | "draining"

const notReady = (name: Phase, detail: string): Readiness => ({
  ready: false,
  checks: [{ name, ok: false, detail }]
})

/** Whatever the checks say. */
const unready: Readonly<Record<Phase, Readiness | undefined>> = {
  starting: notReady("starting", "The process is starting."),
  serving: undefined,
  draining: notReady("draining", "The process is shutting down.")
}

/** However a check ends, or does not, it is a result. */
const resultOf = ({ name, run }: Check): Effect.Effect<CheckResult> => {
  const failed = (detail: string): CheckResult => ({ name, ok: false, detail })
  return run.pipe(
    // The answer does not wait for a check that ignores interruption.
    Effect.disconnect,
    Effect.timeoutFail({ duration: "2 seconds", onTimeout: () => "No answer within 2 seconds." }),
    Effect.as<CheckResult>({ name, ok: true, detail: null }),
    Effect.catchAllCause((cause) =>
      Option.match(Cause.failureOption(cause), {
        onSome: (detail) => Effect.succeed(failed(detail)),
        onNone: () =>
          Effect.as(
            Effect.logError(`The check of ${name} went wrong`, cause),
            failed("The check itself went wrong; the log says how.")
          )
      })
    )
  )
}

const make = (begin: Phase) =>
  Effect.gen(function* () {
    const checks = yield* Ref.make<ReadonlyArray<Check>>([])
    const phase = yield* Ref.make(begin)

    const register = (check: Check): Effect.Effect<void, never, Scope.Scope> =>
      Effect.suspend(() => {
        // Registered twice, a check stays until both have gone.
        const own = { ...check }
        return Effect.acquireRelease(
          Ref.update(checks, (all) => [...all, own]),
          () => Ref.update(checks, (all) => all.filter((other) => other !== own))
        )
      })

    const now = Effect.map(Ref.get(phase), (current) => unready[current])
    const readiness: Effect.Effect<Readiness> = Effect.gen(function* () {
      const before = yield* now
      if (before !== undefined) return before
      const results = yield* Effect.forEach(yield* Ref.get(checks), resultOf, { concurrency: 8 })
      // The draining may have begun while a check took its time.
      return (yield* now) ?? { ready: results.every((result) => result.ok), checks: results }
    })

    return {
      register,
      readiness,
      /** Everything that readiness goes by is registered. */
      started: Ref.update(phase, (current): Phase => (current === "starting" ? "serving" : current)),
      startDraining: Ref.set(phase, "draining")
    }
  })

/**
 * Liveness says the process turns; readiness says it can serve. Parts register a check for as long as they live, and
 * readiness goes false for good when draining begins.
 */
export class Health extends Effect.Service<Health>()("@influscope/telemetry/Health", {
  effect: make("serving")
}) {
  /** For a process that is asked before all its parts have registered their checks: not ready until `started`. */
  static readonly Starting = Layer.effect(Health, Effect.map(make("starting"), Health.make))
}
