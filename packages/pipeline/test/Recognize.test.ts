import { ProfilesDiscovered } from "@influscope/domain/Events"
import { Observation } from "@influscope/domain/Observation"
import { recognize } from "@influscope/ports/Recognize"
import * as Arbitrary from "effect/Arbitrary"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"

const isObservation = recognize(Observation)
const decode = Schema.decodeUnknownEither(Observation)

const valid = {
  id: "instagram:ada",
  platform: "instagram",
  handle: "ada",
  source: "a.csv",
  observedAt: 1,
  ingestedAt: 2,
  ordinal: 0,
  fields: { followers: 10, categories: ["art"], verified: true }
}

describe("recognize", () => {
  it("knows every value of the schema as one", () => {
    FastCheck.assert(
      FastCheck.property(Arbitrary.make(Observation), (observation) => {
        assert.isTrue(isObservation(JSON.parse(JSON.stringify(observation))))
      })
    )
  })

  it("never takes a value for what decoding refuses or changes", () => {
    const junk = FastCheck.oneof(
      FastCheck.jsonValue(),
      FastCheck.constantFrom("", "IT", "instagram:ada", "x", -1, 1.5, 1e300, true, null)
    )
    const field = FastCheck.constantFrom(
      ...Object.keys(valid),
      "fields.followers",
      "fields.country",
      "fields.new"
    )
    let refused = 0
    FastCheck.assert(
      FastCheck.property(field, junk, (path, value) => {
        const [name = "", inner] = path.split(".")
        const changed: unknown =
          inner === undefined
            ? { ...valid, [name]: value }
            : { ...valid, fields: { ...valid.fields, [inner]: value } }
        const decoded = decode(changed)
        if (Either.isLeft(decoded)) refused++
        if (isObservation(changed)) assert.deepStrictEqual(decoded, Either.right(changed))
      }),
      { numRuns: 2_000 }
    )
    assert.isAbove(refused, 500)
  })

  it("leaves it to decoding when something is missing or not known", () => {
    const { handle: _, ...withoutHandle } = valid
    assert.isTrue(isObservation(valid))
    assert.isFalse(isObservation(withoutHandle))
    assert.isFalse(isObservation({ ...valid, more: 1 }))
    assert.isFalse(isObservation([valid]))
    assert.isFalse(isObservation(JSON.parse(`{"__proto__":{},${JSON.stringify(valid).slice(1)}`)))
  })

  it("holds to the bounds of arrays", () => {
    const isBatch = recognize(ProfilesDiscovered)
    const batch = (count: number) => ({
      version: 1,
      id: "b",
      job: null,
      observations: Array.from({ length: count }, () => valid)
    })
    assert.deepStrictEqual(
      [0, 1, 500, 501].map((count) => isBatch(batch(count))),
      [false, true, true, false]
    )
    const isPair = recognize(Schema.Tuple(Schema.String, Schema.Number))
    assert.deepStrictEqual([["a"], ["a", 1], ["a", 1, 2], [1, "a"]].map(isPair), [false, true, false, false])
  })

  it("knows nothing of schemas that change what they decode, or might", () => {
    const Small = Schema.Struct({ a: Schema.String })
    const Large = Schema.Struct({ a: Schema.String, b: Schema.String })
    assert.isFalse(recognize(Schema.NumberFromString)("1"))
    assert.isFalse(recognize(Schema.Struct({ at: Schema.Date }))({ at: "2026-01-01T00:00:00.000Z" }))
    assert.isFalse(recognize(Schema.Union(Small, Large))({ a: "", b: "" }))
    assert.isFalse(recognize(Schema.Record({ key: Schema.String, value: Schema.Number }))({ a: 1 }))
    assert.isTrue(recognize(Schema.NullOr(Small))(null))
    assert.isTrue(recognize(Schema.NullOr(Small))({ a: "" }))
  })
})
