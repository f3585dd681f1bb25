import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as BunContext from "@effect/platform-bun/BunContext"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { ConsumingLive } from "@influscope/adapters/Distributed"
import { clientOf } from "@influscope/adapters/dapr/AppClient"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as Providers from "@influscope/adapters/Providers"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import { Publisher } from "@influscope/pipeline/Publisher"
import { TrackerClient } from "@influscope/ports/TrackerApi"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CollectorLive } from "./Collector.ts"
import * as RemoteNotices from "./RemoteNotices.ts"

const components = [{ name: "pubsub", type: "pubsub." }]

const opened = Layer.scopedDiscard(
  Effect.gen(function* () {
    yield* (yield* Callbacks).open
    yield* Gate.pass({ components })
    yield* Effect.log("The collector is ready.")
  })
)

const TrackerClientLive = Layer.effect(TrackerClient, clientOf("tracker")).pipe(
  Layer.provide(FetchHttpClient.layer)
)

// No relay: what collectors publish is relayed with the rest of its topic, by the tracker.
const Main = opened.pipe(
  Layer.provide(CollectorLive),
  Layer.provide(RemoteNotices.layer),
  Layer.provide(TrackerClientLive),
  Layer.provide(Publisher.Default),
  Layer.provide(Layer.mergeAll(PostgresTimeSeries.layerConfig, Providers.layer)),
  Layer.provide(ConsumingLive),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("collector")),
  Layer.provide(Logging.layer),
  Layer.provide(BunContext.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
