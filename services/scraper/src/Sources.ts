import type { DiscoveryParams } from "@influscope/domain/api/OperationsApi"
import type { GivenProfile } from "@influscope/domain/api/ProfilesApi"
import type { ProfileFields } from "@influscope/domain/Observation"
import type { Platform } from "@influscope/domain/Platform"
import type { Provenance } from "@influscope/domain/Profile"
import { normalizeHandle } from "@influscope/domain/ProfileId"
import { UnknownSource } from "@influscope/ports/Discoveries"
import type { StoredObject } from "@influscope/ports/ObjectStore"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

/** What a source says about one account, now or at `observedAt` (epoch ms). The handle is normalized. */
export interface ScrapedProfile {
  readonly platform: Platform
  readonly handle: string
  readonly fields: ProfileFields
  readonly observedAt: number | undefined
  readonly avatar: StoredObject | undefined
  /** Who said so when, where that is not the source of the whole: of what was known elsewhere before. */
  readonly said?: Pick<Provenance, "source" | "ingestedAt" | "ordinal">
}

/** A profile and its place in the source's sequence, from 0: who goes on behind it asks for `offset` place + 1. */
export interface FoundProfile extends ScrapedProfile {
  readonly place: number
}

/** What a caller states about an account, as a profile; none when the handle cannot be one. */
export const fromGiven = (given: GivenProfile): Option.Option<ScrapedProfile> => {
  const { handle: raw, observedAt, platform, ...fields } = given
  return Option.map(normalizeHandle(raw), (handle) => ({
    platform,
    handle,
    fields,
    observedAt: observedAt?.getTime(),
    avatar: undefined
  }))
}

/** A source stopped: what happened, in a sentence for the person who started it. */
export class SourceFailed extends Data.TaggedError("SourceFailed")<{
  readonly source: string
  readonly detail: string
}> {}

/**
 * Finds profiles. Everything it yields has been decoded, in the order of its places, and lies at the places `offset` to
 * `offset + count` of the source's sequence; a place that holds nothing usable is passed over.
 */
export interface Source {
  readonly name: string
  readonly discover: (params: DiscoveryParams) => Stream.Stream<FoundProfile, SourceFailed>
}

/** The sources there are. A source registers itself in its own layer: a new one is one file and one line in `sources/All.ts`. */
export class Sources extends Effect.Service<Sources>()("@influscope/scraper/Sources", {
  effect: Effect.gen(function* () {
    const sources = yield* Ref.make<ReadonlyMap<string, Source>>(new Map())

    const register = (source: Source): Effect.Effect<void, never, Scope.Scope> =>
      Effect.acquireRelease(
        Ref.update(sources, (all) => new Map(all).set(source.name, source)),
        () => Ref.update(sources, (all) => new Map([...all].filter(([name]) => name !== source.name)))
      )

    const get = (name: string): Effect.Effect<Source, UnknownSource> =>
      Effect.flatMap(Ref.get(sources), (all) => {
        const source = all.get(name)
        return source === undefined
          ? Effect.fail(new UnknownSource({ source: name, known: [...all.keys()].sort() }))
          : Effect.succeed(source)
      })

    return { register, get }
  })
}) {}
