import { assert, describe, it } from "@effect/vitest"
import { StorageError } from "@influscope/ports/StorageError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { jsonAnswer } from "../src/Answers.ts"
import { isWithin } from "../src/JsonSize.ts"
import { readProblem, storageProblem } from "../src/Problems.ts"

const secret = "/home/somebody/.influscope/influscope.db"
const failing = (reason: StorageError["reason"]) =>
  new StorageError({ reason, operation: `open ${secret}`, cause: new Error("SQLITE_IOERR") })

describe("a store that fails", () => {
  const cases = [
    ["full", 507, 503],
    ["unavailable", 503, 503],
    ["conflict", 503, 503],
    ["corrupt", 500, 500]
  ] as const
  for (const [reason, onWrite, onRead] of cases) {
    it.effect(`for being ${reason} is ${onWrite} to a writer and ${onRead} to a reader`, () =>
      Effect.gen(function* () {
        for (const [answer, status] of [
          [storageProblem, onWrite],
          [readProblem, onRead]
        ] as const) {
          const problem = yield* Effect.flip(answer(failing(reason)))
          assert.strictEqual(problem.status, status)
          assert.notInclude(JSON.stringify(problem), secret)
          assert.notInclude(JSON.stringify(problem), "SQLITE")
        }
      })
    )
  }
})

describe("an answer that breaks the contract", () => {
  it.effect("is a defect, not a fault of the request", () =>
    Effect.gen(function* () {
      const answer = jsonAnswer(Schema.Struct({ count: Schema.Int.pipe(Schema.nonNegative()) }))
      const good = yield* answer({ count: 1 })
      assert.strictEqual(good.status, 200)
      const bad = yield* Effect.exit(answer({ count: -1 }))
      assert.isTrue(Exit.isFailure(bad) && Cause.isDie(bad.cause))
    })
  )
})

describe("the size of JSON", () => {
  it("counts levels and values, however deep they are", () => {
    const nested = (depth: number): unknown => JSON.parse(`${"[".repeat(depth)}1${"]".repeat(depth)}`)
    assert.isTrue(isWithin(nested(20), { depth: 20, values: 21 }))
    assert.isFalse(isWithin(nested(21), { depth: 20, values: 100 }))
    assert.isFalse(isWithin(nested(20), { depth: 20, values: 20 }))
    assert.isTrue(isWithin({ a: [1, 2], b: { c: null } }, { depth: 2, values: 6 }))
    assert.isFalse(isWithin(nested(500_000), { depth: 20, values: 1_000_000 }))
    for (const leaf of [null, 1, "text", true]) assert.isTrue(isWithin(leaf, { depth: 0, values: 1 }))
  })
})
