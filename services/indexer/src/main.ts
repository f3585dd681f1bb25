import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { ConsumingLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import * as GrpcAnalytics from "@influscope/adapters/grpc/GrpcAnalytics"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RemoteIndexerLive } from "./Indexer.ts"

const components = [{ name: "pubsub", type: "pubsub." }]

const opened = Layer.scopedDiscard(
  Effect.gen(function* () {
    yield* (yield* Callbacks).open
    yield* Gate.pass({ components })
    yield* Effect.log("The indexer is ready.")
  })
)

const Main = opened.pipe(
  Layer.provide(RemoteIndexerLive),
  Layer.provide(Layer.mergeAll(ElasticsearchIndex.layer, GrpcAnalytics.layerConfig)),
  Layer.provide(ConsumingLive),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("indexer")),
  Layer.provide(Logging.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
