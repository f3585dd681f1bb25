import { choices, type Profile } from "./Profile.ts"

type Variable = {
  /** The first that is set counts. */
  readonly from: ReadonlyArray<string>
  readonly otherwise?: string
  /** The component does not start without it. */
  readonly needed?: true
}

const variable = (from: string | ReadonlyArray<string>, rest: Omit<Variable, "from"> = {}): Variable => ({
  from: typeof from === "string" ? [from] : from,
  ...rest
})
const needed = { needed: true } as const

/** The secrets that component files name, key by key, and the variables of the environment they are made from. */
export const secrets: Readonly<Record<string, Readonly<Record<string, Variable>>>> = {
  rabbitmq: { url: variable("RABBITMQ_URL", needed) },
  kafka: { brokers: variable("KAFKA_BROKERS", needed) },
  redis: { host: variable("REDIS_HOST", needed), password: variable("REDIS_PASSWORD") },
  postgresql: {
    connectionString: variable(["DAPR_STATE_CONNECTION", "DATABASE_URL"], needed),
    url: variable("DATABASE_URL")
  },
  mysql: { connectionString: variable("MYSQL_CONNECTION", needed) },
  mongodb: {
    host: variable("MONGODB_HOST", needed),
    username: variable("MONGODB_USERNAME"),
    password: variable("MONGODB_PASSWORD"),
    params: variable("MONGODB_PARAMS")
  },
  cassandra: {
    hosts: variable("CASSANDRA_HOSTS", needed),
    port: variable("CASSANDRA_PORT", { otherwise: "9042" }),
    username: variable("CASSANDRA_USERNAME"),
    password: variable("CASSANDRA_PASSWORD")
  },
  dynamodb: {
    table: variable("DYNAMODB_TABLE", { otherwise: "influscope-state" }),
    endpoint: variable("DYNAMODB_ENDPOINT")
  },
  aws: {
    region: variable("AWS_REGION", { otherwise: "us-east-1" }),
    accessKey: variable("AWS_ACCESS_KEY_ID"),
    secretKey: variable("AWS_SECRET_ACCESS_KEY"),
    endpoint: variable(["SNSSQS_ENDPOINT", "AWS_ENDPOINT_URL"])
  },
  s3: {
    bucket: variable("S3_BUCKET", needed),
    region: variable(["S3_REGION", "AWS_REGION"], { otherwise: "us-east-1" }),
    endpoint: variable("S3_ENDPOINT"),
    accessKey: variable(["S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID"]),
    secretKey: variable(["S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"])
  },
  sqlite: { file: variable("DAPR_STATE_FILE", needed) },
  elasticsearch: {
    url: variable("ELASTICSEARCH_URL"),
    username: variable("ELASTICSEARCH_USERNAME"),
    password: variable("ELASTICSEARCH_PASSWORD")
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Which secrets the components of a profile name. */
export const secretsOf = (profile: Profile): ReadonlyArray<string> => {
  const names: Readonly<Record<string, ReadonlyArray<string>>> = {
    snssqs: ["aws"],
    dynamodb: ["aws", "dynamodb"],
    minio: ["s3"]
  }
  const chosen = [profile.pubsub, profile.state, profile.objects].flatMap((name) => names[name] ?? [name])
  // Redis also holds the configuration and the cache; the services read the last two themselves.
  return [...new Set([...chosen, "redis", "postgresql", "elasticsearch"])]
}

export interface Collected {
  /** As secretstores.local.file wants it with multiValued: secret, key, value. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Variables without which a component of the profile does not start. */
  readonly missing: ReadonlyArray<string>
}

/** The secrets of a profile from an environment. Absent optional ones are left out: the component then has no value. */
export const collect = (profile: Profile, environment: Environment): Collected => {
  const missing: Array<string> = []
  const required = new Set(
    secretsOf(profile).filter((name) => name !== "postgresql" || profile.state === "postgresql")
  )
  const values: Record<string, Record<string, string>> = {}
  for (const name of secretsOf(profile)) {
    const found: Record<string, string> = {}
    for (const [key, { from, needed, otherwise }] of Object.entries(secrets[name] ?? {})) {
      const value = from
        .map((variable) => environment[variable])
        .find((text) => text !== undefined && text !== "")
      if (value !== undefined) found[key] = value
      else if (otherwise !== undefined) found[key] = otherwise
      else if (needed === true && required.has(name)) missing.push(from[0] ?? name)
    }
    if (Object.keys(found).length > 0) values[name] = found
  }
  if (profile.objects === choices.objects[0] && values["s3"]?.["endpoint"] === undefined)
    missing.push("S3_ENDPOINT")
  return { values, missing }
}

/** Every variable that secrets are made from. */
export const variables: ReadonlyArray<string> = [
  ...new Set(Object.values(secrets).flatMap((keys) => Object.values(keys).flatMap(({ from }) => from)))
]
