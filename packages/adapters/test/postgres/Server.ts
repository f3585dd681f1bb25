import type { StorageError } from "@influscope/ports/StorageError"
import type { InstallFailed, ServerFailed } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import { postgres } from "@influscope/stack/servers/Postgres"
import type { ConfigError } from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Database from "../../src/postgres/Database.ts"
import { temporaryDirectory } from "../TemporaryDirectory.ts"

/** A PostgreSQL of its own, on a free port, gone with the scope. */
export interface TestServer {
  /** What a process opens that connects to it, with other settings than the usual ones where they are given. */
  readonly database: (
    settings?: Readonly<Record<string, string>>
  ) => Layer.Layer<Database.Database, StorageError | ConfigError>
  readonly url: string
  /** The process that all the others of it come from. */
  readonly pid: number
  readonly stop: Effect.Effect<void>
  /** Kill -9. */
  readonly kill: Effect.Effect<void>
  readonly start: Effect.Effect<void, ServerFailed>
}

export const server: Effect.Effect<TestServer, InstallFailed | ServerFailed, Scope.Scope> = Effect.gen(
  function* () {
    const running = yield* Supervisor.scoped(postgres, { directory: yield* temporaryDirectory })
    const url = postgres.environment(running.where)["DATABASE_URL"] ?? ""
    return {
      database: (settings = {}) =>
        Layer.provide(
          Database.layer,
          Layer.setConfigProvider(
            ConfigProvider.fromMap(new Map(Object.entries({ DATABASE_URL: url, ...settings })))
          )
        ),
      url,
      pid: running.pid,
      stop: Supervisor.stop(postgres, running.where),
      kill: Supervisor.kill(running.where),
      // After a kill, the last of its processes may still hold on to what the next start needs.
      start: Supervisor.start(postgres, running.where).pipe(
        Effect.retry(Schedule.intersect(Schedule.spaced("500 millis"), Schedule.recurs(20))),
        Effect.asVoid
      )
    }
  }
)

/** One server for the tests of a file. */
export class SharedServer extends Context.Tag("@influscope/adapters/test/postgres/SharedServer")<
  SharedServer,
  TestServer
>() {}

export const sharedServer = Layer.scoped(SharedServer, server)

/** A database of its own on the shared server: like `TestServer.database`. */
export const emptyDatabase = Effect.gen(function* () {
  const { database, url } = yield* SharedServer
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
  yield* Effect.flatMap(Database.Database, ({ query }) =>
    query("make a database", `CREATE DATABASE ${name}`, [])
  ).pipe(Effect.provide(Layer.fresh(database())))
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    url: own.href,
    database: (settings: Readonly<Record<string, string>> = {}) =>
      Layer.fresh(database({ DATABASE_URL: own.href, ...settings }))
  }
})
