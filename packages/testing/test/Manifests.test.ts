import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { callbackDefaults } from "@influscope/adapters/dapr/Callbacks"
import * as Events from "@influscope/domain/Events"
import { apps } from "@influscope/stack/components/Render"
import { readRunFile } from "@influscope/stack/components/RunFile"
import { pipelines } from "@influscope/stack/RabbitmqTopology"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { parse, parseAllDocuments } from "yaml"

const root = join(import.meta.dirname, "..", "..", "..")
const read = (path: string): string => readFileSync(join(root, path), "utf8")
const documents = (path: string): ReadonlyArray<unknown> =>
  parseAllDocuments(read(path)).map((document): unknown => document.toJS())
const yamlIn = (path: string): ReadonlyArray<string> =>
  readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => join(path, name))

const Texts = Schema.Record({ key: Schema.String, value: Schema.String })
const list = <A, I>(items: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.Array(items), { default: () => [] })

const Reference = Schema.Struct({
  name: Schema.String,
  key: Schema.String,
  optional: Schema.optionalWith(Schema.Boolean, { default: () => false })
})
const Container = Schema.Struct({
  name: Schema.String,
  image: Schema.optional(Schema.String),
  env: list(
    Schema.Struct({
      name: Schema.String,
      value: Schema.optional(Schema.String),
      valueFrom: Schema.optional(Schema.Struct({ secretKeyRef: Schema.optional(Reference) }))
    })
  )
})
const Workload = Schema.Struct({
  kind: Schema.Literal("Deployment", "StatefulSet"),
  metadata: Schema.Struct({ name: Schema.String }),
  spec: Schema.Struct({
    replicas: Schema.optional(Schema.Int),
    template: Schema.Struct({
      metadata: Schema.optionalWith(
        Schema.Struct({
          labels: Schema.optionalWith(Texts, { default: () => ({}) }),
          annotations: Schema.optionalWith(Texts, { default: () => ({}) })
        }),
        { default: () => ({ labels: {}, annotations: {} }) }
      ),
      spec: Schema.Struct({
        serviceAccountName: Schema.optional(Schema.String),
        terminationGracePeriodSeconds: Schema.optional(Schema.Int),
        containers: Schema.Array(Container)
      })
    })
  })
})
/** Not a patch of something else in one. */
const isWorkload = Schema.is(
  Schema.Struct({
    kind: Schema.Literal("Deployment", "StatefulSet"),
    spec: Schema.Struct({ template: Schema.Unknown })
  })
)
const workloadsIn = (path: string) =>
  documents(path)
    .filter(isWorkload)
    .map((document) => Schema.decodeUnknownSync(Workload)(document))

const named = Schema.Struct({ kind: Schema.String, metadata: Schema.Struct({ name: Schema.String }) })
const namesOf = (kind: string, paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  paths
    .flatMap(documents)
    .filter(Schema.is(named))
    .flatMap((one) => (one.kind === kind ? [one.metadata.name] : []))

const Compose = Schema.Struct({
  services: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({
      image: Schema.optional(Schema.String),
      command: Schema.optional(Schema.Array(Schema.String)),
      environment: Schema.optional(Texts)
    })
  })
})
const Component = Schema.Struct({
  kind: Schema.Literal("Component"),
  metadata: Schema.Struct({ name: Schema.String }),
  scopes: list(Schema.String),
  spec: Schema.Struct({
    metadata: Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.optional(Schema.String) }))
  })
})

const runFile = readRunFile()
const compose = Schema.decodeUnknownSync(Compose)(
  parse(read("compose.yaml"), { merge: true, maxAliasCount: -1 })
)
const base = yamlIn("k8s/base").filter((path) => !path.includes("patches"))
const services = base.flatMap(workloadsIn)
const every = (patch: string) => {
  const [workload] = workloadsIn(`k8s/base/patches/${patch}.yaml`)
  if (workload === undefined) throw new Error(`${patch} patches no workload`)
  return workload.spec.template
}
const shared = every("service")
/** Those of the manifests: the simulated provider is for laptops, and has no sidecar on a cluster. */
const names = apps.filter((app) => app !== "mockstagram")

