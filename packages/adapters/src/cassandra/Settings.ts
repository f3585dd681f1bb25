import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

export interface Settings {
  /** Nodes to ask first; they tell of the others. */
  readonly hosts: ReadonlyArray<string>
  readonly port: number
  /** Where this process is: only its nodes are asked. */
  readonly datacenter: string
  readonly keyspace: string
  /** Copies within the datacenter, for a keyspace that has to be made. */
  readonly replicas: number
  readonly username: Option.Option<string>
  readonly password: Option.Option<Redacted.Redacted>
  readonly isEncrypted: boolean
  /** File with the certificates to trust, PEM; those of the system otherwise. */
  readonly caFile: Option.Option<string>
  /** For one request. */
  readonly timeout: Duration.Duration
  /** How long the start waits for a cluster that does not answer yet. */
  readonly startTimeout: Duration.Duration
}

const namePattern = /^[a-z][a-z0-9_]{0,47}$/

/**
 * The keys CASSANDRA_HOSTS (several separated by commas), _PORT, _DATACENTER, _KEYSPACE, _REPLICAS, _USERNAME, _PASSWORD,
 * _TLS, _CA, _TIMEOUT and _START_TIMEOUT.
 */
export const settingsConfig: Config.Config<Settings> = Config.all({
  hosts: Config.string("CASSANDRA_HOSTS").pipe(
    Config.withDefault("127.0.0.1"),
    Config.map((text) => text.split(",").map((host) => host.trim())),
    Config.validate({
      message: "expected names or addresses, separated by commas",
      validation: (hosts) => hosts.every((host) => host !== "")
    })
  ),
  port: Config.port("CASSANDRA_PORT").pipe(Config.withDefault(9_042)),
  datacenter: Config.string("CASSANDRA_DATACENTER").pipe(Config.withDefault("datacenter1")),
  keyspace: Config.string("CASSANDRA_KEYSPACE").pipe(
    Config.withDefault("influscope"),
    Config.validate({
      message: "expected a name of lower-case letters, digits and underscores",
      validation: (name) => namePattern.test(name)
    })
  ),
  replicas: Config.integer("CASSANDRA_REPLICAS").pipe(
    Config.withDefault(1),
    Config.validate({ message: "expected 1 to 9", validation: (count) => count >= 1 && count <= 9 })
  ),
  username: Config.option(Config.string("CASSANDRA_USERNAME")),
  password: Config.option(Config.redacted("CASSANDRA_PASSWORD")),
  isEncrypted: Config.literal(
    "off",
    "on"
  )("CASSANDRA_TLS").pipe(
    Config.withDefault("off"),
    Config.map((word) => word === "on")
  ),
  caFile: Config.option(Config.string("CASSANDRA_CA")),
  timeout: Config.duration("CASSANDRA_TIMEOUT").pipe(Config.withDefault(Duration.seconds(5))),
  startTimeout: Config.duration("CASSANDRA_START_TIMEOUT").pipe(Config.withDefault(Duration.seconds(60)))
})
