import { Database } from "bun:sqlite"
import { join } from "node:path"
import type { ServerRecipe } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import { mariadb } from "@influscope/stack/servers/MariaDb"
import { postgres } from "@influscope/stack/servers/Postgres"
import { redis } from "@influscope/stack/servers/Redis"
import { RedisClient, SQL } from "bun"
import * as Effect from "effect/Effect"
import type { ComponentFile } from "../../packages/adapters/test/dapr/Sidecars.ts"

/** A store asked in the plainest way there is: a row by its key. */
export interface Bare {
  readonly set: (key: string, value: string) => Promise<unknown>
  readonly get: (key: string) => Promise<unknown>
}

/** A store that runs for as long as the scope is open: as Dapr knows it, and by its own driver. */
export interface Store {
  readonly name: string
  readonly component: ComponentFile
  readonly bare: Bare
}

const serverOf = (directory: string, recipe: ServerRecipe) =>
  Effect.map(
    Supervisor.scoped(recipe, { directory: join(directory, recipe.name) }),
    ({ where }) =>
      (name: string): string =>
        recipe.environment(where)[name] ?? ""
  )

const bareSql = (sql: SQL, insert: (key: string, value: string) => Promise<unknown>): Bare => ({
  set: insert,
  get: (key) => sql`SELECT v FROM bare WHERE k = ${key}`
})

const closing = <A extends { close: () => unknown }>(make: () => A) =>
  Effect.acquireRelease(Effect.sync(make), (client) => Effect.promise(async () => client.close()))

export const onSqlite = (directory: string) =>
  Effect.gen(function* () {
    const db = yield* closing(() => new Database(join(directory, "bare.db"), { create: true }))
    // As durable as the embedded store is.
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (k TEXT PRIMARY KEY, v TEXT)"
    )
    const insert = db.query<never, [string, string]>("INSERT INTO bare VALUES (?, ?)")
    const select = db.query<{ v: string }, [string]>("SELECT v FROM bare WHERE k = ?")
    const store: Store = {
      name: "sqlite",
      component: {
        name: "state",
        type: "state.sqlite",
        metadata: { connectionString: join(directory, "state.db") }
      },
      bare: { set: async (key, value) => insert.run(key, value), get: async (key) => select.get(key) }
    }
    return store
  })

export const onRedis = (directory: string) =>
  Effect.gen(function* () {
    const variable = yield* serverOf(directory, redis)
    const [host = "", password] = [variable("REDIS_HOST"), variable("REDIS_PASSWORD")]
    const client = yield* closing(
      () => new RedisClient(password === "" ? `redis://${host}` : `redis://:${password}@${host}`)
    )
    const store: Store = {
      name: "redis",
      component: {
        name: "state",
        type: "state.redis",
        metadata: { redisHost: host, redisPassword: password ?? "" }
      },
      bare: { set: (key, value) => client.set(key, value), get: (key) => client.get(key) }
    }
    return store
  })

export const onPostgres = (directory: string) =>
  Effect.gen(function* () {
    const variable = yield* serverOf(directory, postgres)
    const sql = yield* closing(() => new SQL(variable("DATABASE_URL")))
    yield* Effect.promise(() => sql`CREATE TABLE bare (k TEXT PRIMARY KEY, v TEXT)`.then(() => undefined))
    const store: Store = {
      name: "postgresql",
      component: {
        name: "state",
        type: "state.postgresql",
        version: "v2",
        metadata: { connectionString: variable("DAPR_STATE_CONNECTION"), maxConns: "8" }
      },
      bare: bareSql(sql, (key, value) => sql`INSERT INTO bare VALUES (${key}, ${value})`)
    }
    return store
  })

export const onMysql = (directory: string) =>
  Effect.gen(function* () {
    const variable = yield* serverOf(directory, mariadb)
    const connection = variable("MYSQL_CONNECTION")
    const [, user, password, address] = /^(.*?):(.*)@tcp\((.*?)\)/.exec(connection) ?? []
    const sql = yield* closing(() => new SQL(`mysql://${user}:${password}@${address}/dapr`))
    yield* Effect.promise(() =>
      sql`CREATE TABLE bare (k VARCHAR(200) PRIMARY KEY, v TEXT)`.then(() => undefined)
    )
    const store: Store = {
      name: "mysql (MariaDB)",
      component: {
        name: "state",
        type: "state.mysql",
        metadata: { connectionString: connection, schemaName: "dapr" }
      },
      bare: bareSql(sql, (key, value) => sql`INSERT INTO bare VALUES (${key}, ${value})`)
    }
    return store
  })
