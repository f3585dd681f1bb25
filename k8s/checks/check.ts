import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lint } from "@influscope/stack/components/Linter"
import * as Shell from "@influscope/stack/Shell"
import { check, none, refused, runChecks, Unmet } from "@influscope/testing/Checks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { apiServer, type Kubectl } from "./ApiServer.ts"
import { compare } from "./Components.ts"
import { unknownValues } from "./Helm.ts"
import { type Manifest, type Overlay, overlays, parsed, type Rendered, render } from "./Manifests.ts"
import { loaded, type Stores, stores } from "./Sidecars.ts"
import { checkov, kubeconform, kubeScore, operators, schemas } from "./Tools.ts"

// Holds what kustomize makes of every overlay against schemas, policies, a real API server with the kinds of the operators,
// and real sidecars. What has to be refused is shown to each of them too.
//
//   bun k8s/checks/check.ts

const here = import.meta.dirname
const bad = join(here, "bad")
const helm = join(here, "..", "helm")

const fail = (why: string) => Effect.fail(new Unmet({ why }))

const fixture = (name: string): string => readFileSync(join(bad, `${name}.yaml`), "utf8")

/** Their schemas are those of the operators, which the API server has. */
const customKinds = [
  "Component",
  "Configuration",
  "Elasticsearch",
  "ExternalSecret",
  "PodMonitor",
  "PrometheusRule",
  "RabbitmqCluster",
  "Resiliency",
  "ScaledObject",
  "SecretStore",
  "TriggerAuthentication"
].join(",")

const conform = (text: string) =>
  Effect.flatMap(Effect.all([kubeconform, schemas]), ([program, directory]) =>
    Shell.run(
      [
        ...[program, "-strict", "-summary", "-skip", customKinds],
        ...["-schema-location", `${directory}/{{.ResourceKind}}{{.KindSuffix}}.json`, "-"]
      ],
      { stdin: text }
    )
  )

/** What kube-score asks for that we do not want, and why. */
const scoreIgnores: Readonly<Record<string, string>> = {
  "container-image-pull-policy": "Tags of releases do not move, and the pipeline replaces them by digests.",
  "container-security-context-user-group-id":
    "The images of the stores have their files for 70, 999 and 1000.",
  "deployment-has-host-podantiaffinity": "topologySpreadConstraints say it, also for zones.",
  "deployment-replicas": "Autoscaling says how many.",
  "networkpolicy-targets-pod": "Pods that operators make are not among the manifests.",
  "service-targets-pod": "Pods that operators make are not among the manifests.",
  "statefulset-has-host-podantiaffinity": "topologySpreadConstraints say it where there are several."
}

const score = (text: string) =>
  Effect.flatMap(kubeScore, (program) =>
    Shell.run(
      [
        ...[program, "score"],
        // Throttling slows answers down while the node is idle; requests share it out when it is not.
        "--ignore-container-cpu-limit",
        // A line for each finding: all of them fit what is told of a command that failed, in whatever order they come.
        ...["--output-format", "ci"],
        ...Object.keys(scoreIgnores).flatMap((name) => ["--ignore-test", name]),
        "-"
      ],
      { stdin: text }
    )
  )

const Policies = Schema.parseJson(
  Schema.Struct({
    results: Schema.Struct({
      failed_checks: Schema.Array(
        Schema.Struct({ check_id: Schema.String, file_path: Schema.String, resource: Schema.String })
      )
    })
  })
)

/** One run for what has to pass and what has not: most of its time is its start. */
const policies = (directory: string) =>
  Effect.gen(function* () {
    const bad = "privileged.yaml"
    writeFileSync(join(directory, bad), fixture("checkov"))
    const text = yield* Shell.run([
      ...(yield* checkov),
      ...[
        "--directory",
        directory,
        "--config-file",
        join(here, "checkov.yaml"),
        "--output",
        "json",
        "--soft-fail"
      ]
    ])
    const { results } = yield* Schema.decode(Policies)(text)
    const isBad = (path: string) => path.endsWith(bad)
    const wrong = results.failed_checks.filter(({ file_path }) => !isBad(file_path))
    yield* none(wrong.map(({ check_id, file_path, resource }) => `${check_id} ${file_path} ${resource}`))
    if (
      !results.failed_checks.some(({ check_id, file_path }) => isBad(file_path) && check_id === "CKV_K8S_16")
    )
      return yield* fail("it accepted a privileged container")
  })

