import { asPort } from "@influscope/http/Listener"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

/**
 * INFLUSCOPE_USERS_CACHE: whether users are read through the cache. INFLUSCOPE_USERS_CACHE_TTL: how long one may stay there
 * when the cache was not told of a change.
 */
export const cacheConfig = Config.all({
  mode: Config.literal("on", "off")("CACHE").pipe(Config.withDefault("off")),
  timeToLive: Config.duration("CACHE_TTL").pipe(Config.withDefault(Duration.minutes(5)))
}).pipe(Config.nested("INFLUSCOPE_USERS"))

/** INFLUSCOPE_USERS_HOST and INFLUSCOPE_USERS_PORT: where the service's own routes are answered. */
export const serverConfig = Config.all({
  host: Config.nonEmptyString("INFLUSCOPE_USERS_HOST").pipe(Config.withDefault("127.0.0.1")),
  port: asPort(Config.integer("INFLUSCOPE_USERS_PORT"), 8081)
})
