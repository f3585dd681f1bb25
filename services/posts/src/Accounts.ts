import type { ProfileFields } from "@influscope/domain/Observation"
import type { ProfileId } from "@influscope/domain/ProfileId"
import type { SearchIndex } from "@influscope/ports/SearchIndex"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** What is known of accounts: nothing of those that have no profile. */
export const accountsOf = (
  index: SearchIndex["Type"],
  ids: ReadonlyArray<ProfileId>
): Effect.Effect<ReadonlyMap<ProfileId, ProfileFields>, StorageError> =>
  Effect.map(
    index.getMany(ids),
    (entries) =>
      new Map(
        entries.flatMap((entry) =>
          Option.isSome(entry) && entry.value._tag === "Present"
            ? [[entry.value.profile.id, entry.value.profile.fields] as const]
            : []
        )
      )
  )
