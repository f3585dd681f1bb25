import { Audit } from "@influscope/domain/api/OperationsApi"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId, mockstagram } from "@influscope/domain/tracking/InfluencerId"
import { type Tracked, TrackedPage, TrackingStatus } from "@influscope/domain/tracking/Tracking"
import type { TopicAudit } from "@influscope/ports/Outbox"
import type { StorageError } from "@influscope/ports/StorageError"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Account, accountOf, describeAccount } from "./Account.ts"
import { get, patiently, request, type Unanswered } from "./Asking.ts"
import { comeToRest, untilStill } from "./Drill.ts"

/** Who tracks, as a drill asks it: patiently, as it may be away. */
export interface Tracker {
  readonly add: (ids: ReadonlyArray<InfluencerId>, intervalSeconds: number) => Effect.Effect<void, Unanswered>
  readonly remove: (ids: ReadonlyArray<InfluencerId>) => Effect.Effect<void, Unanswered>
  readonly status: Effect.Effect<TrackingStatus, Unanswered>
  readonly tracked: Effect.Effect<ReadonlyArray<Tracked>, Unanswered>
}

const pageSize = 1_000

interface Routes {
  readonly influencers: string
  readonly remove: string
  readonly status: string
  readonly page: (url: string, headers: Record<string, string>) => Effect.Effect<TrackedPage, Unanswered>
}

