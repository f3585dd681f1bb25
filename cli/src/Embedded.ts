import { join } from "node:path"
import * as Delivery from "@influscope/adapters/delivery/Delivery"
import * as Files from "@influscope/adapters/files/ObjectStore"
import * as MemoryCache from "@influscope/adapters/memory/Cache"
import * as Providers from "@influscope/adapters/Providers"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as MessagesDatabase from "@influscope/adapters/sqlite/messages/MessagesDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as SqlitePosts from "@influscope/adapters/sqlite/posts/PostStore"
import * as SqliteQueue from "@influscope/adapters/sqlite/Queue"
import * as SqliteState from "@influscope/adapters/sqlite/StateStore"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import * as DirectAnalytics from "@influscope/analytics/DirectAnalytics"
import { WebAppLive } from "@influscope/api/WebApp"
import { CollectorLive } from "@influscope/collector/Collector"
import * as Access from "@influscope/http/Access"
import { IndexerLive } from "@influscope/indexer/Indexer"
import { MessagesLive } from "@influscope/messages/Messages"
import { Mockstagram } from "@influscope/mockstagram/Mockstagram"
import { Weather } from "@influscope/mockstagram/Weather"
import { Publisher } from "@influscope/pipeline/Publisher"
import { RelayLive } from "@influscope/pipeline/Relay"
import { PostsServiceLive } from "@influscope/posts/PostsService"
import { ScraperLive } from "@influscope/scraper/Scraper"
import * as Spool from "@influscope/scraper/Spool"
import { Health } from "@influscope/telemetry/Health"
import { TrackerLive } from "@influscope/tracker/Tracker"
import { UsersServiceLive } from "@influscope/users/Service"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { DataDir, DataDirLive } from "./DataDir.ts"
import { DiskCheckLive } from "./DiskSpace.ts"

/** The simulated provider is asked in this process, unless its address says that it runs elsewhere. */
const ProvidersLive = Layer.unwrapEffect(
  Effect.gen(function* () {
    const elsewhere = yield* Config.option(Config.string("INFLUSCOPE_MOCKSTAGRAM_URL"))
    if (Option.isSome(elsewhere)) return Providers.layer
    return Providers.layerWith((yield* Mockstagram).handle)
  })
).pipe(Layer.provide(Mockstagram.Default), Layer.provide(Weather.Default))

/** Every outside system as files of the data directory, in this process. */
const AdaptersLive = Layer.unwrapEffect(
  Effect.map(DataDir, ({ path }) =>
    Layer.mergeAll(
      SqliteQueue.layer,
      SqliteOutbox.layer,
      SqliteState.layer,
      Files.layer(join(path, "objects")),
      EmbeddedSearchIndex.layer(join(path, "profiles.db")),
      SqliteTimeSeries.layer(join(path, "series.db")),
      SqlitePosts.layer(join(path, "posts.db")),
      MessagesDatabase.layer(join(path, "messages.db")),
      Delivery.layer(join(path, "outgoing")),
      MemoryCache.layer,
      Spool.layer(join(path, "imports")),
      ProvidersLive,
      DirectAnalytics.layer
    ).pipe(Layer.provide(MainDatabase.layer(path)))
  )
)

/**
 * All services in one process on the embedded adapters, behind one web app. Built from the bottom up, so that it is
 * taken down from the top: first nobody asks any more, then the pipeline drains, then the stores close.
 */
const GuardedLive = WebAppLive.pipe(
  Layer.provideMerge(DiskCheckLive),
  Layer.provideMerge(ScraperLive),
  Layer.provideMerge(CollectorLive),
  Layer.provideMerge(TrackerLive),
  Layer.provideMerge(UsersServiceLive),
  Layer.provideMerge(PostsServiceLive),
  Layer.provideMerge(MessagesLive),
  Layer.provideMerge(Layer.mergeAll(IndexerLive, RelayLive)),
  Layer.provideMerge(Publisher.Default),
  Layer.provideMerge(AdaptersLive),
  Layer.provideMerge(Health.Default),
  Layer.provideMerge(DataDirLive)
)

/** For commands, which work on their own data directory: they may do everything. */
export const EmbeddedLive = Layer.provideMerge(GuardedLive, Access.layerOpen)

/** For an instance that others ask: they need tokens when keys are configured. */
export const ServedLive = Layer.provideMerge(GuardedLive, Access.layer)
