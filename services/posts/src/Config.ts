import { positive } from "@influscope/domain/Settings"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

/**
 * POSTS_CONCURRENCY: batches in work at once; most of the time they wait together for the rollup of their authors.
 * POSTS_MAX_ATTEMPTS: deliveries of one, POSTS_TIMEOUT: for one. POSTS_CACHE_TTL: how long a post is read from the cache.
 */
export const postsConfig = Config.all({
  concurrency: positive("CONCURRENCY", 16),
  maxAttempts: positive("MAX_ATTEMPTS", 25),
  timeout: Config.duration("TIMEOUT").pipe(Config.withDefault(Duration.minutes(1))),
  cacheTimeToLive: Config.duration("CACHE_TTL").pipe(Config.withDefault(Duration.minutes(5)))
}).pipe(Config.nested("POSTS"))
