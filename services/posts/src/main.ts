import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { CacheLive, ConsumingLive, PostStoreLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as DaprState from "@influscope/adapters/dapr/StateStore"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import { postsSubmitted } from "@influscope/domain/Events"
import { batchBytes } from "@influscope/pipeline/BatchSize"
import { Publisher } from "@influscope/pipeline/Publisher"
import { relayOf } from "@influscope/pipeline/Relay"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { PostsServiceLive } from "./PostsService.ts"
import { PostsServiceHttp, PostsServiceHttpLive } from "./PostsServiceHttp.ts"

const needed = Effect.map(batchBytes, (messageBytes) => [
  { name: "pubsub", type: "pubsub.", messageBytes },
  { name: "state", type: "state." }
])

const opened = Layer.scopedDiscard(
  Effect.gen(function* () {
    const callbacks = yield* Callbacks
    const { handle } = yield* PostsServiceHttp
    const components = yield* needed
    yield* callbacks.fallback(handle)
    yield* callbacks.open
    yield* Gate.pass({ components })
    yield* Effect.log("The posts service is ready.")
  })
)

const Main = opened.pipe(
  Layer.provide(PostsServiceHttpLive),
  Layer.provide(PostsServiceLive),
  Layer.provide(relayOf(postsSubmitted)),
  Layer.provide(Publisher.Default),
  Layer.provide(Layer.mergeAll(DaprState.layer, CacheLive, PostStoreLive, ElasticsearchIndex.layer)),
  Layer.provide(ConsumingLive),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("posts")),
  Layer.provide(Logging.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
