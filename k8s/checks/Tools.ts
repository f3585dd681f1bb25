import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cached, fromPackage, install } from "@influscope/stack/Cache"
import { go, goProgram, moduleFiles } from "@influscope/stack/GoPrograms"
import * as Effect from "effect/Effect"
import { checkov } from "../../terraform/checks/Tools.ts"

export { checkov }

const minor = "35"
const patch = "4"
const version = `1.${minor}.${patch}`

/**
 * A module that needs Kubernetes as a library: its own go.mod takes the libraries that are published apart from files beside
 * it, which are not there.
 */
const kubernetesModule = (own: string): string =>
  [
    "module tools",
    ...(own.match(/^(?:go|godebug) .*$/gm) ?? []),
    `require k8s.io/kubernetes v${version}`,
    ...[...own.matchAll(/^\t(k8s\.io\/\S+) => /gm)].map(
      ([, module = ""]) => `replace ${module} => ${module} v0.${minor}.${patch}`
    )
  ].join("\n")

/** The directory with `kube-apiserver` and `kubectl`, built from their sources. */
export const kubernetes = cached("kubernetes", version, (directory) =>
  Effect.gen(function* () {
    const files = yield* moduleFiles("kubernetes", `k8s.io/kubernetes@v${version}`)
    const source = join(directory, "source")
    mkdirSync(source)
    writeFileSync(join(source, "go.mod"), kubernetesModule(readFileSync(join(files, "go.mod"), "utf8")))
    const says = "k8s.io/component-base/version"
    const flags = `-s -w -X ${says}.gitVersion=v${version} -X ${says}.gitMajor=1 -X ${says}.gitMinor=${minor}`
    yield* go("kubernetes", [
      ...["build", "-C", source, "-mod=mod", "-trimpath", "-buildvcs=false", `-ldflags=${flags}`],
      ...["-o", `${directory}/`, "k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kubectl"]
    ])
    rmSync(source, { recursive: true })
  })
)

export const etcd = fromPackage("etcd", "etcd-server", () => Bun.which("etcd") ?? undefined)

export const kubeconform = goProgram({
  name: "kubeconform",
  module: "github.com/yannh/kubeconform",
  version: "v0.8.0",
  path: "./cmd/kubeconform"
})

export const kubeScore = goProgram({
  name: "kube-score",
  module: "github.com/zegl/kube-score",
  version: "v1.20.0",
  path: "./cmd/kube-score"
})

const schemaPackage = "kubernetes-validate==1.37.0"

/** The schemas of Kubernetes' own kinds, from a Python package, with references that kubeconform can follow. */
export const schemas = cached("kubernetes-schemas", `1.${minor}`, (directory) =>
  Effect.gen(function* () {
    const [python = "python3"] = yield* checkov
    const run = (...args: ReadonlyArray<string>) =>
      install("kubernetes-schemas", `pip download ${schemaPackage}`, [python, "-m", ...args])
    const wheel = join(directory, "wheel")
    yield* run("pip", "download", "--quiet", "--no-deps", "--dest", wheel, schemaPackage)
    for (const name of readdirSync(wheel)) yield* run("zipfile", "-e", join(wheel, name), wheel)
    const from = join(wheel, "kubernetes_validate", "kubernetes-json-schema", `v1.${minor}.0-local-strict`)
    for (const name of readdirSync(from)) {
      const text = readFileSync(join(from, name), "utf8").replaceAll(
        "/api/_definitions.json#",
        "_definitions.json#"
      )
      const withoutId = (key: string, value: unknown) => (key === "$id" ? undefined : value)
      writeFileSync(join(directory, name), JSON.stringify(JSON.parse(text), withoutId))
    }
    rmSync(wheel, { recursive: true })
  })
)

/** Modules with the kinds of operators, and charts: the versions that k8s/helm and k8s/README.md install. */
const modules = {
  dapr: "github.com/dapr/dapr@v1.16.0",
  eck: "github.com/elastic/cloud-on-k8s/v3@v3.5.0",
  externalSecrets: "github.com/external-secrets/external-secrets@v1.3.2",
  keda: "github.com/kedacore/keda/v2@v2.20.2",
  prometheus: "github.com/prometheus-operator/prometheus-operator@v0.85.0"
}

/** In each module, the files with the kinds that are used here. */
const kinds: Readonly<Record<keyof typeof modules, ReadonlyArray<string>>> = {
  dapr: ["components", "configuration", "resiliency"].map((name) => `charts/dapr/crds/${name}.yaml`),
  eck: ["config/crds/v1/resources/elasticsearch.k8s.elastic.co_elasticsearches.yaml"],
  externalSecrets: ["externalsecrets", "secretstores"].map(
    (name) => `config/crds/bases/external-secrets.io_${name}.yaml`
  ),
  keda: ["scaledobjects", "triggerauthentications"].map((name) => `config/crd/bases/keda.sh_${name}.yaml`),
  prometheus: ["podmonitors", "prometheusrules"].map(
    (name) => `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`
  )
}

/** A chart's own values, and those of the charts in it. */
const charts: Readonly<Record<string, readonly [keyof typeof modules, string]>> = {
  dapr: ["dapr", "charts/dapr"],
  dapr_operator: ["dapr", "charts/dapr/charts/dapr_operator"],
  dapr_rbac: ["dapr", "charts/dapr/charts/dapr_rbac"],
  dapr_sentry: ["dapr", "charts/dapr/charts/dapr_sentry"],
  dapr_sidecar_injector: ["dapr", "charts/dapr/charts/dapr_sidecar_injector"],
  "eck-operator": ["eck", "deploy/eck-operator"],
  "external-secrets": ["externalSecrets", "deploy/charts/external-secrets"]
}

const versionsOf = Object.values(modules)
  .map((module) => module.split("@")[1])
  .join("-")

/** A directory with the definitions of the operators' kinds in `crds`, and the values of charts in `values`. */
export const operators = cached("operators", versionsOf, (directory) =>
  Effect.gen(function* () {
    const files = yield* Effect.all({
      dapr: moduleFiles("operators", modules.dapr),
      eck: moduleFiles("operators", modules.eck),
      externalSecrets: moduleFiles("operators", modules.externalSecrets),
      keda: moduleFiles("operators", modules.keda),
      prometheus: moduleFiles("operators", modules.prometheus)
    })
    mkdirSync(join(directory, "crds"))
    mkdirSync(join(directory, "values"))
    const each: ReadonlyArray<keyof typeof modules> = ["dapr", "eck", "externalSecrets", "keda", "prometheus"]
    for (const name of each)
      for (const path of kinds[name])
        copyFileSync(join(files[name], path), join(directory, "crds", `${name}-${path.split("/").at(-1)}`))
    for (const [chart, [name, path]] of Object.entries(charts))
      copyFileSync(join(files[name], path, "values.yaml"), join(directory, "values", `${chart}.yaml`))
  })
)
