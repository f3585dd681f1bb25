import { positive } from "@influscope/domain/Settings"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

/**
 * TRACKER_FETCH_CONCURRENCY and TRACKER_SINK_CONCURRENCY: batches in work at once, in each process. TRACKER_TIMEOUT: for one
 * of them.
 */
export const collectorConfig = Config.all({
  fetchConcurrency: positive("FETCH_CONCURRENCY", 4),
  sinkConcurrency: positive("SINK_CONCURRENCY", 16),
  timeout: Config.duration("TIMEOUT").pipe(Config.withDefault(Duration.seconds(30)))
}).pipe(Config.nested("TRACKER"))
