import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { isLoopback } from "./Loopback.ts"
import { type Algorithm, algorithms } from "./Tokens.ts"

const isAlgorithm = (name: string): name is Algorithm => algorithms.some((known) => known === name)

/** Comma-separated. */
const allowed = Config.string("INFLUSCOPE_JWT_ALGORITHMS").pipe(
  Config.mapOrFail((text): Either.Either<ReadonlyArray<Algorithm>, ConfigError.ConfigError> => {
    const names = text.split(",").map((name) => name.trim())
    const found = names.filter(isAlgorithm)
    return found.length === names.length
      ? Either.right(found)
      : Either.left(ConfigError.InvalidData([], `expected some of ${algorithms.join(", ")}`))
  }),
  Config.withDefault(algorithms)
)

/** Keys fetched without encryption could be anybody's, except from this machine. */
const keysUrl = Config.url("INFLUSCOPE_JWKS_URL").pipe(
  Config.validate({
    message: "expected an https address",
    validation: ({ hostname, protocol }) =>
      protocol === "https:" || (protocol === "http:" && isLoopback(hostname.replace(/^\[|\]$/g, "")))
  })
)

const positive = (number: Config.Config<number>, fallback: number) =>
  number.pipe(
    Config.validate({ message: "expected more than 0", validation: (value) => value > 0 }),
    Config.withDefault(fallback)
  )

/** What tokens say of whom they are from and for whom: also what `influscope token` writes into them. */
export const tokenNames = Config.all({
  issuer: Config.nonEmptyString("INFLUSCOPE_JWT_ISSUER").pipe(Config.withDefault("influscope")),
  audience: Config.nonEmptyString("INFLUSCOPE_JWT_AUDIENCE").pipe(Config.withDefault("influscope"))
})

export const keyFile = Config.option(Config.nonEmptyString("INFLUSCOPE_JWT_KEY_FILE"))

/**
 * Without INFLUSCOPE_JWT_KEY_FILE and INFLUSCOPE_JWKS_URL there are no tokens, and this machine alone may ask. The limit of
 * requests is for each subject of a tenant, and for each address that comes with bad tokens.
 */
export const accessConfig = Config.all({
  file: keyFile,
  url: Config.option(keysUrl),
  names: tokenNames,
  algorithms: allowed,
  skew: Config.duration("INFLUSCOPE_JWT_CLOCK_SKEW").pipe(
    Config.validate({
      message: "expected 0 seconds to 5 minutes",
      validation: (skew) => Duration.between(skew, { minimum: Duration.zero, maximum: Duration.minutes(5) })
    }),
    Config.withDefault(Duration.seconds(30))
  ),
  limit: Config.all({
    perSecond: positive(Config.number("INFLUSCOPE_RATE_LIMIT"), 100),
    burst: positive(Config.number("INFLUSCOPE_RATE_BURST"), 200)
  })
}).pipe(
  Config.mapOrFail((config) =>
    Option.isSome(config.file) && Option.isSome(config.url)
      ? Either.left(
          ConfigError.InvalidData(
            ["INFLUSCOPE_JWKS_URL"],
            "tokens are checked by one or the other: unset it, or INFLUSCOPE_JWT_KEY_FILE"
          )
        )
      : Either.right(config)
  )
)
