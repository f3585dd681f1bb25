import { join } from "node:path"
import * as BunFileSystem from "@effect/platform-bun/BunFileSystem"
import * as Files from "@influscope/adapters/files/ObjectStore"
import * as MemoryCache from "@influscope/adapters/memory/Cache"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as SqlitePosts from "@influscope/adapters/sqlite/posts/PostStore"
import * as SqliteQueue from "@influscope/adapters/sqlite/Queue"
import * as SqliteState from "@influscope/adapters/sqlite/StateStore"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import * as DirectAnalytics from "@influscope/analytics/DirectAnalytics"
import { SinkLive } from "@influscope/collector/Sink"
import type { DiscoveryJob } from "@influscope/domain/api/OperationsApi"
import type { ImportJob, ImportKind } from "@influscope/domain/Imports"
import type { Profile } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { IndexerLive } from "@influscope/indexer/Indexer"
import { Publisher } from "@influscope/pipeline/Publisher"
import { PublishPosts } from "@influscope/pipeline/PublishPosts"
import { RelayLive } from "@influscope/pipeline/Relay"
import { Discoveries } from "@influscope/ports/Discoveries"
import { Imports } from "@influscope/ports/Imports"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { PostsServiceLive } from "@influscope/posts/PostsService"
import { settings as configured } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { Watch } from "@influscope/tracker/alerts/Watch"
import { NoticesLive } from "@influscope/tracker/Notices"
import { Slots } from "@influscope/tracker/Slots"
import { TellGrowth } from "@influscope/tracker/TellGrowth"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { DiscoveriesLive } from "../src/Discover.ts"
import { Ids } from "../src/Ids.ts"
import { ImportsLive } from "../src/ImportFiles.ts"
import { PublishPoints } from "../src/PublishPoints.ts"
import { PublishProfiles } from "../src/PublishProfiles.ts"
import { Sources } from "../src/Sources.ts"
import * as Spool from "../src/Spool.ts"
import { ProfilesLive } from "../src/StateProfiles.ts"
import { SyntheticSource } from "../src/sources/Synthetic.ts"
import { noTrouble, type Trouble, troubled } from "./Troubles.ts"

/** The embedded stores on a data directory: what an instance leaves there is all the next one finds. */
export const adapters = (directory: string) =>
  Layer.mergeAll(
    SqliteQueue.layer,
    SqliteOutbox.layer,
    SqliteState.layer,
    Files.layer(join(directory, "objects")),
    EmbeddedSearchIndex.layer(join(directory, "profiles.db")),
    SqliteTimeSeries.layer(join(directory, "series.db")),
    SqlitePosts.layer(join(directory, "posts.db")),
    MemoryCache.layer,
    Spool.layer(join(directory, "imports")),
    DirectAnalytics.layer
  ).pipe(Layer.provide(MainDatabase.layer(directory)), Layer.provide(BunFileSystem.layer))

export interface InstanceOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly sources?: Layer.Layer<never, ConfigError, Sources>
  readonly trouble?: Trouble
}

/** The scraper, the indexer, the sink of points and the posts service in one process on a data directory, put together as the embedded runtime does. */
export const embedded = (directory: string, options: InstanceOptions = {}) => {
  const { settings = {}, sources = SyntheticSource, trouble = noTrouble } = options
  return Layer.mergeAll(ImportsLive, DiscoveriesLive, ProfilesLive).pipe(
    Layer.provideMerge(sources),
    Layer.provideMerge(
      Layer.mergeAll(
        Sources.Default,
        Ids.Default,
        PublishProfiles.Default,
        PublishPoints.Default,
        PublishPosts.Default
      )
    ),
    Layer.provideMerge(Layer.mergeAll(IndexerLive, RelayLive, SinkLive, PostsServiceLive)),
    Layer.provideMerge(NoticesLive),
    Layer.provideMerge(Layer.mergeAll(TellGrowth.Default, Watch.Default, Slots.Default)),
    Layer.provideMerge(Publisher.Default),
    Layer.provideMerge(troubled(trouble)),
    Layer.provideMerge(adapters(directory)),
    Layer.provide(configured(settings)),
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )
}

/** Runs a body in an instance on a directory of its own. */
export const inInstance = <A, E, R>(body: Effect.Effect<A, E, R>, options: InstanceOptions = {}) =>
  Effect.flatMap(temporaryDirectory, (directory) => Effect.provide(body, embedded(directory, options)))

/** A table of creators with a figure each that a test can choose. */
export const creatorTable = (
  rows: number,
  followers: (row: number) => number | string = (row) => 1_000 + row
): string =>
  [
    "username,followers,avg likes,country",
    ...Array.from({ length: rows }, (_, row) => `creator_${row},${followers(row)},${row},Spain`)
  ].join("\n")

const isOver = (job: { readonly state: string }): boolean => job.state === "done" || job.state === "failed"

const untilOver = <A extends { readonly state: string }>() =>
  Schedule.recurUntil((job: A) => isOver(job)).pipe(Schedule.addDelay(() => "5 millis"))

/** Waits until an import is over. Interrupt or time out from outside. */
export const awaitImport = (id: string) =>
  Effect.flatMap(Imports, (imports) =>
    imports.get(id).pipe(Effect.map(Option.getOrThrow), Effect.repeat(untilOver<ImportJob>()))
  )

export const awaitDiscovery = (id: string) =>
  Effect.flatMap(Discoveries, (discoveries) =>
    discoveries.get(id).pipe(Effect.map(Option.getOrThrow), Effect.repeat(untilOver<DiscoveryJob>()))
  )

export interface ImportOptions {
  readonly file?: string
  readonly platform?: Profile["platform"]
  readonly source?: string
  readonly observedAt?: Date
  readonly map?: ReadonlyArray<string>
  readonly dryRun?: boolean
  readonly kind?: ImportKind
  readonly of?: ProfileId
}

export const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content

/** Sends a file in pieces, as an upload comes. */
export const submit = (content: string | Uint8Array, options: ImportOptions = {}) =>
  Effect.flatMap(Imports, (imports) => {
    const bytes = bytesOf(content)
    const pieces: Array<Uint8Array> = []
    for (let at = 0; at < bytes.length; at += 64 * 1024) pieces.push(bytes.subarray(at, at + 64 * 1024))
    return imports.submit(
      { file: "file.csv", map: [], dryRun: false, kind: "profiles", ...options },
      Stream.fromIterable(pieces)
    )
  })

/** Imports a file and waits for the end. */
export const importFile = (content: string | Uint8Array, options: ImportOptions = {}) =>
  Effect.flatMap(submit(content, options), ({ id }) => awaitImport(id))

/** What the report promises: every row has one fate. */
export const addsUp = ({ report }: ImportJob): boolean =>
  report.rows === report.imported + report.updated + report.unchanged + report.rejected

export const indexed: Effect.Effect<ReadonlyMap<string, Profile>, never, SearchIndex> = Effect.flatMap(
  SearchIndex,
  (index) =>
    index.all.pipe(
      Stream.runFold(new Map<string, Profile>(), (all, { profile }) => all.set(profile.id, profile)),
      Effect.orDie
    )
)
