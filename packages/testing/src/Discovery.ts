import { Audit } from "@influscope/domain/api/OperationsApi"
import { SearchResult } from "@influscope/domain/Search"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Told } from "./Drill.ts"

/** The API did not answer as it should. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", { what: Schema.String }) {}

const get = <A, I>(schema: Schema.Schema<A, I>, url: string): Effect.Effect<A, Unanswered> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      const text = await response.text()
      if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 200)}`)
      return text
    },
    catch: (cause) => new Unanswered({ what: `${url}: ${String(cause)}` })
  }).pipe(
    Effect.timeoutFail({
      duration: "20 seconds",
      onTimeout: () => new Unanswered({ what: `${url}: no answer` })
    }),
    Effect.flatMap((text) => Effect.orDie(Schema.decode(Schema.parseJson(schema))(text)))
  )

/** Platform:handle of the n-th account of a drill. */
export const accountId = (drill: string, n: number): string => `x:${drill}${n}`

/** Ids in groups of a size. */
export const groupsOf = (drill: string, count: number, size: number): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(count / size) }, (_, group) =>
    Array.from({ length: Math.min(size, count - group * size) }, (_, place) =>
      accountId(drill, group * size + place)
    )
  )

const stateOnce = (url: string, drill: string, ids: ReadonlyArray<string>): Effect.Effect<Told> =>
  Effect.tryPromise((signal) =>
    fetch(`${url}/v1/profiles`, {
      method: "POST",
      signal,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        source: drill,
        profiles: ids.map((id, place) => ({
          platform: "x",
          handle: id.slice(2),
          followers: place + 1,
          bio: drill
        }))
      })
    })
  ).pipe(
    Effect.timeout("30 seconds"),
    Effect.map((response): Told => (response.status === 202 ? "acknowledged" : "failed")),
    Effect.orElseSucceed((): Told => "unknown")
  )

/** States a group of accounts through the API, as a patient client does: again, until that was answered with success. */
export const state =
  (url: string, drill: string) =>
  (ids: ReadonlyArray<string>): Effect.Effect<Told> =>
    Effect.suspend(() => stateOnce(url, drill, ids)).pipe(
      Effect.zipLeft(Effect.sleep("300 millis"), { concurrent: true }),
      Effect.repeat({ until: (told) => told === "acknowledged", times: 150 })
    )

/** What of the topics is still on its way, in words; undefined when nothing is. */
export const unsettled = (url: string): Effect.Effect<string | undefined> =>
  get(Audit, `${url}/v1/audit`).pipe(
    Effect.map(({ topics }) => {
      const left = topics.reduce((sum, { missing, pending }) => sum + missing + pending, 0)
      return left === 0 ? undefined : `${left} items are on their way`
    }),
    Effect.catchTag("Unanswered", ({ what }) => Effect.succeed(what))
  )

/** Every account of a drill that is found, page by page. */
export const found = (url: string, drill: string): Effect.Effect<ReadonlyArray<string>, Unanswered> =>
  Effect.gen(function* () {
    const ids: Array<string> = []
    let cursor = ""
    for (;;) {
      const page = yield* get(SearchResult, `${url}/search?q=${drill}&limit=100&sort=followers${cursor}`)
      ids.push(...page.hits.map(({ id }) => id).filter((id) => id.startsWith(`x:${drill}`)))
      if (page.nextCursor === null) return ids
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
    }
  })
