import { join } from "node:path"
import { unique } from "@influscope/ports/conformance/Conformance"
import type { ServerFailed, ServerRecipe } from "@influscope/stack/Server"
import { cassandra } from "@influscope/stack/servers/Cassandra"
import { dynamodb } from "@influscope/stack/servers/DynamoDbLocal"
import { mariadb } from "@influscope/stack/servers/MariaDb"
import { postgres } from "@influscope/stack/servers/Postgres"
import { redis } from "@influscope/stack/servers/Redis"
import { secantusdb } from "@influscope/stack/servers/SecantusDb"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ComponentFile } from "./Sidecars.ts"

/** A state store that holds nothing yet, as the component `state`. */
export type StateComponent = Effect.Effect<ComponentFile, ServerFailed, Scope.Scope>

const state = (type: string, metadata: Readonly<Record<string, string>>, version = "v1"): ComponentFile => ({
  name: "state",
  type,
  version,
  metadata
})

/** Makes a component of the variables by which a server is reached; keys of its own keep it apart from the others. */
const on = (
  recipe: ServerRecipe,
  toComponent: (variable: (name: string) => string) => ComponentFile
): StateComponent =>
  Effect.map(TestServer.shared(recipe), ({ environment }) => {
    const component = toComponent((name) => environment[name] ?? "")
    return { ...component, metadata: { ...component.metadata, keyPrefix: unique("state") } }
  })

export const inMemory: StateComponent = Effect.succeed(state("state.in-memory", {}))

export const onSqlite: StateComponent = Effect.map(temporaryDirectory, (directory) =>
  state("state.sqlite", { connectionString: join(directory, "state.db") })
)

export const onRedis = on(redis, (variable) =>
  state("state.redis", { redisHost: variable("REDIS_HOST"), redisPassword: variable("REDIS_PASSWORD") })
)

export const onPostgres = on(postgres, (variable) =>
  state("state.postgresql", { connectionString: variable("DAPR_STATE_CONNECTION"), maxConns: "8" }, "v2")
)

export const onMysql = on(mariadb, (variable) =>
  state("state.mysql", { connectionString: variable("MYSQL_CONNECTION"), schemaName: "dapr" })
)

export const onCassandra = on(cassandra, (variable) =>
  state("state.cassandra", {
    hosts: variable("CASSANDRA_HOSTS"),
    port: variable("CASSANDRA_PORT"),
    username: variable("CASSANDRA_USERNAME"),
    password: variable("CASSANDRA_PASSWORD"),
    consistency: "Quorum"
  })
)

export const onDynamoDb = on(dynamodb, (variable) =>
  state("state.aws.dynamodb", {
    table: variable("DYNAMODB_TABLE"),
    endpoint: variable("DYNAMODB_ENDPOINT"),
    region: variable("AWS_REGION"),
    accessKey: variable("AWS_ACCESS_KEY_ID"),
    secretKey: variable("AWS_SECRET_ACCESS_KEY"),
    ttlAttributeName: "expiresAt"
  })
)

/** The Mongo wire protocol, by another server. */
export const onMongo = on(secantusdb, (variable) =>
  state("state.mongodb", { host: variable("MONGODB_HOST"), params: variable("MONGODB_PARAMS") })
)
