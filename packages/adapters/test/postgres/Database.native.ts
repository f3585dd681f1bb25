import { connect, createServer, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { suite } from "@influscope/ports/conformance/Conformance"
import { Outbox } from "@influscope/ports/Outbox"
import type { StorageReason } from "@influscope/ports/StorageError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Database, type PostgresDatabase } from "../../src/postgres/Database.ts"
import { migrations } from "../../src/postgres/Migrations.ts"
import * as PostgresOutbox from "../../src/postgres/Outbox.ts"
import { emptyDatabase, server } from "./Server.ts"

const quick = {
  DATABASE_CONNECT_TIMEOUT: "1 second",
  DATABASE_STATEMENT_TIMEOUT: "1 second",
  DATABASE_POOL_SIZE: "4"
}

const one = (database: PostgresDatabase) => database.query("ask", "SELECT 1 AS one", [])

const raise = (database: PostgresDatabase, state: string) =>
  database.query("raise", `DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$`, [])

const expected: Readonly<Record<string, StorageReason>> = {
  "53100": "full",
  "53200": "unavailable",
  "53300": "unavailable",
  "08006": "unavailable",
  "57P01": "unavailable",
  "57014": "unavailable",
  "55P03": "unavailable",
  "25006": "unavailable",
  "28P01": "unavailable",
  "58030": "unavailable",
  "40001": "conflict",
  "40P01": "conflict",
  "23505": "conflict",
  XX001: "corrupt",
  XX000: "corrupt"
}

/** A way to a server, whose connections can fall silent: they stay open, and nothing passes any more. */
const quietable = (url: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly silence: () => number; readonly close: () => void }>(
      (resume) => {
        const target = new URL(url)
        const open = new Set<Socket>()
        const listener = createServer((client) => {
          const server = connect({ host: target.hostname, port: Number(target.port) })
          const pass = (from: Socket, to: Socket) => {
            open.add(from)
            from.on("error", () => to.destroy())
            from.on("close", () => {
              open.delete(from)
              to.destroy()
            })
            from.pipe(to)
          }
          pass(client, server)
          pass(server, client)
        })
        listener.listen(0, "127.0.0.1", () => {
          const address = listener.address()
          const through = new URL(url)
          through.port = String(typeof address === "object" ? address?.port : "")
          resume(
            Effect.succeed({
              url: through.href,
              silence: () => {
                for (const socket of open) socket.unpipe().pause()
                return open.size / 2
              },
              close: () => {
                for (const socket of open) socket.destroy()
                listener.close()
              }
            })
          )
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

suite("PostgreSQL database", Layer.empty, (test) => {
  test("says of every failure what a caller can do about it", () =>
    Effect.gen(function* () {
      const { database: open } = yield* emptyDatabase
      const database = Context.get(yield* Layer.build(open(quick)), Database)
      const found = yield* Effect.forEach(Object.keys(expected), (state) =>
        Effect.map(Effect.flip(raise(database, state)), ({ reason }) => [state, reason] as const)
      )
      assert.deepStrictEqual(Object.fromEntries(found), expected)
      const [duration, slow] = yield* Effect.timed(
        Effect.flip(database.query("sleep", "SELECT pg_sleep(30)", []))
      )
      assert.strictEqual(slow.reason, "unavailable")
      assert.isBelow(Duration.toMillis(duration), 10_000)
      const mistake = yield* Effect.exit(database.query("ask", "SELEC 1", []))
      assert.isTrue(Exit.isFailure(mistake) && Cause.isDie(mistake.cause))
      assert.deepStrictEqual(yield* one(database), [{ one: 1 }])
    }))

  test("brings the schema up to date once, however many services start at once", () =>
    Effect.gen(function* () {
      const { database } = yield* emptyDatabase
      const all = yield* Effect.replicateEffect(Layer.build(Layer.fresh(database())), 8, { concurrency: 8 })
      const versions = yield* Effect.forEach(all, (services) =>
        Context.get(services, Database).query("ask", "SELECT version FROM influscope.schema_version", [])
      )
      assert.deepStrictEqual(
        versions,
        Array.from({ length: 8 }, () => [{ version: migrations.length }])
      )
      const [first] = all
      if (first === undefined) return assert.fail("no service")
      yield* Context.get(first, Database).query(
        "age",
        "UPDATE influscope.schema_version SET version = 99",
        []
      )
      const error = yield* Effect.flip(Layer.build(Layer.fresh(database())))
      assert.strictEqual(error._tag === "StorageError" && error.reason, "corrupt")
      assert.include(String(error), "newer release")
    }))

  test("does not start without a database, and says so without the password", () =>
    Effect.gen(function* () {
      const { database, url } = yield* emptyDatabase
      const wrong = new URL(url)
      wrong.password = "not-the-password"
      const error = yield* Effect.flip(
        Layer.build(
          Layer.fresh(database({ ...quick, DATABASE_URL: wrong.href, DATABASE_START_TIMEOUT: "1 second" }))
        )
      )
      assert.strictEqual(error._tag === "StorageError" && error.reason, "unavailable")
      assert.notInclude(String(error), "not-the-password")
      const invalid = yield* Effect.flip(
        Layer.build(Layer.fresh(database({ DATABASE_URL: "mysql://user:secret-word@localhost/db" })))
      )
      assert.include(String(invalid), "DATABASE_URL")
      assert.notInclude(String(invalid), "secret-word")
    }))

  test("does not keep who is interrupted, and has its connections back when the statements end", () =>
    Effect.gen(function* () {
      const { database: open } = yield* emptyDatabase
      const database = Context.get(yield* Layer.build(open({ DATABASE_POOL_SIZE: "2" })), Database)
      const [duration] = yield* Effect.timed(
        Effect.replicateEffect(
          Effect.timeoutOption(database.query("sleep", "SELECT pg_sleep(2)", []), "200 millis"),
          2,
          { concurrency: 2 }
        )
      )
      assert.isBelow(Duration.toMillis(duration), 1_500)
      yield* Effect.replicateEffect(one(database), 4, { concurrency: 4 })
    }))

  test("lets go of connections that have fallen silent", () =>
    Effect.gen(function* () {
      const { database: open, url } = yield* emptyDatabase
      const way = yield* quietable(url)
      const database = Context.get(yield* Layer.build(open({ ...quick, DATABASE_URL: way.url })), Database)
      yield* Effect.replicateEffect(database.query("sleep", "SELECT pg_sleep(0.2)", []), 4, {
        concurrency: 4
      })
      assert.isAtLeast(way.silence(), 4)
      const [duration, answers] = yield* Effect.timed(
        Effect.replicateEffect(Effect.either(one(database)), 6, { concurrency: 6 })
      )
      assert.isBelow(Duration.toMillis(duration), 15_000)
      const failures = answers.flatMap((answer) => (Either.isLeft(answer) ? [answer.left.reason] : []))
      assert.isAtLeast(failures.length, 4)
      assert.deepStrictEqual([...new Set(failures)], ["unavailable"])
      // They are as silent as before, and nobody waits for them any more.
      assert.deepStrictEqual(yield* one(database), [{ one: 1 }])
    }))
})

describe("PostgreSQL database whose server comes and goes", () => {
  it.scopedLive("waits at its start for a server that comes later", () =>
    Effect.gen(function* () {
      const { database, start, stop } = yield* server
      yield* stop
      const opening = yield* Effect.fork(Layer.build(Layer.fresh(database())))
      yield* Effect.sleep("1500 millis")
      yield* start
      const services = yield* Fiber.join(opening)
      assert.deepStrictEqual(yield* one(Context.get(services, Database)), [{ one: 1 }])
    })
  )

  it.scopedLive("fails in time while the server is away, and works when it is back", () =>
    Effect.gen(function* () {
      const { database: open, start, stop } = yield* server
      const services = yield* Layer.build(Layer.provideMerge(PostgresOutbox.layer, open(quick)))
      const outbox = Context.get(services, Outbox)
      const append = (id: string) =>
        outbox.append("topic", { id, payload: "{}", items: 1, traceparent: undefined }, undefined)
      assert.isTrue(yield* append("before"))
      for (const round of [1, 2]) {
        yield* stop
        const [duration, answers] = yield* Effect.timed(
          Effect.forEach(
            Array.from({ length: 12 }, (_, index) => `away-${round}-${index}`),
            (id) => Effect.flip(append(id)),
            { concurrency: 12 }
          )
        )
        assert.deepStrictEqual([...new Set(answers.map(({ reason }) => reason))], ["unavailable"])
        assert.isBelow(Duration.toMillis(duration), 10_000)
        yield* start
        assert.isTrue(yield* append(`after-${round}`))
      }
      assert.strictEqual((yield* outbox.audit(3_600_000))[0]?.sent, 3)
    })
  )
})
