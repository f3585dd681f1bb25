import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type FoundProfile, type Source, Sources } from "../Sources.ts"
import { avatarPng } from "../synthetic/Avatar.ts"
import { generateProfile } from "../synthetic/Profiles.ts"

/** Profiles made in one go: a few milliseconds with their avatars, so that others of the process get their turn. */
const atOnce = 25

const found = (seed: number, place: number): FoundProfile => {
  const { fields, handle, platform } = generateProfile(seed, place)
  return {
    place,
    platform,
    handle,
    fields,
    observedAt: undefined,
    avatar: { bytes: avatarPng(`${platform}:${handle}`), contentType: "image/png" }
  }
}

/** Invented creators, for demonstrations and load: profile `offset` to `offset + count` of the world of a seed. */
export const syntheticSource: Source = {
  name: "synthetic",
  discover: ({ count, offset, seed }) =>
    Stream.unfoldChunkEffect(offset, (from) =>
      Effect.sync(() => {
        const size = Math.min(atOnce, offset + count - from)
        if (size <= 0) return Option.none()
        const made = Chunk.makeBy(size, (at) => found(seed, from + at))
        return Option.some([made, from + size] as const)
      }).pipe(Effect.zipLeft(Effect.yieldNow()))
    )
}

export const SyntheticSource = Layer.scopedDiscard(
  Effect.flatMap(Sources, ({ register }) => register(syntheticSource))
)
