import * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** What our own sidecar shows us. */
const ownToken = Config.option(Config.redacted("APP_API_TOKEN"))

/** Where the service listens. Port 0 takes any free one. */
export interface ServerSettings {
  readonly host: string
  readonly port: number
  /** How long a shutdown waits for calls in flight before it cuts them off. */
  readonly drainTimeout: Duration.DurationInput
  /** What callers have to show, when it is set: see `requireToken`. */
  readonly appToken?: Option.Option<Redacted.Redacted>
}

/** ANALYTICS_HOST (127.0.0.1), ANALYTICS_PORT (50051), ANALYTICS_DRAIN_TIMEOUT (10 seconds), APP_API_TOKEN (none). */
export const serverConfig: Config.Config<ServerSettings> = Config.all({
  host: Config.nonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")),
  port: Config.integer("PORT").pipe(
    Config.validate({
      message: "expected a port: 0 to 65535",
      validation: (port) => port >= 0 && port <= 65_535
    }),
    Config.withDefault(50_051)
  ),
  drainTimeout: Config.duration("DRAIN_TIMEOUT").pipe(Config.withDefault("10 seconds"))
}).pipe(
  Config.nested("ANALYTICS"),
  Config.zipWith(ownToken, (settings, appToken) => ({
    ...settings,
    appToken
  }))
)
