import { StorageError } from "@influscope/ports/StorageError"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { type BulkItem, writeAll } from "./BulkWriter.ts"
import { type Cluster, connect } from "./Cluster.ts"
import { aliasesOf, type Current, createIndex, currentOf, ensure, nextGeneration } from "./Generations.ts"
import {
  documentOf,
  type IndexedDocument,
  type StoredSource,
  storedFields,
  storedProfile,
  tombstoneOf
} from "./IndexedDocument.ts"
import { indexSettings } from "./Mapping.ts"
import { indexName } from "./Revision.ts"
import { type Settings, settingsConfig } from "./Settings.ts"

/** `catch-up`: what was written during the copy. `switch`: the last of it, while writes wait. */
export type ReindexPhase = "copy" | "catch-up" | "switch"

export interface ReindexProgress {
  readonly phase: ReindexPhase
  /** Documents copied so far, tombstones and repeated copies included. */
  readonly copied: number
  /** Documents there were at the beginning. */
  readonly total: number
}

export interface ReindexOptions {
  /** Called after each page. */
  readonly onProgress?: (progress: ReindexProgress) => Effect.Effect<void>
  /** Keeps the index that was replaced; else it is deleted. */
  readonly keepOld?: boolean
  /** Throws away what a reindex that was cut off has left. Only when none is running. */
  readonly restart?: boolean
}

export interface ReindexReport {
  readonly from: string
  readonly to: string
  readonly documents: number
  readonly copied: number
  /** How long writes waited, in milliseconds. */
  readonly pausedMs: number
}

const operation = "SearchIndex.reindex"
const pageSize = 500
const pointInTimeLife = "5m"
/** Requests that work on a whole index. */
const longTimeout = Duration.minutes(2)
/** When a round of catching up finds no more than this, the rest is copied while writes wait. */
const fewDocuments = 500
/** Rounds of catching up before writes have to wait, however many there are. */
const maxRounds = 10

/** The documents of a shard whose last write had a higher number than this are still to be copied. */
type Positions = ReadonlyMap<number, number>

const failed = (reason: StorageError["reason"], cause: unknown) =>
  new StorageError({ reason, operation, cause })

const rebuilt = (source: StoredSource | undefined): Effect.Effect<IndexedDocument, StorageError> =>
  Effect.try({
    try: () =>
      source?.deletedAt === undefined
        ? documentOf(storedProfile(source))
        : tombstoneOf(source.id, source.deletedAt),
    catch: (cause) => failed("corrupt", cause)
  })

const refresh = (cluster: Cluster, index: string) =>
  cluster.write(operation, (client, options) => client.indices.refresh({ index }, options), longTimeout)

const countIn = (cluster: Cluster, index: string): Effect.Effect<number, StorageError> =>
  Effect.map(
    cluster.read(operation, (client, options) => client.count({ index }, options)),
    (answer) => answer.count
  )

/** A frozen view of one shard: sequence numbers are the shard's own. */
const shardView = (cluster: Cluster, index: string, shard: number) =>
  Effect.acquireRelease(
    cluster.read(operation, (client, options) =>
      client.openPointInTime({ index, keep_alive: pointInTimeLife, preference: `_shards:${shard}` }, options)
    ),
    // It ends by itself.
    ({ id }) =>
      Effect.ignore(cluster.write(operation, (client, options) => client.closePointInTime({ id }, options)))
  )

/** Copies what a shard has above a position, in the order it was written; answers the new position. */
const copyShard = (
  cluster: Cluster,
  from: string,
  to: string,
  shard: number,
  since: number,
  copied: (count: number) => Effect.Effect<void>
): Effect.Effect<number, StorageError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const view = yield* shardView(cluster, from, shard)
      let position = since
      for (;;) {
        const after = position
        const { hits } = (yield* cluster.read(operation, (client, options) =>
          client.search<StoredSource>(
            {
              pit: { id: view.id, keep_alive: pointInTimeLife },
              query: { range: { _seq_no: { gt: after } } },
              sort: [{ _seq_no: { order: "asc" } }],
              size: pageSize,
              track_total_hits: false,
              allow_partial_search_results: false,
              seq_no_primary_term: true,
              _source: storedFields
            },
            options
          )
        )).hits
        const items = yield* Effect.forEach(hits, (hit) =>
          Effect.map(
            rebuilt(hit._source),
            (document): BulkItem => ({
              action: { index: { _index: to, _id: document.id } },
              document
            })
          )
        )
        const written = yield* writeAll(cluster, operation, items)
        if (written.includes(false)) return yield* failed("conflict", `somebody else writes to ${to}`)
        position = hits[hits.length - 1]?._seq_no ?? position
        yield* copied(items.length)
        if (hits.length < pageSize) return position
      }
    })
  )

const shardsOf = (cluster: Cluster, index: string): Effect.Effect<number, StorageError> =>
  Effect.map(
    cluster.read(operation, (client, options) =>
      client.indices.getSettings({ index, name: "index.number_of_shards" }, options)
    ),
    (answer) => Number(answer[index]?.settings?.index?.number_of_shards ?? 1)
  )

const unblock = (cluster: Cluster, index: string) =>
  cluster.write(operation, (client, options) =>
    client.indices.putSettings({ index, settings: { "index.blocks.write": null } }, options)
  )

/** Writes that are under way are through when this succeeds; later ones are refused, and wait. */
const block = (cluster: Cluster, index: string) =>
  cluster.write(
    operation,
    (client, options) => client.indices.addBlock({ index, block: "write" }, options),
    longTimeout
  )

