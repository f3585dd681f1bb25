import type { SearchQuery } from "@influscope/domain/Search"
import type { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"

/** A request as it reached Elasticsearch. */
export interface BareRequest {
  /** With its query. */
  readonly path: string
  readonly body: string
}

interface Body {
  readonly sort?: unknown
  readonly post_filter?: unknown
  readonly aggs?: unknown
  readonly query: { readonly bool: { readonly must?: unknown; readonly filter: ReadonlyArray<unknown> } }
}

/**
 * Searches of which each is answered before the next is asked, as anyone would write them: the index asks for the hits
 * and for the counts of a page side by side. The first filter of each is not the query's: it leaves out what is deleted.
 */
export const inOneSearch = (requests: ReadonlyArray<BareRequest>): ReadonlyArray<BareRequest> => {
  const bodies = requests.map(({ body }): Body => JSON.parse(body))
  const counts = bodies.filter(({ post_filter }) => post_filter !== undefined).values()
  const searches = bodies.filter(({ post_filter }) => post_filter === undefined)
  const inOne = (hits: Body) => {
    const { aggs, post_filter } = counts.next().value ?? {}
    const query = { bool: { must: hits.query.bool.must, filter: hits.query.bool.filter.slice(0, 1) } }
    return { ...hits, query, post_filter, aggs, track_total_hits: true }
  }
  return searches.map((body) => ({
    path: requests[0]?.path ?? "",
    body: JSON.stringify(body.sort === undefined ? body : inOne(body))
  }))
}

/** Plain: compressing costs more than it saves between processes of one machine, and the API asks for none either. */
const uncompressed = { "accept-encoding": "identity" }

const send = async (
  elasticsearch: string,
  method: "POST" | "PUT",
  { body, path }: BareRequest
): Promise<unknown> => {
  const response = await fetch(`${elasticsearch}${path}`, {
    method,
    headers: { ...uncompressed, "content-type": "application/json" },
    body
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

/** Sends a request as it was recorded, and reads what is answered. */
export const replay = (elasticsearch: string, request: BareRequest): Promise<unknown> =>
  send(elasticsearch, "POST", request)

/** Elasticsearch keeps answers that have no hits: the first to ask would pay for the others. */
export const keepNoAnswers = (elasticsearch: string): Promise<unknown> =>
  send(elasticsearch, "PUT", {
    path: "/_settings",
    body: JSON.stringify({ "index.requests.cache.enable": false })
  })

/**
 * Lets an index answer each query through a proxy, and answers what it asked Elasticsearch for it: the hits and counts of
 * a page or, where nothing matches as it was typed, those of another and what it looked for between. `open` gets the
 * proxy's address.
 */
export const record = async (
  elasticsearch: string,
  queries: ReadonlyArray<SearchQuery>,
  open: (address: string) => typeof SearchIndex.Service | Promise<typeof SearchIndex.Service>
): Promise<ReadonlyArray<ReadonlyArray<BareRequest>>> => {
  let recorded: Array<BareRequest> = []
  const proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      const path = `${pathname}${search}`
      const body = await request.text()
      recorded.push({ path, body })
      const answer = await fetch(`${elasticsearch}${path}`, {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), ...uncompressed },
        ...(body === "" ? {} : { body })
      })
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers })
    }
  })
  const index = await open(proxy.url.origin)
  const requests: Array<ReadonlyArray<BareRequest>> = []
  for (const query of queries) {
    recorded = []
    await Effect.runPromise(index.search(query))
    requests.push(recorded)
  }
  await proxy.stop(true)
  return requests
}
