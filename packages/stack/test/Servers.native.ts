import { assert, describe, it } from "@effect/vitest"
import { connect } from "amqplib"
import { SQL } from "bun"
import * as Effect from "effect/Effect"
import { RequestFailed, signedFetch } from "../src/SignedFetch.ts"
import { kill, type RunningServer, start } from "../src/Supervisor.ts"
import { minio } from "../src/servers/Minio.ts"
import { postgres } from "../src/servers/Postgres.ts"
import { rabbitmq } from "../src/servers/Rabbitmq.ts"
import { usedAndGone } from "./NativeServer.ts"

const variable = ({ recipe, where }: RunningServer, name: string): string =>
  recipe.environment(where)[name] ?? assert.fail(`${recipe.name} gives no ${name}`)

const attempt = <A>(work: () => Promise<A>): Effect.Effect<A, RequestFailed> =>
  Effect.tryPromise({
    try: work,
    catch: (cause) => new RequestFailed({ why: String(cause) })
  })

describe("the servers of the stack, on free ports of 127.0.0.1", () => {
  it.scopedLive(
    "RabbitMQ confirms into a quorum queue and keeps it over a crash",
    () =>
      usedAndGone(rabbitmq, (server) =>
        Effect.gen(function* () {
          const url = variable(server, "RABBITMQ_URL")
          yield* attempt(async () => {
            const connection = await connect(url)
            const channel = await connection.createConfirmChannel()
            await channel.assertQueue("kept", { durable: true, arguments: { "x-queue-type": "quorum" } })
            channel.sendToQueue("kept", Buffer.from("a letter"), { persistent: true })
            await channel.waitForConfirms()
            await connection.close()
          })
          // 3.10 writes the name of a new quorum queue to its disk within 3 s: killed before, the queue does not come back.
          yield* Effect.sleep("4 seconds")
          yield* kill(server.where)
          yield* start(rabbitmq, server.where)
          yield* attempt(async () => {
            const connection = await connect(url)
            const channel = await connection.createChannel()
            const message = await channel.get("kept", { noAck: true })
            assert.strictEqual(message === false ? "" : message.content.toString(), "a letter")
            await connection.close()
            const management = new URL(variable(server, "RABBITMQ_MANAGEMENT_URL"))
            const answer = await fetch(`${management.origin}/api/queues/%2F/kept`, {
              headers: { authorization: `Basic ${btoa(`${management.username}:${management.password}`)}` }
            })
            assert.include(await answer.text(), '"type":"quorum"')
            const metrics = await fetch(variable(server, "RABBITMQ_METRICS_URL"))
            assert.include(await metrics.text(), "rabbitmq_")
            const guest = await fetch(`${management.origin}/api/overview`, {
              headers: { authorization: `Basic ${btoa("guest:guest")}` }
            })
            assert.strictEqual(guest.status, 401)
          })
        })
      ),
    // Its node starts twice here: a minute on a busy machine.
    300_000
  )

  it.scopedLive("PostgreSQL has two databases behind a password and recovers from a crash", () =>
    usedAndGone(postgres, (server) =>
      Effect.gen(function* () {
        const url = variable(server, "DATABASE_URL")
        yield* attempt(async () => {
          const sql = new SQL(url)
          await sql`CREATE TABLE kept (n int)`
          await sql`INSERT INTO kept VALUES (7)`
          await sql.close()
        })
        // A session that works for minutes, and looks at nothing else.
        const working = new SQL({ url, max: 1 })
        const cutOff = working`SELECT count(*) FROM generate_series(1, 10000000000)`.then(
          () => assert.fail("it outlived the crash"),
          (error) => String(error)
        )
        yield* Effect.sleep("1 second")
        yield* kill(server.where)
        yield* start(postgres, server.where)
        assert.match(yield* Effect.promise(() => cutOff), /connection/i)
        yield* attempt(async () => {
          const sql = new SQL(url)
          assert.deepStrictEqual([...(await sql`SELECT n FROM kept`)], [{ n: 7 }])
          await sql.close()
          const state = new SQL(variable(server, "DAPR_STATE_CONNECTION"))
          assert.deepStrictEqual([...(await state`SELECT current_database() AS name`)], [{ name: "dapr" }])
          await state.close()
          const stranger = new SQL(url.replace(server.where.secret, "wrong"))
          await stranger`SELECT 1`.then(
            () => assert.fail("it lets anybody in"),
            (error) => assert.include(String(error), "password authentication failed")
          )
          await stranger.close()
        })
      })
    )
  )

  it.scopedLive("MinIO stores an object in its bucket, for those who sign", () =>
    usedAndGone(minio, (server) =>
      Effect.gen(function* () {
        const url = `${variable(server, "S3_ENDPOINT")}/${variable(server, "S3_BUCKET")}/kept.txt`
        const signed = {
          url,
          service: "s3" as const,
          accessKey: variable(server, "S3_ACCESS_KEY"),
          secretKey: variable(server, "S3_SECRET_KEY")
        }
        assert.strictEqual((yield* signedFetch({ ...signed, method: "PUT", body: "an object" })).status, 200)
        assert.strictEqual((yield* signedFetch({ ...signed, method: "GET" })).body, "an object")
        assert.strictEqual((yield* attempt(() => fetch(url))).status, 403)
        // Started again, the bucket is there already.
        yield* kill(server.where)
        yield* start(minio, server.where)
        assert.strictEqual((yield* signedFetch({ ...signed, method: "GET" })).body, "an object")
      })
    )
  )
})
