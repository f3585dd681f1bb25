import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { processorTime, residentMemory, startTime } from "./Metrics.ts"

/** Seconds of processor time that were counted before. */
let counted = 0

/** Reads what the system knows of this process into its metrics: to be done whenever somebody asks for them. */
export const measure: Effect.Effect<void> = Effect.suspend(() => {
  const { system, user } = process.cpuUsage()
  const used = (system + user) / 1e6
  const since = used - counted
  counted = used
  return Effect.all(
    [
      Metric.set(residentMemory, process.memoryUsage.rss()),
      Metric.incrementBy(processorTime, since),
      Metric.set(startTime, performance.timeOrigin / 1_000)
    ],
    { discard: true }
  )
})
