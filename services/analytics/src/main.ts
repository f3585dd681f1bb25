import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AnalyticsServer, layerConfig } from "./Grpc.ts"

const announce = Layer.effectDiscard(
  Effect.gen(function* () {
    const { address } = yield* AnalyticsServer
    yield* (yield* Health).started
    yield* Effect.log(`Analytics answers gRPC on ${address}.`)
  })
)

const AnalyticsLive = announce.pipe(
  Layer.provide(layerConfig),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("analytics")),
  Layer.provide(Logging.layer)
)

BunRuntime.runMain(Layer.launch(AnalyticsLive), { disablePrettyLogger: true })
