import {
  create,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type MessageInitShape,
  type MessageShape,
  toBinary
} from "@bufbuild/protobuf"
import { nestedTypes } from "@bufbuild/protobuf/reflect"
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt"
import * as GrpcJs from "@grpc/grpc-js"
import { type Received, serviceDefinition } from "@influscope/adapters/grpc/ServiceDefinition"
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema
} from "@influscope/proto/gen/grpc/reflection/v1/reflection_pb"
import * as Either from "effect/Either"
import { refusal } from "./Status.ts"

type Request = MessageShape<typeof ServerReflectionRequestSchema>
type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>
type Call = GrpcJs.ServerDuplexStream<
  Received<typeof ServerReflectionRequestSchema>,
  ServerReflectionResponse
>

type Type = DescMessage | DescEnum | DescExtension | DescService

/** A type and what it has: fields, values or methods, by their full names. */
const namesOf = (type: Type): ReadonlyArray<string> => {
  const { typeName } = type
  switch (type.kind) {
    case "message":
      return [typeName, ...[...type.fields, ...type.oneofs].map(({ name }) => `${typeName}.${name}`)]
    case "enum": {
      // Values are named beside their enum, not below it.
      const scope = typeName.slice(0, typeName.lastIndexOf("."))
      return [typeName, ...type.values.map(({ name }) => `${scope}.${name}`)]
    }
    case "service":
      return [typeName, ...type.methods.map(({ name }) => `${typeName}.${name}`)]
    case "extension":
      return [typeName]
  }
}

const symbolsOf = (file: DescFile): ReadonlyArray<string> => [...nestedTypes(file)].flatMap(namesOf)

/** A file and all that it imports, each once. */
const withImports = (file: DescFile, seen: Set<DescFile> = new Set()): ReadonlySet<DescFile> => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const imported of file.dependencies) withImports(imported, seen)
  return seen
}

const notFound = (what: string): Answer => ({
  case: "errorResponse",
  value: { errorCode: GrpcJs.status.NOT_FOUND, errorMessage: `There is no ${what}.` }
})

/** What can be asked of services: from their generated code, so no .proto file is needed at run time. */
const answering = (services: ReadonlyArray<DescService>) => {
  const files = new Set(services.flatMap(({ file }) => [...withImports(file)]))
  const byName = new Map([...files].map((file) => [`${file.name}.proto`, file]))
  const bySymbol = new Map([...files].flatMap((file) => symbolsOf(file).map((symbol) => [symbol, file])))
  const describe = (file: DescFile | undefined, what: string): Answer => {
    if (file === undefined) return notFound(what)
    const fileDescriptorProto = [...withImports(file)].map(({ proto }) =>
      toBinary(FileDescriptorProtoSchema, proto)
    )
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } }
  }
  return ({ messageRequest: asked }: Request): Answer => {
    switch (asked.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: services.map(({ typeName }) => ({ name: typeName })) }
        }
      case "fileByFilename":
        return describe(byName.get(asked.value), `file ${asked.value}`)
      case "fileContainingSymbol":
        return describe(bySymbol.get(asked.value), `symbol ${asked.value}`)
      case "fileContainingExtension":
        return notFound(`extension of ${asked.value.containingType}`)
      case "allExtensionNumbersOfType":
        return bySymbol.has(asked.value)
          ? { case: "allExtensionNumbersResponse", value: { baseTypeName: asked.value } }
          : notFound(`type ${asked.value}`)
      case undefined:
        return {
          case: "errorResponse",
          value: { errorCode: GrpcJs.status.INVALID_ARGUMENT, errorMessage: "The request asks for nothing." }
        }
    }
  }
}

/** The standard reflection service, in both of its versions: clients find out with it what can be called. */
export const addReflection = (server: GrpcJs.Server, services: ReadonlyArray<DescService>): void => {
  const answer = answering(services)
  const serverReflectionInfo = (call: Call): void => {
    call.on("data", (received: Received<typeof ServerReflectionRequestSchema>) => {
      if (Either.isLeft(received)) {
        call.emit("error", refusal(received.left))
        return
      }
      const request = received.right
      call.write(
        create(ServerReflectionResponseSchema, {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request)
        })
      )
    })
    call.on("end", () => call.end())
  }
  const definition = serviceDefinition(ServerReflection)
  // The messages are the same; older clients ask for the other name.
  const alpha = Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, path: method.path.replace(".v1.", ".v1alpha.") }
    ])
  )
  for (const version of [definition, alpha]) server.addService(version, { serverReflectionInfo })
}
