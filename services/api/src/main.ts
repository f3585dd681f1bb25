import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { SendingLive } from "@influscope/adapters/Distributed"
import { clientOf } from "@influscope/adapters/dapr/AppClient"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as DaprObjects from "@influscope/adapters/dapr/ObjectStore"
import * as DaprSecrets from "@influscope/adapters/dapr/Secrets"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import * as PostgresConversations from "@influscope/adapters/postgres/messages/Conversations"
import * as PostgresOutreach from "@influscope/adapters/postgres/messages/Outreach"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import * as Access from "@influscope/http/Access"
import { TrackerClient } from "@influscope/ports/TrackerApi"
import { Health } from "@influscope/telemetry/Health"
import * as Logging from "@influscope/telemetry/Logging"
import * as OperationsServer from "@influscope/telemetry/OperationsServer"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Gauges } from "./Gauges.ts"
import { RemoteAlertsLive } from "./RemoteAlerts.ts"
import { MessagesClient, RemoteOutreachLive } from "./RemoteOutreach.ts"
import { PostsClient, RemotePostsLive } from "./RemotePosts.ts"
import { RemoteScraperLive, ScraperClient } from "./RemoteScraper.ts"
import { RemoteTrackingLive } from "./RemoteTracking.ts"
import { RemoteUsersLive, UsersClient } from "./RemoteUsers.ts"
import { ServerAddress, ServerLive } from "./Server.ts"
import { WebAppLive } from "./WebApp.ts"

const components = [
  { name: "pubsub", type: "pubsub." },
  { name: "objects", type: "bindings." }
]

const ClientsLive = Layer.mergeAll(
  Layer.effect(ScraperClient, clientOf("scraper")),
  Layer.effect(TrackerClient, clientOf("tracker")),
  Layer.effect(UsersClient, clientOf("users")),
  Layer.effect(PostsClient, clientOf("posts")),
  Layer.effect(MessagesClient, clientOf("messages"))
).pipe(Layer.provide(FetchHttpClient.layer))

const announced = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { url } = yield* ServerAddress
    yield* Gate.pass({ components })
    yield* Effect.log(`The API answers at ${url}.`)
  })
)

/** Where Prometheus needs no token; the API's own /metrics asks for one. */
const OperationsLive = Layer.unwrapEffect(
  Effect.map(Gauges, ({ refresh }) => OperationsServer.layerWith(refresh))
).pipe(Layer.provide(Gauges.Default))

const Main = announced.pipe(
  Layer.provide(ServerLive),
  Layer.provide(WebAppLive),
  Layer.provide(OperationsLive),
  Layer.provide(
    Layer.mergeAll(
      RemoteScraperLive,
      RemoteTrackingLive,
      RemoteAlertsLive,
      RemotePostsLive,
      RemoteUsersLive,
      RemoteOutreachLive
    )
  ),
  Layer.provide(ClientsLive),
  Layer.provide(
    Layer.mergeAll(
      DaprObjects.layer,
      ElasticsearchIndex.layer,
      PostgresTimeSeries.layerConfig,
      PostgresConversations.layer,
      PostgresOutreach.layer
    )
  ),
  Layer.provide(DaprSecrets.layer),
  Layer.provide(SendingLive),
  Layer.provide(Access.layer),
  Layer.provide(Health.Starting),
  Layer.provide(Tracing.layer("api")),
  Layer.provide(Logging.layer)
)

BunRuntime.runMain(Layer.launch(Main), { disablePrettyLogger: true })
