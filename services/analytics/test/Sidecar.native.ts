import { create } from "@bufbuild/protobuf"
import { assert, describe, it } from "@effect/vitest"
import * as GrpcJs from "@grpc/grpc-js"
import * as DaprInvoker from "@influscope/adapters/dapr/Invoker"
import * as GrpcAnalytics from "@influscope/adapters/grpc/GrpcAnalytics"
import { fromEngagement, toProfile } from "@influscope/adapters/grpc/Messages"
import { platforms } from "@influscope/domain/Platform"
import {
  AnalyticsUnavailable,
  EngagementAnalytics,
  type EngagementInput
} from "@influscope/ports/EngagementAnalytics"
import { Invoker } from "@influscope/ports/Invoker"
import {
  AnalyticsService,
  ComputeBatchRequestSchema,
  ComputeRequestSchema
} from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { startSidecar } from "../../../packages/adapters/test/dapr/Sidecars.ts"
import { computeOne } from "../src/Compute.ts"
import { AnalyticsServer, layer } from "../src/Grpc.ts"
import { call, collect, openStream, streamRequest } from "./Client.ts"

const inputs = (count: number): ReadonlyArray<EngagementInput> =>
  Array.from({ length: count }, (_, index) => ({
    platform: platforms[index % platforms.length] ?? "instagram",
    fields: { followers: 1_000 + index, avgLikes: index % 97, avgComments: index % 13, avgViews: index * 3 }
  }))

/** A client each of whose calls carries this metadata. */
const connectWith = (address: string, metadata: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(
      () =>
        new GrpcJs.Client(address, GrpcJs.credentials.createInsecure(), {
          interceptors: [
            (options, next) =>
              new GrpcJs.InterceptingCall(next(options), {
                start: (sent, listener, proceed) => {
                  for (const [key, value] of Object.entries(metadata)) sent.set(key, value)
                  proceed(sent, listener)
                }
              })
          ]
        })
    ),
    (client) => Effect.sync(() => client.close())
  )

/** The service behind its sidecar, and the sidecar of a caller. */
const started = (callerToken?: string) =>
  Effect.gen(function* () {
    const { port } = Context.get(
      yield* Layer.build(layer({ host: "127.0.0.1", port: 0, drainTimeout: "1 second" })),
      AnalyticsServer
    )
    const directory = yield* temporaryDirectory
    yield* startSidecar(directory, { appId: "analytics", appPort: port, appProtocol: "grpc" })
    const caller = yield* startSidecar(directory, {
      appId: "caller",
      ...(callerToken === undefined ? {} : { apiToken: callerToken })
    })
    const invoker = Context.get(
      yield* Layer.build(DaprInvoker.layer.pipe(Layer.provide(caller.layer))),
      Invoker
    )
    return { caller, target: invoker.grpc("analytics"), nobody: invoker.grpc("nobody") }
  })

const { compute, computeBatch } = AnalyticsService.method

describe("analytics behind two sidecars", () => {
  it.scopedLive("answers one call, a batch and a stream as the domain computes", () =>
    Effect.gen(function* () {
      const { target } = yield* started("shown")
      const client = yield* connectWith(target.address, target.metadata)
      for (const one of inputs(50)) {
        const { engagement } = yield* call(
          client,
          compute,
          create(ComputeRequestSchema, { profile: toProfile(one) })
        )
        assert.deepStrictEqual(engagement && fromEngagement(engagement), computeOne(one))
      }
      const many = inputs(500)
      const { engagements } = yield* call(
        client,
        computeBatch,
        create(ComputeBatchRequestSchema, { profiles: many.map(toProfile) })
      )
      assert.deepStrictEqual(engagements.map(fromEngagement), many.map(computeOne))

      const streaming = yield* connectWith(target.address, { ...target.metadata, "dapr-stream": "true" })
      const stream = openStream(streaming)
      const answers = yield* Effect.fork(collect(stream))
      yield* Effect.yieldNow()
      const streamed = inputs(2_000)
      for (const one of streamed) stream.write(streamRequest(one))
      stream.end()
      const received = yield* answers
      assert.deepStrictEqual(
        received.flatMap(({ engagement }) => (engagement === undefined ? [] : [fromEngagement(engagement)])),
        streamed.map(computeOne)
      )
    })
  )

  it.scopedLive("answers each message of a stream before the next is sent", () =>
    Effect.gen(function* () {
      const { target } = yield* started()
      const client = yield* connectWith(target.address, { ...target.metadata, "dapr-stream": "true" })
      const stream = openStream(client)
      yield* Effect.addFinalizer(() => Effect.sync(() => stream.cancel()))
      // The cancelling at the end is told as an error too.
      stream.on("error", () => undefined)
      for (const one of inputs(20)) {
        const answer = yield* Effect.async<unknown>((resume) => {
          stream.once("data", (message: unknown) => resume(Effect.succeed(message)))
          stream.write(streamRequest(one))
        }).pipe(Effect.timeout("5 seconds"))
        assert.isDefined(answer)
      }
    })
  )

  it.scopedLive("is what GrpcAnalytics reaches by ANALYTICS_ADDRESS and ANALYTICS_APP_ID alone", () =>
    Effect.gen(function* () {
      const { caller, nobody, target } = yield* started()
      const configured = (appId: string) =>
        Effect.map(
          Layer.build(
            GrpcAnalytics.layerConfig.pipe(
              Layer.provide(
                settings({
                  ANALYTICS_ADDRESS: `127.0.0.1:${caller.environment["DAPR_GRPC_PORT"] ?? ""}`,
                  ANALYTICS_APP_ID: appId,
                  ANALYTICS_RETRIES: "1"
                })
              )
            )
          ),
          Context.get(EngagementAnalytics)
        )
      const many = inputs(1_301)
      assert.deepStrictEqual(yield* (yield* configured("analytics")).computeBatch(many), many.map(computeOne))
      const error = yield* Effect.flip((yield* configured("nobody")).computeBatch(inputs(1)))
      assert.instanceOf(error, AnalyticsUnavailable)
      assert.strictEqual(nobody.address, target.address)
    })
  )
})
