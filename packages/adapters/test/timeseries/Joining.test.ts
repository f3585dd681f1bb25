import { assert, describe, it } from "@effect/vitest"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { makeJoining } from "../../src/timeseries/Joining.ts"

const batchOf = (number: number): ReadonlyArray<DataPoint> => [
  { id: InfluencerId.make(`mockstagram:${number}`), time: number, observedAt: number },
  { id: InfluencerId.make(`mockstagram:${number}`), time: number + 1_000, observedAt: number }
]
const batches = Array.from({ length: 9 }, (_, at) => batchOf(at + 1))

const failure = (reason: StorageError["reason"]) =>
  new StorageError({ reason, operation: "write points", cause: "of the test" })

/** Remembers how many points each statement had; `refuses` says why it does not take one. */
const statements = (refuses: (points: ReadonlyArray<DataPoint>) => StorageError | undefined) => {
  const sizes: Array<number> = []
  const run = (points: ReadonlyArray<DataPoint>) =>
    Effect.gen(function* () {
      sizes.push(points.length)
      yield* Effect.yieldNow()
      const refusal = refuses(points)
      return refusal === undefined ? points.length : yield* refusal
    })
  const writeTogether = (batches: ReadonlyArray<ReadonlyArray<DataPoint>>) =>
    Effect.as(
      run(batches.flat()),
      batches.map(({ length }) => length)
    )
  return { sizes, write: run, writeTogether, atOnce: 2, mostPoints: 1_000 }
}

const writeAll = (write: (points: ReadonlyArray<DataPoint>) => Effect.Effect<number, StorageError>) =>
  Effect.forEach(batches, (batch) => Effect.either(write(batch)), { concurrency: batches.length })

describe("joining writes", () => {
  it.scoped("puts no more points into a write than it may have", () =>
    Effect.gen(function* () {
      const made = statements(() => undefined)
      yield* writeAll(yield* makeJoining({ ...made, atOnce: 1, mostPoints: 7 }))
      assert.deepStrictEqual(made.sizes, [6, 6, 6])
    })
  )

  it.scoped("writes together what comes at the same time, and tells each its count", () =>
    Effect.gen(function* () {
      const made = statements(() => undefined)
      const counts = yield* writeAll(yield* makeJoining(made))
      assert.deepStrictEqual(
        counts,
        batches.map(() => Either.right(2))
      )
      assert.deepStrictEqual(made.sizes, [10, 8])
    })
  )

  it.scoped("writes each by itself when some points of the joined ones are not new", () =>
    Effect.gen(function* () {
      const made = statements(() => undefined)
      const writes = { write: () => Effect.succeed(1), writeTogether: () => Effect.sync(() => undefined) }
      const counts = yield* writeAll(yield* makeJoining({ ...made, ...writes }))
      assert.deepStrictEqual(
        counts,
        batches.map(() => Either.right(1))
      )
    })
  )

  it.scoped("lets no batch fail for another one", () =>
    Effect.gen(function* () {
      const refusal = failure("corrupt")
      const made = statements((points) => (points.some(({ time }) => time === 5) ? refusal : undefined))
      const counts = yield* writeAll(yield* makeJoining(made))
      assert.deepStrictEqual(
        counts,
        batches.map((_, at) => (at === 4 ? Either.left(refusal) : Either.right(2)))
      )
    })
  )

  it.scoped("asks once, for all of them, a server that is down", () =>
    Effect.gen(function* () {
      const refusal = failure("unavailable")
      const made = statements(() => refusal)
      const write = yield* makeJoining(made)
      const counts = yield* writeAll(write)
      assert.deepStrictEqual(
        counts,
        batches.map(() => Either.left(refusal))
      )
      assert.deepStrictEqual(made.sizes, [10, 8])
      // And goes on afterwards.
      assert.deepStrictEqual(yield* Effect.either(write(batchOf(1))), Either.left(refusal))
    })
  )
})
