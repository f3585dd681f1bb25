import { Audit, DeadLetterPage, DiscoveryJob } from "@influscope/domain/api/OperationsApi"
import { ImportJob } from "@influscope/domain/Imports"
import { SearchResult } from "@influscope/domain/Search"
import * as Schema from "effect/Schema"

/** The API answered something else than it should. */
export class UnexpectedAnswer extends Error {}

const text = async (url: string, init?: RequestInit): Promise<string> => {
  const response = await fetch(url, init)
  const body = await response.text()
  if (!response.ok)
    throw new UnexpectedAnswer(
      `${init?.method ?? "GET"} ${url} answered ${response.status}: ${body.slice(0, 500)}`
    )
  return body
}

const ask =
  <A, I>(schema: Schema.Schema<A, I>) =>
  async (url: string, init?: RequestInit): Promise<A> =>
    Schema.decodeSync(Schema.parseJson(schema))(await text(url, init))

/** Sends a file from the disk, without holding it in memory, and answers the job. */
export const submitImport = (url: string, path: string, platform: string): Promise<ImportJob> =>
  ask(ImportJob)(
    `${url}/v1/imports?file=${encodeURIComponent(path.split("/").at(-1) ?? path)}&platform=${platform}`,
    {
      method: "POST",
      body: Bun.file(path),
      headers: { "content-type": "text/csv" }
    }
  )

export const readImport = (url: string, id: string): Promise<ImportJob> =>
  ask(ImportJob)(`${url}/v1/imports/${id}`)

export const readAudit = (url: string) => ask(Audit)(`${url}/v1/audit`)

export const readDeadLetters = (url: string) => ask(DeadLetterPage)(`${url}/v1/dead-letters?limit=100`)

export const search = (url: string, query: string) => ask(SearchResult)(`${url}/search?${query}`)

export const hasProfile = async (url: string, id: string): Promise<boolean> => {
  const response = await fetch(`${url}/v1/profiles/${encodeURIComponent(id)}`)
  await response.arrayBuffer()
  if (response.status !== 200 && response.status !== 404)
    throw new UnexpectedAnswer(`GET of ${id} answered ${response.status}`)
  return response.status === 200
}

/** The sum of a metric over its labels. */
export const readMetric = async (url: string, name: string): Promise<number> => {
  const lines = (await text(`${url}/metrics`)).split("\n")
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0)
}

interface Patience {
  readonly everyMs: number
  readonly timeoutMs: number
}

/** Asks again until it is so or the time is up, and answers what was said last. */
export const lastOf = async <A>(
  read: () => Promise<A>,
  enough: (value: A) => boolean,
  { everyMs, timeoutMs }: Patience
): Promise<A> => {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await read()
    if (enough(value) || performance.now() > deadline) return value
    await Bun.sleep(everyMs)
  }
}

/** Asks again until it is so; that the time is up is an error. */
export const until = async <A>(
  read: () => Promise<A>,
  enough: (value: A) => boolean,
  patience: Patience
): Promise<A> => {
  const value = await lastOf(read, enough, patience)
  if (!enough(value))
    throw new Error(`Not so after ${patience.timeoutMs} ms: ${JSON.stringify(value)?.slice(0, 1_000)}`)
  return value
}

/** Waits until an import is over. */
export const importEnd = (url: string, id: string, everyMs = 100, timeoutMs = 600_000): Promise<ImportJob> =>
  until(
    () => readImport(url, id),
    ({ state }) => state === "done" || state === "failed",
    { everyMs, timeoutMs }
  )

/** Makes the index hold the first `count` profiles of the synthetic world of a seed; headers are for who asks for a token. */
export const discover = async (
  url: string,
  count: number,
  seed: number,
  headers: Readonly<Record<string, string>> = {}
): Promise<DiscoveryJob> => {
  const job = await ask(DiscoveryJob)(`${url}/v1/discoveries`, {
    method: "POST",
    body: JSON.stringify({ source: "synthetic", count, seed }),
    headers: { ...headers, "content-type": "application/json" }
  })
  const end = await until(
    () => ask(DiscoveryJob)(`${url}/v1/discoveries/${job.id}`, { headers }),
    ({ state }) => state === "done" || state === "failed",
    { everyMs: 200, timeoutMs: 1_800_000 }
  )
  if (end.state === "failed") throw new Error(`The discovery failed: ${end.failure}`)
  return end
}

/** What a page of search results shows of a profile. */
export interface Shown {
  readonly id: string
  readonly name: string | null
  readonly followers: number | null
}

/** Reads out every profile of the index by paging through everything, as often as it occurs. */
export const readOut = async (url: string, seen: (profile: Shown) => void): Promise<void> => {
  let cursor = ""
  for (;;) {
    const page = await search(url, `limit=100&sort=followers&order=asc${cursor}`)
    for (const { followers, id, name } of page.hits) seen({ id, name, followers })
    if (page.nextCursor === null) return
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
  }
}
