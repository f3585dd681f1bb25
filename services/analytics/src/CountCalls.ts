import { status } from "@grpc/grpc-js"
import type { InvalidRequest } from "@influscope/adapters/grpc/InvalidRequest"
import { grpcDuration, grpcRequests } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import { statusOf } from "./Status.ts"

/** Counts a call by how it ends, and the seconds it takes; `path` is that of one of our handlers. */
export const counted = <A>(
  path: string,
  effect: Effect.Effect<A, InvalidRequest>
): Effect.Effect<A, InvalidRequest> =>
  Effect.suspend(() => {
    const method = path.slice(path.lastIndexOf("/") + 1)
    const started = performance.now()
    return Effect.onExit(effect, (exit) => {
      const code = Exit.isSuccess(exit) ? status.OK : statusOf(exit.cause).code
      return Effect.zipRight(
        Metric.increment(Metric.tagged(Metric.tagged(grpcRequests, "method", method), "code", status[code])),
        Metric.update(Metric.tagged(grpcDuration, "method", method), (performance.now() - started) / 1_000)
      )
    })
  })
