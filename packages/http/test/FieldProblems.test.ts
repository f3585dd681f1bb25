import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as FastCheck from "fast-check"
import { toFieldProblems } from "../src/FieldProblems.ts"

const wrong = <A, I>(schema: Schema.Schema<A, I>, value: unknown) =>
  Effect.map(Effect.flip(Schema.decodeUnknown(schema, { errors: "all" })(value)), (error) =>
    toFieldProblems(ParseResult.ArrayFormatter.formatErrorSync(error))
  )

const Asked = Schema.Struct({
  kind: Schema.optionalWith(Schema.Literal("a", "b", "c"), { default: () => "a" as const }),
  list: Schema.optionalWith(Schema.Array(Schema.Int), { default: () => [] }),
  never: Schema.optional(Schema.Undefined)
})

describe("field problems", () => {
  it.effect("put the alternatives of a field into one sentence", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* wrong(Asked, { kind: "d", list: ["x", 1, 2.5] }), [
        { path: "kind", message: 'Expected "a", "b" or "c", actual "d"' },
        { path: "list.0", message: 'Expected number, actual "x"' },
        { path: "list.2", message: "Expected an integer, actual 2.5" }
      ])
    })
  )

  it.effect("say that nothing was expected where that is all there is to say", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* wrong(Asked, { never: 1 }), [
        { path: "never", message: "Expected undefined, actual 1" }
      ])
    })
  )

  it.effect("call the whole of a body by a name", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        (yield* wrong(Asked, 1)).map(({ path }) => path),
        ["body"]
      )
    })
  )

  it.effect("stay short and few, whatever was sent", () =>
    Effect.gen(function* () {
      const many = yield* wrong(
        Schema.Array(Schema.Int),
        Array.from({ length: 5_000 }, () => "x")
      )
      assert.strictEqual(many.length, 100)
      const [long] = yield* wrong(Schema.Struct({ n: Schema.Int }), { n: "🏔️".repeat(5_000) })
      assert.strictEqual(long?.message.length, 300)
      assert.isTrue(long?.message.isWellFormed())
    })
  )

  it("have one entry per path for any value", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), (value) => {
        const result = Schema.decodeUnknownEither(Asked, { errors: "all" })(value)
        if (result._tag === "Right") return
        const found = toFieldProblems(ParseResult.ArrayFormatter.formatErrorSync(result.left))
        assert.isNotEmpty(found)
        assert.strictEqual(new Set(found.map(({ path }) => path)).size, found.length)
      })
    )
  })
})
