import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { defaultProfile } from "@influscope/stack/components/Profile"
import { collect, type Environment } from "@influscope/stack/components/Secrets"
import type { InstallFailed, ServerFailed, ServerRecipe } from "@influscope/stack/Server"
import * as Shell from "@influscope/stack/Shell"
import * as Supervisor from "@influscope/stack/Supervisor"
import { daprd } from "@influscope/stack/servers/Daprd"
import { minio } from "@influscope/stack/servers/Minio"
import { postgres } from "@influscope/stack/servers/Postgres"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import { redis } from "@influscope/stack/servers/Redis"
import { Unmet } from "@influscope/testing/Checks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { parseDocument, stringify } from "yaml"
import type { Manifest } from "./Manifests.ts"

const Metadata = Schema.parseJson(
  Schema.Struct({
    components: Schema.optionalWith(
      Schema.Array(Schema.Struct({ name: Schema.String, type: Schema.String })),
      { default: () => [] }
    )
  })
)

const secretStore = join(import.meta.dirname, "..", "..", "dapr", "components", "secrets", "file.yaml")

/** Redis that speaks TLS alone, as ElastiCache does. The component does not verify whose certificate it is. */
const tlsRedis: ServerRecipe = {
  ...redis,
  name: "redis with TLS",
  afterStart: () => Effect.void,
  prepare: ({ directory }) =>
    Effect.orDie(
      Shell.run([
        ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        ...["-days", "1", "-subj", "/CN=localhost"],
        ...["-keyout", join(directory, "redis.key"), "-out", join(directory, "redis.pem")]
      ])
    ),
  command: (where) => ({
    argv: [where.program, "-"],
    stdin: [
      "bind 127.0.0.1",
      "port 0",
      `tls-port ${where.ports["redis"] ?? 0}`,
      `tls-cert-file ${join(where.directory, "redis.pem")}`,
      `tls-key-file ${join(where.directory, "redis.key")}`,
      "tls-auth-clients no",
      `dir ${where.directory}`,
      `requirepass ${where.secret}`
    ].join("\n")
  }),
  ready: ({ ports }) => Supervisor.isOpen(ports["redis"] ?? 0)
}

export interface Stores {
  readonly plain: Environment
  /** With Redis as it is where it is managed. */
  readonly managed: Environment
}

/** The servers that the components of the overlays talk to. */
export const stores = (directory: string): Effect.Effect<Stores, InstallFailed | ServerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const start = (recipe: ServerRecipe) =>
      Effect.map(
        Supervisor.scoped(recipe, { directory: join(directory, recipe.name.replaceAll(" ", "-")) }),
        ({ where }) => recipe.environment(where)
      )
    const { others, secure, usual } = yield* Effect.all(
      {
        others: Effect.forEach([rabbitmq, postgres, minio], start, { concurrency: 3 }),
        usual: start(redis),
        secure: start(tlsRedis)
      },
      { concurrency: 3 }
    )
    const shared = Object.fromEntries(others.flatMap(Object.entries<string>))
    return { plain: { ...shared, ...usual }, managed: { ...shared, ...secure } }
  })

/** What an app's sidecar says it has, by name and type, given the Dapr resources of an overlay. */
export const loaded = (
  directory: string,
  app: string,
  resources: ReadonlyArray<Manifest>,
  environment: Environment
) =>
  Effect.gen(function* () {
    const components = join(directory, "components")
    mkdirSync(components, { recursive: true })
    const write = (name: string, value: unknown) => writeFileSync(join(components, name), stringify(value))
    // Outside Kubernetes a file stands for the Secrets; nothing else is changed.
    for (const resource of resources) {
      if (resource.kind === "Component")
        write(`${resource.metadata.name}.yaml`, { ...resource, auth: { secretStore: "secrets" } })
      if (resource.kind === "Resiliency") write("resiliency.yaml", resource)
    }
    const secretsFile = join(directory, "secrets.json")
    const store = parseDocument(readFileSync(secretStore, "utf8"))
    store.setIn(["spec", "metadata", 0, "value"], secretsFile)
    write("secrets.yaml", store)
    writeFileSync(secretsFile, JSON.stringify(collect(defaultProfile, environment).values), { mode: 0o600 })
    const configuration = resources.find(
      ({ kind, metadata }) => kind === "Configuration" && metadata.name === app
    )
    if (configuration === undefined) return yield* new Unmet({ why: `there is no Configuration ${app}` })
    const config = join(directory, "config.yaml")
    writeFileSync(config, stringify(configuration))

    const sidecar = yield* Supervisor.scoped(
      daprd({ appId: app, resources: [components], config, logLevel: "warn" }),
      { directory }
    )
    const text = yield* Effect.tryPromise({
      try: async () =>
        (await fetch(`http://127.0.0.1:${sidecar.where.ports["http"] ?? 0}/v1.0/metadata`)).text(),
      catch: (cause) => new Unmet({ why: `the sidecar of ${app} says nothing of itself: ${cause}` })
    })
    const known = yield* Schema.decode(Metadata)(text)
    return known.components.map(({ name, type }) => `${name} ${type}`).sort()
  })
