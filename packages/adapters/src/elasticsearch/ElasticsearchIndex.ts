import type { estypes } from "@elastic/elasticsearch"
import type { Profile } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import type { SearchHit, SearchQuery, SearchResult } from "@influscope/domain/Search"
import {
  type DeletedProfile,
  type InvalidCursor,
  type ProfileWrite,
  SearchIndex,
  type StoredProfile,
  type WriteOutcome
} from "@influscope/ports/SearchIndex"
import { StorageError } from "@influscope/ports/StorageError"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberHandle from "effect/FiberHandle"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { popularityOf } from "../search/Columns.ts"
import { decodeCursor, encodeCursor, type PageEnd } from "../search/Cursor.ts"
import { Highlighter } from "../search/Highlighter.ts"
import { parseQuery, type QueryText } from "../search/QueryWords.ts"
import type { MatchMode } from "../search/TextMatch.ts"
import { toHit } from "../search/ToHit.ts"
import { type BulkItem, writeAll } from "./BulkWriter.ts"
import { type Cluster, connect } from "./Cluster.ts"
import { ensure } from "./Generations.ts"
import {
  documentOf,
  type StoredSource,
  shownProfile,
  storedFields,
  storedProfile,
  tombstoneOf
} from "./IndexedDocument.ts"
import { documentVersion } from "./Mapping.ts"
import { makeRefresher } from "./Refresher.ts"
import {
  createAlias,
  formatRevision,
  generationOf,
  parseRevision,
  versionOf,
  writeAlias
} from "./Revision.ts"
import { type Counted, facetsOf, modesRequest, pageRequests, positionOf, scoreOf } from "./SearchRequest.ts"
import { type Settings, settingsConfig } from "./Settings.ts"
import { modesOf } from "./TextQuery.ts"

/** Without a write for so long, what was written is made visible. */
const quiet = "300 millis"
const streamPage = 500
const pointInTimeLife = "1m"
/** Rounds against writers of the same profile before a deletion gives up. */
const maxDeleteRounds = 20

type Found = estypes.SearchResponse<StoredSource, Readonly<Record<string, Counted>>>
type Hit = estypes.SearchHit<StoredSource>

const corrupt = (operation: string, cause: unknown) =>
  new StorageError({ reason: "corrupt", operation, cause })

const profileOf = (
  operation: string,
  source: StoredSource | undefined
): Effect.Effect<Profile, StorageError> =>
  Effect.try({
    try: () => storedProfile(source),
    catch: (cause) => corrupt(operation, cause)
  })

/** The hits that fit on a page, and the last of them if more follow. */
interface Shown {
  readonly hits: ReadonlyArray<SearchHit>
  readonly last: Hit | undefined
}

const shownOf = (
  found: Found,
  limit: number,
  text: QueryText,
  mode: MatchMode
): Either.Either<Shown, StorageError> => {
  const all = found.hits.hits
  const shown = all.slice(0, limit)
  const highlighter = new Highlighter(text, mode.typos)
  const hasText = text.words.length > 0
  const hitOf = (hit: Hit): SearchHit => {
    const profile = shownProfile(hit._source)
    const score = scoreOf(hasText ? (hit._score ?? 0) : 0, popularityOf(profile.fields.followers))
    return toHit(profile, score, hasText ? highlighter.highlights(profile) : [])
  }
  return Either.try({
    try: () => ({ hits: shown.map(hitOf), last: all.length > limit ? shown[shown.length - 1] : undefined }),
    catch: (cause) => corrupt("SearchIndex.search", cause)
  })
}

const countsOf = ({ aggregations, hits: { total } }: Found) => ({
  total: typeof total === "number" ? total : (total?.value ?? 0),
  facets: facetsOf(aggregations)
})

interface Versioned {
  readonly _index: string
  readonly _seq_no?: number
  readonly _primary_term?: number
}

