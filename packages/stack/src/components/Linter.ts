import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { componentKeys, type KeyFacts, keyFacts, keysOf, own } from "./ComponentKeys.ts"
import { parseDuration } from "./Duration.ts"
import type { Finding, Report } from "./Finding.ts"
import { lossRules, misleadingKeys } from "./LossRules.ts"
import { resourceShapes, runFileShape } from "./ResourceShapes.ts"
import { check, nearest, shown, wrongValue } from "./Shape.ts"
import { at, get, parse, type Tree, textAt } from "./YamlTree.ts"

export interface SourceFile {
  /** As it is to be named in findings. */
  readonly path: string
  readonly text: string
}

export interface LintOptions {
  /**
   * Whether the files are all that a sidecar gets, so that what is in none of them is missing: a whole directory, but
   * not a file taken out of one.
   */
  readonly complete: boolean
}

/** A path that was given cannot be read. */
export class LintFailed extends Data.TaggedError("LintFailed")<{
  readonly path: string
  readonly why: string
}> {
  override get message(): string {
    return `${this.path} cannot be read: ${this.why}`
  }
}

interface Component {
  readonly file: string
  readonly tree: Tree
  readonly name: string
  readonly type: string
  /** Values that stand in the file; a reference is undefined. */
  readonly values: ReadonlyMap<string, { readonly line: number; readonly text: string | undefined }>
}

interface Resource {
  readonly file: string
  readonly kind: string
  readonly tree: Tree
}

interface Scene {
  readonly components: ReadonlyArray<Component>
  readonly resources: ReadonlyArray<Resource>
}

const inTests = (path: string): boolean => /(^|[/\\])(test|tests|fixtures)[/\\]/.test(path)

