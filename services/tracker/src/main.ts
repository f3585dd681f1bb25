import * as BunContext from "@effect/platform-bun/BunContext"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { ConsumingLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as DaprState from "@influscope/adapters/dapr/StateStore"
import * as Providers from "@influscope/adapters/Providers"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import { alertsRaised, dataPointsCollected, influencersDue } from "@influscope/domain/Events"
import { Publisher } from "@influscope/pipeline/Publisher"
import { relayOf } from "@influscope/pipeline/Relay"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TrackerLive } from "./Tracker.ts"
import { TrackerHttp, TrackerHttpLive } from "./TrackerHttp.ts"

// All that these topics carry, whoever published it: there is one tracker, and collectors come and go.
const RelayLive = relayOf(influencersDue, dataPointsCollected, alertsRaised)

const components = [
  { name: "pubsub", type: "pubsub." },
  { name: "state", type: "state." }
]

const opened = Layer.scopedDiscard(
  Effect.gen(function* () {
    const callbacks = yield* Callbacks
    const { handle } = yield* TrackerHttp
    yield* callbacks.fallback(handle)
    yield* callbacks.open
    yield* Gate.pass({ components })
    yield* Effect.log("The tracker is ready.")
  })
)

const Main = opened.pipe(
  Layer.provide(TrackerHttpLive),
  Layer.provide(TrackerLive),
  Layer.provide(RelayLive),
  Layer.provide(Publisher.Default),
  Layer.provide(Layer.mergeAll(DaprState.layer, PostgresTimeSeries.layerConfig, Providers.layer)),
  Layer.provide(ConsumingLive),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("tracker")),
  Layer.provide(Logging.layer),
  Layer.provide(BunContext.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
