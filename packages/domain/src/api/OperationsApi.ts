import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { documentLocation } from "./Documentation.ts"
import { allErrors, limitParam, optional, textParam } from "./Params.ts"
import {
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"

const Counted = Schema.Int.pipe(Schema.nonNegative())

/** One topic's account, in items unless it says batches. A healthy topic has `missing` 0. */
export const TopicAuditView = Schema.Struct({
  topic: Schema.String,
  sent: Counted,
  sentBatches: Counted,
  applied: Counted,
  duplicateBatches: Counted,
  deadLettered: Counted,
  dropped: Counted,
  pending: Counted,
  missing: Counted
}).annotations({ identifier: "TopicAudit" })
export type TopicAuditView = typeof TopicAuditView.Type

export const Audit = Schema.Struct({ topics: Schema.Array(TopicAuditView) }).annotations({
  identifier: "Audit"
})

export const DeadLetterSummary = Schema.Struct({
  id: Schema.String,
  topic: Schema.String,
  items: Counted,
  reason: Schema.String,
  attempts: Counted,
  deadAt: Schema.Date
}).annotations({ identifier: "DeadLetterSummary" })
export type DeadLetterSummary = typeof DeadLetterSummary.Type

export const DeadLetterView = Schema.Struct({
  ...DeadLetterSummary.fields,
  /** The message as it was sent: JSON when it is JSON, else text. */
  payload: Schema.Unknown
}).annotations({ identifier: "DeadLetter" })
export type DeadLetterView = typeof DeadLetterView.Type

export const DeadLetterPage = Schema.Struct({
  deadLetters: Schema.Array(DeadLetterSummary),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "DeadLetterPage" })

export const DiscoveryParams = Schema.Struct({
  source: Schema.optionalWith(Schema.NonEmptyString.pipe(Schema.maxLength(100)), {
    default: () => "synthetic"
  }),
  /** How many profiles to discover. */
  count: Schema.Int.pipe(Schema.between(1, 10_000_000)),
  /** Same seed, same profiles; where a source has no seed it is ignored. */
  seed: Schema.optionalWith(Schema.Int.pipe(Schema.between(0, 4_294_967_295)), { default: () => 1 }),
  /** Index of the first profile of the seed's sequence. */
  offset: Schema.optionalWith(Counted.pipe(Schema.lessThanOrEqualTo(10_000_000)), { default: () => 0 })
}).annotations({ identifier: "DiscoveryParams" })
export type DiscoveryParams = typeof DiscoveryParams.Type

/** A running or finished discovery. */
export const DiscoveryJob = Schema.Struct({
  id: Schema.NonEmptyString,
  source: Schema.String,
  state: Schema.Literal("running", "indexing", "done", "failed"),
  count: Counted,
  /** Profiles handed to the pipeline, and those of them that are in the index. */
  discovered: Counted,
  indexed: Counted,
  failure: Schema.NullOr(Schema.String)
}).annotations({ identifier: "DiscoveryJob" })
export type DiscoveryJob = typeof DiscoveryJob.Type

const idPath = Schema.Struct({ id: Schema.NonEmptyString.pipe(Schema.maxLength(200)) })

export class OperationsApi extends HttpApiGroup.make("operations")
  .add(
    HttpApiEndpoint.get("audit", "/v1/audit")
      .addSuccess(Audit)
      .addError(Unavailable)
      .annotate(RequiredScope, "operations:read")
      .annotate(OpenApi.Summary, "What was sent and what became of it, per topic")
  )
  .add(
    HttpApiEndpoint.get("listDeadLetters", "/v1/dead-letters")
      .setUrlParams(
        Schema.Struct({
          topic: optional(textParam(200, "Only messages of this topic.")),
          limit: Schema.optionalWith(limitParam(100), { default: () => 20 }),
          cursor: optional(textParam(500, "nextCursor of the page before."))
        }).annotations(allErrors)
      )
      .addSuccess(DeadLetterPage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "operations:read")
      .annotate(OpenApi.Summary, "Messages that could not be handled, newest first")
  )
  .add(
    HttpApiEndpoint.get("getDeadLetter", "/v1/dead-letters/:id")
      .setPath(idPath)
      .addSuccess(DeadLetterView)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "operations:read")
      .annotate(OpenApi.Summary, "One of them with its payload")
  )
  .add(
    HttpApiEndpoint.post("replayDeadLetter", "/v1/dead-letters/:id/replay")
      .setPath(idPath)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "operations:write")
      .annotate(OpenApi.Summary, "Send it again")
  )
  .add(
    HttpApiEndpoint.del("dropDeadLetter", "/v1/dead-letters/:id")
      .setPath(idPath)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "operations:write")
      .annotate(OpenApi.Summary, "Remove it for good")
  )
  .add(
    HttpApiEndpoint.post("discover", "/v1/discoveries")
      .setPayload(DiscoveryParams)
      .addSuccess(DiscoveryJob, { status: 202 })
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "operations:write")
      .annotate(OpenApi.Summary, "Discover profiles from a source")
      .annotate(OpenApi.Transform, documentLocation)
  )
  .add(
    HttpApiEndpoint.get("getDiscovery", "/v1/discoveries/:id")
      .setPath(idPath)
      .addSuccess(DiscoveryJob)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "operations:read")
      .annotate(OpenApi.Summary, "Progress of a discovery")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Operations") {}
