import type { Profile } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import type { SearchHit, SearchQuery, SearchResult } from "@influscope/domain/Search"
import { type InvalidCursor, type ProfileWrite, SearchIndex } from "@influscope/ports/SearchIndex"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { decodeCursor, encodeCursor } from "./Cursor.ts"
import { Highlighter } from "./Highlighter.ts"
import { type Found, type IndexedProfile, MemoryIndex } from "./MemoryIndex.ts"
import { openProfileStore, type ProfileStore } from "./ProfileStore.ts"
import { captureSnapshot, readSnapshot, writeSnapshot } from "./Snapshot.ts"
import { toHit } from "./ToHit.ts"

/** Rows taken from the store at a time while the index is built. */
const buildPage = 2_000
const streamPage = 500

const upkeepInterval = Duration.seconds(1)
/** A snapshot is written after so many writes, or so large a share of all profiles: what a restart has to redo. */
const snapshotWrites = 25_000
const snapshotShare = 0.25
/** Fewer writes than this wait for the close: they are redone in no time. */
const snapshotLeast = 1_000

const toHits = (found: Found, profiles: ReadonlyArray<Profile | undefined>): ReadonlyArray<SearchHit> => {
  const highlighter = new Highlighter(found.text, found.typos)
  return found.hits.flatMap(({ score }, at) => {
    const profile = profiles[at]
    if (profile === undefined) return []
    return [toHit(profile, score, found.text.words.length === 0 ? [] : highlighter.highlights(profile))]
  })
}

/** Brings the index up to the store's present state from the state at a revision. */
const catchUp = (
  index: MemoryIndex,
  store: ProfileStore,
  since: number
): Effect.Effect<number, StorageError> =>
  Effect.gen(function* () {
    let revision = since
    let count = 0
    for (;;) {
      const changes = yield* store.changes(revision, buildPage)
      const last = changes[changes.length - 1]
      if (last === undefined) return count
      const present: Array<IndexedProfile> = []
      for (const { row, profile } of changes)
        if (profile === undefined) index.remove(row)
        else present.push({ row, profile })
      index.upsert(present)
      revision = last.revision
      count += changes.length
      yield* Effect.yieldNow()
    }
  })

/** The index as of a snapshot that can be trusted, or an empty one. */
const restore = (
  path: string,
  store: ProfileStore
): Effect.Effect<{ readonly index: MemoryIndex; readonly revision: number }, StorageError> =>
  readSnapshot(path).pipe(
    Effect.catchTag("BadSnapshot", (error) =>
      Effect.logWarning("the search index is built anew from the stored profiles", error).pipe(
        Effect.as(Option.none())
      )
    ),
    Effect.flatMap((snapshot) =>
      Effect.gen(function* () {
        if (Option.isNone(snapshot)) return { index: new MemoryIndex(), revision: 0 }
        const { parts, moment } = snapshot.value
        if (yield* store.continues(moment))
          return { index: new MemoryIndex(parts), revision: moment.revision }
        yield* Effect.logWarning(
          "the search snapshot belongs to another state of the profiles and is built anew"
        )
        return { index: new MemoryIndex(), revision: 0 }
      })
    )
  )

/** Keeps the snapshot near the present and merges segments while nobody writes. */
const upkeep = (
  index: MemoryIndex,
  store: ProfileStore,
  snapshot: Effect.Effect<void>,
  saved: () => number
): Effect.Effect<never> =>
  Effect.gen(function* () {
    let seen = store.moment().revision
    for (;;) {
      yield* Effect.sleep(upkeepInterval)
      const { revision } = store.moment()
      const quiet = revision === seen
      seen = revision
      while (quiet && store.moment().revision === seen && index.tidy())
        yield* Effect.sleep(Duration.millis(1))
      const unsaved = revision - saved()
      const worth = Math.max(snapshotWrites, index.size * snapshotShare)
      if (unsaved >= worth || (quiet && unsaved >= snapshotLeast)) yield* snapshot
    }
  })

const make = (path: string): Effect.Effect<typeof SearchIndex.Service, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* openProfileStore(path)
    const snapshotPath = `${path}.index`
    const restored = yield* restore(snapshotPath, store)
    const { index } = restored
    yield* catchUp(index, store, restored.revision)
    let savedRevision = restored.revision

    const writing = yield* Effect.makeSemaphore(1)
    const capture = writing.withPermits(1)(Effect.sync(() => captureSnapshot(index.parts, store.moment())))
    const snapshot = Effect.gen(function* () {
      if (store.moment().revision === savedRevision) return
      const content = yield* capture
      yield* writeSnapshot(snapshotPath, content)
      savedRevision = content.moment.revision
    }).pipe(
      Effect.catchTag("SnapshotNotWritten", (error) =>
        Effect.logWarning("the next start will take longer", error)
      ),
      Effect.uninterruptible
    )
    // The upkeep ends before the last snapshot, and that before the store is closed.
    yield* Effect.addFinalizer(() => snapshot)
    yield* upkeep(index, store, snapshot, () => savedRevision).pipe(Effect.forkScoped)

    /** Store and index change together: no other write comes between, and no interruption. */
    const exclusively = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.uninterruptible(writing.withPermits(1)(effect))

    const bulk = Effect.fn("SearchIndex.bulk")(function* (writes: ReadonlyArray<ProfileWrite>) {
      const { outcomes, written } = yield* exclusively(
        Effect.tap(store.bulk(writes), (result) => Effect.sync(() => index.upsert(result.written)))
      )
      yield* Effect.annotateCurrentSpan({ writes: writes.length, written: written.length })
      return outcomes
    })

    const remove = Effect.fn("SearchIndex.delete")(function* (id: ProfileId, deletedAt: number) {
      const row = yield* exclusively(
        Effect.tap(store.delete(id, deletedAt), (deleted) =>
          Effect.sync(() => Option.map(deleted, (found) => index.remove(found)))
        )
      )
      return Option.isSome(row)
    })

    const search = Effect.fn("SearchIndex.search")(function* (
      query: SearchQuery
    ): Effect.fn.Return<SearchResult, InvalidCursor | StorageError> {
      const started = yield* Clock.currentTimeNanos
      const after = yield* decodeCursor(query)
      const found = index.search(query, after)
      const profiles = yield* store.read(found.hits.map((hit) => hit.row))
      const hits = toHits(found, profiles)
      return {
        total: found.total,
        hits,
        facets: found.facets,
        nextCursor: found.end === undefined ? null : encodeCursor(query, found.end),
        tookMs: Number((yield* Clock.currentTimeNanos) - started) / 1e6
      }
    })

    const all = Stream.paginateChunkEffect("", (after) =>
      Effect.map(store.page(after, streamPage), (profiles) => {
        const last = profiles[profiles.length - 1]
        const next = last === undefined ? Option.none() : Option.some<string>(last.profile.id)
        return [Chunk.unsafeFromArray(profiles), next] as const
      })
    )

    return {
      getMany: store.getMany,
      bulk,
      // Writes are visible when they succeed.
      refresh: Effect.void,
      delete: remove,
      search,
      count: Effect.sync(() => index.size),
      all
    }
  })

/**
 * The search index of the embedded runtime: profiles in the SQLite file at `path`, searched in memory. A snapshot of the
 * index beside it (`<path>.index`) makes the start fast; without one, or with one that is damaged or too old, the index
 * is built from the file. One process at a time. Closing the scope writes the snapshot.
 */
export const layer = (path: string): Layer.Layer<SearchIndex, StorageError> =>
  Layer.scoped(SearchIndex, make(path).pipe(Effect.withSpan("SearchIndex.open", { attributes: { path } })))
