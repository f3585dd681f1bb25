import { create, type DescMessage, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as GrpcJs from "@grpc/grpc-js"
import type { Engagement } from "@influscope/domain/engagement/Engagement"
import {
  AnalyticsUnavailable,
  EngagementAnalytics,
  type EngagementInput
} from "@influscope/ports/EngagementAnalytics"
import {
  AnalyticsService,
  ComputeBatchRequestSchema
} from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import * as Arr from "effect/Array"
import type { ConfigError } from "effect/ConfigError"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { type ClientSettings, clientConfig } from "./ClientConfig.ts"
import { fromEngagement, maxBatch, toProfile } from "./Messages.ts"
import { deserialize, pathOf, serialize } from "./ServiceDefinition.ts"

/** A call that did not end well, with gRPC's status code. */
class CallFailed extends Data.TaggedError("CallFailed")<{
  readonly code: GrpcJs.status
  readonly detail: string
}> {
  override get message(): string {
    return `${GrpcJs.status[this.code]}: ${this.detail}`
  }
}

/** One span of pauses for a service that is starting again: about 50, 100, 200, 400 ... ms, each varied by a fifth. */
const pauses = Schedule.exponential("50 millis").pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.jittered
)

const channelOptions: GrpcJs.ClientOptions = {
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 1_000,
  // The service is a neighbour: no proxies, and no service configuration from DNS.
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1
}

const metadataOf = (settings: ClientSettings, traceparent: string | undefined): GrpcJs.Metadata => {
  const metadata = new GrpcJs.Metadata()
  for (const [key, value] of Object.entries(settings.metadata)) metadata.set(key, value)
  if (traceparent !== undefined) metadata.set("traceparent", traceparent)
  return metadata
}

/** The W3C header of the current span, if there is one. */
const traceparent = Effect.currentSpan.pipe(
  Effect.map((span) => HttpTraceContext.toHeaders(span)["traceparent"]),
  Effect.option,
  Effect.map(Option.getOrUndefined)
)

const isAway = ({ code }: CallFailed): boolean => code === GrpcJs.status.UNAVAILABLE

/** Calls a unary method; interruption cancels the call, and the deadline counts from now. */
const callUnary = <Input extends DescMessage, Output extends DescMessage>(
  client: GrpcJs.Client,
  settings: ClientSettings,
  method: DescMethodUnary<Input, Output>,
  request: MessageShape<Input>
): Effect.Effect<MessageShape<Output>, CallFailed> =>
  Effect.flatMap(traceparent, (parent) =>
    Effect.async<MessageShape<Output>, CallFailed>((resume) => {
      const call = client.makeUnaryRequest(
        pathOf(method),
        serialize(method.input),
        deserialize(method.output),
        request,
        metadataOf(settings, parent),
        { deadline: Date.now() + Duration.toMillis(settings.deadline) },
        (error, response) => {
          if (response !== undefined) return resume(Effect.succeed(response))
          const { code = GrpcJs.status.UNKNOWN, details = "no answer" } = error ?? {}
          resume(Effect.fail(new CallFailed({ code, detail: details })))
        }
      )
      return Effect.sync(() => call.cancel())
    })
  )

const make = Effect.fnUntraced(function* (settings: ClientSettings) {
  const client = yield* Effect.acquireRelease(
    Effect.sync(
      () => new GrpcJs.Client(settings.address, GrpcJs.credentials.createInsecure(), channelOptions)
    ),
    (open) => Effect.sync(() => open.close())
  )

  const askChunk = (chunk: ReadonlyArray<EngagementInput>) =>
    callUnary(
      client,
      settings,
      AnalyticsService.method.computeBatch,
      create(ComputeBatchRequestSchema, { profiles: chunk.map(toProfile) })
    ).pipe(
      Effect.filterOrFail(
        ({ engagements }) => engagements.length === chunk.length,
        ({ engagements }) =>
          new CallFailed({
            code: GrpcJs.status.DATA_LOSS,
            detail: `${chunk.length} profiles asked, ${engagements.length} answered`
          })
      ),
      Effect.map(({ engagements }) => engagements.map(fromEngagement)),
      // Computing changes nothing, so asking again is safe.
      Effect.retry({ schedule: pauses, times: settings.retries, while: isAway }),
      Effect.mapError((cause) => new AnalyticsUnavailable({ cause, refused: !isAway(cause) }))
    )

  const computeBatch = (
    inputs: ReadonlyArray<EngagementInput>
  ): Effect.Effect<ReadonlyArray<Engagement>, AnalyticsUnavailable> =>
    Effect.forEach(Arr.chunksOf(inputs, maxBatch), askChunk, { concurrency: 2 }).pipe(
      Effect.map(Arr.flatten),
      Effect.withSpan("analytics.call", {
        kind: "client",
        attributes: { "analytics.profiles": inputs.length },
        captureStackTrace: false
      })
    )

  return { computeBatch }
})

/** Analytics of another process, over gRPC. Nothing is connected before the first call. */
export const layer = (settings: ClientSettings): Layer.Layer<EngagementAnalytics> =>
  Layer.scoped(EngagementAnalytics, make(settings))

/** As `layer`, set by ANALYTICS_ADDRESS, ANALYTICS_DEADLINE, ANALYTICS_RETRIES and ANALYTICS_APP_ID. */
export const layerConfig: Layer.Layer<EngagementAnalytics, ConfigError> = Layer.unwrapEffect(
  Effect.map(clientConfig, layer)
)
