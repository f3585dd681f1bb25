import { Database } from "bun:sqlite"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as CassandraDatabase from "@influscope/adapters/cassandra/Database"
import * as CassandraPosts from "@influscope/adapters/cassandra/posts/PostStore"
import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as PostgresPosts from "@influscope/adapters/postgres/posts/PostStore"
import * as SqlitePosts from "@influscope/adapters/sqlite/posts/PostStore"
import type { Post } from "@influscope/domain/posts/Post"
import type { PostStore } from "@influscope/ports/PostStore"
import type { ServerRecipe } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import { cassandra } from "@influscope/stack/servers/Cassandra"
import { postgres } from "@influscope/stack/servers/Postgres"
import { settings } from "@influscope/testing/Settings"
import { SQL } from "bun"
import { Client, concurrent } from "cassandra-driver"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** A store of posts, and a plain program that writes the same into the same store with its driver. */
export interface Contender {
  readonly name: string
  /** What a round trip of it costs shows here: written at the same time. */
  readonly writers: number
  readonly layer: Layer.Layer<PostStore, unknown>
  /** Writes posts that are new, durably, and so that they are found by id and by author. */
  readonly bare: (posts: ReadonlyArray<Post>) => Promise<void>
}

type Opening = (directory: string) => Effect.Effect<Contender, unknown, Scope.Scope>

/** A server of its own, gone with the scope. */
const serverOf = (directory: string, recipe: ServerRecipe) =>
  Effect.map(Supervisor.scoped(recipe, { directory: join(directory, recipe.name) }), ({ where }) =>
    recipe.environment(where)
  )

const onSqlite: Opening = (directory) =>
  Effect.gen(function* () {
    const db = yield* Effect.acquireRelease(
      Effect.sync(() => {
        mkdirSync(directory, { recursive: true })
        return new Database(join(directory, "bare.db"), { create: true, strict: true })
      }),
      (opened) => Effect.sync(() => opened.close())
    )
    db.run("PRAGMA journal_mode = WAL")
    db.run("PRAGMA synchronous = FULL")
    db.run("PRAGMA cache_size = -32768")
    db.run(
      "CREATE TABLE posts (id TEXT PRIMARY KEY, author TEXT, published_at INTEGER, observed_at INTEGER, post TEXT)"
    )
    db.run("CREATE INDEX posts_by_author ON posts (author, published_at, id)")
    const insert = db.query("INSERT OR REPLACE INTO posts VALUES (?, ?, ?, ?, ?)")
    const write = db.transaction((posts: ReadonlyArray<Post>) => {
      for (const post of posts)
        insert.run(post.id, post.author, post.publishedAt, post.observedAt, JSON.stringify(post))
    })
    return {
      name: "SQLite",
      writers: 1,
      layer: SqlitePosts.layer(join(directory, "posts.db")),
      bare: async (posts) => write(posts)
    }
  })

const onPostgres: Opening = (directory) =>
  Effect.gen(function* () {
    const environment = yield* serverOf(directory, postgres)
    const sql = yield* Effect.acquireRelease(
      Effect.sync(() => new SQL({ url: environment["DATABASE_URL"] ?? "", max: 8 })),
      (opened) => Effect.promise(() => opened.close())
    )
    yield* Effect.promise(
      () =>
        sql`CREATE TABLE bare_posts (
          id text COLLATE "C" PRIMARY KEY, author text COLLATE "C", published_at bigint, observed_at bigint, post text)`
    )
    yield* Effect.promise(
      () => sql`CREATE INDEX bare_posts_by_author ON bare_posts (author, published_at, id)`
    )
    return {
      name: "PostgreSQL",
      writers: 4,
      layer: Layer.provide(PostgresPosts.layer, Layer.provide(PostgresDatabase.layer, settings(environment))),
      bare: async (posts) => {
        const rows = posts.map((post) => ({
          id: post.id,
          author: post.author,
          published_at: post.publishedAt,
          observed_at: post.observedAt,
          post: JSON.stringify(post)
        }))
        await sql`INSERT INTO bare_posts ${sql(rows)} ON CONFLICT (id) DO NOTHING`
      }
    }
  })

const quarterMillis = 91 * 86_400_000

const onCassandra: Opening = (directory) =>
  Effect.gen(function* () {
    const environment = yield* serverOf(directory, cassandra)
    const client = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Client({
            contactPoints: ["127.0.0.1"],
            localDataCenter: "datacenter1",
            protocolOptions: { port: Number(environment["CASSANDRA_PORT"]) }
          })
      ),
      (opened) => Effect.promise(() => opened.shutdown())
    )
    yield* Effect.promise(async () => {
      await client.execute(
        "CREATE KEYSPACE bare WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}"
      )
      await client.execute("CREATE TABLE bare.posts (id text PRIMARY KEY, post text)")
      await client.execute(
        `CREATE TABLE bare.posts_by_author (author text, quarter int, published_at timestamp, id text,
           PRIMARY KEY ((author, quarter), published_at, id))
         WITH CLUSTERING ORDER BY (published_at DESC, id DESC)`
      )
    })
    const write = (query: string, parameters: Array<Array<string | number | Date>>) =>
      concurrent.executeConcurrent(client, query, parameters, { concurrencyLevel: 128 })
    return {
      name: "Cassandra",
      writers: 2,
      layer: Layer.provide(
        CassandraPosts.layer,
        Layer.provide(CassandraDatabase.layer, settings({ ...environment, CASSANDRA_TIMEOUT: "30 seconds" }))
      ),
      bare: async (posts) => {
        await Promise.all([
          write(
            "INSERT INTO bare.posts (id, post) VALUES (?, ?)",
            posts.map((post) => [post.id, JSON.stringify(post)])
          ),
          write(
            "INSERT INTO bare.posts_by_author (author, quarter, published_at, id) VALUES (?, ?, ?, ?)",
            posts.map(({ author, id, publishedAt }) => [
              author,
              Math.floor(publishedAt / quarterMillis),
              new Date(publishedAt),
              id
            ])
          )
        ])
      }
    }
  })

/** By the word that names them on the command line. */
export const stores: Readonly<Record<string, Opening>> = {
  sqlite: onSqlite,
  postgresql: onPostgres,
  cassandra: onCassandra
}
