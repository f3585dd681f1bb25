import { randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseDocument } from "yaml"
import { formatEnvironment, parseEnvironment } from "./EnvironmentFile.ts"
import { formatProfile, type Profile } from "./Profile.ts"
import { collect, type Environment } from "./Secrets.ts"

/** The chosen files cannot be read or written. */
export class RenderFailed extends Data.TaggedError("RenderFailed")<{
  readonly path: string
  readonly why: string
}> {
  override get message(): string {
    return `${this.path}: ${this.why}`
  }
}

/** The apps that have a sidecar, by app id. */
export const apps = [
  "analytics",
  "indexer",
  "collector",
  "tracker",
  "posts",
  "users",
  "messages",
  "api",
  "scraper",
  "mockstagram"
] as const
export type App = (typeof apps)[number]

export interface RenderOptions {
  /** The repository's `dapr` directory. */
  readonly source: string
  /** Where the sidecars find it all; made, and readable by its owner only. */
  readonly into: string
  readonly profile: Profile
  /** What the servers are reached by: RABBITMQ_URL, DATABASE_URL, S3_ENDPOINT and so on. */
  readonly environment: Environment
}

export interface Rendered {
  readonly profile: Profile
  /** For `--resources-path`: components, secret store, resiliency. */
  readonly resources: string
  /** For `--config`, by app. */
  readonly config: Readonly<Record<App, string>>
  readonly secretsFile: string
  /** A shell reads it with `set -a; . file`: tokens for both directions, and what the servers are reached by. */
  readonly environmentFile: string
  /** Variables that are not set and without which a component of the profile does not start. */
  readonly missing: ReadonlyArray<string>
}

const ownerOnly = 0o600

const placesIn = (into: string) => ({
  resources: join(into, "components"),
  config: {
    analytics: join(into, "config", "analytics.yaml"),
    indexer: join(into, "config", "indexer.yaml"),
    collector: join(into, "config", "collector.yaml"),
    tracker: join(into, "config", "tracker.yaml"),
    posts: join(into, "config", "posts.yaml"),
    users: join(into, "config", "users.yaml"),
    messages: join(into, "config", "messages.yaml"),
    api: join(into, "config", "api.yaml"),
    scraper: join(into, "config", "scraper.yaml"),
    mockstagram: join(into, "config", "mockstagram.yaml")
  },
  secretsFile: join(into, "secrets.json"),
  environmentFile: join(into, "environment"),
  profileFile: join(into, "profile")
})

/** The profile that was rendered last into a directory, as text; undefined when there is none. */
export const renderedProfile = (into: string): string | undefined => {
  const { profileFile } = placesIn(into)
  return existsSync(profileFile) ? readFileSync(profileFile, "utf8").trim() : undefined
}