/** Components as the files in dapr/ have them, but for what the overlay says of itself. */
const isDapr = ({ apiVersion }: Manifest): boolean => apiVersion.startsWith("dapr.io/")

const daprLint = ({ text }: Rendered) =>
  none(lint([{ path: "overlay.yaml", text }], { complete: true }).map(({ key, why }) => `${key}: ${why}`))

const dryRun = (kubectl: Kubectl, text: string) =>
  kubectl(["--warnings-as-errors", "apply", "--dry-run=server", "--filename=-"], text)

/** That of kube-prometheus-stack, which Helm makes. */
const monitoring = { apiVersion: "v1", kind: "Namespace", metadata: { name: "monitoring" } }

/** Namespaces are made for real: a dry run in one that is not there is refused. */
const prepare = (kubectl: Kubectl, manifests: ReadonlyArray<Manifest>) =>
  Effect.gen(function* () {
    const crds = join(yield* operators, "crds")
    yield* kubectl(["apply", "--server-side", "--filename", crds, "--filename", join(here, "crds")])
    yield* kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"])
    const namespaces = manifests.filter(({ kind }) => kind === "Namespace")
    yield* kubectl(
      ["apply", "--filename=-"],
      JSON.stringify({ apiVersion: "v1", kind: "List", items: [...namespaces, monitoring] })
    )
  })

/** Fixtures that the API server has to refuse, and what it says of each. */
const refusedByServer = {
  "pod-security": "would violate PodSecurity",
  "unknown-field": 'unknown field "spec.metrics[0].resource.target.averageUtilisation"',
  "scaled-object": "spec.maxReplicaCount",
  "dapr-component": 'unknown field "spec.metadata[0].secretKeyRefs"',
  elasticsearch: 'unknown field "spec.nodeSets[0].counts"',
  rabbitmq: 'unknown field "spec.replica"',
  "external-secret": 'unknown field "spec.dataFrom[0].extracts"',
  "pod-monitor": 'unknown field "spec.podMetricsEndpoints[0].ports"'
}

const wantedBy = (app: string, resources: ReadonlyArray<Manifest>): ReadonlyArray<string> =>
  resources
    .flatMap(({ kind, metadata: { name }, scopes, spec }) =>
      kind === "Component" && Array.isArray(scopes) && scopes.includes(app) && hasType(spec)
        ? [`${name} ${spec.type}`]
        : []
    )
    .concat("secrets secretstores.local.file")
    .sort()

const hasType = (spec: unknown): spec is { readonly type: string } =>
  typeof spec === "object" && spec !== null && "type" in spec && typeof spec.type === "string"

/** The sidecar of each app has what it is in scope of, and nothing else. */
const sidecars = (
  directory: string,
  resources: ReadonlyArray<Manifest>,
  apps: ReadonlyArray<string>,
  environment: Stores["plain"]
) =>
  Effect.forEach(
    apps,
    (app) =>
      Effect.flatMap(Effect.scoped(loaded(join(directory, app), app, resources, environment)), (found) => {
        const wanted = wantedBy(app, resources)
        return found.join() === wanted.join()
          ? Effect.void
          : fail(`the sidecar of ${app} has ${found.join(", ")} instead of ${wanted.join(", ")}`)
      }),
    { concurrency: 4, discard: true }
  )

/** Every Configuration is loaded once, every component in each overlay. */
const appsOf: Readonly<Record<Overlay, ReadonlyArray<string>>> = {
  local: ["api", "posts"],
  eks: ["analytics", "api", "collector", "indexer", "messages", "posts", "scraper", "tracker", "users"],
  "eks-managed": ["api", "posts"]
}

