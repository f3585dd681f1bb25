import { assert, describe, it } from "@effect/vitest"
import {
  type StateStoreConformanceOptions,
  stateStoreConformance
} from "@influscope/ports/conformance/StateStoreConformance"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as DaprStateStore from "../../src/dapr/StateStore.ts"
import { type ComponentFile, sidecarWith, startSidecar } from "./Sidecars.ts"
import {
  inMemory,
  onCassandra,
  onDynamoDb,
  onMongo,
  onMysql,
  onPostgres,
  onRedis,
  onSqlite,
  type StateComponent
} from "./StateComponents.ts"

const storeOn = (component: ComponentFile) =>
  DaprStateStore.layer.pipe(Layer.provide(sidecarWith([component])))

const conformance = (
  name: string,
  component: StateComponent,
  { capabilities }: Pick<StateStoreConformanceOptions<never>, "capabilities"> = {},
  isDurable = true
) =>
  stateStoreConformance(`dapr, ${name}`, Layer.unwrapScoped(Effect.map(component, storeOn)), {
    ttl: "1 second",
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(isDurable ? { restartable: Effect.orDie(Effect.map(component, storeOn)) } : {})
  })

conformance("in memory", inMemory, {}, false)
conformance("sqlite", onSqlite)
conformance("redis", onRedis)
conformance("postgresql", onPostgres)
conformance("mysql", onMysql)
conformance("mongodb", onMongo)
conformance("dynamodb", onDynamoDb, { capabilities: ["etag", "ttl"] })
conformance("cassandra", onCassandra, { capabilities: ["ttl"] })

describe("a state store that is not there", () => {
  it.scopedLive("is named, with what is there instead", () =>
    Effect.gen(function* () {
      const { layer } = yield* startSidecar(yield* temporaryDirectory, {
        appId: "test",
        components: [{ name: "other", type: "state.in-memory", metadata: {} }]
      })
      const layerOf = (name: string) => DaprStateStore.layerOf(name, "1 second").pipe(Layer.provide(layer))
      const error = yield* Effect.flip(Effect.provide(StateStore, layerOf("state")))
      assert.include(error.message, "find the state store state")
      assert.include(error.message, "other (state.in-memory)")
      const store = yield* Effect.provide(StateStore, layerOf("other"))
      yield* store.set("a", "1")
      assert.strictEqual(Option.getOrThrow(yield* store.get("a")).value, "1")
    })
  )
})
