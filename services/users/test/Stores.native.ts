import * as DaprStateStore from "@influscope/adapters/dapr/StateStore"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { startSidecar } from "../../../packages/adapters/test/dapr/Sidecars.ts"
import {
  onCassandra,
  onPostgres,
  onRedis,
  type StateComponent
} from "../../../packages/adapters/test/dapr/StateComponents.ts"
import { type TwoStates, usersSuite } from "./UsersSuite.ts"

/** The same app twice, each with a sidecar of its own on one store. */
const replicas = (component: StateComponent): TwoStates =>
  Effect.gen(function* () {
    const components = [yield* component]
    const start = Effect.gen(function* () {
      const { layer } = yield* startSidecar(yield* temporaryDirectory, { appId: "users", components })
      return yield* Effect.provide(StateStore, Layer.provide(DaprStateStore.layer, layer))
    })
    return [yield* start, yield* start] as const
  })

usersSuite("PostgreSQL by Dapr", replicas(onPostgres), 120_000)
usersSuite("Redis by Dapr", replicas(onRedis), 120_000)
// It has no ETags.
usersSuite("Cassandra by Dapr, with one process", replicas(onCassandra), 240_000, 1)
