import * as BunContext from "@effect/platform-bun/BunContext"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { ConsumingLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as DaprObjects from "@influscope/adapters/dapr/ObjectStore"
import * as DaprSecrets from "@influscope/adapters/dapr/Secrets"
import * as DaprState from "@influscope/adapters/dapr/StateStore"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import { profilesDiscovered } from "@influscope/domain/Events"
import { batchBytes } from "@influscope/pipeline/BatchSize"
import { Publisher } from "@influscope/pipeline/Publisher"
import { relayOf } from "@influscope/pipeline/Relay"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ScraperLive } from "./Scraper.ts"
import { ScraperHttp, ScraperHttpLive } from "./ScraperHttp.ts"
import * as Spool from "./Spool.ts"

const needed = Effect.map(batchBytes, (messageBytes) => [
  { name: "pubsub", type: "pubsub.", messageBytes },
  { name: "state", type: "state." },
  { name: "objects", type: "bindings." }
])

const RelayLive = relayOf(profilesDiscovered)

const SpoolLive = Layer.unwrapEffect(
  Effect.map(
    Config.nonEmptyString("INFLUSCOPE_SPOOL_DIR").pipe(Config.withDefault("./.influscope/spool")),
    Spool.layer
  )
)

const opened = Layer.scopedDiscard(
  Effect.gen(function* () {
    const callbacks = yield* Callbacks
    const { handle } = yield* ScraperHttp
    yield* callbacks.fallback(handle)
    yield* callbacks.open
    const components = yield* needed
    yield* Gate.pass({ components })
    yield* Effect.log("The scraper is ready.")
  })
)

const Main = opened.pipe(
  Layer.provide(ScraperHttpLive),
  Layer.provide(ScraperLive),
  Layer.provide(RelayLive),
  Layer.provide(Publisher.Default),
  Layer.provide(Layer.mergeAll(DaprState.layer, DaprObjects.layer, ElasticsearchIndex.layer, SpoolLive)),
  Layer.provide(DaprSecrets.layer),
  Layer.provide(ConsumingLive),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("scraper")),
  Layer.provide(Logging.layer),
  Layer.provide(BunContext.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
