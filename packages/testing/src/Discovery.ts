import { Audit, DeadLetterPage, DeadLetterView } from "@influscope/domain/api/OperationsApi"
import { ProfilesDiscovered } from "@influscope/domain/Events"
import { ExportedStatement } from "@influscope/domain/Export"
import { SearchResult } from "@influscope/domain/Search"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { get, request, type Unanswered } from "./Asking.ts"
import type { Told } from "./Drill.ts"

/** Platform:handle of the n-th account of a drill. */
export const accountId = (drill: string, n: number): string => `x:${drill}${n}`

/** Ids in groups of a size. */
export const groupsOf = (drill: string, count: number, size: number): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(count / size) }, (_, group) =>
    Array.from({ length: Math.min(size, count - group * size) }, (_, place) =>
      accountId(drill, group * size + place)
    )
  )

/** As `groupsOf`, from the account `count` on, without end. */
export function* groupsAfter(
  drill: string,
  count: number,
  size: number
): Generator<ReadonlyArray<string>, void> {
  for (let first = count; ; first += size)
    yield Array.from({ length: size }, (_, place) => accountId(drill, first + place))
}

/** How many followers an account of a drill is stated to have. */
export type Followers = (id: string, place: number) => number

const stateOnce = (
  url: string,
  drill: string,
  followers: Followers,
  ids: ReadonlyArray<string>
): Effect.Effect<Told> =>
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
          followers: followers(id, place),
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
  (url: string, drill: string, followers: Followers = (_, place) => place + 1) =>
  (ids: ReadonlyArray<string>): Effect.Effect<Told> =>
    Effect.suspend(() => stateOnce(url, drill, followers, ids)).pipe(
      Effect.tap((told) => (told === "acknowledged" ? Effect.void : Effect.sleep("300 millis"))),
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

const Batch = Schema.Struct({ ...DeadLetterView.fields, payload: ProfilesDiscovered })

/** A dead batch: which accounts it is about, and why it died. */
export interface DeadBatch {
  readonly id: string
  readonly reason: string
  readonly accounts: ReadonlyArray<string>
}

/** Every dead batch with accounts of a drill. */
export const deadBatches = (
  url: string,
  drill: string
): Effect.Effect<ReadonlyArray<DeadBatch>, Unanswered> =>
  Effect.gen(function* () {
    const batches: Array<DeadBatch> = []
    let cursor = ""
    for (;;) {
      const page = yield* get(DeadLetterPage, `${url}/v1/dead-letters?limit=100${cursor}`)
      for (const { id, reason } of page.deadLetters) {
        const { payload } = yield* get(Batch, `${url}/v1/dead-letters/${encodeURIComponent(id)}`)
        const accounts = payload.observations.map((observation) => observation.id)
        if (accounts.some((account) => account.startsWith(`x:${drill}`)))
          batches.push({ id, reason, accounts })
      }
      if (page.nextCursor === null) return batches
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
    }
  })

const decodeStatement = Schema.decodeUnknown(Schema.parseJson(ExportedStatement))

/** Every statement that figures come from, as an export tells them, avatars included. */
export const exported = (url: string): Effect.Effect<ReadonlyArray<ExportedStatement>, Unanswered> =>
  request(`${url}/v1/export`, { within: "3 minutes" }).pipe(
    Effect.flatMap((text) =>
      Effect.forEach(text.trimEnd().split("\n").slice(1, -1), (line) => Effect.orDie(decodeStatement(line)))
    )
  )
