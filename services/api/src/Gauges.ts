import { DeadLetters } from "@influscope/ports/DeadLetters"
import { PubSub } from "@influscope/ports/PubSub"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import {
  deadLettersWaiting,
  indexProfiles,
  queueItems,
  queueMessages,
  queueOldest
} from "@influscope/telemetry/Metrics"
import * as Process from "@influscope/telemetry/Process"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** The metrics that are read when somebody asks, not counted when something happens. */
export class Gauges extends Effect.Service<Gauges>()("@influscope/api/Gauges", {
  effect: Effect.gen(function* () {
    const pubsub = yield* PubSub
    const deadLetters = yield* DeadLetters
    const index = yield* SearchIndex

    const read = Effect.gen(function* () {
      for (const { topic, messages, items, oldestSeconds } of yield* pubsub.stats) {
        yield* Metric.set(Metric.tagged(queueMessages, "topic", topic), messages)
        yield* Metric.set(Metric.tagged(queueItems, "topic", topic), items)
        yield* Metric.set(Metric.tagged(queueOldest, "topic", topic), oldestSeconds)
      }
      yield* Metric.set(deadLettersWaiting, yield* deadLetters.count)
      yield* Metric.set(indexProfiles, yield* index.count)
    })

    return {
      /** A store that does not answer leaves its gauges as they were; the rest of the metrics is still served. */
      refresh: Effect.zipRight(
        Process.measure,
        Effect.catchTag(read, "StorageError", (error) =>
          Effect.logWarning("Some gauges could not be read", error.message)
        )
      )
    }
  })
}) {}