const valueOf = (environment: (typeof Container.Type)["env"], name: string): string | undefined =>
  environment.find((one) => one.name === name)?.value

/** What an app's own port is set by. */
const portVariable = (app: string): string =>
  app === "api" ? "PORT" : app === "analytics" ? "ANALYTICS_PORT" : "APP_PORT"

describe("manifests, dapr.yaml, compose and code", () => {
  it("know the same services", () => {
    assert.sameMembers(
      services.map(({ metadata }) => metadata.name),
      names
    )
    assert.sameMembers(
      runFile.apps.map(({ appID }) => appID),
      [...apps]
    )
    const built = Object.values(compose.services).flatMap(
      ({ image = "" }) => /^ghcr\.io\/influscope\/([a-z]+):/.exec(image)?.[1] ?? []
    )
    for (const app of apps) {
      assert.include(built, app)
      assert.property(compose.services, `${app}-dapr`)
    }
  })

  it.each(runFile.apps)("run $appID under the same ports, protocol and health check", (app) => {
    const { appHealthCheckPath, appID, appPort, appProtocol } = app
    const { command = [], environment } = compose.services[`${appID}-dapr`] ?? {}
    assert.isDefined(environment)
    const flag = (name: string) => command.find((one) => one.startsWith(`--${name}=`))?.split("=")[1]
    assert.strictEqual(flag("app-id"), appID)
    assert.strictEqual(flag("app-port"), String(appPort))
    assert.strictEqual(flag("app-protocol") ?? "http", appProtocol)
    if (appID === "mockstagram") return

    const workload = services.find(({ metadata }) => metadata.name === appID)
    assert.isDefined(workload)
    const { metadata, spec } = workload.spec.template
    const [container] = spec.containers
    assert.isDefined(container)
    assert.deepStrictEqual(metadata.annotations["dapr.io/app-id"], appID)
    assert.strictEqual(metadata.annotations["dapr.io/config"], appID)
    assert.strictEqual(metadata.annotations["dapr.io/app-port"], String(appPort))
    assert.strictEqual(metadata.annotations["dapr.io/app-protocol"], appProtocol)
    assert.strictEqual(metadata.annotations["dapr.io/app-health-check-path"], appHealthCheckPath)
    assert.strictEqual(
      metadata.annotations["dapr.io/enable-app-health-check"],
      appHealthCheckPath === undefined ? undefined : "true"
    )
    assert.strictEqual(metadata.labels["app.kubernetes.io/name"], appID)
    assert.strictEqual(spec.serviceAccountName, appID)
    assert.strictEqual(container.name, "app")
    assert.strictEqual(container.image, `ghcr.io/influscope/${appID}`)
    const variable = portVariable(appID)
    assert.strictEqual(valueOf(container.env, variable), String(appPort))
    assert.strictEqual(compose.services[appID]?.environment?.[variable], String(appPort))
    const maxBody = metadata.annotations["dapr.io/max-body-size"]
    if (appID === "api" || appID === "scraper") assert.strictEqual(maxBody, runFile.common.maxBodySize)
  })

  it("probe apps alike, and let them drain before their sidecars end", () => {
    const { annotations } = shared.metadata
    const { common } = runFile
    assert.strictEqual(
      annotations["dapr.io/app-health-probe-interval"],
      String(common.appHealthProbeInterval)
    )
    assert.strictEqual(annotations["dapr.io/app-health-probe-timeout"], String(common.appHealthProbeTimeout))
    assert.strictEqual(annotations["dapr.io/app-health-threshold"], String(common.appHealthThreshold))
    // Ten seconds for requests (packages/http), then deliveries; 5 s before that nobody sends any more.
    const drain = 5 + 10 + Duration.toSeconds(callbackDefaults.drainTimeout)
    const blocked = Number.parseInt(annotations["dapr.io/block-shutdown-duration"] ?? "", 10)
    const graceful = Number(annotations["dapr.io/graceful-shutdown-seconds"])
    assert.isAbove(blocked, drain)
    assert.isAbove(shared.spec.terminationGracePeriodSeconds ?? 0, blocked + graceful)
  })

  it("run one process of what may have but one", () => {
    const single = services.filter(({ kind, spec }) => kind === "StatefulSet" && spec.replicas === 1)
    assert.sameMembers(
      single.map(({ metadata }) => metadata.name),
      ["scraper", "tracker"]
    )
    const scaled = ["ScaledObject", "HorizontalPodAutoscaler"].flatMap((kind) =>
      namesOf(
        kind,
        yamlIn("k8s/components/autoscaling").filter((path) => !path.endsWith("behavior.yaml"))
      )
    )
    assert.sameMembers(
      scaled,
      names.filter((name) => !["scraper", "tracker"].includes(name))
    )
  })

  it("know the same topics and queues", () => {
    const inCode = Object.values(Events).flatMap((value) =>
      typeof value === "object" && "name" in value && "schema" in value ? [value.name] : []
    )
    assert.sameMembers(
      inCode,
      pipelines.topics.map(({ name }) => name)
    )
    const queues = pipelines.topics.flatMap(({ name, subscribers }) =>
      subscribers.map((app) => `${app}-${name}`)
    )
    const asked = yamlIn("k8s/components/autoscaling").flatMap((path) =>
      [...read(path).matchAll(/queueName: (\S+)/g)].map(([, queue = ""]) => queue)
    )
    assert.isAbove(asked.length, 3)
    for (const queue of asked) assert.include(queues, queue)

    for (const file of yamlIn("dapr/components/pubsub")) {
      const { scopes, spec } = Schema.decodeUnknownSync(Component)(parse(read(file)))
      const pairs = (key: string) =>
        (spec.metadata.find(({ name }) => name === key)?.value ?? "").split(";").map((pair) => {
          const [app = "", topics = ""] = pair.split("=")
          return { app, topics: topics === "" ? [] : topics.split(",") }
        })
      const subscriptions = pairs("subscriptionScopes")
      for (const { app, topics } of [...subscriptions, ...pairs("publishingScopes")]) {
        assert.include(scopes, app, file)
        for (const topic of topics) assert.include(inCode, topic.replace(/\.dead$/, ""), file)
      }
      for (const { name, subscribers } of pipelines.topics)
        for (const topic of [name, `${name}.dead`])
          assert.sameMembers(
            subscriptions.filter(({ topics }) => topics.includes(topic)).map(({ app }) => app),
            [...subscribers],
            `${file}: ${topic}`
          )
    }
  })

  it("scope components to apps that there are, under one name each", () => {
    const { resources } = Schema.decodeUnknownSync(Schema.Struct({ resources: Schema.Array(Schema.String) }))(
      parse(read("dapr/kustomization.yaml"))
    )
    const chosen = resources.map((path) => `dapr/${path}`)
    assert.sameMembers([...namesOf("Configuration", chosen)], names)
    assert.sameMembers(
      [...namesOf("Component", chosen)],
      ["cache", "configuration", "objects", "pubsub", "state"]
    )
    for (const path of yamlIn("dapr/components").filter((name) => !name.includes("secrets")))
      for (const app of Schema.decodeUnknownSync(Component)(parse(read(path))).scopes)
        assert.include(names, app, path)
  })

  it("let sidecars call each other where their Configurations do", () => {
    const Policies = Schema.Struct({
      metadata: Schema.Struct({ name: Schema.String }),
      spec: Schema.Struct({
        accessControl: Schema.Struct({
          defaultAction: Schema.Literal("deny"),
          policies: Schema.Array(Schema.Struct({ appId: Schema.String, namespace: Schema.String }))
        })
      })
    })
    const edges = names.flatMap((name) => {
      const { metadata, spec } = Schema.decodeUnknownSync(Policies)(parse(read(`dapr/config/${name}.yaml`)))
      return spec.accessControl.policies.map(({ appId, namespace }) => {
        assert.strictEqual(namespace, "influscope")
        return `${appId} -> ${metadata.name}`
      })
    })
    const Selector = Schema.Struct({
      matchLabels: Schema.optionalWith(Texts, { default: () => ({}) }),
      matchExpressions: list(Schema.Struct({ key: Schema.String, values: Schema.Array(Schema.String) }))
    })
    const NetworkPolicy = Schema.Struct({
      metadata: Schema.Struct({ name: Schema.String }),
      spec: Schema.Struct({
        podSelector: Selector,
        ingress: list(
          Schema.Struct({ from: list(Schema.Struct({ podSelector: Schema.optional(Selector) })) })
        )
      })
    })
    const label = "app.kubernetes.io/name"
    const selected = ({ matchExpressions, matchLabels }: typeof Selector.Type): ReadonlyArray<string> => [
      ...(matchLabels[label] === undefined ? [] : [matchLabels[label]]),
      ...matchExpressions.flatMap(({ key, values }) => (key === label ? values : []))
    ]
    const allowed = documents("k8s/base/network.yaml")
      .map((document) => Schema.decodeUnknownSync(NetworkPolicy)(document))
      .filter(({ metadata }) => metadata.name.startsWith("called-by-"))
      .flatMap(({ spec }) =>
        spec.ingress.flatMap(({ from }) =>
          from.flatMap(({ podSelector }) =>
            podSelector === undefined
              ? []
              : selected(podSelector).flatMap((caller) =>
                  selected(spec.podSelector).map((called) => `${caller} -> ${called}`)
                )
          )
        )
      )
    assert.sameMembers([...allowed], edges)
  })

  it("have a budget and an account for every service", () => {
    assert.includeMembers([...namesOf("PodDisruptionBudget", base)], names)
    assert.includeMembers([...namesOf("ServiceAccount", base)], names)
  })

  it("find every secret that they name, on a laptop and on AWS", () => {
    const directory = mkdtempSync(join(tmpdir(), "influscope-secrets-"))
    try {
      const key = join(directory, "tokens.pem")
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
      writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }))
      const script = join(root, "k8s", "overlays", "local", "secrets.ts")
      const made = Bun.spawnSync([process.execPath, script, key])
      assert.strictEqual(made.exitCode, 0, made.stderr.toString())
      const text = made.stdout.toString()
      assert.notInclude(text, "PRIVATE KEY")
      const { items } = Schema.decodeSync(
        Schema.parseJson(
          Schema.Struct({
            items: Schema.Array(
              Schema.Struct({ metadata: Schema.Struct({ name: Schema.String }), stringData: Texts })
            )
          })
        )
      )(text)
      const local = new Map(items.map(({ metadata, stringData }) => [metadata.name, stringData]))
      const parts = ["postgresql", "redis", "rabbitmq/statefulset", "elasticsearch/statefulset", "minio"]
      const files = ["k8s/base", ...parts.map((part) => `k8s/components/${part}`)].flatMap(yamlIn)
      const used = files
        .flatMap(workloadsIn)
        .flatMap(({ spec }) => spec.template.spec.containers)
        .flatMap(({ env }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []))
        .filter(({ optional }) => !optional)
      assert.isAbove(used.length, 10)
      for (const { key: wanted, name } of used)
        assert.property(local.get(name) ?? {}, wanted, `the Secret ${name} has no ${wanted}`)
      const onAws = namesOf("ExternalSecret", ["k8s/components/aws/secrets.yaml"])
      assert.sameMembers([...local.keys()], [...onAws])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