// A user and a password in an address, or in a list of parameters.
const hasPassword = (text: string): boolean =>
  /:\/\/[^/\s:@]+:[^@\s/]+@/.test(text) ||
  /\b(?:password|pwd|secret|accountkey)\s*=\s*[^;\s&]/i.test(text) ||
  // The Go driver of MySQL: user:password@tcp(...)
  /^[^/\s:@]+:[^@\s]+@(?:tcp|unix)\(/.test(text)

const secretWhy = "A secret in a file is in the repository and in every copy of it."
const secretInstead = "secretKeyRef: { name: ..., key: ... }"

const componentOf = ({ file, tree }: Resource): Component => ({
  file,
  tree,
  name: textAt(tree, "metadata", "name") ?? "",
  type: textAt(tree, "spec", "type") ?? "",
  values: new Map(
    (at(tree, "spec", "metadata")?.items ?? []).flatMap((item) => {
      const name = textAt(item, "name")
      if (name === undefined) return []
      return [[name, { line: item.line, text: get(item, "value")?.text }] as const]
    })
  )
})

const checkText = (facts: KeyFacts, key: string, line: number, text: string, report: Report): void => {
  if (facts.kind === "oneOf" && facts.values?.includes(text) !== true)
    report(line, key, "value", `It has to be one of ${facts.values?.join(", ")}.`)
  if (facts.kind === "bool" || facts.kind === "whole" || facts.kind === "duration") {
    const why = wrongValue(facts.kind, text)
    if (why !== undefined) report(line, key, "value", why)
    else if (facts.max !== undefined && Number(text) > facts.max)
      report(line, key, "value", `It is at most ${facts.max}: a greater number stops the component.`)
  }
}

const checkComponent = (component: Component, complete: boolean, report: Report): void => {
  const { file, name, tree, type, values } = component
  const spec = get(tree, "spec")
  const typeLine = at(spec, "type")?.line ?? spec?.line ?? tree.line
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i.test(name))
    report(tree.line, "metadata.name", "required", "daprd does not load a component without a valid name.")
  if (type === "") {
    report(typeLine, "spec.type", "required", "daprd does not load a component without a type.")
    return
  }
  const keys = own(componentKeys, type)
  if (keys === undefined) {
    report(
      typeLine,
      type,
      "unknown",
      "The keys of this type are not recorded, so nothing in it can be checked.",
      nearest(type, Object.keys(componentKeys))
    )
    return
  }
  const version = textAt(spec, "version")
  if (version === undefined || !keys.versions.includes(version))
    report(
      at(spec, "version")?.line ?? typeLine,
      "spec.version",
      type === "state.postgresql" && version === "v1" ? "loss" : "required",
      type === "state.postgresql"
        ? "v1 is the old table layout, which cannot be turned into the new one without a migration: begin with v2."
        : "daprd does not load a version that is not there.",
      keys.versions.join(", ")
    )
  if (type.endsWith(".in-memory") && !inTests(file))
    report(
      typeLine,
      type,
      "loss",
      "It keeps everything in one sidecar's memory: gone with it, and no other sidecar sees it."
    )
  if (textAt(spec, "ignoreErrors") === "true")
    report(
      at(spec, "ignoreErrors")?.line ?? typeLine,
      "ignoreErrors",
      "loss",
      "A component that fails is then absent while daprd says that it is healthy."
    )
  const isStore = type.startsWith("secretstores.")
  if (complete && !isStore && (get(tree, "scopes")?.items ?? []).length === 0)
    report(
      tree.line,
      "scopes",
      "required",
      "Without scopes every app loads the component and holds its credentials."
    )

  const items = get(spec, "metadata")?.items ?? []
  const seen = new Set<string>()
  for (const item of items) {
    const key = textAt(item, "name")
    if (key === undefined || key === "") {
      report(item.line, "name", "required", "An item of the metadata has a name and a value.")
      continue
    }
    if (seen.has(key)) report(item.line, key, "value", "It stands here twice, and only one of them counts.")
    seen.add(key)
    const misleading = own(own(misleadingKeys, type), key)
    const facts = keyFacts(type, key)
    if (misleading !== undefined) report(item.line, key, "unknown", misleading.why, misleading.instead)
    else if (facts === undefined)
      report(
        item.line,
        key,
        "unknown",
        "The component never reads this key, and nobody says so.",
        nearest(key, keysOf(type))
      )
    const value = get(item, "value")
    const reference = get(item, "secretKeyRef") ?? get(item, "envRef")
    if (value === undefined && reference === undefined)
      report(item.line, key, "required", "It has neither a value nor a reference.")
    if (value !== undefined && reference !== undefined)
      report(
        item.line,
        key,
        "value",
        "It has a value and a reference, and which one counts depends on the kind of reference."
      )
    if (value !== undefined && value.text === undefined)
      report(item.line, key, "value", "A value is one text, not a list or a map.")
    if (
      get(item, "secretKeyRef") !== undefined &&
      (textAt(tree, "auth", "secretStore") ?? "") === "" &&
      !isStore
    )
      report(
        item.line,
        key,
        "required",
        "Outside Kubernetes a secretKeyRef is only resolved with auth.secretStore, and stays empty without.",
        "auth: { secretStore: secrets }"
      )
    const text = value?.text
    if (text === undefined || facts === undefined) continue
    if (text !== "" && (facts.kind === "secret" || hasPassword(text)))
      report(item.line, key, "secret", secretWhy, secretInstead)
    else if (text !== "" || facts.kind === "bool") checkText(facts, key, item.line, text, report)
  }
  const listLine = get(spec, "metadata")?.line ?? typeLine
  for (const group of keys.required ?? [])
    if (!group.some((key) => values.has(key) && values.get(key)?.text !== ""))
      report(listLine, group.join(" or "), "required", "The component does not start without it.")
  for (const rule of lossRules) {
    if (rule.type !== type) continue
    const value = values.get(rule.key)
    // A number or a word that cannot be read is reported once, as that.
    if (value?.text !== undefined && rule.key === "prefetchCount" && Number(value.text) > 255) continue
    if (rule.refuse(value?.text) || (value !== undefined && value.text === undefined && rule.refuse("")))
      report(value?.line ?? listLine, rule.key, "loss", rule.why, rule.instead)
  }
  if (type === "pubsub.kafka") checkKafkaVersion(component, listLine, report)
  if (type === "pubsub.aws.snssqs") checkSqs(component, listLine, report)
}

