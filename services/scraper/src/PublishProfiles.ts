import { type ProfilesDiscovered, profilesDiscovered } from "@influscope/domain/Events"
import {
  type FieldName,
  fieldNames,
  type Observation,
  type ProfileFields
} from "@influscope/domain/Observation"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { batchBytes, splitBySize } from "@influscope/pipeline/BatchSize"
import { Publisher } from "@influscope/pipeline/Publisher"
import { ObjectStore } from "@influscope/ports/ObjectStore"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { ScrapedProfile } from "./Sources.ts"

/** What all profiles of a batch have in common. */
export interface BatchContext {
  /** Unique per batch and the same on every attempt to publish it. */
  readonly batch: string
  readonly job: string | undefined
  readonly source: string
  /** Epoch ms; for profiles that do not say it themselves. */
  readonly observedAt: number
  readonly ingestedAt: number
  /** Place of the batch's first profile in its job. */
  readonly firstOrdinal: number
}

const avatarKeyOf = (profile: ScrapedProfile): string => {
  const hash = new Bun.CryptoHasher("sha256").update(`${profile.platform}:${profile.handle}`).digest("hex")
  return `avatars/${profile.platform}/${hash.slice(0, 2)}/${hash.slice(0, 32)}`
}

/** About the bytes of an observation's JSON, rather too many than too few. Cheap: nearly no batch comes near the limit. */
const roughSize = ({ source, handle, fields }: Observation): number => {
  const text =
    (fields.name ?? "") + (fields.bio ?? "") + (fields.url ?? "") + (fields.categories ?? []).join("    ")
  return 500 + 2 * Buffer.byteLength(text) + source.length + 6 * handle.length
}

type MutableFields = { -readonly [K in FieldName]?: ProfileFields[K] }

/** The fields that no later statement gives another value; adds them to what later statements say. */
const uncorrected = (fields: ProfileFields, later: Map<FieldName, string>): ProfileFields => {
  const kept: MutableFields = {}
  const keep = <K extends FieldName>(name: K, value: ProfileFields[K]): void => {
    if (value === undefined) return
    const text = JSON.stringify(value)
    if ((later.get(name) ?? text) !== text) return
    later.set(name, text)
    kept[name] = value
  }
  for (const name of fieldNames) keep(name, fields[name])
  return kept
}

/**
 * Of several statements of a batch about one account at one moment the last counts. What it corrects is not stated at
 * all: told again, the batch would otherwise change the profile and change it back.
 */
const withoutCorrected = (observations: ReadonlyArray<Observation>): ReadonlyArray<Observation> => {
  const laterOf = new Map<string, Map<FieldName, string>>()
  if (new Set(observations.map(({ id }) => id)).size === observations.length) return observations
  return observations
    .toReversed()
    .map((observation) => {
      const key = `${observation.id} ${observation.observedAt}`
      const later = laterOf.get(key) ?? new Map<FieldName, string>()
      laterOf.set(key, later)
      return { ...observation, fields: uncorrected(observation.fields, later) }
    })
    .toReversed()
}

/** The statements that a batch of profiles makes. `avatarKeys` stand at the places of their profiles. */
export const observationsOf = (
  profiles: ReadonlyArray<ScrapedProfile>,
  context: BatchContext,
  avatarKeys: ReadonlyArray<string | undefined> = []
): ReadonlyArray<Observation> => {
  const observations = profiles.map((profile, place) => {
    const avatarKey = avatarKeys[place]
    return {
      id: makeProfileId(profile.platform, profile.handle),
      platform: profile.platform,
      handle: profile.handle,
      source: profile.said?.source ?? context.source,
      observedAt: profile.observedAt ?? context.observedAt,
      ingestedAt: profile.said?.ingestedAt ?? context.ingestedAt,
      ordinal: profile.said?.ordinal ?? context.firstOrdinal + place,
      fields: avatarKey === undefined ? profile.fields : { ...profile.fields, avatarKey }
    }
  })
  return withoutCorrected(observations)
}

/**
 * Hands a batch of profiles to the pipeline: the avatars go to the object store first, so that no profile ever points
 * at an avatar that is not there; then the batch is published. Publishing the same batch again changes nothing.
 */
export class PublishProfiles extends Effect.Service<PublishProfiles>()(
  "@influscope/scraper/PublishProfiles",
  {
    effect: Effect.gen(function* () {
      const objects = yield* ObjectStore
      const publisher = yield* Publisher
      const maxBytes = yield* batchBytes

      const keepAvatar = (profile: ScrapedProfile) =>
        Effect.gen(function* () {
          if (profile.avatar === undefined) return undefined
          const key = avatarKeyOf(profile)
          yield* objects.put(key, profile.avatar)
          return key
        })

      const publish = Effect.fn("PublishProfiles.publish")(function* (
        profiles: ReadonlyArray<ScrapedProfile>,
        context: BatchContext
      ) {
        // Files carry no avatars: a fiber for each of their rows would do nothing.
        const keys = profiles.some(({ avatar }) => avatar !== undefined)
          ? yield* Effect.forEach(profiles, keepAvatar, { concurrency: 16 })
          : []
        const observations = observationsOf(profiles, context, keys)
        yield* Effect.forEach(splitBySize(observations, roughSize, maxBytes), (part, place) => {
          if (!Arr.isNonEmptyReadonlyArray(part)) return Effect.void
          const id = place === 0 ? context.batch : `${context.batch}.${place}`
          const event: ProfilesDiscovered = { version: 1, id, job: context.job ?? null, observations: part }
          return publisher.publish(profilesDiscovered, event, { items: part.length, job: context.job })
        })
        return observations.map((observation) => observation.id)
      })

      return {
        publish,
        awaitRoom: publisher.awaitRoom(profilesDiscovered.name),
        hasRoom: publisher.hasRoom(profilesDiscovered.name)
      }
    })
  }
) {}
