import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf"
import * as Headers from "@effect/platform/Headers"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import type * as GrpcJs from "@grpc/grpc-js"
import type { InvalidRequest } from "@influscope/adapters/grpc/InvalidRequest"
import { fromBatch, fromProfile, toEngagement } from "@influscope/adapters/grpc/Messages"
import type { Received } from "@influscope/adapters/grpc/ServiceDefinition"
import {
  type ComputeBatchRequestSchema,
  ComputeBatchResponseSchema,
  type ComputeRequestSchema,
  ComputeResponseSchema,
  type ComputeStreamRequestSchema,
  type ComputeStreamResponse,
  ComputeStreamResponseSchema
} from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { compute, computeBatch, computeOne, countBatch } from "./Compute.ts"
import { counted } from "./CountCalls.ts"
import { logDefect, statusOf } from "./Status.ts"

/** Runs the effect of one call as a fiber that the server's scope owns. */
export type Run = <A>(effect: Effect.Effect<A, InvalidRequest>) => Fiber.RuntimeFiber<A, InvalidRequest>

/** Continues the caller's trace when it sent a W3C `traceparent`. */
const underCallersSpan = <A, E>(
  metadata: GrpcJs.Metadata,
  effect: Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const [traceparent] = metadata.get("traceparent")
  if (typeof traceparent !== "string") return effect
  return Option.match(HttpTraceContext.w3c(Headers.fromInput({ traceparent })), {
    onNone: () => effect,
    onSome: (span) => Effect.withParentSpan(effect, span)
  })
}

/** What unary and streaming calls have in common. */
interface AnyCall {
  readonly metadata: GrpcJs.Metadata
  getPath(): string
  on(event: "cancelled", listener: () => void): unknown
}

/** Starts the effect of a call and stops it when the caller hangs up or its deadline passes. */
const start = <A>(
  run: Run,
  call: AnyCall,
  effect: Effect.Effect<A, InvalidRequest>,
  onExit: (exit: Exit.Exit<A, InvalidRequest>) => void
): void => {
  const watched = counted(call.getPath(), Effect.onExit(effect, logDefect))
  const fiber = run(underCallersSpan(call.metadata, watched))
  fiber.addObserver(onExit)
  call.on("cancelled", () => fiber.unsafeInterruptAsFork(fiber.id()))
}

const unary =
  <Input extends DescMessage, Output>(
    run: Run,
    answer: (request: MessageShape<Input>) => Effect.Effect<Output, InvalidRequest>
  ): GrpcJs.handleUnaryCall<Received<Input>, Output> =>
  (call, callback) =>
    start(run, call, Effect.flatMap(call.request, answer), (exit) =>
      Exit.isSuccess(exit) ? callback(null, exit.value) : callback(statusOf(exit.cause))
    )

type StreamCall = GrpcJs.ServerDuplexStream<
  Received<typeof ComputeStreamRequestSchema>,
  ComputeStreamResponse
>

const answerItem = (
  received: Received<typeof ComputeStreamRequestSchema>
): Either.Either<ComputeStreamResponse, InvalidRequest> =>
  Either.flatMap(received, ({ profile }) => fromProfile(profile, "profile")).pipe(
    Either.map((input) =>
      create(ComputeStreamResponseSchema, { engagement: toEngagement(computeOne(input)) })
    )
  )

/**
 * Answers item by item until the caller ends its side: how many there were. While the caller does not take the answers
 * nothing more is read, so no more than the stream's own buffers wait in memory. The first bad item ends it.
 */
const answerStream = (call: StreamCall): Effect.Effect<number, InvalidRequest> =>
  Effect.async((resume) => {
    let answered = 0
    const onData = (received: Received<typeof ComputeStreamRequestSchema>): void => {
      const answer = answerItem(received)
      if (Either.isLeft(answer)) {
        stop()
        resume(Effect.fail(answer.left))
        return
      }
      answered += 1
      if (call.write(answer.right)) return
      call.pause()
      call.once("drain", onDrain)
    }
    const onDrain = (): void => {
      call.resume()
    }
    const onEnd = (): void => resume(Effect.succeed(answered))
    const stop = (): void => {
      call.pause()
      call.off("data", onData).off("end", onEnd).off("drain", onDrain)
    }
    call.on("end", onEnd).on("data", onData)
    return Effect.sync(stop)
  })

const stream =
  (
    run: Run
  ): GrpcJs.handleBidiStreamingCall<Received<typeof ComputeStreamRequestSchema>, ComputeStreamResponse> =>
  (call) => {
    const answers = answerStream(call).pipe(
      Effect.flatMap(countBatch),
      Effect.withSpan("analytics.compute-stream", { captureStackTrace: false })
    )
    start(run, call, answers, (exit) => {
      if (Exit.isSuccess(exit)) call.end()
      else call.emit("error", statusOf(exit.cause))
    })
  }

/** The service's handlers, by method name: decode, compute, encode. */
export const handlers = (run: Run) => ({
  compute: unary<typeof ComputeRequestSchema, MessageShape<typeof ComputeResponseSchema>>(run, (request) =>
    fromProfile(request.profile, "profile").pipe(
      Effect.flatMap(compute),
      Effect.map((engagement) => create(ComputeResponseSchema, { engagement: toEngagement(engagement) }))
    )
  ),
  computeBatch: unary<typeof ComputeBatchRequestSchema, MessageShape<typeof ComputeBatchResponseSchema>>(
    run,
    (request) =>
      fromBatch(request.profiles).pipe(
        Effect.flatMap(computeBatch),
        Effect.map((engagements) =>
          create(ComputeBatchResponseSchema, { engagements: engagements.map(toEngagement) })
        )
      )
  ),
  computeStream: stream(run)
})