/** Its client speaks protocol 2.0 unless told otherwise. */
const checkKafkaVersion = ({ values }: Component, line: number, report: Report): void => {
  const [major = 2, minor = 0] = (values.get("version")?.text ?? "2.0").split(".").map(Number)
  if (values.get("compression")?.text === "zstd" && (major < 2 || (major === 2 && minor < 1)))
    report(
      values.get("version")?.line ?? line,
      "version",
      "required",
      "With zstd the component does not start below protocol 2.1, and its default is 2.0.",
      "2.8.0"
    )
}

/** Three keys of SQS that only make sense together. */
const checkSqs = ({ values }: Component, line: number, report: Report): void => {
  const queue = values.get("sqsDeadLettersQueueName")
  const limit = values.get("messageReceiveLimit")
  const keeps = values.get("disableDeleteOnRetryLimit")?.text === "true"
  if ((queue === undefined) !== (limit === undefined))
    report(
      (queue ?? limit)?.line ?? line,
      queue === undefined ? "sqsDeadLettersQueueName" : "messageReceiveLimit",
      "required",
      "A dead-letter queue needs both sqsDeadLettersQueueName and messageReceiveLimit."
    )
  else if (queue !== undefined && keeps)
    report(
      queue.line,
      "disableDeleteOnRetryLimit",
      "value",
      "It cannot be combined with a dead-letter queue."
    )
  else if (queue === undefined && !keeps)
    report(
      line,
      "disableDeleteOnRetryLimit",
      "loss",
      "By default a message is deleted when it has failed 10 times.",
      "true, or sqsDeadLettersQueueName with messageReceiveLimit"
    )
  else if (
    queue !== undefined &&
    Number(limit?.text) >= Number(values.get("messageRetryLimit")?.text ?? "10")
  )
    report(
      limit?.line ?? line,
      "messageReceiveLimit",
      "loss",
      "It has to be below messageRetryLimit (10 by default): otherwise the message is deleted before it reaches the dead-letter queue."
    )
}

interface Policy {
  readonly line: number
  readonly tree: Tree
}

const policiesOf = (tree: Tree, kind: string): ReadonlyMap<string, Policy> =>
  new Map(
    (at(tree, "spec", "policies", kind)?.entries ?? []).map(({ key, line, value }) => [
      key,
      { line, tree: value }
    ])
  )

/** What daprd brings itself. */
const builtIn = new Set([
  "DaprBuiltInServiceRetries",
  "DaprBuiltInActorRetries",
  "DaprBuiltInActorReminderRetries",
  "DaprBuiltInActorNotFoundRetries",
  "DaprBuiltInInitializationRetries"
])

/** Fewer than this many, half a second apart, are over within a day. */
const fewRetries = 172_800

/** daprd asks an app for its subscriptions with a policy of its own, and takes it for done however that ends. */
const checkInitialization = (line: number, retries: ReadonlyMap<string, Policy>, report: Report): void => {
  const name = "DaprBuiltInInitializationRetries"
  const policy = retries.get(name)
  const most = get(policy?.tree, "maxRetries")
  if (textAt(policy?.tree, "policy") === "constant" && Number(most?.text) >= fewRetries) return
  report(
    most?.line ?? policy?.line ?? line,
    name,
    "loss",
    "daprd asks an app for its subscriptions once: an app that dies meanwhile and is not back after these retries (3 by default, and when it is -1) is subscribed to nothing until its sidecar is started again.",
    "policy: constant, maxRetries: 10000000"
  )
}

const defaultReconnectWaitMs = 3_000

