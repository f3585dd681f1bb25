import type { GivenProfile, GivenProfiles } from "@influscope/domain/api/ProfilesApi"
import { InvalidHandle, PipelineBusy, Profiles } from "@influscope/ports/Profiles"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Ids } from "./Ids.ts"
import { PublishProfiles } from "./PublishProfiles.ts"
import { fromGiven, type ScrapedProfile } from "./Sources.ts"

const scraped = (given: GivenProfile, place: number): Effect.Effect<ScrapedProfile, InvalidHandle> =>
  Option.match(fromGiven(given), {
    onNone: () =>
      Effect.fail(
        new InvalidHandle({
          place,
          detail: `"${given.handle}" cannot be a handle: no blanks and none of : / \\ ? #`
        })
      ),
    onSome: Effect.succeed
  })

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
