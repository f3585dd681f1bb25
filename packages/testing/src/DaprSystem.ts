import type { App } from "@influscope/stack/components/Render"
import type { ServerRecipe } from "@influscope/stack/Server"
import type * as Supervisor from "@influscope/stack/Supervisor"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import { minio } from "@influscope/stack/servers/Minio"
import { postgres } from "@influscope/stack/servers/Postgres"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import { type AssemblyOptions, assemble, listens, readyOn, server, type Tracking, urlOf } from "./Assembly.ts"

export interface SystemOptions extends AssemblyOptions {
  /** Whether the tracker and its provider run, too; they do not when absent. */
  readonly tracking?: boolean
  /** Servers that its services do not need, but whose variables they get. */
  readonly others?: ReadonlyArray<ServerRecipe>
}

/** The apps of discovery. */
type DiscoveryApp = Extract<App, "analytics" | "indexer" | "scraper" | "api">

/** The pipelines beside sidecars, with their servers: every process can be killed, stopped and started. */
export interface DaprSystem {
  /** Of the API. */
  readonly url: string
  /** Of the API's sidecar. */
  readonly sidecarUrl: string
  readonly apiToken: string
  readonly servers: Readonly<
    Record<"rabbitmq" | "elasticsearch" | "postgres" | "redis" | "minio", Supervisor.RunningServer>
  >
  readonly sidecars: Readonly<Record<DiscoveryApp, Supervisor.RunningServer>>
  readonly services: Readonly<Record<DiscoveryApp, Supervisor.RunningServer>>
  readonly tracking: Tracking | undefined
  readonly others: ReadonlyArray<Supervisor.RunningServer>
  /** Variables with which everything in it is reached. */
  readonly environment: Readonly<Record<string, string>>
}

/** Starts everything on free ports, and stops it with the scope. */
export const start = (options: SystemOptions) =>
  Effect.gen(function* () {
    const servers = yield* Effect.all(
      {
        rabbitmq: server(options, rabbitmq),
        elasticsearch: server(options, elasticsearch),
        postgres: server(options, postgres),
        redis: server(options, redis),
        minio: server(options, minio)
      },
      { concurrency: 2 }
    )
    const others = yield* Effect.forEach(options.others ?? [], (recipe) => server(options, recipe))
    const { apiToken, environment, pair, ...all } = yield* assemble(options, [
      ...Object.values(servers),
      ...others
    ])
    const analytics = yield* pair("analytics", listens)
    const indexer = yield* pair("indexer", readyOn("operations"))
    const scraper = yield* pair("scraper", readyOn("operations"))
    const tracking = options.tracking === true ? yield* all.tracking : undefined
    const api = yield* pair("api", readyOn("app"))
    const system: DaprSystem = {
      url: urlOf(api.service),
      sidecarUrl: `http://127.0.0.1:${api.sidecar.where.ports["http"]}`,
      apiToken,
      servers,
      sidecars: {
        analytics: analytics.sidecar,
        indexer: indexer.sidecar,
        scraper: scraper.sidecar,
        api: api.sidecar
      },
      services: {
        analytics: analytics.service,
        indexer: indexer.service,
        scraper: scraper.service,
        api: api.service
      },
      tracking,
      others,
      environment
    }
    return system
  })
