import type { DaprClient, LoggerService } from "@dapr/dapr"
import { StorageError } from "@influscope/ports/StorageError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Sidecar } from "./Sidecar.ts"

/** The SDK logs to the console by itself, requests and their headers among it; what fails is an error here. */
const silent: LoggerService = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  verbose: () => undefined,
  debug: () => undefined
}

/** Some calls of the SDK answer `{ error }` instead of throwing. */
const errorIn = (answer: unknown): unknown =>
  typeof answer === "object" && answer !== null && "error" in answer ? answer.error : undefined

/**
 * Dapr's own client, where it is the natural choice. Every call ends in time, and what the SDK answers as `{ error }` or
 * throws is a failure.
 */
export class DaprSdk extends Context.Tag("@influscope/adapters/dapr/DaprSdk")<
  DaprSdk,
  {
    readonly use: <A>(
      operation: string,
      timeout: Duration.DurationInput,
      call: (client: DaprClient) => Promise<A>
    ) => Effect.Effect<A, StorageError>
  }
>() {}

const make = (protocol: "http" | "grpc") =>
  Effect.gen(function* () {
    // Loading it takes longer than all the rest of a service.
    const { CommunicationProtocolEnum, DaprClient, LogLevel } = yield* Effect.promise(
      () => import("@dapr/dapr")
    )
    const sidecar = yield* Sidecar
    const [host = "", grpcPort = ""] = sidecar.grpcAddress.split(":")
    const token = sidecar.tokenHeader["dapr-api-token"]
    const client = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new DaprClient({
            daprHost: host,
            daprPort: protocol === "http" ? new URL(sidecar.url).port : grpcPort,
            communicationProtocol:
              protocol === "http" ? CommunicationProtocolEnum.HTTP : CommunicationProtocolEnum.GRPC,
            logger: { level: LogLevel.Error, service: silent },
            ...(token === undefined ? {} : { daprApiToken: token })
          })
      ),
      // Closing is all that is left: an error of it changes nothing.
      (open) => Effect.ignore(Effect.tryPromise(() => open.stop()))
    )
    return DaprSdk.of({
      use: (operation, timeout, call) => {
        const failed = (cause: unknown) => new StorageError({ reason: "unavailable", operation, cause })
        return Effect.tryPromise({ try: () => call(client), catch: failed }).pipe(
          Effect.filterOrElse(
            (answer) => errorIn(answer) === undefined,
            (answer) => Effect.fail(failed(errorIn(answer)))
          ),
          Effect.timeoutFail({
            duration: timeout,
            onTimeout: () => failed("the sidecar did not answer in time")
          })
        )
      }
    })
  })

/** Over HTTP. The SDK shares one pool of connections among all of its HTTP clients. */
export const layerHttp: Layer.Layer<DaprSdk, never, Sidecar> = Layer.scoped(DaprSdk, make("http"))

/** Over gRPC: what needs a stream. */
export const layerGrpc: Layer.Layer<DaprSdk, never, Sidecar> = Layer.scoped(DaprSdk, make("grpc"))