const checkResiliency = ({ tree }: Resource, scene: Scene, report: Report): void => {
  const timeouts = policiesOf(tree, "timeouts")
  const kinds = {
    timeout: timeouts,
    retry: policiesOf(tree, "retries"),
    circuitBreaker: policiesOf(tree, "circuitBreakers")
  }
  const named = (target: Tree | undefined) => {
    for (const [kind, known] of Object.entries(kinds)) {
      const name = get(target, kind)
      if (name?.text !== undefined && name.text !== "" && !known.has(name.text) && !builtIn.has(name.text))
        report(
          name.line,
          kind,
          "unknown",
          `No policy is called ${shown(name.text)}, and daprd then applies none.`,
          nearest(name.text, [...known.keys()])
        )
    }
  }
  for (const group of ["apps", "actors"])
    for (const { value } of at(tree, "spec", "targets", group)?.entries ?? []) named(value)
  for (const { key, line, value } of at(tree, "spec", "targets", "components")?.entries ?? []) {
    named(get(value, "inbound"))
    named(get(value, "outbound"))
    const same = scene.components.filter(({ name }) => name === key)
    if (same.length === 0 ? key === "pubsub" : same.some(({ type }) => type.startsWith("pubsub."))) {
      checkPubSubTarget(line, value, kinds.retry, report)
      checkInitialization(line, kinds.retry, report)
    }
    if (same.length === 0 ? key === "pubsub" : same.some(({ type }) => type === "pubsub.rabbitmq")) {
      const wait = Math.max(
        defaultReconnectWaitMs,
        ...same.map(({ values }) => parseDuration(values.get("reconnectWaitSeconds")?.text ?? "") ?? 0)
      )
      const timeout = at(value, "outbound", "timeout")
      const given = parseDuration(timeouts.get(timeout?.text ?? "")?.tree.text ?? "")
      if (given !== undefined && given < 3 * wait)
        report(
          timeout?.line ?? line,
          "outbound.timeout",
          "loss",
          "A publish that is cut off while the component waits to reconnect is answered with success.",
          `none, or at least ${(3 * wait) / 1_000}s (three times reconnectWaitSeconds)`
        )
    }
  }
}

const checkPubSubTarget = (
  line: number,
  target: Tree,
  retries: ReadonlyMap<string, Policy>,
  report: Report
): void => {
  const inbound = get(target, "inbound")
  const name = get(inbound, "retry")
  const ends = "then the message goes to its dead-letter topic, or back to the broker at once"
  const breaker = get(inbound, "circuitBreaker")
  if (breaker !== undefined && breaker.text !== "")
    report(
      breaker.line,
      "inbound.circuitBreaker",
      "loss",
      `An open circuit breaker ends the retries of every message; ${ends}.`
    )
  if (name?.text === undefined || name.text === "") {
    report(
      inbound?.line ?? line,
      "inbound.retry",
      "loss",
      `Without a retry policy a delivery is tried once; ${ends}.`,
      "a policy with maxRetries: -1"
    )
    return
  }
  const policy = retries.get(name.text)
  if (policy === undefined) return
  const where = (key: string) => get(policy.tree, key)?.line ?? policy.line
  const max = textAt(policy.tree, "maxRetries")
  if (max !== undefined && max !== "-1")
    report(
      where("maxRetries"),
      "maxRetries",
      "loss",
      `An outage that is longer than these retries ends them; ${ends}.`,
      "-1"
    )
  if (textAt(policy.tree, "policy") === "exponential")
    report(
      where("policy"),
      "policy",
      "loss",
      `An exponential policy of daprd 1.16 gives up after 15 minutes whatever maxRetries says (and begins at 500 ms whatever duration says); ${ends}.`,
      "constant"
    )
  if (get(policy.tree, "matching") !== undefined)
    report(
      where("matching"),
      "matching",
      "loss",
      `An answer that does not match is not tried again; ${ends}.`
    )
}