const make = (settings: Settings): Effect.Effect<typeof SearchIndex.Service, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const { alias } = settings
    const cluster: Cluster = yield* connect(settings)
    const { generation: ownGeneration } = yield* ensure(cluster, alias).pipe(
      Effect.retry({
        while: (error) => error.reason === "unavailable",
        schedule: Schedule.spaced("500 millis").pipe(Schedule.upTo(settings.startTimeout))
      })
    )
    const refresh = yield* makeRefresher(
      Effect.asVoid(
        cluster.write("SearchIndex.refresh", (client, options) =>
          client.indices.refresh({ index: alias }, options)
        )
      )
    )

    const waiting = yield* FiberHandle.make<void>()
    // Each write puts it off: while an import goes on, the index's own interval makes its profiles visible.
    const refreshSoon = FiberHandle.run(
      waiting,
      refresh.pipe(
        Effect.catchTag("StorageError", (error) =>
          Effect.logWarning("Searches see the last writes a little later", error.message)
        ),
        Effect.delay(quiet)
      )
    )

    /** A program that has been overtaken by a reindex must not write documents of its own version beside the new ones. */
    const revisionOf = ({
      _index,
      _primary_term,
      _seq_no
    }: Versioned): Effect.Effect<string, StorageError> => {
      const generation = generationOf(alias, _index)
      return generation !== undefined && versionOf(generation) === documentVersion
        ? Effect.succeed(
            formatRevision({ generation, sequenceNumber: _seq_no ?? 0, primaryTerm: _primary_term ?? 0 })
          )
        : new StorageError({
            reason: "unavailable",
            operation: "SearchIndex.getMany",
            cause: `${_index} does not have documents of version ${documentVersion}: restart with the program that made it`
          })
    }

    const presentOf = (
      operation: string,
      found: Versioned & { readonly _source?: StoredSource }
    ): Effect.Effect<StoredProfile, StorageError> =>
      Effect.zipWith(revisionOf(found), profileOf(operation, found._source), (revision, profile) => ({
        _tag: "Present",
        profile,
        revision
      }))

    const stateOf = (
      found: Versioned & { readonly _source?: StoredSource }
    ): Effect.Effect<StoredProfile | DeletedProfile, StorageError> => {
      const deletedAt = found._source?.deletedAt
      return deletedAt === undefined
        ? presentOf("SearchIndex.getMany", found)
        : Effect.map(revisionOf(found), (revision) => ({ _tag: "Deleted", deletedAt, revision }))
    }

    const getMany = Effect.fn("SearchIndex.getMany")(function* (ids: ReadonlyArray<ProfileId>) {
      if (ids.length === 0) return []
      const { docs } = yield* cluster.read("SearchIndex.getMany", (client, options) =>
        client.mget<StoredSource>({ index: alias, ids: [...ids], _source: storedFields }, options)
      )
      return yield* Effect.forEach(ids, (id, at) => {
        const found = docs[at]
        if (found === undefined || "error" in found) {
          const cause = found === undefined ? `no answer for ${id}` : found.error.reason
          return new StorageError({ reason: "unavailable", operation: "SearchIndex.getMany", cause })
        }
        return found.found ? Effect.map(stateOf(found), Option.some) : Effect.succeedNone
      })
    })

    /** Undefined when the revision is none of ours, and so nobody's. */
    const targetOf = (id: ProfileId, revision: string | undefined): BulkItem["action"] | undefined => {
      if (revision === undefined)
        return { create: { _index: createAlias(alias, ownGeneration), _id: id, require_alias: true } }
      const known = parseRevision(revision)
      return known === undefined
        ? undefined
        : {
            index: {
              _index: writeAlias(alias, known.generation),
              _id: id,
              if_seq_no: known.sequenceNumber,
              if_primary_term: known.primaryTerm,
              require_alias: true
            }
          }
    }

    const bulk = Effect.fn("SearchIndex.bulk")(function* (writes: ReadonlyArray<ProfileWrite>) {
      const items = writes.map(({ profile, revision }): BulkItem | undefined => {
        const action = targetOf(profile.id, revision)
        return action === undefined ? undefined : { action, document: documentOf(profile) }
      })
      const sent = items.filter((item) => item !== undefined)
      const written = yield* writeAll(cluster, "SearchIndex.bulk", sent)
      if (written.includes(true)) yield* refreshSoon
      const outcomeOf = new Map(sent.map((item, at) => [item, written[at] === true]))
      yield* Effect.annotateCurrentSpan({ writes: writes.length })
      return items.map((item): WriteOutcome => {
        return item !== undefined && outcomeOf.get(item) === true ? "written" : "conflict"
      })
    })

    const remove = Effect.fn("SearchIndex.delete")(function* (id: ProfileId, deletedAt: number) {
      for (let round = 0; round < maxDeleteRounds; round++) {
        const [state] = yield* getMany([id])
        if (state === undefined || Option.isNone(state) || state.value._tag === "Deleted") return false
        const action = targetOf(id, state.value.revision)
        if (action === undefined) return yield* corrupt("SearchIndex.delete", "a revision that is none")
        const [written] = yield* writeAll(cluster, "SearchIndex.delete", [
          { action, document: tombstoneOf(id, deletedAt) }
        ])
        if (written !== true) continue
        yield* refresh
        return true
      }
      const cause = `${id} is written by others all the time`
      return yield* new StorageError({ reason: "conflict", operation: "SearchIndex.delete", cause })
    })

    const ask = <A>(
      use: (search: (request: estypes.SearchRequest) => Promise<Found>) => Promise<A>
    ): Effect.Effect<A, StorageError> =>
      cluster.read("SearchIndex.search", (client, options) =>
        use((request) =>
          client.search<StoredSource, Readonly<Record<string, Counted>>>(
            { ...request, index: alias, allow_partial_search_results: false },
            options
          )
        )
      )

    /** The strictest of some modes that finds anything; the filters do not take part. */
    const firstModeThatFinds = (text: QueryText, modes: ReadonlyArray<MatchMode>) =>
      Effect.map(
        ask((search) => search(modesRequest(text, modes))),
        ({ aggregations }) => modes.find((_, at) => (aggregations?.[String(at)]?.doc_count ?? 0) > 0)
      )

    const pageIn = (mode: MatchMode, query: SearchQuery, text: QueryText, after: PageEnd | undefined) =>
      Effect.gen(function* () {
        const { counts, hits } = pageRequests(query, text, mode, after)
        const [shown, counted] = yield* ask((search) =>
          // What comes first is worked on while the other is looked for.
          Promise.all([
            search(hits).then((found) => shownOf(found, query.limit, text, mode)),
            search(counts).then(countsOf)
          ])
        )
        return { mode, ...(yield* shown), ...counted }
      })

    /** A page in the cursor's mode, or in the strictest that finds anything: nearly always the first. */
    const page = (query: SearchQuery, text: QueryText) =>
      Effect.gen(function* () {
        const after = yield* decodeCursor(query)
        const modes = modesOf(text)
        const [strictest] = modes
        const first = yield* pageIn(after?.mode ?? strictest ?? { typos: 0, minWords: 0 }, query, text, after)
        const isFinal = after?.mode !== undefined || modes.length < 2 || first.total > 0
        if (isFinal || text.words.length === 0) return first
        const other = yield* firstModeThatFinds(text, modes)
        return other === undefined || other === strictest ? first : yield* pageIn(other, query, text, after)
      })

    const search = Effect.fn("SearchIndex.search")(function* (
      query: SearchQuery
    ): Effect.fn.Return<SearchResult, InvalidCursor | StorageError> {
      const started = yield* Clock.currentTimeNanos
      const text = parseQuery(query.q)
      const hasText = text.words.length > 0
      const { facets, hits, last, mode, total } = yield* page(query, text)
      return {
        total,
        hits,
        facets,
        nextCursor:
          last === undefined
            ? null
            : encodeCursor(query, {
                position: positionOf(query, hasText, last._source?.id ?? "", last.sort ?? []),
                mode: hasText ? mode : undefined
              }),
        tookMs: Number((yield* Clock.currentTimeNanos) - started) / 1e6
      }
    })

    const count = Effect.map(
      cluster.read("SearchIndex.count", (client, options) =>
        client.count({ index: alias, query: { term: { alive: true } } }, options)
      ),
      (answer) => answer.count
    )

    const pointInTime = Effect.acquireRelease(
      cluster.read("SearchIndex.all", (client, options) =>
        client.openPointInTime({ index: alias, keep_alive: pointInTimeLife }, options)
      ),
      // It ends by itself.
      ({ id }) =>
        Effect.ignore(
          cluster.write("SearchIndex.all", (client, options) => client.closePointInTime({ id }, options))
        )
    )

    const all: Stream.Stream<StoredProfile, StorageError> = Stream.unwrapScoped(
      Effect.map(Effect.zipRight(refresh, pointInTime), (opened) =>
        Stream.paginateChunkEffect({ pit: opened.id, after: "" }, ({ after, pit }) =>
          Effect.gen(function* () {
            const found = yield* cluster.read("SearchIndex.all", (client, options) =>
              client.search<StoredSource>(
                {
                  pit: { id: pit, keep_alive: pointInTimeLife },
                  query: { term: { alive: true } },
                  sort: [{ id: { order: "asc" } }],
                  size: streamPage,
                  track_total_hits: false,
                  allow_partial_search_results: false,
                  seq_no_primary_term: true,
                  _source: storedFields,
                  ...(after === "" ? {} : { search_after: [after] })
                },
                options
              )
            )
            const { hits } = found.hits
            const profiles = yield* Effect.forEach(hits, (hit) => presentOf("SearchIndex.all", hit))
            const last = profiles[profiles.length - 1]
            return [
              Chunk.unsafeFromArray(profiles),
              last === undefined || hits.length < streamPage
                ? Option.none()
                : Option.some({ pit: found.pit_id ?? pit, after: last.profile.id })
            ] as const
          })
        )
      )
    )

    return { getMany, bulk, refresh, delete: remove, search, count, all }
  })

/** The search index in an Elasticsearch cluster, with given settings. */
export const layerWith = (settings: Settings): Layer.Layer<SearchIndex, StorageError> =>
  Layer.scoped(SearchIndex, make(settings).pipe(Effect.withSpan("SearchIndex.open")))

/** The search index in an Elasticsearch cluster, with settings that are found when it is opened. */
export const layerWithEffect = <E>(
  settings: Effect.Effect<Settings, E>
): Layer.Layer<SearchIndex, StorageError | E> => Layer.unwrapEffect(Effect.map(settings, layerWith))

/**
 * The search index in the Elasticsearch cluster that the ELASTICSEARCH_ keys name (see Settings.ts). Waits for a cluster
 * that does not answer yet, makes the index if there is none, and fails with `corrupt` when the index was made for
 * another version of the documents (`influscope reindex`).
 */
export const layer: Layer.Layer<SearchIndex, StorageError | ConfigError.ConfigError> =
  layerWithEffect(settingsConfig)
