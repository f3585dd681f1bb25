import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { ConsumingLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as DaprState from "@influscope/adapters/dapr/StateStore"
import * as Delivery from "@influscope/adapters/delivery/Delivery"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import * as PostgresOutreach from "@influscope/adapters/postgres/messages/Outreach"
import { messagesSendRequested } from "@influscope/domain/Events"
import { Publisher } from "@influscope/pipeline/Publisher"
import { relayOf } from "@influscope/pipeline/Relay"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MessagesLive } from "./Messages.ts"
import { MessagesServiceHttp, MessagesServiceHttpLive } from "./MessagesServiceHttp.ts"

const components = [
  { name: "pubsub", type: "pubsub." },
  { name: "state", type: "state." }
]

const opened = Layer.scopedDiscard(
  Effect.gen(function* () {
    const callbacks = yield* Callbacks
    const { handle } = yield* MessagesServiceHttp
    yield* callbacks.fallback(handle)
    yield* callbacks.open
    yield* Gate.pass({ components })
    yield* Effect.log("The messages service is ready.")
  })
)

const Main = opened.pipe(
  Layer.provide(MessagesServiceHttpLive),
  Layer.provide(MessagesLive),
  Layer.provide(relayOf(messagesSendRequested)),
  Layer.provide(Publisher.Default),
  Layer.provide(
    Layer.mergeAll(DaprState.layer, PostgresOutreach.layer, ElasticsearchIndex.layer, Delivery.layerConfig)
  ),
  Layer.provide(ConsumingLive),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("messages")),
  Layer.provide(Logging.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
