/**
 * The comparison of run.ts, in a process of its own: `ask.ts <url> <bare url> <profiles.db> <queries.json>`. Every query is
 * asked of each side in turn (the API, the index in this process, a path of the API that does nothing, a bare server), so
 * that all of them meet the machine in the same state: an index asked without pause would have its data in the caches,
 * and a server asked now and then would not. Receives [from, to) as messages, answers with the milliseconds of each of
 * these queries by side.
 */
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import type { SearchQuery } from "@influscope/domain/Search"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { LoadQuery } from "./Queries.ts"

export const sides = ["api", "index", "live", "bare"] as const
export type Side = (typeof sides)[number]
export type Times = { readonly [S in Side]: ReadonlyArray<number> }

/** Answers something of what came back, so that nothing is left out as unused. */
type Ask = (query: LoadQuery) => Promise<unknown> | number

const get = async (url: string): Promise<ArrayBuffer> => {
  const response = await fetch(url)
  const body = await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  return body
}

const askIndex = async (path: string): Promise<Ask> => {
  const runtime = ManagedRuntime.make(EmbeddedSearchIndex.layer(path))
  const index = await runtime.runPromise(SearchIndex)
  const search = (query: SearchQuery) => Effect.runSync(index.search(query)).hits.length
  return ({ query }) => search(query)
}

const answerMessages = async ([url = "", bareUrl = "", path = "", file = ""]: ReadonlyArray<string>) => {
  const queries: ReadonlyArray<LoadQuery> = await Bun.file(file).json()
  const ask: { readonly [S in Side]: Ask } = {
    api: ({ address }) => get(`${url}/search?${address}`),
    index: await askIndex(path),
    live: () => get(`${url}/livez`),
    bare: () => get(bareUrl)
  }

  const measure = async (side: Side, query: LoadQuery): Promise<number> => {
    const started = performance.now()
    const answer = ask[side](query)
    // Waiting for what is there already would cost a turn of the event loop.
    if (answer instanceof Promise) await answer
    return performance.now() - started
  }

  process.on("message", async ([from, to]: readonly [number, number]) => {
    const times = { api: [] as number[], index: [] as number[], live: [] as number[], bare: [] as number[] }
    for (const [place, query] of queries.slice(from, to).entries()) {
      // Neither of the two that are compared is always the first to meet a query.
      for (const side of place % 2 === 0 ? sides : sides.toReversed())
        times[side].push(await measure(side, query))
    }
    process.send?.(times)
  })
  process.send?.("ready")
}

if (import.meta.main) await answerMessages(process.argv.slice(2))
