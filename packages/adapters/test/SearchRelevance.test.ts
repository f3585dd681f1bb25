import { queryOf } from "@influscope/ports/conformance/ProfileFixture"
import * as Effect from "effect/Effect"
import { MemoryIndex } from "../src/search/MemoryIndex.ts"
import { relevanceCases } from "./SearchRelevanceCases.ts"
import { relevanceCorpus } from "./SearchRelevanceCorpus.ts"

const index = new MemoryIndex()
index.upsert(relevanceCorpus.map((profile, at) => ({ row: at + 1, profile })))

relevanceCases("embedded", (q) =>
  Effect.sync(() =>
    index
      .search(queryOf(q, { limit: 10 }), undefined)
      .hits.map((hit) => relevanceCorpus[hit.row - 1]?.id ?? "")
  )
)