const deleteIndex = (cluster: Cluster, index: string) =>
  cluster.write(
    operation,
    (client, options) => client.indices.delete({ index, ignore_unavailable: true }, options),
    longTimeout
  )

/** One step for everybody: readers see the new index, and what is meant for the old one finds nothing. */
const switchTo = (cluster: Cluster, alias: string, old: Current, generation: string) =>
  cluster.write(operation, (client, options) =>
    client.indices.updateAliases(
      {
        actions: [
          ...aliasesOf(alias, old.generation).map((each) => ({
            remove: { index: old.index, alias: each, must_exist: true }
          })),
          ...aliasesOf(alias, generation).map((each) => ({
            add: { index: indexName(alias, generation), alias: each }
          }))
        ]
      },
      options
    )
  )

/** The index to copy to, empty and nobody else's. */
const target = (cluster: Cluster, alias: string, old: Current, restart: boolean) =>
  Effect.gen(function* () {
    const generation = nextGeneration(old)
    const index = indexName(alias, generation)
    if (restart) {
      yield* deleteIndex(cluster, index)
      yield* unblock(cluster, old.index)
    }
    if (yield* createIndex(cluster, alias, generation, { live: false })) return { generation, index }
    return yield* failed(
      "conflict",
      `${index} exists: another reindex is running, or one was cut off and has to be restarted (influscope reindex --restart)`
    )
  })

const run = (
  settings: Settings,
  { keepOld = false, onProgress = () => Effect.void, restart = false }: ReindexOptions
): Effect.Effect<ReindexReport, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const { alias } = settings
    const cluster = yield* connect(settings)
    const old = (yield* currentOf(cluster, alias)) ?? (yield* ensure(cluster, alias))
    const to = yield* target(cluster, alias, old, restart)

    let switched = false
    // Whatever happens before the switch, the old index goes on as if nothing had been.
    yield* Effect.addFinalizer((exit) =>
      switched || Exit.isSuccess(exit)
        ? Effect.void
        : Effect.zipRight(unblock(cluster, old.index), deleteIndex(cluster, to.index)).pipe(
            Effect.catchAll((error) =>
              Effect.logError("A reindex that failed could not be cleaned up: restart it", error.message)
            )
          )
    )

    const shards = yield* shardsOf(cluster, old.index)
    const total = yield* countIn(cluster, old.index)
    let copied = 0
    const round = (phase: ReindexPhase, since: Positions): Effect.Effect<Positions, StorageError> =>
      Effect.zipRight(
        refresh(cluster, old.index),
        Effect.map(
          Effect.forEach(
            Array.from({ length: shards }, (_, shard) => shard),
            (shard) =>
              Effect.map(
                copyShard(cluster, old.index, to.index, shard, since.get(shard) ?? -1, (count) => {
                  copied += count
                  return onProgress({ phase, copied, total })
                }),
                (position) => [shard, position] as const
              )
          ),
          (positions) => new Map(positions)
        )
      )

    let positions = yield* round("copy", new Map())
    for (let rounds = 0; rounds < maxRounds; rounds++) {
      const before = copied
      positions = yield* round("catch-up", positions)
      if (copied - before <= fewDocuments) break
    }

    const lastRound = Effect.gen(function* () {
      yield* block(cluster, old.index)
      yield* round("switch", positions)
      yield* refresh(cluster, to.index)
      const [documents, expected] = yield* Effect.all([
        countIn(cluster, to.index),
        countIn(cluster, old.index)
      ])
      if (documents !== expected)
        return yield* failed("corrupt", `${to.index} has ${documents} documents instead of ${expected}`)
      // The answer may get lost after the switch was made: what is true then is asked.
      yield* switchTo(cluster, alias, old, to.generation).pipe(
        Effect.catchAll((error) =>
          Effect.flatMap(currentOf(cluster, alias), (now) => (now?.index === to.index ? Effect.void : error))
        )
      )
      switched = true
      return documents
    })
    const [paused, documents] = yield* Effect.timed(Effect.uninterruptible(lastRound))

    yield* cluster.write(operation, (client, options) =>
      client.indices.putSettings(
        { index: to.index, settings: { "index.refresh_interval": indexSettings.refresh_interval } },
        options
      )
    )
    if (!keepOld) yield* deleteIndex(cluster, old.index)
    return { from: old.index, to: to.index, documents, copied, pausedMs: Duration.toMillis(paused) }
  })

/** `reindex` with given settings. */
export const reindexWith = (
  settings: Settings,
  options: ReindexOptions = {}
): Effect.Effect<ReindexReport, StorageError> =>
  Effect.scoped(run(settings, options)).pipe(Effect.withSpan("SearchIndex.reindex"))

/**
 * Makes a new index from the profiles of the present one and puts it in its place, while the index is searched and
 * written. What is written meanwhile is copied after the rest; for the last of it writes wait (`pausedMs`), nothing is
 * refused. Revisions read before the switch conflict after it: who holds one reads again. On failure and interruption
 * everything stays as it was. `conflict`: another reindex is running, or was cut off and needs `restart`.
 */
export const reindex = (
  options: ReindexOptions = {}
): Effect.Effect<ReindexReport, StorageError | ConfigError.ConfigError> =>
  Effect.flatMap(settingsConfig, (settings) => reindexWith(settings, options))
