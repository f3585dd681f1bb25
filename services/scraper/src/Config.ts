import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** INFLUSCOPE_MAX_IMPORT_BYTES for one file, packed or not, INFLUSCOPE_MAX_WAITING_IMPORTS before more are turned away. */
export const importLimits = Config.all({
  maxBytes: Config.integer("INFLUSCOPE_MAX_IMPORT_BYTES").pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(4 * 1024 ** 3)
  ),
  maxWaiting: Config.integer("INFLUSCOPE_MAX_WAITING_IMPORTS").pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(100)
  )
})

export interface ProviderConfig {
  readonly url: URL
  readonly token: Option.Option<Redacted.Redacted>
  readonly pageSize: number
  readonly requestsPerSecond: number
  readonly timeout: Duration.Duration
  readonly maxAnswerBytes: number
}

/**
 * The HTTP provider, under INFLUSCOPE_PROVIDER_. URL: its address, http or https; without it there is no such source.
 * TOKEN: sent as a bearer token. PAGE_SIZE: entries asked for at once, 1 to 500 (200). REQUESTS_PER_SECOND: 0.01 to 1000
 * (5). TIMEOUT: for one answer (30 seconds). MAX_ANSWER_BYTES: largest answer (16 MiB).
 */
export const providerConfig: Config.Config<Option.Option<ProviderConfig>> = Config.all({
  url: Config.option(
    Config.url("URL").pipe(
      Config.validate({
        message: "expected an http or https address without a user name; a secret goes into the token",
        validation: ({ password, protocol, username }) =>
          /^https?:$/.test(protocol) && username === "" && password === ""
      })
    )
  ),
  token: Config.option(Config.redacted("TOKEN")),
  pageSize: Config.integer("PAGE_SIZE").pipe(
    Config.validate({ message: "expected 1 to 500", validation: (value) => value >= 1 && value <= 500 }),
    Config.withDefault(200)
  ),
  requestsPerSecond: Config.number("REQUESTS_PER_SECOND").pipe(
    Config.validate({
      message: "expected 0.01 to 1000",
      validation: (value) => value >= 0.01 && value <= 1_000
    }),
    Config.withDefault(5)
  ),
  timeout: Config.duration("TIMEOUT").pipe(Config.withDefault(Duration.seconds(30))),
  maxAnswerBytes: Config.integer("MAX_ANSWER_BYTES").pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(16 * 1024 * 1024)
  )
}).pipe(
  Config.nested("PROVIDER"),
  Config.nested("INFLUSCOPE"),
  Config.map(({ url, ...rest }) => Option.map(url, (address) => ({ url: address, ...rest })))
)
