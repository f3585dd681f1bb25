import { afterAll, describe, it } from "@effect/vitest"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"

/** Something that had to happen did not within the suite's patience. */
export class NotInTime extends Data.TaggedError("NotInTime")<{ readonly what: string }> {
  override get message(): string {
    return `not in time: ${this.what}`
  }
}

export const defaultPatience: Duration.DurationInput = "10 seconds"

/** Waits until a check holds; fails with NotInTime when it does not in time. */
export const eventually = <E, R>(
  what: string,
  check: Effect.Effect<boolean, E, R>,
  patience: Duration.DurationInput = defaultPatience
): Effect.Effect<void, E | NotInTime, R> =>
  check.pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("10 millis") }),
    Effect.timeoutFail({ duration: patience, onTimeout: () => new NotInTime({ what }) }),
    Effect.asVoid
  )

/** A name no other test has: suites may run against servers that are shared and keep what they are given. */
export const unique = (prefix: string): string => `${prefix}-${crypto.randomUUID()}`

/**
 * Makes a store of its own and answers the layer that opens it: each build is a process started on the same data, and
 * closing it is that process's orderly end.
 */
export type Restartable<Services, E> = Effect.Effect<Layer.Layer<Services, E>, never, Scope.Scope>

/** Text that breaks careless encoders: quotes, NUL, line ends, combining marks, astral and right-to-left characters. */
export const awkwardText = "\"'\\ \u0000 \r\n\t é e\u0301 ñ 日本語 العربية 👩‍👩‍👧‍👦 \u2028 %00 <&>"

/** Registers one test of a suite, on the live clock; with a time limit (ms) of its own where it needs longer. */
export type SuiteTest<Services> = (
  name: string,
  body: () => Effect.Effect<void, unknown, Services | Scope.Scope>,
  timeout?: number
) => void

/**
 * Registers tests that share one build of a layer. Stands in for `layer` of @effect/vitest, which puts its own methods
 * into the global `it` and so changes the tests that follow it in the file.
 */
export const suite = <Services, E>(
  name: string,
  layer: Layer.Layer<Services, E>,
  register: (test: SuiteTest<Services>) => void
): void => {
  describe(name, () => {
    const runtime = ManagedRuntime.make(layer)
    afterAll(() => runtime.dispose())
    register((testName, body, timeout) =>
      it.scopedLive(
        testName,
        () => Effect.flatMap(runtime.runtimeEffect, (services) => Effect.provide(body(), services)),
        timeout
      )
    )
  })
}
