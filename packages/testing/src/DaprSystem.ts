import { join } from "node:path"
import { parseEnvironment } from "@influscope/stack/components/EnvironmentFile"
import { defaultProfile, type Profile } from "@influscope/stack/components/Profile"
import { type App, render } from "@influscope/stack/components/Render"
import { sidecarOptions } from "@influscope/stack/components/RunFile"
import * as RabbitmqTopology from "@influscope/stack/RabbitmqTopology"
import type { ServerRecipe } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import { daprd } from "@influscope/stack/servers/Daprd"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import { minio } from "@influscope/stack/servers/Minio"
import { postgres } from "@influscope/stack/servers/Postgres"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import { serviceRecipe } from "./ServiceRecipe.ts"

export interface SystemOptions {
  /** Everything lives below it. */
  readonly directory: string
  readonly profile?: Profile
  /** Set for the services, over what the system sets. */
  readonly env?: Readonly<Record<string, string>>
}

/** The discovery pipeline beside sidecars, with its servers: every process of it can be killed, stopped and started. */
export interface DaprSystem {
  /** Of the API. */
  readonly url: string
  /** Of the API's sidecar. */
  readonly sidecarUrl: string
  readonly apiToken: string
  readonly servers: Readonly<
    Record<"rabbitmq" | "elasticsearch" | "postgres" | "redis" | "minio", Supervisor.RunningServer>
  >
  readonly sidecars: Readonly<Record<App, Supervisor.RunningServer>>
  readonly services: Readonly<Record<App, Supervisor.RunningServer>>
  /** Variables with which everything in it is reached. */
  readonly environment: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, "..", "..", "..")

const answers = (url: string): Effect.Effect<boolean> =>
  Effect.tryPromise((signal) => fetch(url, { signal })).pipe(
    Effect.map((response) => response.ok),
    Effect.timeout("3 seconds"),
    Effect.orElseSucceed(() => false)
  )

const portVariables = {
  analytics: "ANALYTICS_PORT",
  indexer: "APP_PORT",
  scraper: "APP_PORT",
  api: "PORT"
} as const

/** Starts everything on free ports, and stops it with the scope. */
export const start = ({ directory, env = {}, profile = defaultProfile }: SystemOptions) =>
  Effect.gen(function* () {
    const below = (...path: ReadonlyArray<string>) => join(directory, ...path)
    const server = (recipe: ServerRecipe) =>
      Supervisor.scoped(recipe, { directory: below("servers", recipe.name) })
    const servers = yield* Effect.all(
      {
        rabbitmq: server(rabbitmq),
        elasticsearch: server(elasticsearch),
        postgres: server(postgres),
        redis: server(redis),
        minio: server(minio)
      },
      { concurrency: 2 }
    )
    const reached = Object.assign(
      {},
      ...Object.values(servers).map(({ recipe, where }) => recipe.environment(where))
    )
    const environment: Readonly<Record<string, string>> = reached
    if (profile.pubsub === "rabbitmq")
      yield* RabbitmqTopology.declare(
        {
          url: environment["RABBITMQ_URL"] ?? "",
          managementUrl: environment["RABBITMQ_MANAGEMENT_URL"] ?? ""
        },
        RabbitmqTopology.discovery
      )
    const rendered = yield* render({ source: join(root, "dapr"), into: below("dapr"), profile, environment })
    const text = yield* Effect.promise(() => Bun.file(rendered.environmentFile).text())
    const { APP_API_TOKEN: appToken = "", DAPR_API_TOKEN: apiToken = "" } = parseEnvironment(text)

    const pair = (app: App, isReady: Parameters<typeof serviceRecipe>[0]["isReady"]) =>
      Effect.gen(function* () {
        const appPort = yield* Supervisor.freePort
        const operations = yield* Supervisor.freePort
        const sidecar = yield* Supervisor.scoped(
          daprd({
            ...sidecarOptions(app),
            appPort,
            resources: [rendered.resources],
            config: rendered.config[app],
            apiToken,
            appToken
          }),
          { directory: below("sidecars", app) }
        )
        const service = yield* Supervisor.scoped(
          serviceRecipe({
            name: app,
            portVariable: portVariables[app],
            isReady,
            env: {
              ...environment,
              ...sidecar.recipe.environment(sidecar.where),
              ANALYTICS_ADDRESS: `127.0.0.1:${sidecar.where.ports["grpc"]}`,
              ANALYTICS_APP_ID: "analytics",
              INFLUSCOPE_SPOOL_DIR: below("spool"),
              ...env
            }
          }),
          { directory: below("services", app), ports: { app: appPort, operations } }
        )
        return { sidecar, service }
      })
    const byOperations: Parameters<typeof pair>[1] = ({ ports }) =>
      answers(`http://127.0.0.1:${ports["operations"]}/readyz`)
    const analytics = yield* pair("analytics", ({ ports }) => Supervisor.isOpen(ports["app"] ?? 0))
    const indexer = yield* pair("indexer", byOperations)
    const scraper = yield* pair("scraper", byOperations)
    const api = yield* pair("api", ({ ports }) => answers(`http://127.0.0.1:${ports["app"]}/readyz`))
    const system: DaprSystem = {
      url: `http://127.0.0.1:${api.service.where.ports["app"]}`,
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
      environment
    }
    return system
  })
