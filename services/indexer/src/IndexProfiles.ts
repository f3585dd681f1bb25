import type { ProfilesDiscovered } from "@influscope/domain/Events"
import { isWorkedOut, type Observation } from "@influscope/domain/Observation"
import {
  type MergeOutcome,
  mergeObservation,
  type Profile,
  type ProfileDraft
} from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { AnalyticsUnavailable, EngagementAnalytics } from "@influscope/ports/EngagementAnalytics"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { Reject, Retry } from "@influscope/ports/PubSub"
import { type DeletedProfile, SearchIndex, type StoredProfile } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Rounds against writers of the same profiles before the batch is given back to the queue. */
const maxRounds = 5

interface Merged {
  readonly draft: ProfileDraft
  readonly write: boolean
  readonly revision: string | undefined
  readonly outcomes: ReadonlyArray<MergeOutcome>
}

type Known = Option.Option<StoredProfile | DeletedProfile>

const presentOf = (known: Known): ProfileDraft | undefined =>
  Option.isSome(known) && known.value._tag === "Present" ? known.value.profile : undefined

/** When the profile was last deleted, whether or not it has come back: what was ingested until then stays forgotten. */
const deletedAtOf = (known: Known): number | undefined =>
  Option.isSome(known) && known.value._tag === "Deleted" ? known.value.deletedAt : presentOf(known)?.deletedAt

/** Lays all statements about one account over what is known of it. Undefined when nothing comes of them. */
const mergeAll = (known: Known, observations: ReadonlyArray<Observation>): Merged | undefined => {
  const deletedAt = deletedAtOf(known)
  let draft = presentOf(known)
  let write = false
  const outcomes: Array<MergeOutcome> = []
  for (const observation of observations) {
    const isForgotten = deletedAt !== undefined && observation.ingestedAt <= deletedAt
    if (isForgotten || (draft === undefined && isWorkedOut(observation))) {
      outcomes.push("unchanged")
      continue
    }
    const merged = mergeObservation(draft, observation)
    draft = merged.profile
    write ||= merged.write
    outcomes.push(merged.outcome)
  }
  const revision = Option.isSome(known) ? known.value.revision : undefined
  if (draft === undefined) return undefined
  return { draft: deletedAt === undefined ? draft : { ...draft, deletedAt }, write, revision, outcomes }
}

const byAccount = (observations: ReadonlyArray<Observation>): Map<ProfileId, Array<Observation>> => {
  const groups = new Map<ProfileId, Array<Observation>>()
  for (const observation of observations) {
    const group = groups.get(observation.id)
    if (group === undefined) groups.set(observation.id, [observation])
    else group.push(observation)
  }
  return groups
}

/**
 * The one place where profiles change: merges a batch of statements into what is known, lets analytics look at the
 * result, and writes it. Succeeds when every profile of the batch is durable. Applying a batch twice, late
 * or beside another writer gives the same profiles: writes are conditional on the revision that was read, and who loses
 * reads again.
 */
export class IndexProfiles extends Effect.Service<IndexProfiles>()("@influscope/indexer/IndexProfiles", {
  effect: Effect.gen(function* () {
    const index = yield* SearchIndex
    const analytics = yield* EngagementAnalytics

    const round = (groups: ReadonlyMap<ProfileId, ReadonlyArray<Observation>>) =>
      Effect.gen(function* () {
        const ids = [...groups.keys()]
        const known = yield* index.getMany(ids)
        const merged = ids.flatMap((id, place) => {
          const result = mergeAll(known[place] ?? Option.none(), groups.get(id) ?? [])
          return result === undefined ? [] : [result]
        })
        const toWrite = merged.filter((entry) => entry.write)
        if (toWrite.length === 0) return { merged, lost: new Set<ProfileId>() }
        const engagements = yield* analytics.computeBatch(
          toWrite.map(({ draft }) => ({ platform: draft.platform, fields: draft.fields }))
        )
        if (engagements.length !== toWrite.length) {
          const cause = `${engagements.length} answers to ${toWrite.length} profiles`
          return yield* new AnalyticsUnavailable({ cause, refused: true })
        }
        const writes = toWrite.flatMap(({ draft, revision }, place) => {
          const engagement = engagements[place]
          if (engagement === undefined) return []
          const profile: Profile = { ...draft, engagement }
          return [{ profile, revision }]
        })
        const outcomes = yield* index.bulk(writes)
        const lost = new Set(
          writes.flatMap(({ profile }, place) => (outcomes[place] === "written" ? [] : [profile.id]))
        )
        return { merged, lost }
      })

    const apply = Effect.fn("IndexProfiles.apply")(function* (batch: ProfilesDiscovered) {
      let pending: ReadonlyMap<ProfileId, ReadonlyArray<Observation>> = byAccount(batch.observations)
      const counts = { created: 0, updated: 0, unchanged: 0 }
      for (let attempt = 0; attempt < maxRounds && pending.size > 0; attempt++) {
        const { merged, lost } = yield* round(pending)
        let counted = 0
        for (const { draft, outcomes } of merged) {
          if (lost.has(draft.id)) continue
          for (const outcome of outcomes) counts[outcome]++
          counted += outcomes.length
        }
        const settled = [...pending]
          .filter(([id]) => !lost.has(id))
          .flatMap(([, observations]) => observations)
        counts.unchanged += settled.length - counted
        pending = new Map([...pending].filter(([id]) => lost.has(id)))
      }
      if (pending.size > 0) {
        return yield* new Retry({
          reason: `${pending.size} profiles were written by others at the same time`
        })
      }
      return counts satisfies AppliedCounts
    })

    return {
      apply: (batch: ProfilesDiscovered): Effect.Effect<AppliedCounts, Retry | Reject> =>
        apply(batch).pipe(
          Effect.catchTags({
            // What the index can never take waits for a person, not for another try.
            StorageError: (error): Effect.Effect<never, Retry | Reject> =>
              error.reason === "corrupt"
                ? new Reject({ reason: error.message })
                : new Retry({ reason: error.message, outage: error.reason !== "conflict" }),
            AnalyticsUnavailable: ({ cause, refused }) =>
              new Retry({ reason: `Analytics did not answer: ${String(cause)}`, outage: refused !== true })
          })
        )
    }
  })
}) {}
