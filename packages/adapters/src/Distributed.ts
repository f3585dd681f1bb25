import * as Layer from "effect/Layer"
import * as Callbacks from "./dapr/Callbacks.ts"
import * as DaprPubSub from "./dapr/PubSub.ts"
import * as Sidecar from "./dapr/Sidecar.ts"
import * as Database from "./postgres/Database.ts"
import * as DeadLetters from "./postgres/DeadLetters.ts"
import * as Ledger from "./postgres/Ledger.ts"
import * as Outbox from "./postgres/Outbox.ts"

const pipelineOver = <E, R>(callbacks: Layer.Layer<Callbacks.Callbacks, E, R>) =>
  DeadLetters.layer.pipe(
    Layer.provideMerge(DaprPubSub.layer),
    Layer.provideMerge(Layer.mergeAll(Outbox.layer, Ledger.layer)),
    Layer.provideMerge(Database.layer),
    Layer.provideMerge(callbacks)
  )

/**
 * The pipeline of a service beside a sidecar: publish/subscribe through Dapr, and outbox, dead letters and ledger in the
 * PostgreSQL that all services share. Deliveries arrive on APP_PORT once `Callbacks.open` has run.
 */
export const ConsumingLive = Layer.provideMerge(pipelineOver(Callbacks.layer), Sidecar.layer)

/** As `ConsumingLive`, for a service that only sends: no port is opened for deliveries. */
export const SendingLive = Layer.provideMerge(
  pipelineOver(Callbacks.layerWith({ ...Callbacks.callbackDefaults, port: 0 })),
  Sidecar.layer
)
