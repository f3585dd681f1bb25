import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What a program of checks ends with: which check, and what is wrong. */
class CheckFailed extends Data.TaggedError("CheckFailed")<{ readonly check: string; readonly why: string }> {
  override get message(): string {
    return `${this.check}: ${this.why}`
  }
}

/** A tool accepted what it should not, or two things differ. */
export class Unmet extends Data.TaggedError("Unmet")<{ readonly why: string }> {
  override get message(): string {
    return this.why
  }
}

let passed = 0

/** Runs a check, and says that it passed and how long it took. */
export const check = <A, E extends Error, R>(
  name: string,
  body: Effect.Effect<A, E, R>
): Effect.Effect<A, CheckFailed, R> =>
  Effect.timed(body).pipe(
    Effect.map(([took, result]) => {
      passed += 1
      process.stdout.write(`  ${name}: ${Duration.toSeconds(took).toFixed(1)} s\n`)
      return result
    }),
    Effect.mapError(({ message }) => new CheckFailed({ check: name, why: message }))
  )

/** That nothing is wrong; all that is, otherwise. */
export const none = (wrong: ReadonlyArray<string>): Effect.Effect<void, Unmet> =>
  wrong.length === 0 ? Effect.void : new Unmet({ why: wrong.join("\n") })

/** That something fails, and says all of this, line ends aside. */
export const refused = <A, E extends Error, R>(
  attempt: Effect.Effect<A, E, R>,
  ...says: ReadonlyArray<string>
): Effect.Effect<void, Unmet, R> =>
  Effect.flip(attempt).pipe(
    Effect.mapError(() => new Unmet({ why: "it was accepted" })),
    Effect.flatMap(({ message }) =>
      says.every((words) => message.replace(/\s+/g, " ").includes(words))
        ? Effect.void
        : new Unmet({ why: `it was refused for another reason: ${message}` })
    )
  )

/** Runs a program of checks as a process: at its end it says how many passed, or which failed. */
export const runChecks = <A>(name: string, program: Effect.Effect<A, Error, Scope.Scope>): void =>
  Effect.scoped(program).pipe(
    Effect.zipRight(Effect.sync(() => process.stdout.write(`${name}: ${passed} checks passed\n`))),
    Effect.tapError(({ message }) => Effect.sync(() => process.stderr.write(`${name}: ${message}\n`))),
    BunRuntime.runMain({ disableErrorReporting: true })
  )
