import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { Configuration, type ConfigurationValues } from "../Configuration.ts"
import { awkwardText, suite, unique } from "./Conformance.ts"

export interface ConfigurationConformanceOptions {
  /** Sets a key as an operator does, outside the port. */
  readonly set: (key: string, value: string) => Effect.Effect<void>
  readonly unset: (key: string) => Effect.Effect<void>
}

/** What every Configuration must do. */
export const configurationConformance = <E>(
  name: string,
  layer: Layer.Layer<Configuration, E>,
  { set, unset }: ConfigurationConformanceOptions
): void => {
  suite(`Configuration: ${name}`, layer, (test) => {
    test("answers the keys that are set, and no others", () =>
      Effect.gen(function* () {
        const configuration = yield* Configuration
        const [first, second, absent] = [unique("key"), unique("key"), unique("key")]
        yield* set(first, "1")
        yield* set(second, awkwardText.replaceAll("\u0000", ""))
        assert.deepStrictEqual(yield* configuration.get([first, second, absent]), {
          [first]: "1",
          [second]: awkwardText.replaceAll("\u0000", "")
        })
        assert.deepStrictEqual(yield* configuration.get([absent]), {})
        assert.deepStrictEqual(yield* configuration.get([]), {})
      }))

    test("tells the values now, and again when one changes", () =>
      Effect.gen(function* () {
        const configuration = yield* Configuration
        const [first, second, other] = [unique("key"), unique("key"), unique("key")]
        yield* set(first, "1")
        const seen = yield* Queue.unbounded<ConfigurationValues>()
        const fiber = yield* Effect.fork(
          Stream.runForEach(configuration.changes([first, second]), (values) => Queue.offer(seen, values))
        )
        const next = Queue.take(seen).pipe(Effect.timeout("20 seconds"))
        assert.deepStrictEqual(yield* next, { [first]: "1" })
        yield* set(other, "of no interest")
        yield* set(second, "2")
        assert.deepStrictEqual(yield* next, { [first]: "1", [second]: "2" })
        yield* set(first, "3")
        assert.deepStrictEqual(yield* next, { [first]: "3", [second]: "2" })
        yield* unset(second)
        assert.deepStrictEqual(yield* next, { [first]: "3" })
        yield* Fiber.interrupt(fiber)
      }))
  })
}
