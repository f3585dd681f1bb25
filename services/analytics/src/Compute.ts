import type { Engagement } from "@influscope/domain/engagement/Engagement"
import { computeEngagement } from "@influscope/domain/engagement/Formulas"
import type { EngagementInput } from "@influscope/ports/EngagementAnalytics"
import { stageBatches, stageItems } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const batches = Metric.tagged(stageBatches, "stage", "analytics")
const items = Metric.tagged(stageItems, "stage", "analytics")

/** The engagement of one profile, uncounted: for items of a stream, which is counted at its end. */
export const computeOne = ({ fields, platform }: EngagementInput): Engagement =>
  computeEngagement(platform, fields)

/** Counts a batch, or a stream at its end. */
export const countBatch = (profiles: number): Effect.Effect<void> =>
  Effect.zipRight(Metric.increment(batches), Metric.incrementBy(items, profiles))

const counted = <A>(profiles: number, work: () => A): Effect.Effect<A> =>
  Effect.sync(work).pipe(
    Effect.tap(countBatch(profiles)),
    Effect.withSpan("analytics.compute", {
      attributes: { "analytics.profiles": profiles },
      captureStackTrace: false
    })
  )

/** The engagement of one profile, as a batch of its own. */
export const compute = (input: EngagementInput): Effect.Effect<Engagement> =>
  counted(1, () => computeOne(input))

/** The engagement of many profiles, in the order asked. One span and one count, however many there are. */
export const computeBatch = (
  inputs: ReadonlyArray<EngagementInput>
): Effect.Effect<ReadonlyArray<Engagement>> => counted(inputs.length, () => inputs.map(computeOne))
