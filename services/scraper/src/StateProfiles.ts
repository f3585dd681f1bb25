import type { GivenProfile, GivenProfiles } from "@influscope/domain/api/ProfilesApi"
import type { ProfileFields } from "@influscope/domain/Observation"
import { normalizeHandle } from "@influscope/domain/ProfileId"
import { InvalidHandle, PipelineBusy, Profiles } from "@influscope/ports/Profiles"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Ids } from "./Ids.ts"
import { PublishProfiles } from "./PublishProfiles.ts"
import type { ScrapedProfile } from "./Sources.ts"

const scraped = (given: GivenProfile, place: number): Effect.Effect<ScrapedProfile, InvalidHandle> => {
  const { platform, handle: raw, observedAt, ...rest } = given
  const fields: ProfileFields = rest
  return Option.match(normalizeHandle(raw), {
    onNone: () =>
      Effect.fail(
        new InvalidHandle({ place, detail: `"${raw}" cannot be a handle: no blanks and none of : / \\ ? #` })
      ),
    onSome: (handle) =>
      Effect.succeed({ platform, handle, fields, observedAt: observedAt?.getTime(), avatar: undefined })
  })
}

/** Takes what callers state about accounts into the pipeline. */
export const ProfilesLive = Layer.effect(
  Profiles,
  Effect.gen(function* () {
    const publishing = yield* PublishProfiles
    const ids = yield* Ids

    const state = Effect.fn("StateProfiles.state")(function* (given: typeof GivenProfiles.Type) {
      const profiles = yield* Effect.forEach(given.profiles, scraped)
      if (!(yield* publishing.hasRoom)) return yield* new PipelineBusy()
      const ingestedAt = yield* ids.ingestedAt
      const batch = yield* ids.make("api", ingestedAt)
      const published = yield* publishing.publish(profiles, {
        batch,
        job: undefined,
        source: given.source,
        observedAt: given.observedAt?.getTime() ?? ingestedAt,
        ingestedAt,
        firstOrdinal: 0
      })
      return { batch, accepted: published.length, ids: published }
    })

    return { state }
  })
)