const helmValues = Effect.gen(function* () {
  const values = join(yield* operators, "values")
  for (const name of readdirSync(helm)) {
    const unknown = yield* unknownValues(join(helm, name), values)
    if (unknown !== undefined && unknown.length > 0) return yield* fail(`${name}: ${unknown.join(", ")}`)
  }
  const found = yield* unknownValues(join(bad, "helm", "dapr.yaml"), values)
  if (found?.join() !== "dapr_sidecar_injector.sidecarDropAllCapabilities")
    return yield* fail(`of a value that is not there it says: ${found?.join()}`)
})

const program = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "influscope-k8s-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const rendered = yield* check(
    "kustomize builds every overlay, and what is optional",
    Effect.all({
      local: render("overlays/local"),
      eks: render("overlays/eks"),
      "eks-managed": render("overlays/eks-managed"),
      options: render("checks/options"),
      alerting: render("monitoring/alerting-aws")
    })
  )
  yield* check(
    "kustomize refuses a patch of nothing",
    refused(render("checks/bad/kustomize"), "no matches for Id")
  )
  const all = Object.entries(rendered)
  const files = join(directory, "rendered")
  mkdirSync(files)
  for (const [name, { text }] of all) writeFileSync(join(files, `${name}.yaml`), text)

  const together = all.map(([, { text }]) => text).join("---\n")

  const tools = Effect.gen(function* () {
    yield* check(
      "Dapr's resources lose nothing (components lint)",
      Effect.forEach(overlays, (name) => daprLint(rendered[name]))
    )
    yield* check(
      "components are those of dapr/components",
      Effect.forEach(overlays, (name) => compare(name, rendered[name].manifests))
    )
    yield* check(
      "a component with another key is not",
      refused(compare("eks", rendered["eks-managed"].manifests), "enableTLS")
    )
    yield* check("kubeconform", conform(together))
    yield* check("kubeconform refuses an unknown field", refused(conform(fixture("kubeconform")), "replicaz"))
    yield* check(
      "kube-score",
      Effect.forEach(all, ([, { text }]) => score(text))
    )
    yield* check(
      "kube-score refuses a pod without probes",
      refused(score(fixture("kube-score")), "Container is missing a readinessProbe")
    )
    yield* check("checkov, which refuses a privileged container", policies(files))
    yield* check("Helm's values are those of the charts", helmValues)
  })

  const server = Effect.gen(function* () {
    const kubectl = yield* check("the API server starts", apiServer(directory))
    yield* check("it takes the kinds of the operators", prepare(kubectl, rendered.eks.manifests))
    for (const [name, { text }] of all)
      yield* check(`it takes ${name}, without a warning`, dryRun(kubectl, text))
    for (const [name, says] of Object.entries(refusedByServer))
      yield* check(`it refuses ${name}`, refused(dryRun(kubectl, fixture(name)), says))
  })

  const beside = Effect.gen(function* () {
    const servers = yield* check("brokers and stores start", stores(directory))
    for (const name of overlays) {
      const resources = rendered[name].manifests.filter(isDapr)
      const environment = name === "eks-managed" ? servers.managed : servers.plain
      yield* check(
        `sidecars load the components of ${name}`,
        sidecars(join(directory, name), resources, appsOf[name], environment)
      )
    }
    const wrong = yield* parsed(fixture("sidecar"))
    const others = rendered.local.manifests.filter(
      (one) => isDapr(one) && !(one.kind === "Component" && one.metadata.name === "cache")
    )
    yield* check(
      "a sidecar does not load a type that there is not",
      refused(
        sidecars(join(directory, "bad"), [...others, ...wrong], ["posts"], servers.plain),
        "couldn't find state store state.rediss"
      )
    )
  })

  yield* Effect.all([tools, Effect.scoped(server), Effect.scoped(beside)], { concurrency: 2, discard: true })
})

runChecks("k8s", program)
