import type { StorageError } from "@influscope/ports/StorageError"
import type { InstallFailed, ServerFailed } from "@influscope/stack/Server"
import { postgres } from "@influscope/stack/servers/Postgres"
import { settings } from "@influscope/testing/Settings"
import * as TestServer from "@influscope/testing/TestServer"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Database from "../../src/postgres/Database.ts"

/** A database of a test. */
export interface TestDatabase {
  /** What a process opens that connects to it, with other settings than the usual ones where they are given. */
  readonly database: (
    settings?: Readonly<Record<string, string>>
  ) => Layer.Layer<Database.Database, StorageError | ConfigError>
  readonly url: string
}

/** The database of a server that may be broken. */
export interface OwnServer extends TestDatabase, Pick<TestServer.TestServer, "kill" | "stop" | "start"> {}

const databaseAt = (url: string): TestDatabase => ({
  url,
  database: (values = {}) =>
    Layer.provide(Layer.fresh(Database.layer), settings({ DATABASE_URL: url, ...values }))
})

const urlOf = ({ environment }: TestServer.Reached): string => environment["DATABASE_URL"] ?? ""

/** A server of its own, gone with the scope. */
export const server: Effect.Effect<OwnServer, InstallFailed | ServerFailed, Scope.Scope> = Effect.map(
  TestServer.scoped(postgres),
  (running) => ({
    ...databaseAt(urlOf(running)),
    stop: running.stop,
    kill: running.kill,
    // After a kill, the last of its processes may still hold on to what the next start needs.
    start: Effect.retry(running.start, Schedule.intersect(Schedule.spaced("500 millis"), Schedule.recurs(20)))
  })
)

/** A database of its own on the server that all tests share. */
export const emptyDatabase: Effect.Effect<TestDatabase, ServerFailed | StorageError | ConfigError> =
  Effect.gen(function* () {
    const shared = databaseAt(urlOf(yield* TestServer.shared(postgres)))
    const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
    yield* Effect.flatMap(Database.Database, ({ query }) =>
      query("make a database", `CREATE DATABASE ${name}`, [])
    ).pipe(Effect.provide(shared.database()))
    const own = new URL(shared.url)
    own.pathname = `/${name}`
    return databaseAt(own.href)
  })
