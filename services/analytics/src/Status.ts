import { status } from "@grpc/grpc-js"
import type { InvalidRequest } from "@influscope/adapters/grpc/InvalidRequest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"

/** How a call ends for the caller when it does not end well. */
export interface CallStatus {
  readonly code: status
  readonly details: string
}

/** What a caller is told of a request that cannot be worked with. */
export const refusal = ({ detail }: InvalidRequest): CallStatus => ({
  code: status.INVALID_ARGUMENT,
  details: detail
})

/**
 * The one table from what can go wrong to what the caller is told. Interruption is a caller that hung up, who will not
 * read it, or a server that is going down, whose caller may try elsewhere. A defect tells the caller nothing more.
 */
export const statusOf = (cause: Cause.Cause<InvalidRequest>): CallStatus => {
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) return refusal(failure.value)
  return Cause.isInterruptedOnly(cause)
    ? { code: status.UNAVAILABLE, details: "The service is shutting down: try again." }
    : { code: status.INTERNAL, details: "The service failed on this request." }
}

/** Logs what is our fault; what is the caller's is in the status. */
export const logDefect = <A>(exit: Exit.Exit<A, InvalidRequest>): Effect.Effect<void> =>
  Exit.isFailure(exit) && statusOf(exit.cause).code === status.INTERNAL
    ? Effect.logError("A call failed on a defect.", exit.cause)
    : Effect.void
