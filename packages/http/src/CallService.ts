import * as HttpClientError from "@effect/platform/HttpClientError"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"

/** An answer takes no longer; an upload takes what it takes. */
const answerWithin = "15 seconds"

/** A service of ours did not do what was asked of it, or could not be asked. */
export const unreachable = (service: string, operation: string) => (cause: unknown) =>
  new StorageError({
    reason: "unavailable",
    operation,
    cause: HttpClientError.isHttpClientError(cause)
      ? `the ${service} did not answer: ${cause.message}`
      : cause
  })

const transportErrors = ["RequestError", "ResponseError", "ParseError", "HttpApiDecodeError"] as const
type TransportError = { readonly _tag: (typeof transportErrors)[number] }

/** Calls a service: what is no error of the port's own says that it, or the way to it, is not up to it. */
export const callService =
  (service: string) =>
  <A, E extends { readonly _tag: string }, R>(operation: string, call: Effect.Effect<A, E, R>) =>
    call.pipe(
      Effect.timeoutFail({
        duration: answerWithin,
        onTimeout: () =>
          unreachable(service, operation)(`the ${service} did not answer within ${answerWithin}`)
      }),
      Effect.catchIf(
        (error): error is Extract<typeof error, TransportError> =>
          transportErrors.some((tag) => tag === error._tag),
        (error) => Effect.fail(unreachable(service, operation)(error))
      )
    )
