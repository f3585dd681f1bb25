import { assert, describe, it } from "@effect/vitest"
import * as GrpcJs from "@grpc/grpc-js"
import * as GrpcAnalytics from "@influscope/adapters/grpc/GrpcAnalytics"
import { EngagementAnalytics } from "@influscope/ports/EngagementAnalytics"
import { settings } from "@influscope/testing/Settings"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { AnalyticsServer, layer } from "../src/Grpc.ts"

const guarded = Effect.map(
  Layer.build(
    layer({
      host: "127.0.0.1",
      port: 0,
      drainTimeout: "5 seconds",
      appToken: Option.some(Redacted.make("the token"))
    })
  ),
  Context.get(AnalyticsServer)
)

/** Asks with a sidecar's settings: the token that a sidecar wants is what a client of one shows. */
const ask = (address: string, values: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const configured = settings({ ANALYTICS_ADDRESS: address, ANALYTICS_RETRIES: "0", ...values })
    const context = yield* Layer.build(Layer.provide(GrpcAnalytics.layerConfig, configured))
    return yield* Context.get(context, EngagementAnalytics).computeBatch([
      { platform: "x", fields: { followers: 10 } }
    ])
  })

const health = (address: string) =>
  Effect.async<boolean>((resume) => {
    const client = new GrpcJs.Client(address, GrpcJs.credentials.createInsecure())
    client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      (bytes: Buffer) => bytes,
      (bytes) => bytes,
      Buffer.alloc(0),
      (error) => {
        client.close()
        resume(Effect.succeed(error === null))
      }
    )
  })

describe("analytics with an app token", () => {
  it.scopedLive("answers who shows it, and nobody else", () =>
    Effect.gen(function* () {
      const { address } = yield* guarded
      const shown = { ANALYTICS_APP_ID: "analytics", DAPR_API_TOKEN: "the token" }
      assert.lengthOf(yield* ask(address, shown), 1)
      for (const settings of [{}, { ...shown, DAPR_API_TOKEN: "another" }, { DAPR_API_TOKEN: "the token" }]) {
        const error = yield* Effect.flip(ask(address, settings))
        assert.include("cause" in error ? String(error.cause) : error._op, "UNAUTHENTICATED")
      }
      assert.isTrue(yield* health(address))
    })
  )
})
