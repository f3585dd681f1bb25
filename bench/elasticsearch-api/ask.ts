/** The comparison of compare.ts: `ask.ts <task.json>`. */
import { type Ask, answerAsked, get } from "../support/Asking.ts"
import type { QueryKind } from "../support/Queries.ts"
import { type BareRequest, replay } from "./Recording.ts"

export interface BareQuery {
  readonly kind: QueryKind
  /** Of the API, after the question mark. */
  readonly address: string
  /** What Elasticsearch is asked for the same, one after the other. */
  readonly searches: ReadonlyArray<BareRequest>
}

export interface Task {
  readonly api: string
  readonly elasticsearch: string
  /** Of the API's own sidecar, and of another app's. */
  readonly own: string
  readonly other: string
  readonly apiToken: string
  readonly queries: ReadonlyArray<BareQuery>
}

export type Side = "bare" | "api" | "own" | "other"

const { api, apiToken, elasticsearch, other, own, queries }: Task = await Bun.file(
  process.argv[2] ?? ""
).json()

const invoke =
  (sidecar: string): Ask<BareQuery> =>
  async ({ address }) =>
    (await get(`${sidecar}/v1.0/invoke/api/method/search?${address}`, { "dapr-api-token": apiToken })).json()

answerAsked(queries, {
  bare: async ({ searches }) => {
    for (const search of searches) await replay(elasticsearch, search)
  },
  api: async ({ address }) => (await get(`${api}/search?${address}`)).json(),
  own: invoke(own),
  other: invoke(other)
} satisfies Readonly<Record<Side, Ask<BareQuery>>>)
