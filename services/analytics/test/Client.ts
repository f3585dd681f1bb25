import { create, type DescMessage, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf"
import * as GrpcJs from "@grpc/grpc-js"
import { toProfile } from "@influscope/adapters/grpc/Messages"
import { deserialize, pathOf, serialize } from "@influscope/adapters/grpc/ServiceDefinition"
import type { EngagementInput } from "@influscope/ports/EngagementAnalytics"
import {
  AnalyticsService,
  type ComputeStreamRequest,
  ComputeStreamRequestSchema,
  type ComputeStreamResponse,
  ComputeStreamResponseSchema
} from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** What a test sees of a call that fails. */
export class CallError extends Data.TaggedError("CallError")<{
  readonly code: GrpcJs.status | undefined
  readonly details: string
}> {}

export const connect = (address: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new GrpcJs.Client(address, GrpcJs.credentials.createInsecure())),
    (client) => Effect.sync(() => client.close())
  )

/** A unary call by path: for the protocol itself, and with bytes of our choosing. */
export const callBytes = (client: GrpcJs.Client, path: string, request: Uint8Array, deadlineMillis = 5_000) =>
  Effect.async<Buffer, CallError>((resume) => {
    const call = client.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => bytes,
      request,
      new GrpcJs.Metadata(),
      { deadline: Date.now() + deadlineMillis },
      (error, response) =>
        resume(
          response === undefined
            ? Effect.fail(new CallError({ code: error?.code, details: error?.details ?? "" }))
            : Effect.succeed(response)
        )
    )
    return Effect.sync(() => call.cancel())
  })

export const call = <Input extends DescMessage, Output extends DescMessage>(
  client: GrpcJs.Client,
  method: DescMethodUnary<Input, Output>,
  request: MessageShape<Input>
): Effect.Effect<MessageShape<Output>, CallError> =>
  Effect.map(callBytes(client, pathOf(method), serialize(method.input)(request)), deserialize(method.output))

export const openStream = (
  client: GrpcJs.Client
): GrpcJs.ClientDuplexStream<ComputeStreamRequest, ComputeStreamResponse> =>
  client.makeBidiStreamRequest(
    pathOf(AnalyticsService.method.computeStream),
    serialize(ComputeStreamRequestSchema),
    deserialize(ComputeStreamResponseSchema)
  )

export const streamRequest = (input: EngagementInput): ComputeStreamRequest =>
  create(ComputeStreamRequestSchema, { profile: toProfile(input) })

/** Everything the stream answers until it ends well, or how it ended. */
export const collect = (
  stream: GrpcJs.ClientDuplexStream<ComputeStreamRequest, ComputeStreamResponse>
): Effect.Effect<ReadonlyArray<ComputeStreamResponse>, CallError> =>
  Effect.async((resume) => {
    const answers: Array<ComputeStreamResponse> = []
    stream.on("data", (answer: ComputeStreamResponse) => answers.push(answer))
    stream.on("error", (error: GrpcJs.ServiceError) =>
      resume(Effect.fail(new CallError({ code: error.code, details: error.details })))
    )
    stream.on("end", () => resume(Effect.succeed(answers)))
  })
