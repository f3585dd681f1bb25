import * as BunContext from "@effect/platform-bun/BunContext"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import * as Grpc from "@influscope/analytics/Grpc"
import { ServerLive } from "@influscope/api/Server"
import * as Logging from "@influscope/telemetry/Logging"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Layer from "effect/Layer"
import { EmbeddedLive } from "./Embedded.ts"
import { start } from "./Start.ts"

const MainLive = Layer.scopedDiscard(start).pipe(
  Layer.provide(Layer.mergeAll(ServerLive, Grpc.layerConfig)),
  Layer.provide(EmbeddedLive),
  Layer.provide(Tracing.layer("influscope")),
  Layer.provide(Logging.layer),
  Layer.provide(BunContext.layer)
)

BunRuntime.runMain(Layer.launch(MainLive))
