import type { Observation } from "@influscope/domain/Observation"
import { type MergeOutcome, mergeObservation, type ProfileDraft } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import type { SearchIndex } from "@influscope/ports/SearchIndex"
import type { StorageError } from "@influscope/ports/StorageError"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Accounts a preview remembers, so that repeats within a file are told from new ones; later ones are judged alone. */
const maxRemembered = 200_000

export type Preview = (
  observations: ReadonlyArray<Observation>
) => Effect.Effect<Readonly<Record<MergeOutcome, number>>, StorageError>

/** What an import would do, without doing it: the same merge as the indexer's against what is known now. */
export const makePreview = (index: Context.Tag.Service<SearchIndex>): Preview => {
  const seen = new Map<ProfileId, ProfileDraft>()

  return (observations) =>
    Effect.gen(function* () {
      const counts: Record<MergeOutcome, number> = { created: 0, updated: 0, unchanged: 0 }
      const unseen = [...new Set(observations.map(({ id }) => id))].filter((id) => !seen.has(id))
      const known = yield* index.getMany(unseen)
      const local = new Map<ProfileId, ProfileDraft>()
      for (const [place, id] of unseen.entries()) {
        const entry = known[place] ?? Option.none()
        if (Option.isSome(entry) && entry.value._tag === "Present") local.set(id, entry.value.profile)
      }
      for (const observation of observations) {
        const merged = mergeObservation(seen.get(observation.id) ?? local.get(observation.id), observation)
        counts[merged.outcome]++
        const remember = seen.has(observation.id) || seen.size < maxRemembered
        const memory = remember ? seen : local
        memory.set(observation.id, merged.profile)
      }
      return counts
    })
}
