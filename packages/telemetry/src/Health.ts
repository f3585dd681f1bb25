import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"

export interface Check {
  readonly name: string
  /** Fails with a sentence when the part cannot do its work. */
  readonly run: Effect.Effect<void, string>
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: ReadonlyArray<{
    readonly name: string
    readonly ok: boolean
    readonly detail: string | null
  }>
}

/**
 * Liveness says the process turns; readiness says it can serve. Parts register a check for as long as they live, and
 * readiness goes false for good when draining begins.
 */
export class Health extends Effect.Service<Health>()("@influscope/telemetry/Health", {
  effect: Effect.gen(function* () {
    const checks = yield* Ref.make<ReadonlyArray<Check>>([])
    const draining = yield* Ref.make(false)

    const register = (check: Check): Effect.Effect<void, never, Scope.Scope> =>
      Effect.acquireRelease(
        Ref.update(checks, (all) => [...all, check]),
        () => Ref.update(checks, (all) => all.filter((other) => other !== check))
      )

    const readiness: Effect.Effect<Readiness> = Effect.gen(function* () {
      if (yield* Ref.get(draining)) {
        return {
          ready: false,
          checks: [{ name: "draining", ok: false, detail: "The process is shutting down." }]
        }
      }
      const results = yield* Effect.forEach(
        yield* Ref.get(checks),
        (check) =>
          check.run.pipe(
            Effect.timeoutFail({ duration: "2 seconds", onTimeout: () => "No answer within 2 seconds." }),
            Effect.match({
              onSuccess: () => ({ name: check.name, ok: true, detail: null }),
              onFailure: (detail) => ({ name: check.name, ok: false, detail })
            })
          ),
        { concurrency: 8 }
      )
      return { ready: results.every((result) => result.ok), checks: results }
    })

    return { register, readiness, startDraining: Ref.set(draining, true) }
  })
}) {}
