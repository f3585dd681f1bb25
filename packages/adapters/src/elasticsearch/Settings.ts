import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

export interface Settings {
  /** Base addresses of the nodes. */
  readonly nodes: ReadonlyArray<string>
  readonly apiKey: Option.Option<Redacted.Redacted>
  readonly username: Option.Option<string>
  readonly password: Option.Option<Redacted.Redacted>
  /** Name of the alias; the indices behind it begin with it. */
  readonly alias: string
  /** For one request. */
  readonly timeout: Duration.Duration
  /** How long the start waits for a cluster that does not answer yet. */
  readonly startTimeout: Duration.Duration
  /** File with the certificates to trust, PEM. */
  readonly caFile: Option.Option<string>
}

const aliasPattern = /^[a-z][a-z0-9-]{0,99}$/
const isNode = (address: string): boolean =>
  URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)

/** The keys ELASTICSEARCH_URL (several separated by commas), _API_KEY, _USERNAME, _PASSWORD, _INDEX, _TIMEOUT, _START_TIMEOUT and _CA. */
export const settingsConfig: Config.Config<Settings> = Config.all({
  nodes: Config.string("ELASTICSEARCH_URL").pipe(
    Config.withDefault("http://127.0.0.1:9200"),
    Config.map((text) => text.split(",").map((each) => each.trim())),
    Config.validate({
      message: "expected http or https addresses, separated by commas",
      validation: (nodes) => nodes.length > 0 && nodes.every(isNode)
    })
  ),
  apiKey: Config.option(Config.redacted("ELASTICSEARCH_API_KEY")),
  username: Config.option(Config.string("ELASTICSEARCH_USERNAME")),
  password: Config.option(Config.redacted("ELASTICSEARCH_PASSWORD")),
  alias: Config.string("ELASTICSEARCH_INDEX").pipe(
    Config.withDefault("profiles"),
    Config.validate({
      message: "expected a name of lower-case letters, digits and hyphens",
      validation: (alias) => aliasPattern.test(alias)
    })
  ),
  timeout: Config.duration("ELASTICSEARCH_TIMEOUT").pipe(Config.withDefault(Duration.seconds(10))),
  startTimeout: Config.duration("ELASTICSEARCH_START_TIMEOUT").pipe(Config.withDefault(Duration.seconds(60))),
  caFile: Config.option(Config.string("ELASTICSEARCH_CA"))
})
