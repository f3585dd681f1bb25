import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { RunningServer } from "@influscope/stack/Supervisor"
import * as Supervisor from "@influscope/stack/Supervisor"
import { type DaprdOptions, daprd } from "@influscope/stack/servers/Daprd"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as YAML from "yaml"
import * as Sidecar from "../../src/dapr/Sidecar.ts"

export interface ComponentFile {
  readonly name: string
  readonly type: string
  readonly version?: string
  readonly metadata: Readonly<Record<string, string>>
}

const componentYaml = ({ metadata, name, type, version = "v1" }: ComponentFile): string =>
  YAML.stringify({
    apiVersion: "dapr.io/v1alpha1",
    kind: "Component",
    metadata: { name },
    spec: { type, version, metadata: Object.entries(metadata).map(([key, value]) => ({ name: key, value })) }
  })

/** Sidecars that share a directory find each other. */
const configurationYaml = (directory: string): string =>
  YAML.stringify({
    apiVersion: "dapr.io/v1alpha1",
    kind: "Configuration",
    metadata: { name: "configuration" },
    spec: {
      nameResolution: {
        component: "sqlite",
        version: "v1",
        configuration: { connectionString: join(directory, "names.db") }
      }
    }
  })

export interface SidecarOptions
  extends Partial<Pick<DaprdOptions, "appPort" | "appProtocol" | "apiToken" | "maxBodySize">> {
  readonly appId: string
  readonly components?: ReadonlyArray<ComponentFile>
}

export interface RunningSidecar {
  readonly server: RunningServer
  readonly environment: Readonly<Record<string, string>>
  readonly layer: Layer.Layer<Sidecar.Sidecar>
}

/** Starts a real sidecar below a directory, for as long as the scope is open. */
export const startSidecar = (directory: string, { components = [], ...options }: SidecarOptions) =>
  Effect.gen(function* () {
    const own = join(directory, options.appId)
    const resources = join(own, "resources")
    mkdirSync(resources, { recursive: true })
    for (const component of components)
      writeFileSync(join(resources, `${component.name}.yaml`), componentYaml(component))
    const config = join(own, "configuration.yaml")
    writeFileSync(config, configurationYaml(directory))
    const recipe = daprd({
      blockShutdown: "0s",
      gracefulShutdownSeconds: 1,
      ...options,
      resources: [resources],
      config
    })
    // A component whose server is slow to answer ends its sidecar, which is then started again, as anywhere else.
    const server = yield* Effect.retry(Supervisor.scoped(recipe, { directory: join(own, "daprd") }), {
      times: 5,
      while: ({ _tag }) => _tag === "ServerFailed"
    })
    const environment = recipe.environment(server.where)
    const layer = Sidecar.layer.pipe(Layer.provide(settings(environment)), Layer.orDie)
    const running: RunningSidecar = { server, environment, layer }
    return running
  })

/** A sidecar of its own with these components. */
export const sidecarWith = (
  components: ReadonlyArray<ComponentFile>,
  options: Partial<SidecarOptions> = {}
) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { layer } = yield* startSidecar(directory, { appId: "test", ...options, components })
      return layer
    })
  )
