import type { SearchQuery } from "@influscope/domain/Search"
import type { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"

/** A request as it reached Elasticsearch. */
export interface BareRequest {
  /** With its query. */
  readonly path: string
  readonly body: string
}

/** Plain: compressing costs more than it saves between processes of one machine, and the API asks for none either. */
const uncompressed = { "accept-encoding": "identity" }

/** Sends a request as it was recorded, and reads what is answered. */
export const replay = async (elasticsearch: string, { body, path }: BareRequest): Promise<unknown> => {
  const response = await fetch(`${elasticsearch}${path}`, {
    method: "POST",
    headers: { ...uncompressed, "content-type": "application/json" },
    body
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

/**
 * Lets an index answer each query through a proxy, and answers what it asked Elasticsearch for it: one request or, where
 * nothing matches as it was typed, up to three. `open` gets the proxy's address.
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