const checkSubscription = ({ tree }: Resource, scene: Scene, report: Report): void => {
  const spec = get(tree, "spec")
  const line = spec?.line ?? tree.line
  const topic = textAt(spec, "topic") ?? ""
  for (const key of ["pubsubname", "topic"])
    if ((textAt(spec, key) ?? "") === "")
      report(line, key, "required", "daprd does not load a subscription without it.")
  // The subscription of a dead-letter topic is where it ends.
  const isLast =
    topic.endsWith(".dead") ||
    scene.resources.some(({ tree: other }) => textAt(other, "spec", "deadLetterTopic") === topic)
  const dead = textAt(spec, "deadLetterTopic") ?? ""
  if (dead === "" && !isLast)
    report(
      line,
      "deadLetterTopic",
      "loss",
      "A message that is dropped, or that no route takes, is acknowledged and gone without one.",
      `${topic === "" ? "<topic>" : topic}.dead`
    )
  const most = at(spec, "bulkSubscribe", "maxMessagesCount")
  for (const { name, type, values } of scene.components) {
    const prefetch = values.get("prefetchCount")?.text
    if (type !== "pubsub.rabbitmq" || name !== textAt(spec, "pubsubname") || prefetch === undefined) continue
    if (most?.text !== undefined && Number(most.text) > Number(prefetch))
      report(
        most.line,
        "maxMessagesCount",
        "value",
        `The broker hands out ${shown(prefetch)} at once (prefetchCount), so a batch never fills and every one waits its whole time.`
      )
  }
}

const checkConfiguration = ({ tree }: Resource, report: Report): void => {
  for (const scope of at(tree, "spec", "secrets", "scopes")?.items ?? [])
    if (textAt(scope, "defaultAccess") !== "deny")
      report(
        scope.line,
        "defaultAccess",
        "secret",
        "By default an app may read every secret of the store.",
        "deny, with allowedSecrets"
      )
}

const checkEnvironment = (env: Tree | undefined, report: Report): void => {
  for (const { key, line, value } of env?.entries ?? [])
    if (
      value.text !== undefined &&
      value.text !== "" &&
      (/(^|_)(TOKEN|PASSWORD|SECRET|SECRET_KEY|ACCESS_KEY|API_KEY)$/.test(key) || hasPassword(value.text))
    )
      report(line, key, "secret", secretWhy, "the environment of dapr run")
}

const checkRunFile = (tree: Tree, report: Report): void => {
  check(tree, runFileShape, report, "dapr.yaml")
  const common = get(tree, "common")
  checkEnvironment(get(common, "env"), report)
  if ((textAt(tree, "version") ?? "") === "")
    report(tree.line, "version", "required", "Dapr's command line refuses a file without a version.")
  for (const app of get(tree, "apps")?.items ?? []) {
    checkEnvironment(get(app, "env"), report)
    if ((textAt(app, "appDirPath") ?? "") === "")
      report(app.line, "appDirPath", "required", "Dapr's command line refuses an app without it.")
    if (get(common, "env") !== undefined && get(app, "env")?.entries === undefined)
      report(
        app.line,
        "env",
        "required",
        "With an env in common, Dapr's command line 1.16 crashes on an app that has none of its own."
      )
    const setting = (key: string) => textAt(app, key) ?? textAt(common, key)
    if (
      textAt(app, "appPort") !== undefined &&
      (setting("appProtocol") ?? "http") === "http" &&
      setting("enableAppHealthCheck") !== "true"
    )
      report(
        app.line,
        "enableAppHealthCheck",
        "loss",
        "Without it daprd goes on delivering to an app that is down, and every delivery counts as a failed attempt.",
        "true"
      )
  }
}

/** The resource that a document is; undefined for what is not Dapr's. */
const resourceOf = (file: string, tree: Tree, report: Report): Resource | undefined => {
  const version = textAt(tree, "apiVersion") ?? ""
  const kind = textAt(tree, "kind") ?? ""
  const ours = version.startsWith("dapr.io/")
  if (!ours && !(version === "" && ["Component", "Resiliency"].includes(kind))) return undefined
  const id = `${version} ${kind}`
  const shape = own(resourceShapes, id)
  if (shape === undefined) {
    report(
      tree.line,
      `${version} ${kind}`.trim() || "apiVersion",
      "syntax",
      "daprd skips what has another apiVersion or kind than it knows.",
      nearest(id, Object.keys(resourceShapes))
    )
    return undefined
  }
  check(tree, shape, report, kind)
  return { file, kind, tree }
}

