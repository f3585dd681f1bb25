import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Sources } from "../src/Sources.ts"
import { SyntheticSource, syntheticSource } from "../src/sources/Synthetic.ts"

const discover = (count: number, offset: number, seed = 5) =>
  syntheticSource
    .discover({ source: "synthetic", count, offset, seed })
    .pipe(Stream.runCollect, Effect.map(Chunk.toReadonlyArray))

describe("the synthetic source", () => {
  it.effect("yields what is asked, with an avatar each", () =>
    Effect.gen(function* () {
      for (const count of [1, 24, 25, 26, 260]) {
        const profiles = yield* discover(count, 0)
        assert.lengthOf(profiles, count)
        assert.isTrue(profiles.every(({ avatar }) => avatar?.contentType === "image/png"))
      }
    })
  )

  it.effect("goes on at any place as if it had never stopped", () =>
    Effect.gen(function* () {
      const whole = yield* discover(120, 1_000)
      const parts = [...(yield* discover(37, 1_000)), ...(yield* discover(83, 1_037))]
      assert.deepStrictEqual(parts, whole)
    })
  )

  it.effect("registers itself under its name", () =>
    Effect.gen(function* () {
      const sources = yield* Sources
      assert.strictEqual(yield* sources.get("synthetic"), syntheticSource)
    }).pipe(Effect.provide(Layer.provideMerge(SyntheticSource, Sources.Default)))
  )
})
