import { create, type DescMessage, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf"
import * as GrpcJs from "@grpc/grpc-js"
import { toProfile } from "@influscope/adapters/grpc/Messages"
import { deserialize, pathOf, serialize } from "@influscope/adapters/grpc/ServiceDefinition"
import type { EngagementInput } from "@influscope/ports/EngagementAnalytics"
import {
  AnalyticsService,
  ComputeBatchRequestSchema,
  ComputeRequestSchema,
  type ComputeStreamRequest,
  ComputeStreamRequestSchema,
  type ComputeStreamResponse,
  type Engagement
} from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import type * as Arr from "effect/Array"

/** Where analytics is called, and what every call carries. */
export interface Way {
  readonly address: string
  readonly metadata: Readonly<Record<string, string>>
}

/** One kind of call over a connection of its own. */
export interface Caller {
  readonly call: () => Promise<ReadonlyArray<Engagement | undefined>>
  readonly close: () => void
}

const deadlineMs = 30_000

const connect = ({ address, metadata }: Way) => {
  const client = new GrpcJs.Client(address, GrpcJs.credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1
  })
  const carried = new GrpcJs.Metadata()
  for (const [key, value] of Object.entries(metadata)) carried.set(key, value)
  return { client, carried }
}

/** Calls a unary method; the request is encoded and its answer decoded for every call. */
const unary = <Input extends DescMessage, Output extends DescMessage>(
  way: Way,
  method: DescMethodUnary<Input, Output>,
  request: MessageShape<Input>,
  engagementsOf: (response: MessageShape<Output>) => ReadonlyArray<Engagement | undefined>
): Caller => {
  const { carried, client } = connect(way)
  return {
    call: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          pathOf(method),
          serialize(method.input),
          deserialize(method.output),
          request,
          carried,
          { deadline: Date.now() + deadlineMs },
          (error, response) => (response === undefined ? reject(error) : resolve(engagementsOf(response)))
        )
      }),
    close: () => client.close()
  }
}

/** One stream: a call is one message of it, answered in the order asked. */
const stream = (way: Way, request: ComputeStreamRequest): Caller => {
  const { carried, client } = connect(way)
  const method = AnalyticsService.method.computeStream
  const opened: GrpcJs.ClientDuplexStream<ComputeStreamRequest, ComputeStreamResponse> =
    client.makeBidiStreamRequest(pathOf(method), serialize(method.input), deserialize(method.output), carried)
  const waiting: Array<PromiseWithResolvers<ReadonlyArray<Engagement | undefined>>> = []
  opened.on("data", ({ engagement }: ComputeStreamResponse) => waiting.shift()?.resolve([engagement]))
  opened.on("error", (error) => {
    for (const each of waiting.splice(0)) each.reject(error)
  })
  return {
    call: () => {
      const answer = Promise.withResolvers<ReadonlyArray<Engagement | undefined>>()
      waiting.push(answer)
      opened.write(request)
      return answer.promise
    },
    close: () => {
      opened.end()
      client.close()
    }
  }
}

const { compute, computeBatch } = AnalyticsService.method

/** The kinds of calls: how each is made, and how many profiles one call is about. */
export const kinds = {
  unary: {
    items: 1,
    make: (way: Way, [input]: Arr.NonEmptyReadonlyArray<EngagementInput>): Caller =>
      unary(way, compute, create(ComputeRequestSchema, { profile: toProfile(input) }), ({ engagement }) => [
        engagement
      ])
  },
  batch: {
    items: 500,
    make: (way: Way, inputs: Arr.NonEmptyReadonlyArray<EngagementInput>): Caller =>
      unary(
        way,
        computeBatch,
        create(ComputeBatchRequestSchema, { profiles: inputs.map(toProfile) }),
        ({ engagements }) => engagements
      )
  },
  stream: {
    items: 1,
    make: (way: Way, [input]: Arr.NonEmptyReadonlyArray<EngagementInput>): Caller =>
      stream(
        // A sidecar passes a stream on as one when it is told so.
        { ...way, metadata: { ...way.metadata, "dapr-stream": "true" } },
        create(ComputeStreamRequestSchema, { profile: toProfile(input) })
      )
  }
} as const
export type Kind = keyof typeof kinds
