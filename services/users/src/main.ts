import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { CacheLive, ConsumingLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as DaprState from "@influscope/adapters/dapr/StateStore"
import * as MemoryCache from "@influscope/adapters/memory/Cache"
import { usersCreateRequested } from "@influscope/domain/Events"
import * as Access from "@influscope/http/Access"
import { Publisher } from "@influscope/pipeline/Publisher"
import { relayOf } from "@influscope/pipeline/Relay"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { cacheConfig } from "./Config.ts"
import { KnownUsersAddress, KnownUsersServerLive } from "./KnownUsersHttp.ts"
import { UsersServiceLive } from "./Service.ts"
import { UsersHttp, UsersHttpLive } from "./UsersHttp.ts"

const components = [
  { name: "pubsub", type: "pubsub." },
  { name: "state", type: "state." }
]

/** The component of the cache is needed only where users are read through it. */
const UserCacheLive = Layer.unwrapEffect(
  Effect.map(cacheConfig, ({ mode }) => (mode === "on" ? CacheLive : MemoryCache.layerOff))
)

const opened = Layer.scopedDiscard(
  Effect.gen(function* () {
    const callbacks = yield* Callbacks
    const { handle } = yield* UsersHttp
    const { url } = yield* KnownUsersAddress
    yield* callbacks.fallback(handle)
    yield* callbacks.open
    yield* Gate.pass({ components })
    yield* Effect.log(`The users service answers at ${url}.`)
  })
)

const Main = opened.pipe(
  Layer.provide(Layer.merge(KnownUsersServerLive, UsersHttpLive)),
  Layer.provide(UsersServiceLive),
  Layer.provide(relayOf(usersCreateRequested)),
  Layer.provide(Publisher.Default),
  Layer.provide(Layer.merge(DaprState.layer, UserCacheLive)),
  Layer.provide(ConsumingLive),
  Layer.provide(Access.layer),
  Layer.provide(OperationsServer.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("users")),
  Layer.provide(Logging.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