const trackerAt = (url: string, routes: Routes, headers: Record<string, string>): Tracker => {
  const post = (route: string, body: unknown) =>
    request(`${url}${route}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body)
    }).pipe(patiently, Effect.asVoid)
  return {
    add: (ids, interval) => post(routes.influencers, { ids, interval }),
    remove: (ids) => post(routes.remove, { ids }),
    status: patiently(get(TrackingStatus, `${url}${routes.status}`, { headers })),
    tracked: Effect.gen(function* () {
      const all: Array<Tracked> = []
      let cursor = ""
      for (;;) {
        const { influencers, nextCursor } = yield* patiently(
          routes.page(`${url}${routes.influencers}?limit=${pageSize}${cursor}`, headers)
        )
        all.push(...influencers)
        if (nextCursor === null) return all
        cursor = `&cursor=${encodeURIComponent(nextCursor)}`
      }
    })
  }
}

/** The tracker, asked through an API. */
export const throughApi = (url: string): Tracker =>
  trackerAt(
    url,
    {
      influencers: "/v1/tracking",
      remove: "/v1/tracking/remove",
      status: "/v1/tracking/status",
      page: (page) => get(TrackedPage, page)
    },
    {}
  )

const Page = Schema.Option(TrackedPage)
const empty: TrackedPage = { influencers: [], nextCursor: null }

/** The tracker, asked on its own routes. */
export const directly = (url: string, appToken: string): Tracker =>
  trackerAt(
    url,
    {
      influencers: "/tracker/v1/influencers",
      remove: "/tracker/v1/influencers/remove",
      status: "/tracker/v1/status",
      page: (page, headers) =>
        Effect.map(
          get(Page, page, { headers }),
          Option.getOrElse(() => empty)
        )
    },
    { "dapr-api-token": appToken }
  )

/** Accounts of mockstagram, from the `first` on: an offset of its own keeps a drill apart from others. */
export const accountsOf = (first: number, count: number): ReadonlyArray<InfluencerId> =>
  Array.from({ length: count }, (_, place) =>
    InfluencerId.make(`${mockstagram}:${1_000_001 + first + place}`)
  )

/** An influencer at a nominal time. */
export const slot = (id: string, time: number): string => `${id}@${time}`

/** Every slot after `from` and up to `until` (epoch seconds). */
export const slotsDue = (
  tracked: ReadonlyArray<Tracked>,
  from: number,
  until: number
): ReadonlySet<string> => {
  const due = new Set<string>()
  for (const { id, interval, phase } of tracked)
    for (let time = from + 1; time <= until; time++) if (time % interval === phase) due.add(slot(id, time))
  return due
}

/** All points of some influencers after `from` and up to `until`. */
export const pointsOf = (
  ids: ReadonlyArray<InfluencerId>,
  from: number,
  until: number
): Effect.Effect<ReadonlyArray<DataPoint>, StorageError, TimeSeries> =>
  Effect.gen(function* () {
    const series = yield* TimeSeries
    const range = { from: from + 1, to: until + 1, limit: 100_000 }
    const points = yield* Effect.forEach(ids, (id) => series.points(id, range), { concurrency: 4 })
    return points.flat()
  })

/** The account of every topic, as the API tells it. */
export const auditOf = (url: string): Effect.Effect<ReadonlyArray<TopicAudit>, Unanswered> =>
  patiently(Effect.map(get(Audit, `${url}/v1/audit`), ({ topics }) => topics))

export interface TrackingDrill {
  readonly tracker: Tracker
  readonly ids: ReadonlyArray<InfluencerId>
  readonly intervalSeconds: number
  /** Happens while all are tracked, with some quiet before and after. */
  readonly faults: Effect.Effect<unknown, unknown>
  /** The account of the outbox; undefined when it is off, and all that arrives has arrived after a while. */
  readonly audit: Effect.Effect<ReadonlyArray<TopicAudit>, unknown> | undefined
  /** All points after one time and up to another. */
  readonly read: (from: number, until: number) => Effect.Effect<ReadonlyArray<DataPoint>, unknown>
}

export interface TrackingAccount {
  /** By slots: due and there, once each, or lost. */
  readonly account: Account
  /** Slots given up. */
  readonly missed: number
  /** Batches that were delivered, or sent, after they had been applied. */
  readonly redelivered: number
  /** Seconds from a nominal time until its figures were asked for; greatest of all slots, and of 99 % of them. */
  readonly latest: number
  readonly late99: number
}

const quiet = "3 seconds"
const patience = "3 minutes"
/** Without an outbox nobody knows what is on its way: it is over when nothing has come for so long. */
const stillFor = "10 seconds"

const sum = (topics: ReadonlyArray<TopicAudit>, key: "pending" | "missing" | "duplicateBatches"): number =>
  topics.reduce((total, topic) => total + topic[key], 0)

/** Waits until nothing is on its way any more. */
const settled = <E, R>(audit: Effect.Effect<ReadonlyArray<TopicAudit>, E, R>) =>
  comeToRest({
    patience,
    unsettled: Effect.map(audit, (topics) => {
      const left = sum(topics, "pending") + sum(topics, "missing")
      return left === 0 ? undefined : `${left} items are on their way`
    })
  })

/** As `describeAccount`, with what else is to be known of tracking. */
export const describeTracking = (
  what: string,
  { account, late99, latest, missed, redelivered }: TrackingAccount
): string =>
  [
    describeAccount(what, account),
    `missed ${missed}`,
    `batches delivered or sent again ${redelivered}`,
    `asked for after at most ${latest} s, 99 % within ${late99} s`
  ].join(", ")

/** Tracks while things break, waits until all is through, and compares slots due with points there, one by one. */
export const trackingDrill = ({
  audit,
  faults,
  ids,
  intervalSeconds,
  read,
  tracker
}: TrackingDrill): Effect.Effect<TrackingAccount, unknown> =>
  Effect.gen(function* () {
    const before = audit === undefined ? [] : yield* audit
    yield* tracker.add(ids, intervalSeconds)
    const { dispatchedUntil, missed: missedBefore } = yield* tracker.status
    // The second after that may be in the middle of being handed out, without them.
    const from = dispatchedUntil + 1
    const tracked = yield* tracker.tracked
    yield* Effect.sleep(quiet)
    yield* faults
    const end = Math.floor(Date.now() / 1_000)
    yield* Effect.sleep(quiet)
    // It may be behind: all that was due while things broke has to be handed out first.
    yield* comeToRest({
      patience,
      unsettled: Effect.map(tracker.status, ({ dispatchedUntil }) =>
        dispatchedUntil >= end ? undefined : `the last ${end - dispatchedUntil} s are not handed out`
      )
    })
    const { dispatchedUntil: until } = yield* tracker.status
    yield* tracker.remove(ids)
    if (audit !== undefined) yield* settled(audit)
    const after = audit === undefined ? [] : yield* audit
    const points = yield* audit === undefined ? untilStill(read(from, until), stillFor) : read(from, until)
    const { missed } = yield* tracker.status
    const lateness = points.map(({ observedAt, time }) => observedAt - time).toSorted((a, b) => a - b)
    return {
      account: accountOf(
        { acknowledged: slotsDue(tracked, from, until), failed: new Set(), unknown: new Set() },
        points.map(({ id, time }) => slot(id, time))
      ),
      missed: missed - missedBefore,
      redelivered: sum(after, "duplicateBatches") - sum(before, "duplicateBatches"),
      latest: lateness.at(-1) ?? 0,
      late99: lateness[Math.floor(lateness.length * 0.99)] ?? 0
    }
  })
