import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as EmbeddedSearchIndex from "../src/search/EmbeddedSearchIndex.ts"

/** Starts a writer, kills it after it has acknowledged some batches, and answers how many it had. */
const writeUntilKilled = (path: string, round: number, batches: number) =>
  Effect.promise(async () => {
    const script = join(import.meta.dirname, "SearchIndexProcess.ts")
    const writer = Bun.spawn([process.execPath, script, path, String(round)], {
      stdout: "pipe",
      stderr: "inherit"
    })
    let printed = ""
    const decoder = new TextDecoder()
    const reader = writer.stdout.getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      printed += decoder.decode(read.value)
      if (printed.split("\n").length > batches) writer.kill("SIGKILL")
    }
    await writer.exited
    return printed.split("\n").length - 1
  })

describe("embedded search index", () => {
  it.scopedLive("loses nothing it acknowledged, and no batch in part, when it is killed", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "profiles.db")
      for (const round of [0, 1, 2]) {
        const acknowledged = yield* writeUntilKilled(path, round, 4 + 3 * round)
        assert.isAbove(acknowledged, 3)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const index = yield* SearchIndex
            for (let batch = 0; batch < acknowledged; batch++) {
              const { total } = yield* index.search(queryOf(`round${round} batch${batch}`, { limit: 1 }))
              assert.isAtLeast(total, 50, `round ${round}, batch ${batch}`)
            }
            assert.strictEqual((yield* index.count) % 50, 0)
            assert.strictEqual((yield* index.search(queryOf(""))).total, yield* index.count)
          }).pipe(Effect.provide(EmbeddedSearchIndex.layer(path)))
        )
      }
    })
  )
})
