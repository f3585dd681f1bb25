import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import type { Population } from "./Accounts.ts"

/** No answers from `from` until `until`, epoch milliseconds. */
export interface Outage {
  readonly from: number
  readonly until: number
}

const share = Config.validate({
  message: "expected 0 to 1",
  validation: (value: number) => value >= 0 && value <= 1
})
const perYear = Config.validate({
  message: "expected 0 to 4",
  validation: (value: number) => value >= 0 && value <= 4
})

const outageOf = (text: string): Outage | undefined => {
  const [from = "", until = "", ...more] = text.split("/")
  const outage = { from: Date.parse(from), until: Date.parse(until) }
  return more.length === 0 && outage.from < outage.until ? outage : undefined
}

const outagesOf = (text: string): Either.Either<ReadonlyArray<Outage>, ConfigError.ConfigError> => {
  const parts = text.split(",").filter((part) => part.trim() !== "")
  const outages = parts.flatMap((part) => outageOf(part.trim()) ?? [])
  return outages.length === parts.length
    ? Either.right(outages)
    : Either.left(
        ConfigError.InvalidData(
          ["OUTAGES"],
          "expected start/end, separated by commas, as in 2026-11-21T10:00:00Z/2026-11-21T10:15:00Z"
        )
      )
}

/** Where the service listens. Port 0 takes any free one. */
export const serverConfig = Config.all({
  host: Config.nonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")),
  port: Config.integer("PORT").pipe(
    Config.validate({
      message: "expected a port, 0 to 65535",
      validation: (port) => port >= 0 && port <= 65_535
    }),
    Config.withDefault(8090)
  )
}).pipe(Config.nested("MOCKSTAGRAM"))

/** Who there is. The same seed makes the same accounts with the same figures. */
export const populationConfig: Config.Config<Population> = Config.all({
  seed: Config.integer("SEED").pipe(Config.withDefault(1)),
  accounts: Config.integer("ACCOUNTS").pipe(
    Config.validate({
      message: "expected 1 to 1000000000",
      validation: (accounts) => accounts >= 1 && accounts <= 1e9
    }),
    Config.withDefault(1_000_000)
  ),
  growth: Config.all({
    viralsPerYear: Config.number("VIRALS_PER_YEAR").pipe(perYear, Config.withDefault(1)),
    purgesPerYear: Config.number("PURGES_PER_YEAR").pipe(perYear, Config.withDefault(2)),
    rounding: Config.literal("exact", "display")("ROUNDING").pipe(Config.withDefault("exact"))
  })
}).pipe(Config.nested("MOCKSTAGRAM"))

/** How well the service answers at first: see `Conditions`. */
export const conditionsConfig = Config.all({
  latencyMillis: Config.duration("LATENCY").pipe(
    Config.withDefault(Duration.zero),
    Config.map(Duration.toMillis)
  ),
  jitterMillis: Config.duration("JITTER").pipe(
    Config.withDefault(Duration.zero),
    Config.map(Duration.toMillis)
  ),
  errorRate: Config.number("ERROR_RATE").pipe(share, Config.withDefault(0)),
  dropRate: Config.number("DROP_RATE").pipe(share, Config.withDefault(0)),
  requestsPerSecond: Config.integer("REQUESTS_PER_SECOND").pipe(
    Config.validate({ message: "expected 0 or more", validation: (requests) => requests >= 0 }),
    Config.withDefault(100)
  ),
  outages: Config.string("OUTAGES").pipe(Config.mapOrFail(outagesOf), Config.withDefault([]))
}).pipe(Config.nested("MOCKSTAGRAM"))
