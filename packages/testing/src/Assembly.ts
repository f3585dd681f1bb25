import { join } from "node:path"
import { parseEnvironment } from "@influscope/stack/components/EnvironmentFile"
import { defaultProfile, type Profile } from "@influscope/stack/components/Profile"
import { type App, render } from "@influscope/stack/components/Render"
import { sidecarOptions } from "@influscope/stack/components/RunFile"
import * as RabbitmqTopology from "@influscope/stack/RabbitmqTopology"
import type { ServerRecipe, Where } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import { daprd } from "@influscope/stack/servers/Daprd"
import * as Effect from "effect/Effect"
import { serviceRecipe } from "./ServiceRecipe.ts"

export interface AssemblyOptions {
  /** Everything lives below it. */
  readonly directory: string
  readonly profile?: Profile
  /** Set for the services, over what the system sets. */
  readonly env?: Readonly<Record<string, string>>
  /** How long a sidecar that was told to end goes on serving its app; it ends at once when absent. */
  readonly blockShutdown?: string
}

const root = join(import.meta.dirname, "..", "..", "..")

/** A server of the system. */
export const server = ({ directory }: AssemblyOptions, recipe: ServerRecipe, name = recipe.name) =>
  Supervisor.scoped(recipe, { directory: join(directory, "servers", name) })

const answers = (url: string): Effect.Effect<boolean> =>
  Effect.tryPromise((signal) => fetch(url, { signal })).pipe(
    Effect.map((response) => response.ok),
    Effect.timeout("3 seconds"),
    Effect.orElseSucceed(() => false)
  )

/** Ready by what it answers on one of its ports. */
export const readyOn =
  (role: "app" | "operations") =>
  ({ ports }: Where): Effect.Effect<boolean> =>
    answers(`http://127.0.0.1:${ports[role]}/readyz`)

export const listens = ({ ports }: Where): Effect.Effect<boolean> => Supervisor.isOpen(ports["app"] ?? 0)

/** A service and its sidecar. */
export interface Pair {
  readonly sidecar: Supervisor.RunningServer
  readonly service: Supervisor.RunningServer
}

/** The tracker, a collector, and the provider that is asked: as one outside, without a sidecar. */
export interface Tracking {
  readonly tracker: Pair
  readonly collector: Pair
  readonly mockstagram: Supervisor.RunningServer
}

/** Declares and renders what services beside sidecars need of the servers that run, and starts them. */
export const assemble = (
  { blockShutdown, directory, env = {}, profile = defaultProfile }: AssemblyOptions,
  servers: ReadonlyArray<Supervisor.RunningServer>
) =>
  Effect.gen(function* () {
    const below = (...path: ReadonlyArray<string>) => join(directory, ...path)
    const environment: Readonly<Record<string, string>> = Object.assign(
      {},
      ...servers.map(({ recipe, where }) => recipe.environment(where))
    )
    if (profile.pubsub === "rabbitmq")
      yield* RabbitmqTopology.declare(
        {
          url: environment["RABBITMQ_URL"] ?? "",
          managementUrl: environment["RABBITMQ_MANAGEMENT_URL"] ?? ""
        },
        RabbitmqTopology.pipelines
      )
    const rendered = yield* render({ source: join(root, "dapr"), into: below("dapr"), profile, environment })
    const text = yield* Effect.promise(() => Bun.file(rendered.environmentFile).text())
    const { APP_API_TOKEN: appToken = "", DAPR_API_TOKEN: apiToken = "" } = parseEnvironment(text)

    const service = (
      app: App,
      isReady: (where: Where) => Effect.Effect<boolean>,
      own: Readonly<Record<string, string>> = {},
      { instance = app, ports }: { readonly instance?: string; readonly ports?: Where["ports"] } = {}
    ) =>
      Supervisor.scoped(serviceRecipe(app, { isReady, env: { ...environment, ...own, ...env } }), {
        directory: below("services", instance),
        ...(ports === undefined ? {} : { ports })
      })

    const pair = (
      app: App,
      isReady: (where: Where) => Effect.Effect<boolean>,
      own: Readonly<Record<string, string>> = {},
      // Another name for each of several that run at the same time.
      instance: string = app
    ) =>
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
            appToken,
            ...(blockShutdown === undefined ? {} : { blockShutdown })
          }),
          { directory: below("sidecars", instance) }
        )
        const set = {
          ...sidecar.recipe.environment(sidecar.where),
          ANALYTICS_ADDRESS: `127.0.0.1:${sidecar.where.ports["grpc"]}`,
          ANALYTICS_APP_ID: "analytics",
          INFLUSCOPE_SPOOL_DIR: below("spool"),
          ...own
        }
        return {
          sidecar,
          service: yield* service(app, isReady, set, { instance, ports: { app: appPort, operations } })
        } satisfies Pair
      })

    /** A collector that asks this provider; all of them take from the same queues. */
    const collector = (mockstagram: Supervisor.RunningServer, instance?: string) =>
      pair("collector", readyOn("operations"), { INFLUSCOPE_MOCKSTAGRAM_URL: urlOf(mockstagram) }, instance)

    const tracking = Effect.gen(function* () {
      const mockstagram = yield* service("mockstagram", readyOn("operations"))
      const started: Tracking = {
        mockstagram,
        collector: yield* collector(mockstagram),
        tracker: yield* pair("tracker", readyOn("operations"))
      }
      return started
    })

    return { environment, apiToken, appToken, service, pair, collector, tracking }
  })

/** Where a service answers. */
export const urlOf = ({ where }: Supervisor.RunningServer): string => `http://127.0.0.1:${where.ports["app"]}`
