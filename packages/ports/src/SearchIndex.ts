import type { Profile } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import type { SearchQuery, SearchResult } from "@influscope/domain/Search"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { StorageError } from "./StorageError.ts"

/** A stored profile and the revision of this very version of it. */
export interface StoredProfile {
  readonly _tag: "Present"
  readonly profile: Profile
  readonly revision: string
}

/** A profile deleted at `deletedAt` (epoch ms): statements ingested before then must not bring it back. */
export interface DeletedProfile {
  readonly _tag: "Deleted"
  readonly deletedAt: number
  readonly revision: string
}

export interface ProfileWrite {
  readonly profile: Profile
  /** Revision read before (also of a deleted profile), or undefined when the id had never been there. */
  readonly revision: string | undefined
}

/** `conflict`: somebody wrote this id since it was read; nothing was written for it. Read it again. */
export type WriteOutcome = "written" | "conflict"

/** A cursor that does not belong to this query, or is not one of ours. */
export class InvalidCursor extends Data.TaggedError("InvalidCursor")<{ readonly detail: string }> {}

/**
 * Full-text and faceted search over profiles, and the place where profiles are kept. A write is durable when it succeeds
 * and `getMany` sees it at once; searches and counts see it within a second or two, or when `refresh` has succeeded.
 */
export class SearchIndex extends Context.Tag("@influscope/ports/SearchIndex")<
  SearchIndex,
  {
    /** In the order of the ids. */
    readonly getMany: (
      ids: ReadonlyArray<ProfileId>
    ) => Effect.Effect<ReadonlyArray<Option.Option<StoredProfile | DeletedProfile>>, StorageError>
    /** Each write stands alone: its outcome is at its place in the answer. Ids are distinct. */
    readonly bulk: (
      writes: ReadonlyArray<ProfileWrite>
    ) => Effect.Effect<ReadonlyArray<WriteOutcome>, StorageError>
    /** Makes visible to searches and counts whatever anybody wrote before. */
    readonly refresh: Effect.Effect<void, StorageError>
    /** Leaves a tombstone stamped `deletedAt`, and searches do not find the profile any more; false when there is no such profile. */
    readonly delete: (id: ProfileId, deletedAt: number) => Effect.Effect<boolean, StorageError>
    readonly search: (query: SearchQuery) => Effect.Effect<SearchResult, InvalidCursor | StorageError>
    readonly count: Effect.Effect<number, StorageError>
    /** Every profile stored before, by id. */
    readonly all: Stream.Stream<StoredProfile, StorageError>
  }
>() {}
