import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { SQL } from "bun"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { exchange } from "../src/Exchange.ts"
import { RequestFailed, signedFetch } from "../src/SignedFetch.ts"
import { type RunningServer, start, stop } from "../src/Supervisor.ts"
import { cassandra } from "../src/servers/Cassandra.ts"
import { dynamoDb, dynamodb } from "../src/servers/DynamoDbLocal.ts"
import { kafka } from "../src/servers/Kafka.ts"
import { mariadb } from "../src/servers/MariaDb.ts"
import { moto } from "../src/servers/Moto.ts"
import { isWholeMongoAnswer, mongoCommand, secantusdb } from "../src/servers/SecantusDb.ts"
import { usedAndGone } from "./NativeServer.ts"

const variable = ({ recipe, where }: RunningServer, name: string): string =>
  recipe.environment(where)[name] ?? assert.fail(`${recipe.name} gives no ${name}`)

const short = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const long = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Kafka's Metadata of one topic, version 4, with the topic made when it is not there. */
const metadataOf = (topic: string): Buffer => {
  const body = Buffer.concat([
    short(3),
    short(4),
    long(7),
    short(-1),
    long(1),
    short(topic.length),
    Buffer.from(topic),
    Buffer.of(1)
  ])
  return Buffer.concat([long(body.length), body])
}

const isWholeKafkaAnswer = (answer: Buffer): boolean =>
  answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)

/** A topic's error code stands before the length of its name. */
const errorOf = (answer: Buffer | undefined, topic: string): number =>
  answer?.includes(topic) === true ? answer.readInt16BE(answer.indexOf(topic) - 4) : -1

/** A frame of Cassandra's native protocol, version 4. */
const frame = (opcode: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.of(4, 0, 0, 1, opcode), long(body.length), body])

const startup = frame(
  1,
  Buffer.concat([short(1), short(11), Buffer.from("CQL_VERSION"), short(5), Buffer.from("3.0.0")])
)
const cql = (text: string): Buffer =>
  frame(7, Buffer.concat([long(text.length), Buffer.from(text), short(1), Buffer.of(0)]))

/** The answer to one query: RESULT (8), once READY (2) came to the first frame. */
const query = (port: number, text: string): Effect.Effect<Buffer, RequestFailed> =>
  Effect.async((resume) => {
    const socket = connect({ host: "127.0.0.1", port })
    socket.setTimeout(5_000, () => resume(new RequestFailed({ why: "no answer in time" })))
    socket.once("error", (error) => resume(new RequestFailed({ why: error.message })))
    socket.once("connect", () => socket.write(startup))
    socket.on("data", (bytes: Buffer) => {
      if (bytes[4] === 2) socket.write(cql(text))
      else if (bytes[4] === 8) resume(Effect.succeed(bytes))
      else resume(new RequestFailed({ why: bytes.toString("latin1") }))
    })
    return Effect.sync(() => socket.destroy())
  })

