import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MockstagramAddress, MockstagramLive } from "./Server.ts"

const announce = Layer.effectDiscard(
  Effect.gen(function* () {
    const { url } = yield* MockstagramAddress
    yield* (yield* Health).started
    yield* Effect.log(`Mockstagram answers at ${url}.`)
  })
)

const Main = announce.pipe(
  Layer.provide(MockstagramLive),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("mockstagram")),
  Layer.provide(Logging.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