const waived = (text: string | undefined): boolean => /#\s*lint:allow\s+\S/.test(text ?? "")

/**
 * Everything in these files that loses data, or is ignored while it looks as if it counted. A line that ends in
 * `# lint:allow <why>` may keep a value that loses data; nothing else can be excused.
 */
export const lint = (files: ReadonlyArray<SourceFile>, { complete }: LintOptions): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  const lines = new Map(files.map(({ path, text }) => [path, text.split("\n")]))
  const reportIn =
    (file: string): Report =>
    (line, key, rule, why, instead) => {
      const kept = rule === "loss" && waived(lines.get(file)?.[line - 1])
      if (!kept)
        findings.push({
          file,
          line,
          key: shown(key),
          rule,
          why,
          ...(instead === undefined ? {} : { instead })
        })
    }
  const resources: Array<Resource> = []
  for (const { path, text } of files) {
    const report = reportIn(path)
    const { errors, roots } = parse(text)
    for (const { line, message } of errors) report(line, "YAML", "syntax", message)
    for (const root of roots) {
      if (get(root, "apps")?.items !== undefined && get(root, "apiVersion") === undefined)
        checkRunFile(root, report)
      const resource = resourceOf(path, root, report)
      if (resource !== undefined) resources.push(resource)
    }
  }
  const components = resources.filter(({ kind }) => kind === "Component").map(componentOf)
  const scene: Scene = { components, resources }
  for (const component of components) checkComponent(component, complete, reportIn(component.file))
  for (const resource of resources) {
    const report = reportIn(resource.file)
    if (resource.kind === "Resiliency") checkResiliency(resource, scene, report)
    if (resource.kind === "Subscription") checkSubscription(resource, scene, report)
    if (resource.kind === "Configuration") checkConfiguration(resource, report)
  }
  if (complete) {
    const targets = new Set(
      resources.flatMap(({ kind, tree }) =>
        kind === "Resiliency"
          ? (at(tree, "spec", "targets", "components")?.entries ?? []).map(({ key }) => key)
          : []
      )
    )
    for (const { file, name, tree, type } of components)
      if (type.startsWith("pubsub.") && !targets.has(name))
        reportIn(file)(
          tree.line,
          "Resiliency",
          "loss",
          "No resiliency policy is there for its deliveries: each is tried once, then the message goes to its dead-letter topic, or back to the broker at once."
        )
  }
  return findings.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
}

const isYaml = (name: string): boolean => /\.ya?ml$/.test(name)

const filesIn = (path: string): ReadonlyArray<string> => {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      const child = join(path, entry.name)
      if (entry.isDirectory()) return filesIn(child)
      return entry.isFile() && isYaml(entry.name) ? [child] : []
    })
}

export interface LintResult {
  readonly files: number
  readonly findings: ReadonlyArray<Finding>
}

/** Lints files and directories (hidden ones are left out); a directory is taken to be complete. */
export const lintPaths = (paths: ReadonlyArray<string>): Effect.Effect<LintResult, LintFailed> =>
  Effect.forEach(paths, (path) =>
    Effect.try({
      try: () => {
        if (!existsSync(path)) throw new Error("there is no such file or directory")
        return {
          complete: statSync(path).isDirectory(),
          files: filesIn(path).map((file) => ({ path: file, text: readFileSync(file, "utf8") }))
        }
      },
      catch: (cause) => new LintFailed({ path, why: cause instanceof Error ? cause.message : String(cause) })
    })
  ).pipe(
    Effect.map((parts) => {
      const files = [
        ...new Map(parts.flatMap((part) => part.files).map((file) => [file.path, file])).values()
      ]
      const complete = parts.some((part) => part.complete)
      return { files: files.length, findings: lint(files, { complete }) }
    })
  )
