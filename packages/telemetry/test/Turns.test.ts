import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { takingTurns } from "../src/Turns.ts"

/** Two fibers that keep each other busy, until the rest of the process had a turn; at most so many times. */
const busyUntilTurn = (most: number) =>
  Effect.gen(function* () {
    let hadTurn = false
    setImmediate(() => {
      hadTurn = true
    })
    const [there, back] = [yield* Queue.bounded<number>(1), yield* Queue.bounded<number>(1)]
    const echo = yield* Effect.fork(
      Effect.forever(Effect.flatMap(Queue.take(there), (count) => Queue.offer(back, count)))
    )
    for (let count = 0; count < most && !hadTurn; count++) {
      yield* Queue.offer(there, count)
      assert.strictEqual(yield* Queue.take(back), count)
    }
    yield* Fiber.interrupt(echo)
    return hadTurn
  })

describe("taking turns", () => {
  it.live("gives the rest of the process its turn while fibers are busy", () =>
    Effect.map(takingTurns(busyUntilTurn(Number.POSITIVE_INFINITY)), (hadTurn) => assert.isTrue(hadTurn))
  )

  it.live("is what does it: without, fibers go on for as long as they like", () =>
    Effect.sleep("1 millis").pipe(
      Effect.zipRight(busyUntilTurn(100)),
      Effect.map((hadTurn) => assert.isFalse(hadTurn))
    )
  )

  it.live("runs every fiber to its end", () =>
    Effect.gen(function* () {
      const ends = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, place) => place),
        (place) => Effect.as(Effect.repeatN(Effect.yieldNow(), place % 7), place),
        { concurrency: 100 }
      )
      assert.deepStrictEqual(
        ends,
        Array.from({ length: 1_000 }, (_, place) => place)
      )
    }).pipe(takingTurns)
  )
})
