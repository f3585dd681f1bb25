import { EngagementAnalytics } from "@influscope/ports/EngagementAnalytics"
import * as Layer from "effect/Layer"
import { computeBatch } from "./Compute.ts"

/** Analytics in this very process: the same implementation the gRPC service calls, without the wire. */
export const layer: Layer.Layer<EngagementAnalytics> = Layer.succeed(EngagementAnalytics, { computeBatch })
