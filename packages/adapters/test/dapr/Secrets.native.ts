import { assert, describe, it } from "@effect/vitest"
import { conformanceSecrets, secretsConformance } from "@influscope/ports/conformance/SecretsConformance"
import { Secrets } from "@influscope/ports/Secrets"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as DaprSdk from "../../src/dapr/DaprSdk.ts"
import * as DaprSecrets from "../../src/dapr/Secrets.ts"
import { secretFile } from "./SecretFile.ts"
import { sidecarWith, startSidecar } from "./Sidecars.ts"

const sidecar = Layer.unwrapScoped(
  Effect.map(temporaryDirectory, (directory) =>
    sidecarWith([secretFile(directory, conformanceSecrets)], { apiToken: "shown" })
  )
)

secretsConformance("dapr, plain HTTP", DaprSecrets.layer.pipe(Layer.provide(sidecar)))
secretsConformance(
  "dapr, its own client",
  DaprSecrets.layerSdk.pipe(Layer.provide(DaprSdk.layerHttp), Layer.provide(sidecar))
)

describe("secrets", () => {
  it.scopedLive("are the same by plain HTTP and by Dapr's own client; both fail when there is no store", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { layer } = yield* startSidecar(directory, {
        appId: "test",
        components: [secretFile(directory, conformanceSecrets)]
      })
      const sdk = DaprSdk.layerHttp.pipe(Layer.provide(layer))
      const get = (secrets: Layer.Layer<Secrets>, name: string, key: string) =>
        Effect.flatMap(Secrets, (service) => service.get(name, key)).pipe(Effect.provide(secrets))
      const both = (store: string) =>
        [
          DaprSecrets.layerOf(store).pipe(Layer.provide(layer)),
          DaprSecrets.layerSdkOf(store).pipe(Layer.provide(sdk))
        ] as const
      const [plain, client] = both("secrets")
      for (const [name, keys] of Object.entries(conformanceSecrets))
        for (const key of Object.keys(keys))
          assert.strictEqual(
            Redacted.value(yield* get(plain, name, key)),
            Redacted.value(yield* get(client, name, key))
          )
      for (const secrets of both("nowhere")) {
        const error = yield* Effect.flip(get(secrets, "broker", "url"))
        assert.strictEqual(error._tag, "StorageError", error.message)
        assert.include(error.message, "nowhere")
      }
    })
  )

  it.scopedLive("cannot be read when the sidecar has gone, and Dapr's client gives up in time", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { layer } = yield* Effect.scoped(
        startSidecar(directory, { appId: "test", components: [secretFile(directory, conformanceSecrets)] })
      )
      const sdk = DaprSdk.layerHttp.pipe(Layer.provide(layer))
      for (const secrets of [
        DaprSecrets.layer.pipe(Layer.provide(layer)),
        DaprSecrets.layerSdk.pipe(Layer.provide(sdk))
      ]) {
        const error = yield* Effect.flatMap(Secrets, (service) => service.get("broker", "url")).pipe(
          Effect.provide(secrets),
          Effect.flip
        )
        assert.strictEqual(error._tag === "StorageError" && error.reason, "unavailable")
      }
    })
  )
})