describe("the other brokers and stores, on free ports of 127.0.0.1", () => {
  it.scopedLive("Kafka makes a topic and says where its partitions are", () =>
    usedAndGone(kafka, (server) =>
      Effect.gen(function* () {
        const port = server.where.ports["broker"] ?? 0
        // Java says nothing, and only takes longer, when it cannot use what was archived.
        assert.include(readFileSync(`/proc/${server.pid}/maps`, "utf8"), "-classes-")
        assert.strictEqual(variable(server, "KAFKA_BROKERS"), `127.0.0.1:${port}`)
        // The first question makes the topic, a later one finds it.
        yield* exchange(port, metadataOf("kept"), isWholeKafkaAnswer).pipe(
          Effect.repeat({
            until: (bytes) => errorOf(bytes, "kept") === 0,
            schedule: Schedule.spaced("100 millis")
          })
        )
        yield* stop(kafka, server.where)
        yield* start(kafka, server.where)
        const again = yield* exchange(port, metadataOf("kept"), isWholeKafkaAnswer)
        assert.strictEqual(errorOf(again, "kept"), 0)
        assert.include(again?.toString("latin1") ?? "", "127.0.0.1")
      })
    )
  )

  it.scopedLive("MariaDB keeps rows over a restart and lets nobody in without the password", () =>
    usedAndGone(mariadb, (server) =>
      Effect.gen(function* () {
        const port = server.where.ports["mysql"] ?? 0
        assert.include(variable(server, "MYSQL_CONNECTION"), `@tcp(127.0.0.1:${port})/`)
        const ask = <A>(password: string, work: (sql: SQL) => Promise<A>) =>
          Effect.tryPromise({
            try: async () => {
              const sql = new SQL(`mysql://influscope:${password}@127.0.0.1:${port}/dapr`)
              try {
                return await work(sql)
              } finally {
                await sql.close()
              }
            },
            catch: (cause) => new RequestFailed({ why: String(cause) })
          })
        yield* ask(server.where.secret, async (sql) => {
          await sql`CREATE TABLE kept (n int)`
          await sql`INSERT INTO kept VALUES (7)`
        })
        const refused = yield* Effect.flip(ask("wrong", (sql) => sql`SELECT 1`))
        assert.include(refused.why, "Access denied")
        yield* stop(mariadb, server.where)
        yield* start(mariadb, server.where)
        const rows = yield* ask(server.where.secret, (sql) => sql`SELECT n FROM kept`)
        assert.deepStrictEqual([...rows], [{ n: 7 }])
      })
    )
  )

  it.scopedLive(
    "Cassandra answers a query",
    () =>
      usedAndGone(cassandra, (server) =>
        Effect.gen(function* () {
          const port = Number(variable(server, "CASSANDRA_PORT"))
          const answer = yield* query(port, "SELECT release_version FROM system.local")
          assert.include(answer.toString("latin1"), cassandra.version)
        })
      ),
    // Half a minute on a busy machine, and a minute beside builds.
    300_000
  )

  it.scopedLive("DynamoDB Local has Dapr's table and keeps an item over a restart", () =>
    usedAndGone(dynamodb, (server) =>
      Effect.gen(function* () {
        const table = variable(server, "DYNAMODB_TABLE")
        const put = yield* dynamoDb(server.where, "PutItem", {
          TableName: table,
          Item: { key: { S: "a" }, value: { S: "kept" } }
        })
        assert.strictEqual(put.status, 200)
        yield* stop(dynamodb, server.where)
        yield* start(dynamodb, server.where)
        const got = yield* dynamoDb(server.where, "GetItem", { TableName: table, Key: { key: { S: "a" } } })
        assert.include(got.body, "kept")
      })
    )
  )

  it.scopedLive("moto mocks a queue", () =>
    usedAndGone(moto, (server) =>
      Effect.gen(function* () {
        const answer = yield* signedFetch({
          method: "POST",
          url: `${variable(server, "SNSSQS_ENDPOINT")}/`,
          service: "sqs",
          accessKey: variable(server, "AWS_ACCESS_KEY_ID"),
          secretKey: variable(server, "AWS_SECRET_ACCESS_KEY"),
          headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.CreateQueue" },
          body: JSON.stringify({ QueueName: "kept" })
        })
        assert.strictEqual(answer.status, 200)
        assert.include(answer.body, "kept")
      })
    )
  )

  it.scopedLive("SecantusDB answers MongoDB's hello as a replica set of its own name", () =>
    usedAndGone(secantusdb, (server) =>
      Effect.gen(function* () {
        const port = server.where.ports["mongo"] ?? 0
        assert.strictEqual(variable(server, "MONGODB_HOST"), `127.0.0.1:${port}`)
        const hello = yield* exchange(port, mongoCommand("hello"), isWholeMongoAnswer)
        assert.include(hello?.toString("latin1") ?? "", "setName")
        assert.include(hello?.toString("latin1") ?? "", "secantus")
      })
    )
  )
})
