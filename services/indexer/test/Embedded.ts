import { join } from "node:path"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import type { ProfilesDiscovered } from "@influscope/domain/Events"
import { computeEngagement } from "@influscope/domain/engagement/Formulas"
import type { Observation, ProfileFields } from "@influscope/domain/Observation"
import type { Profile } from "@influscope/domain/Profile"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { EngagementAnalytics } from "@influscope/ports/EngagementAnalytics"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { IndexProfiles } from "../src/IndexProfiles.ts"

export const searchIndex = (directory: string) => EmbeddedSearchIndex.layer(join(directory, "profiles.db"))

export const freshIndex = Layer.unwrapScoped(Effect.map(temporaryDirectory, searchIndex))

/** The published formulas, in this process. */
export const analytics = Layer.succeed(EngagementAnalytics, {
  computeBatch: (inputs) =>
    Effect.sync(() => inputs.map(({ fields, platform }) => computeEngagement(platform, fields)))
})

export const idOf = (handle: string) => makeProfileId("instagram", handle)

/** A statement about an account; `ingestedAt` and `ordinal` together are its identity. */
export const observe = (
  handle: string,
  fields: ProfileFields,
  changes: Partial<Pick<Observation, "observedAt" | "ingestedAt" | "ordinal" | "source">> = {}
): Observation => ({
  id: idOf(handle),
  platform: "instagram",
  handle,
  source: "test",
  observedAt: 100,
  ingestedAt: 1_000,
  ordinal: 0,
  fields,
  ...changes
})

export const batchOf = (observations: ReadonlyArray<Observation>, id = "batch"): ProfilesDiscovered => {
  if (!Arr.isNonEmptyReadonlyArray(observations)) throw new RangeError("a batch has at least one statement")
  return { version: 1, id, job: null, observations }
}

/** Every stored profile, by id. */
export const allProfiles = Effect.flatMap(SearchIndex, (index) =>
  Effect.map(Stream.runCollect(index.all), (all) => Chunk.toReadonlyArray(all).map(({ profile }) => profile))
)

export const stored = (handle: string) =>
  Effect.flatMap(SearchIndex, (index) =>
    Effect.map(index.getMany([idOf(handle)]), ([found]) => Option.getOrUndefined(found ?? Option.none()))
  )

/** The stored profile, or undefined where there is none. */
export const profileOf = (handle: string) =>
  Effect.map(stored(handle), (found) => (found?._tag === "Present" ? found.profile : undefined))

/** What a profile says, without the notes on the order in which it was told. */
export const content = (profile: Profile) => {
  const { firstIngestedAt: _, firstOrdinal: __, restated: ___, ...rest } = profile
  return rest
}

export const onFreshIndex = IndexProfiles.Default.pipe(Layer.provideMerge(Layer.merge(freshIndex, analytics)))

export const apply = (...observations: ReadonlyArray<Observation>) =>
  Effect.flatMap(IndexProfiles, (indexer) => indexer.apply(batchOf(observations)))

export const counts = (created: number, updated = 0, unchanged = 0): AppliedCounts => ({
  created,
  updated,
  unchanged
})

export const total = ({ created, unchanged, updated }: AppliedCounts): number => created + updated + unchanged
