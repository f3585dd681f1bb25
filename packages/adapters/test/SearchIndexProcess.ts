import { profileOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as EmbeddedSearchIndex from "../src/search/EmbeddedSearchIndex.ts"

// Writes batches of profiles until it is killed, and prints the number of each batch that was acknowledged.
const [path = "", round = "0"] = process.argv.slice(2)

const writeForever = Effect.gen(function* () {
  const index = yield* SearchIndex
  for (let batch = 0; ; batch++) {
    yield* index.bulk(
      Array.from({ length: 50 }, (_, at) => ({
        profile: profileOf(`r${round}_b${batch}_${at}`, { name: `Round${round} Batch${batch}` }),
        revision: undefined
      }))
    )
    process.stdout.write(`${batch}\n`)
    yield* Effect.sleep("1 millis")
  }
})

await Effect.runPromise(Effect.provide(writeForever, EmbeddedSearchIndex.layer(path)))
