import { assert, describe, it } from "@effect/vitest"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import { embedded } from "./Embedded.ts"
import { kindNames } from "./HostileFiles.ts"
import { importHostile } from "./HostileImports.ts"

/** More of them, for as long as one likes: bench/fuzz/importer.ts */
const cases = 110

describe("any bytes", () => {
  it.scopedLive(
    "end as a finished or failed import with a report, whatever they are",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* Effect.gen(function* () {
          const index = yield* SearchIndex
          const seeds = Array.from({ length: cases }, (_, at) => at + 1)
          const ended = yield* Effect.forEach(seeds, importHostile)
          assert.deepStrictEqual(
            ended.filter(({ problem }) => problem !== undefined),
            []
          )
          assert.deepStrictEqual(new Set(ended.map(({ state }) => state)), new Set(["done", "failed"]))
          assert.strictEqual(new Set(ended.map(({ kind }) => kind)).size, kindNames.length)
          assert.isAbove(yield* index.count, 100)
        }).pipe(Effect.provide(embedded(directory)))
      }),
    120_000
  )
})
