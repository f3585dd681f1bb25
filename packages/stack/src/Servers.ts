import type { ServerRecipe } from "./Server.ts"
import { cassandra } from "./servers/Cassandra.ts"
import { dynamodb } from "./servers/DynamoDbLocal.ts"
import { elasticsearch } from "./servers/Elasticsearch.ts"
import { kafka } from "./servers/Kafka.ts"
import { mariadb } from "./servers/MariaDb.ts"
import { minio } from "./servers/Minio.ts"
import { moto } from "./servers/Moto.ts"
import { postgres } from "./servers/Postgres.ts"
import { rabbitmq } from "./servers/Rabbitmq.ts"
import { redis } from "./servers/Redis.ts"
import { secantusdb } from "./servers/SecantusDb.ts"

/** Every server that can run here without containers, in the order in which they are started. */
export const servers: ReadonlyArray<ServerRecipe> = [
  rabbitmq,
  elasticsearch,
  postgres,
  redis,
  minio,
  kafka,
  mariadb,
  cassandra,
  dynamodb,
  moto,
  secantusdb
]

/** What the Dapr runtime needs unless it is told otherwise. */
export const defaultServers: ReadonlyArray<string> = [rabbitmq, elasticsearch, postgres, redis, minio].map(
  ({ name }) => name
)

export const findServer = (name: string): ServerRecipe | undefined =>
  servers.find((recipe) => recipe.name === name)
