import type { Cache } from "@influscope/ports/Cache"
import type { PostStore } from "@influscope/ports/PostStore"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DaprCache from "./dapr/Cache.ts"
import * as Callbacks from "./dapr/Callbacks.ts"
import * as DaprPubSub from "./dapr/PubSub.ts"
import * as Sidecar from "./dapr/Sidecar.ts"
import * as MemoryCache from "./memory/Cache.ts"
import * as Database from "./postgres/Database.ts"
import * as DeadLetters from "./postgres/DeadLetters.ts"
import * as Ledger from "./postgres/Ledger.ts"
import * as Outbox from "./postgres/Outbox.ts"
import * as PostgresPosts from "./postgres/posts/PostStore.ts"

const pipelineOver = <E, R>(callbacks: Layer.Layer<Callbacks.Callbacks, E, R>) =>
  DeadLetters.layer.pipe(
    Layer.provideMerge(DaprPubSub.layer),
    Layer.provideMerge(Layer.mergeAll(Outbox.layer, Ledger.layer)),
    Layer.provideMerge(Database.layer),
    Layer.provideMerge(callbacks)
  )

/**
 * The pipeline of a service beside a sidecar: publish/subscribe through Dapr, and outbox, dead letters and ledger in the
 * PostgreSQL that all services share. Deliveries arrive on APP_PORT once `Callbacks.open` has run.
 */
export const ConsumingLive = Layer.provideMerge(pipelineOver(Callbacks.layer), Sidecar.layer)

/** As `ConsumingLive`, for a service that only sends: no port is opened for deliveries. */
export const SendingLive = Layer.provideMerge(
  pipelineOver(Callbacks.layerWith({ ...Callbacks.callbackDefaults, port: 0 })),
  Sidecar.layer
)

const postStore = Config.literal(
  "postgresql",
  "cassandra"
)("INFLUSCOPE_POST_STORE").pipe(Config.withDefault("postgresql"))

// Its driver is large, and of no use to the services that have nothing to do with posts.
const cassandraPosts = Effect.promise(() => import("./cassandra/posts/PostStore.ts")).pipe(
  Effect.map(({ layerConfig }) => layerConfig)
)

type PostStoreLayer = Layer.Layer<PostStore, StorageError | ConfigError, Database.Database>

/** Posts in the PostgreSQL that all services share or, by INFLUSCOPE_POST_STORE, in Cassandra. */
export const PostStoreLive: PostStoreLayer = Layer.unwrapEffect(
  Effect.flatMap(
    postStore,
    (chosen): Effect.Effect<PostStoreLayer> =>
      chosen === "cassandra" ? cassandraPosts : Effect.succeed(PostgresPosts.layer)
  )
)

const cache = Config.literal("dapr", "memory", "off")("INFLUSCOPE_CACHE").pipe(Config.withDefault("dapr"))

const caches = { dapr: DaprCache.layer, memory: MemoryCache.layer, off: MemoryCache.layerOff }

/** The sidecar's component `cache` or, by INFLUSCOPE_CACHE, one in this process, or none. */
export const CacheLive: Layer.Layer<Cache, StorageError | ConfigError, Sidecar.Sidecar> = Layer.unwrapEffect(
  Effect.map(cache, (chosen): Layer.Layer<Cache, StorageError, Sidecar.Sidecar> => caches[chosen])
)
