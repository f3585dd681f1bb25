import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StorageError } from "./StorageError.ts"

const ids = Schema.optionalWith(Schema.Array(InfluencerId), { exact: true })

/** What those who collect have come to know of influencers; what is absent is about nobody. */
export const CollectionNotes = Schema.Struct({
  /** They have new figures in the time series. */
  changed: ids,
  /** Their new figures are history that somebody gave us. */
  given: ids,
  /** There are more with given history than could be named. */
  moreGiven: Schema.optionalWith(Schema.Boolean, { exact: true }),
  /** Their provider was asked about them, and knows them, unless they are among those unknown to it. */
  asked: ids,
  unknown: ids
}).annotations({ identifier: "CollectionNotes" })
export type CollectionNotes = typeof CollectionNotes.Type

/** What those who fetch figures and write points tell the one that tracks. */
export class CollectionNotices extends Context.Tag("@influscope/ports/CollectionNotices")<
  CollectionNotices,
  {
    /** Counts slots for which there will never be a point: durably, when it succeeds; more than once, when it is repeated. */
    readonly missed: (slots: number) => Effect.Effect<void, StorageError>
    /**
     * Tells something that need not arrive: it is remembered in memory only. Whoever was not told of has a turn with the next
     * point; growth is told the next day all the same, and the tracker's next start looks at the rules of everybody.
     */
    readonly note: (notes: CollectionNotes) => Effect.Effect<void>
  }
>() {}
