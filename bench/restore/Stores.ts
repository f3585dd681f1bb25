import { join } from "node:path"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as PostgresOutbox from "@influscope/adapters/postgres/Outbox"
import * as PostgresPosts from "@influscope/adapters/postgres/posts/PostStore"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import { Outbox } from "@influscope/ports/Outbox"
import { PostStore } from "@influscope/ports/PostStore"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Supervisor from "@influscope/stack/Supervisor"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import { minio } from "@influscope/stack/servers/Minio"
import { postgres } from "@influscope/stack/servers/Postgres"
import { destroy, recoveryOf, type Step } from "@influscope/testing/Recovery"
import { settings } from "@influscope/testing/Settings"
import { SQL } from "bun"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { makeFeed } from "../posts/Feed.ts"
import { bytesOf } from "../support/Disk.ts"
import { rounded } from "../support/Numbers.ts"
import { fillIndex } from "../support/World.ts"
import { writePoints } from "./Points.ts"

export interface Amounts {
  readonly profiles: number
  readonly posts: number
  readonly points: number
  readonly batches: number
  readonly seed: number
}

/** What stores hold, to be compared: rows and a hash of all of them for each table, and every profile's id. */
interface Contents {
  readonly tables: Readonly<Record<string, string>>
  readonly profiles: ReadonlySet<string>
}

const postsAtOnce = 500

const write = ({ batches, points, posts, profiles, seed }: Amounts) =>
  Effect.gen(function* () {
    yield* fillIndex(profiles)
    yield* writePoints(points, seed)
    const { put } = yield* PostStore
    const feed = makeFeed(seed, 1_000)
    for (let done = 0; done < posts; done += postsAtOnce) yield* put(feed.take(postsAtOnce))
    const { append } = yield* Outbox
    yield* Effect.forEach(
      Array.from({ length: batches }, (_, place) => ({
        id: `restore-${place}`,
        items: 500,
        traceparent: undefined,
        payload: JSON.stringify(feed.take(100))
      })),
      (batch) => append("profiles.discovered", batch, undefined),
      { concurrency: 8, discard: true }
    )
  })

const asking = async <A>(url: string, ask: (sql: SQL) => Promise<A>): Promise<A> => {
  const sql = new SQL({ url, max: 1 })
  try {
    return await ask(sql)
  } finally {
    await sql.close()
  }
}

/** By all of its bytes, in whatever order the rows are. */
const tablesOf = (url: string): Promise<Readonly<Record<string, string>>> =>
  asking(url, async (sql) => {
    const tables: ReadonlyArray<{ readonly name: string }> =
      await sql`SELECT schemaname || '.' || tablename AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`
    const hashes: Record<string, string> = {}
    for (const { name } of tables) {
      const [row] = await sql.unsafe(
        `SELECT count(*) || ' rows, ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS hash FROM ONLY ${name} t`
      )
      hashes[name] = row.hash
    }
    return hashes
  })

const contentsOf = (url: string): Effect.Effect<Contents, never, SearchIndex> =>
  Effect.gen(function* () {
    const index = yield* SearchIndex
    const ids = new Set<string>()
    yield* Effect.orDie(Stream.runForEach(index.all, ({ profile }) => Effect.sync(() => ids.add(profile.id))))
    return { tables: yield* Effect.promise(() => tablesOf(url)), profiles: ids }
  })

interface Sized {
  readonly name: string
  readonly bytes: number
  readonly rows: number
}

/** What is in each table on disk, indices included, and how many rows that are. */
const sizesOf = (url: string): Promise<ReadonlyArray<Sized>> =>
  asking(url, async (sql) => {
    await sql`ANALYZE`
    return sql`SELECT relname AS name, pg_total_relation_size(pg_class.oid)::float8 AS bytes, reltuples::float8 AS rows
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'influscope' AND relkind = 'r' AND pg_total_relation_size(pg_class.oid) > 1000000 ORDER BY 2 DESC`
  })

const indexBytes = async (url: string): Promise<number> =>
  Number(await (await fetch(`${url}/_cat/indices/profiles-v*?h=pri.store.size&bytes=b`)).text())

const lostOf = (before: Contents, after: Contents) => ({
  profiles: before.profiles.difference(after.profiles).size,
  tables: Object.entries(before.tables).filter(([name, hash]) => after.tables[name] !== hash).length
})

const secondsOf = (steps: ReadonlyArray<Step>): number =>
  rounded(
    steps.reduce((sum, { seconds }) => sum + seconds, 0),
    1
  )

/** Fills the stores, backs them up, loses them, restores them and compares; then once more without Elasticsearch, the control. */
export const drillStores = (directory: string, amounts: Amounts) =>
  Effect.gen(function* () {
    const server = (recipe: typeof postgres) =>
      Supervisor.scoped(recipe, { directory: join(directory, recipe.name) })
    const servers = {
      postgres: yield* server(postgres),
      elasticsearch: yield* server(elasticsearch),
      minio: yield* server(minio)
    }
    const environment = Object.assign(
      {},
      ...Object.values(servers).map(({ recipe, where }) => recipe.environment(where))
    )
    const url: string = environment.DATABASE_URL
    // It is filled as fast as it goes.
    const patient = { ...environment, ELASTICSEARCH_TIMEOUT: "1 minute" }
    const configured = settings(patient)
    const database = Layer.mergeAll(PostgresTimeSeries.layer, PostgresPosts.layer, PostgresOutbox.layer).pipe(
      Layer.provide(PostgresDatabase.layer)
    )
    const index = Layer.provide(ElasticsearchIndex.layer, configured)
    yield* Effect.provide(write(amounts), Layer.merge(Layer.provide(database, configured), index))
    const contents = Effect.provide(contentsOf(url), index)

    const before = yield* contents
    const tables = yield* Effect.promise(() => sizesOf(url))
    const elasticsearchBytes = yield* Effect.promise(() => indexBytes(environment.ELASTICSEARCH_URL))
    const recovery = yield* recoveryOf(directory, servers)
    const backup = yield* recovery.backUp
    const bucket = bytesOf(join(servers.minio.where.directory, "data"))
    const lose = Effect.forEach(
      [servers.postgres, servers.elasticsearch],
      (lost) => Effect.zipRight(destroy(lost), Supervisor.start(lost.recipe, lost.where)),
      { discard: true }
    )
    yield* lose
    const restore = yield* recovery.restore
    const lost = lostOf(before, yield* contents)

    yield* lose
    yield* recovery.script("download-dumps")
    yield* recovery.script("restore-postgresql")
    const withoutElasticsearch = lostOf(before, yield* contents)
    return {
      amounts: { ...amounts, profiles: before.profiles.size, tables: Object.keys(before.tables).length },
      tables: tables.map(({ bytes, name, rows }) => ({
        name,
        bytes,
        rows,
        bytesPerRow: rounded(bytes / rows, 1)
      })),
      elasticsearchBytes,
      bytesPerProfile: rounded(elasticsearchBytes / before.profiles.size, 1),
      bytesInBucket: bucket,
      backup: {
        seconds: secondsOf(backup),
        steps: backup.map(({ name, seconds }) => ({ name, seconds: rounded(seconds, 1) }))
      },
      restore: {
        seconds: secondsOf(restore),
        steps: restore.map(({ name, seconds }) => ({ name, seconds: rounded(seconds, 1) }))
      },
      lost,
      control: withoutElasticsearch
    }
  }).pipe(Effect.scoped, Effect.runPromise)
