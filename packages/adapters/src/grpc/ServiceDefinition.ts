import {
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageShape,
  toBinary
} from "@bufbuild/protobuf"
import type * as Grpc from "@grpc/grpc-js"
import * as Either from "effect/Either"
import { InvalidRequest } from "./InvalidRequest.ts"

/** A request as the handlers get it: bytes that are no such message are theirs to refuse, with a status and a sentence. */
export type Received<Input extends DescMessage> = Either.Either<MessageShape<Input>, InvalidRequest>

export const serialize =
  <Schema extends DescMessage>(schema: Schema) =>
  (message: MessageShape<Schema>): Buffer =>
    Buffer.from(toBinary(schema, message))

export const deserialize =
  <Schema extends DescMessage>(schema: Schema) =>
  (bytes: Uint8Array): MessageShape<Schema> =>
    fromBinary(schema, bytes)

const receive =
  <Input extends DescMessage>(schema: Input) =>
  (bytes: Uint8Array): Received<Input> =>
    Either.try({
      try: () => fromBinary(schema, bytes),
      catch: () => new InvalidRequest({ detail: `The request is no valid ${schema.typeName}.` })
    })

/** The path of a method, for example `/influscope.analytics.v1.AnalyticsService/Compute`. */
export const pathOf = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`

const methodDefinition = (method: DescMethod) => ({
  path: pathOf(method),
  requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
  responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
  requestSerialize: serialize(method.input),
  requestDeserialize: receive(method.input),
  responseSerialize: serialize(method.output),
  responseDeserialize: deserialize(method.output)
})

/** A grpc-js server's view of a protobuf-es service. Its handlers are keyed by method name in lower camel case. */
export const serviceDefinition = (
  service: DescService
): Grpc.ServiceDefinition<Grpc.UntypedServiceImplementation> =>
  Object.fromEntries(service.methods.map((method) => [method.localName, methodDefinition(method)]))