/** Where an OpenTelemetry collector takes OTLP, for daprd: host and port without a scheme. */
const collectorOf = (
  environment: Environment
): { readonly address: string; readonly secure: boolean; readonly protocol: "grpc" | "http" } | undefined => {
  const text = environment["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? ""
  if (text === "" || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return {
    address: url.host,
    secure: url.protocol === "https:",
    protocol: environment["OTEL_EXPORTER_OTLP_PROTOCOL"] === "grpc" || url.port === "4317" ? "grpc" : "http"
  }
}

/**
 * A Configuration as committed, for a laptop: names are resolved through a file instead of multicast, callers without
 * certificates are let in (nobody outside reaches the sidecars), and traces go to an OpenTelemetry collector where there is one.
 */
const localConfiguration = (text: string, into: string, environment: Environment): string => {
  const document = parseDocument(text)
  document.setIn(["spec", "nameResolution"], {
    component: "sqlite",
    version: "v1",
    configuration: { connectionString: join(into, "names.db") }
  })
  if (document.hasIn(["spec", "accessControl"]))
    document.setIn(["spec", "accessControl", "defaultAction"], "allow")
  const collector = collectorOf(environment)
  if (collector !== undefined) {
    document.setIn(["spec", "tracing", "samplingRate"], environment["INFLUSCOPE_TRACE_SAMPLING"] ?? "1")
    document.setIn(["spec", "tracing", "otel"], {
      endpointAddress: collector.address,
      isSecure: collector.secure,
      protocol: collector.protocol
    })
  }
  return document.toString({ lineWidth: 0 })
}

const write = (path: string, text: string): void => {
  // In one step: a sidecar that starts now sees the old file or the new one.
  writeFileSync(`${path}.part`, text, { mode: ownerOnly })
  chmodSync(`${path}.part`, ownerOnly)
  renameSync(`${path}.part`, path)
}

const tokens = ["DAPR_API_TOKEN", "APP_API_TOKEN"] as const

/** Amazon takes 256 KB a message: batches stay well below, as the gate of the scraper wants. */
const smallBatches = { INFLUSCOPE_MAX_BATCH_BYTES: String(128 * 1024) } as const

/** Not for sidecars of other apps, or only meaningful to this process. */
const handedOn = (name: string): boolean =>
  !/^DAPR_(HTTP|GRPC|METRICS)_PORT$|^APP_(ID|PORT|PROTOCOL)$/.test(name)

/**
 * Puts the files of a profile where `dapr run -f dapr/dapr.yaml` and the sidecars of the tests look for them, with the
 * secrets of this machine. Tokens are made once and kept. Harmless when nothing has changed.
 */
export const render = (options: RenderOptions): Effect.Effect<Rendered, RenderFailed> =>
  Effect.try({
    try: () => {
      const source = resolve(options.source)
      const into = resolve(options.into)
      const places = placesIn(into)
      const { environment, profile } = options
      const file = (...path: ReadonlyArray<string>) => readFileSync(join(source, ...path), "utf8")
      const secretStore = parseDocument(file("components", "secrets", "file.yaml"))
      secretStore.setIn(["spec", "metadata", 0, "value"], places.secretsFile)
      const { missing, values } = collect(profile, {
        DAPR_STATE_FILE: join(into, "state.db"),
        ...environment
      })
      const components: Readonly<Record<string, string>> = {
        "pubsub.yaml": file("components", "pubsub", `${profile.pubsub}.yaml`),
        "state.yaml": file("components", "state", `${profile.state}.yaml`),
        "objects.yaml": file("components", "objects", `${profile.objects}.yaml`),
        "configuration.yaml": file("components", "configuration", "redis.yaml"),
        "cache.yaml": file("components", "cache", "redis.yaml"),
        "secrets.yaml": secretStore.toString({ lineWidth: 0 }),
        "resiliency.yaml": file("resiliency.yaml")
      }
      mkdirSync(into, { recursive: true, mode: 0o700 })
      chmodSync(into, 0o700)
      mkdirSync(join(into, "config"), { recursive: true })
      rmSync(places.resources, { recursive: true, force: true })
      mkdirSync(places.resources)
      for (const [name, text] of Object.entries(components)) write(join(places.resources, name), text)
      for (const app of apps)
        write(places.config[app], localConfiguration(file("config", `${app}.yaml`), into, environment))
      write(places.secretsFile, `${JSON.stringify(values, undefined, 2)}\n`)

      const before = existsSync(places.environmentFile)
        ? parseEnvironment(readFileSync(places.environmentFile, "utf8"))
        : {}
      const variables: Record<string, string> = profile.pubsub === "snssqs" ? { ...smallBatches } : {}
      for (const [name, value] of Object.entries(environment))
        if (value !== undefined && handedOn(name)) variables[name] = value
      for (const token of tokens)
        variables[token] = environment[token] ?? before[token] ?? randomBytes(24).toString("hex")
      variables["INFLUSCOPE_PROFILE"] = formatProfile(profile)
      write(places.environmentFile, formatEnvironment(variables))
      write(places.profileFile, `${formatProfile(profile)}\n`)
      const { config, environmentFile, resources, secretsFile } = places
      return { profile, resources, config, secretsFile, environmentFile, missing }
    },
    catch: (cause) =>
      new RenderFailed({
        path: options.into,
        why: cause instanceof Error ? cause.message : String(cause)
      })
  })
