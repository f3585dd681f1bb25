/**
 * The comparison of run.ts: `ask.ts <url> <bare url> <profiles.db> <queries.json>` asks the API, the index in this process,
 * a path of the API that does nothing, and a bare server.
 */
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { type Ask, answerAsked, get } from "../support/Asking.ts"
import type { LoadQuery } from "../support/Queries.ts"

export type Side = "api" | "index" | "live" | "bare"

const [url = "", bareUrl = "", path = "", file = ""] = process.argv.slice(2)

const askIndex = async (): Promise<Ask<LoadQuery>> => {
  const runtime = ManagedRuntime.make(EmbeddedSearchIndex.layer(path))
  const index = await runtime.runPromise(SearchIndex)
  return ({ query }) => Effect.runSync(index.search(query)).hits.length
}

const bodyOf = async (address: string): Promise<ArrayBuffer> => (await get(address)).arrayBuffer()

const queries: ReadonlyArray<LoadQuery> = await Bun.file(file).json()
answerAsked(queries, {
  api: ({ address }) => bodyOf(`${url}/search?${address}`),
  index: await askIndex(),
  live: () => bodyOf(`${url}/livez`),
  bare: () => bodyOf(bareUrl)
} satisfies Readonly<Record<Side, Ask<LoadQuery>>>)
