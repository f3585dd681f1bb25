import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

/**
 * INDEXER_CONCURRENCY batches at once, as many as usual for the index where it is not set, INDEXER_MAX_ATTEMPTS deliveries
 * each, INDEXER_TIMEOUT for one.
 */
export const indexerConfig = (usualConcurrency: number) =>
  Config.all({
    concurrency: Config.integer("CONCURRENCY").pipe(
      Config.validate({ message: "expected 1 to 64", validation: (value) => value >= 1 && value <= 64 }),
      Config.withDefault(usualConcurrency)
    ),
    maxAttempts: Config.integer("MAX_ATTEMPTS").pipe(
      Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
      Config.withDefault(25)
    ),
    timeout: Config.duration("TIMEOUT").pipe(Config.withDefault(Duration.seconds(30)))
  }).pipe(Config.nested("INDEXER"))
