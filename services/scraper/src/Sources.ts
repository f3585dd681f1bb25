import type { DiscoveryParams } from "@influscope/domain/api/OperationsApi"
import type { ProfileFields } from "@influscope/domain/Observation"
import type { Platform } from "@influscope/domain/Platform"
import { UnknownSource } from "@influscope/ports/Discoveries"
import type { StoredObject } from "@influscope/ports/ObjectStore"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
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
}

/** A source stopped: what happened, in a sentence for the person who started it. */
export class SourceFailed extends Data.TaggedError("SourceFailed")<{
  readonly source: string
  readonly detail: string
}> {}

/** Finds profiles. Everything it yields has been decoded; `offset` and `count` of the parameters bound what it yields. */
export interface Source {
  readonly name: string
  readonly discover: (params: DiscoveryParams) => Stream.Stream<ScrapedProfile, SourceFailed>
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
