/**
 * One side of the comparison of run.ts, in a process of its own: `ask.ts http <url> <queries.json>` asks the API over one
 * connection, `ask.ts raw <profiles.db> <queries.json>` asks the index itself, `ask.ts nothing <url> <queries.json>` gets
 * the same address for every query. Receives [from, to) as messages, answers with the milliseconds of each of these
 * queries.
 */
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import type { SearchQuery } from "@influscope/domain/Search"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { LoadQuery } from "./Queries.ts"

const [side, target = "", file = ""] = process.argv.slice(2)
const queries: ReadonlyArray<LoadQuery> = await Bun.file(file).json()

/** Answers how many hits there were, so that nothing is left out as unused. */
type Ask = (query: LoadQuery) => Promise<unknown> | number

const askApi =
  (url: string): Ask =>
  async ({ address }) => {
    const response = await fetch(`${url}/search?${address}`)
    const body = await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`${address} answered ${response.status}`)
    return body
  }

const askIndex = async (path: string): Promise<Ask> => {
  const runtime = ManagedRuntime.make(EmbeddedSearchIndex.layer(path))
  const index = await runtime.runPromise(SearchIndex)
  const search = (query: SearchQuery) => Effect.runSync(index.search(query)).hits.length
  return ({ query }) => search(query)
}

/** The floor under every HTTP number: the same client, no work. */
const askNothing =
  (url: string): Ask =>
  async () =>
    (await fetch(url)).arrayBuffer()

const ask = side === "raw" ? await askIndex(target) : side === "http" ? askApi(target) : askNothing(target)

process.on("message", async ([from, to]: readonly [number, number]) => {
  const times: Array<number> = []
  for (const query of queries.slice(from, to)) {
    const started = performance.now()
    const answer = ask(query)
    // Waiting for what is there already would cost a turn of the event loop.
    if (answer instanceof Promise) await answer
    times.push(performance.now() - started)
  }
  process.send?.(times)
})
process.send?.([])
