import { assert, describe, it } from "@effect/vitest"
import { Outbox } from "@influscope/ports/Outbox"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Database } from "../../src/postgres/Database.ts"
import * as PostgresOutbox from "../../src/postgres/Outbox.ts"
import { consistent } from "./Invariants.ts"
import { type OwnServer, server } from "./Server.ts"

const producers = 8

const settings = {
  DATABASE_CONNECT_TIMEOUT: "2 seconds",
  DATABASE_STATEMENT_TIMEOUT: "5 seconds",
  DATABASE_POOL_SIZE: String(producers)
}

/** Every producer appends, as fast as it can, until it is interrupted; each third batch is confirmed at once. */
const produce = (outbox: Outbox["Type"], round: number) =>
  Effect.gen(function* () {
    const acknowledged: Array<string> = []
    let unknown = 0
    const one = (producer: number) =>
      Effect.gen(function* () {
        for (let number = 0; ; number++) {
          const id = `batch-${round}-${producer}-${number}`
          const message = { id, payload: JSON.stringify(id.repeat(50)), items: 1, traceparent: undefined }
          const answer = yield* Effect.exit(outbox.append("topic", message, "job"))
          if (Exit.isSuccess(answer)) acknowledged.push(id)
          else {
            unknown += 1
            yield* Effect.sleep("100 millis")
          }
          if (number % 3 === 0)
            yield* Effect.exit(outbox.confirm("topic", id, { created: 1, updated: 0, unchanged: 0 }))
        }
      })
    const fiber = yield* Effect.fork(
      Effect.forEach(
        Array.from({ length: producers }, (_, index) => index),
        one,
        { concurrency: producers, discard: true }
      )
    )
    return {
      acknowledged,
      stop: Effect.map(Fiber.interrupt(fiber), () => unknown)
    }
  })

/** Kills the server under load, brings it back, and compares what was answered with what is there. */
const rounds = (name: string, { kill, start }: OwnServer, times: number) =>
  Effect.gen(function* () {
    const outbox = yield* Outbox
    const database = yield* Database
    const acknowledged: Array<string> = []
    let unknown = 0
    for (let round = 0; round < times; round++) {
      const load = yield* produce(outbox, round)
      yield* Effect.sleep("1200 millis")
      yield* kill
      yield* Effect.sleep("300 millis")
      yield* start
      // The same process goes on by itself.
      yield* Effect.sleep("800 millis")
      unknown += yield* load.stop
      acknowledged.push(...load.acknowledged)
    }
    const rows = yield* database.query<{ id: string }>("read", "SELECT id FROM influscope.outbox", [])
    const kept = new Set(rows.map(({ id }) => id))
    const lost = acknowledged.filter((id) => !kept.has(id))
    yield* Effect.logInfo(
      `${name}: acknowledged ${acknowledged.length}, unknown ${unknown}, kept ${kept.size}, lost ${lost.length}`
    )
    return { acknowledged, kept, lost }
  })

const openWith = ({ database, url }: OwnServer, options: string) =>
  Layer.build(
    Layer.provideMerge(PostgresOutbox.layer, database({ ...settings, DATABASE_URL: `${url}${options}` }))
  )

describe("PostgreSQL outbox under kill -9 of the server", () => {
  it.scopedLive("loses nothing that was appended", () =>
    Effect.gen(function* () {
      const found = yield* server
      const services = yield* openWith(found, "")
      const { acknowledged, lost } = yield* Effect.provide(rounds("synced", found, 3), services)
      assert.isAtLeast(acknowledged.length, 100)
      assert.deepStrictEqual(lost, [])
      yield* Effect.provide(consistent, services)
      // The accounts know of every batch, answered or not.
      const [account] = yield* Context.get(services, Outbox).audit(-1)
      assert.strictEqual((account?.applied ?? 0) + (account?.missing ?? 0), account?.sent)
    })
  )

  it.scopedLive("would be seen to lose, if success were reported before the commit is on the disk", () =>
    Effect.gen(function* () {
      const found = yield* server
      const services = yield* openWith(found, `?options=${encodeURIComponent("-c synchronous_commit=off")}`)
      const database = Context.get(services, Database)
      yield* database.query("be lazy", "ALTER SYSTEM SET wal_writer_delay = '10s'", [])
      yield* database.query("be lazy", "ALTER SYSTEM SET wal_writer_flush_after = '64MB'", [])
      yield* database.query("be lazy", "SELECT pg_reload_conf()", [])
      yield* Effect.sleep("500 millis")
      // Something else may have had the log written just before: several times it has not.
      const { lost } = yield* Effect.provide(rounds("control", found, 8), services)
      assert.isAtLeast(lost.length, 1)
    })
  )
})
