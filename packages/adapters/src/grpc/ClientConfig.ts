import * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/** What the sidecar that passes calls on wants to see. */
const sidecarToken = Config.option(Config.redacted("DAPR_API_TOKEN"))

/** How the service is called. */
export interface ClientSettings {
  /** `host:port`, or a name that gRPC resolves. */
  readonly address: string
  /** For one attempt. */
  readonly deadline: Duration.DurationInput
  /** Attempts after the first, when the service cannot be reached. */
  readonly retries: number
  /** Sent with each call, for example `dapr-app-id` when a sidecar passes calls on. */
  readonly metadata: { readonly [key: string]: string }
}

/**
 * ANALYTICS_ADDRESS (127.0.0.1:50051), ANALYTICS_DEADLINE (5 seconds), ANALYTICS_RETRIES (5), ANALYTICS_APP_ID (none):
 * the Dapr application to reach through a sidecar at the address, which may want DAPR_API_TOKEN (none).
 */
export const clientConfig: Config.Config<ClientSettings> = Config.all({
  address: Config.nonEmptyString("ADDRESS").pipe(Config.withDefault("127.0.0.1:50051")),
  deadline: Config.duration("DEADLINE").pipe(Config.withDefault("5 seconds")),
  retries: Config.integer("RETRIES").pipe(
    Config.validate({ message: "expected 0 to 20", validation: (times) => times >= 0 && times <= 20 }),
    Config.withDefault(5)
  ),
  appId: Config.option(Config.nonEmptyString("APP_ID"))
}).pipe(
  Config.nested("ANALYTICS"),
  Config.zipWith(sidecarToken, ({ appId, ...settings }, token) => ({
    ...settings,
    metadata: Option.match(appId, {
      onNone: () => ({}),
      onSome: (id) => ({
        "dapr-app-id": id,
        ...Option.match(token, {
          onNone: () => ({}),
          onSome: (shown) => ({ "dapr-api-token": Redacted.value(shown) })
        })
      })
    })
  }))
)
