import type { ServerRecipe } from "@influscope/stack/Server"
import type * as Supervisor from "@influscope/stack/Supervisor"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import { postgres } from "@influscope/stack/servers/Postgres"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import { type AssemblyOptions, assemble, type Pair, readyOn, server, urlOf } from "./Assembly.ts"

/** The posts service beside its sidecar, and what it needs and no more. Every process can be killed, stopped and started. */
export interface PostsSystem {
  readonly posts: Pair
  /** Of the service's own routes, past its sidecar. */
  readonly url: string
  /** What the service wants to be shown there. */
  readonly appToken: string
  /** What its sidecar wants to be shown. */
  readonly apiToken: string
  /** Of the PostgreSQL with the outbox and the dead letters. */
  readonly databaseUrl: string
  readonly servers: Readonly<
    Record<"rabbitmq" | "postgres" | "elasticsearch" | "redis", Supervisor.RunningServer>
  >
  /** Where posts are, if not in the PostgreSQL. */
  readonly store: Supervisor.RunningServer | undefined
}

/** Starts everything on free ports, and stops it with the scope; `store` is where the posts are, PostgreSQL when absent. */
export const start = (options: AssemblyOptions, store?: ServerRecipe) =>
  Effect.gen(function* () {
    const servers = yield* Effect.all(
      {
        rabbitmq: server(options, rabbitmq),
        elasticsearch: server(options, elasticsearch),
        postgres: server(options, postgres),
        redis: server(options, redis)
      },
      { concurrency: 2 }
    )
    const own = store === undefined ? undefined : yield* server(options, store)
    const all = [...Object.values(servers), ...(own === undefined ? [] : [own])]
    const { apiToken, appToken, environment, pair } = yield* assemble(options, all)
    const posts = yield* pair("posts", readyOn("operations"))
    const system: PostsSystem = {
      posts,
      url: urlOf(posts.service),
      appToken,
      apiToken,
      databaseUrl: environment["DATABASE_URL"] ?? "",
      servers,
      store: own
    }
    return system
  })
