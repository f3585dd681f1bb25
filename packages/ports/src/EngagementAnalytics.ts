import type { Engagement } from "@influscope/domain/engagement/Engagement"
import type { ProfileFields } from "@influscope/domain/Observation"
import type { Platform } from "@influscope/domain/Platform"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

export interface EngagementInput {
  readonly platform: Platform
  readonly fields: ProfileFields
}

/** The analytics service did not answer in time or at all, or, `refused`, not what it should have: try again. */
export class AnalyticsUnavailable extends Data.TaggedError("AnalyticsUnavailable")<{
  readonly cause: unknown
  readonly refused?: boolean
}> {}

/** Engagement of many profiles at once, in the order asked. Called in process or over gRPC, with equal results. */
export class EngagementAnalytics extends Context.Tag("@influscope/ports/EngagementAnalytics")<
  EngagementAnalytics,
  {
    readonly computeBatch: (
      inputs: ReadonlyArray<EngagementInput>
    ) => Effect.Effect<ReadonlyArray<Engagement>, AnalyticsUnavailable>
  }
>() {}
