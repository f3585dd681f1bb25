import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { cached, install } from "../Cache.ts"
import { InstallFailed, type ServerRecipe, type Where } from "../Server.ts"

/** The newest version whose components can be built from the module proxy alone. */
export const daprdVersion = "1.16.0"

const remedy =
  "install Go 1.24 or newer (https://go.dev/dl) and gcc, or a daprd with the Dapr CLI: dapr init --slim --runtime-version 1.16.0"

/** Builds a Go program in a module of its own, which is thrown away. */
export const buildGo = (
  server: string,
  directory: string,
  options: {
    /** Sources that stand in for a module, by path. */
    readonly files?: Readonly<Record<string, string>>
    /** Arguments of `go mod edit`. */
    readonly edit: ReadonlyArray<string>
    readonly tool: string
    readonly build: ReadonlyArray<string>
  }
): Effect.Effect<void, InstallFailed> =>
  Effect.suspend(() => {
    if (Bun.which("go") === null)
      return new InstallFailed({ server, why: "there is no Go to build it", remedy })
    if (Bun.which("gcc") === null && Bun.which("cc") === null)
      return new InstallFailed({
        server,
        why: "there is no C compiler: one of its modules needs cgo",
        remedy
      })
    // A Go workspace above would be used instead of the module made here.
    const go = (...args: ReadonlyArray<string>) =>
      install(server, remedy, ["nice", "-n", "10", "go", ...args], {
        cwd: directory,
        env: { GOWORK: "off", CGO_ENABLED: "1" }
      })
    const files = Object.entries(options.files ?? {})
    const write = Effect.sync(() => {
      for (const [path, content] of files) {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        writeFileSync(join(directory, path), content)
      }
    })
    const tidy = Effect.sync(() => {
      for (const path of ["go.mod", "go.sum", ...files.map(([path]) => dirname(path))])
        rmSync(join(directory, path), { recursive: true, force: true })
    })
    return write.pipe(
      Effect.zipRight(go("mod", "init", "tools")),
      Effect.zipRight(go("mod", "edit", ...options.edit)),
      Effect.zipRight(go("get", "-tool", options.tool)),
      Effect.zipRight(go("build", "-trimpath", ...options.build)),
      Effect.zipRight(tidy)
    )
  })

/**
 * One of the components' modules is written in assembly that Go 1.25 and newer refuse. It answers the number of the
 * processor, by which the Kitex binding spreads its locks: any number will do.
 */
const processorNumber = {
  module: "github.com/choleraehyq/pid",
  files: {
    "pid/go.mod": "module github.com/choleraehyq/pid\n",
    "pid/pid.go": "package pid\n\nfunc GetPid() int { return 0 }\n"
  }
}

/** Brings daprd with all its components into the cache (a build of some minutes); answers the program. */
export const installDaprd: Effect.Effect<string, InstallFailed> = cached("daprd", daprdVersion, (directory) =>
  buildGo("daprd", directory, {
    files: processorNumber.files,
    edit: ["-replace", `${processorNumber.module}=./pid`],
    tool: `github.com/dapr/dapr/cmd/daprd@v${daprdVersion}`,
    build: [
      "-tags",
      "allcomponents",
      "-ldflags",
      `-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=${daprdVersion}`,
      "-o",
      join(directory, "daprd"),
      "github.com/dapr/dapr/cmd/daprd"
    ]
  })
).pipe(Effect.map((directory) => join(directory, "daprd")))

/** One service's sidecar. */
export interface DaprdOptions {
  readonly appId: string
  /** Absent for a process that only calls the sidecar. */
  readonly appPort?: number
  readonly appProtocol?: "http" | "grpc"
  /** Directories with component, resiliency and subscription files. */
  readonly resources: ReadonlyArray<string>
  /** A Configuration file. Needed for service invocation: see `nameResolution`. */
  readonly config?: string
  /** Largest body in both directions, as daprd writes quantities. */
  readonly maxBodySize?: string
  readonly gracefulShutdownSeconds?: number
  /**
   * "2s": at SIGTERM daprd first waits for its deliveries, however long they take, and then this long, while it serves.
   * With retries without end it does not stop while a handler keeps failing: SIGKILL then ends it. Off when absent.
   */
  readonly blockShutdown?: string
  /** Deliveries stop while the app does not answer here. */
  readonly appHealth?: {
    readonly path: string
    readonly intervalSeconds: number
    readonly timeoutMillis: number
    readonly threshold: number
  }
  /** What callers of the sidecar have to show. */
  readonly apiToken?: string
  /** What the sidecar shows the app. */
  readonly appToken?: string
  /** Most deliveries and calls handed to the app at once; unlimited when absent. */
  readonly appMaxConcurrency?: number
  readonly logLevel?: "debug" | "info" | "warn" | "error"
  /** Speak to other sidecars by certificates alone, of the Sentry at this address; absent, in the clear. */
  readonly certificates?: {
    readonly sentry: string
    /** PEM. */
    readonly trustAnchors: string
    /** Which the certificate names, beside the app id. */
    readonly namespace: string
  }
  /** What component files read with `envRef`, and the AWS clients. */
  readonly env?: Readonly<Record<string, string>>
}

const defaults = {
  maxBodySize: "16Mi",
  gracefulShutdownSeconds: 10
} as const

const port = ({ ports }: Where, role: string): string => String(ports[role] ?? 0)

const flags = (options: DaprdOptions, where: Where): ReadonlyArray<string> => [
  ...["--app-id", options.appId],
  ...["--dapr-http-port", port(where, "http")],
  ...["--dapr-grpc-port", port(where, "grpc")],
  ...["--dapr-internal-grpc-port", port(where, "internal")],
  ...["--metrics-port", port(where, "metrics")],
  ...["--dapr-listen-addresses", "127.0.0.1"],
  ...["--dapr-internal-grpc-listen-address", "127.0.0.1"],
  ...["--metrics-listen-address", "127.0.0.1"],
  ...["--app-channel-address", "127.0.0.1"],
  ...options.resources.flatMap((directory) => ["--resources-path", directory]),
  ...(options.config === undefined ? [] : ["--config", options.config]),
  ...["--max-body-size", options.maxBodySize ?? defaults.maxBodySize],
  ...[
    "--dapr-graceful-shutdown-seconds",
    String(options.gracefulShutdownSeconds ?? defaults.gracefulShutdownSeconds)
  ],
  ...(options.blockShutdown === undefined ? [] : ["--dapr-block-shutdown-duration", options.blockShutdown]),
  ...(options.appPort === undefined
    ? []
    : ["--app-port", String(options.appPort), "--app-protocol", options.appProtocol ?? "http"]),
  ...(options.appHealth === undefined
    ? []
    : [
        "--enable-app-health-check",
        ...["--app-health-check-path", options.appHealth.path],
        ...["--app-health-probe-interval", String(options.appHealth.intervalSeconds)],
        ...["--app-health-probe-timeout", String(options.appHealth.timeoutMillis)],
        ...["--app-health-threshold", String(options.appHealth.threshold)]
      ]),
  ...(options.appMaxConcurrency === undefined
    ? []
    : ["--app-max-concurrency", String(options.appMaxConcurrency)]),
  ...(options.certificates === undefined
    ? []
    : ["--enable-mtls", "--sentry-address", options.certificates.sentry]),
  ...["--log-level", options.logLevel ?? "info"],
  "--log-as-json"
]

export const answers = (url: string): Effect.Effect<boolean> =>
  Effect.tryPromise((signal) => fetch(url, { signal })).pipe(
    Effect.map((response) => response.ok),
    Effect.timeout("2 seconds"),
    Effect.orElseSucceed(() => false)
  )

/**
 * A recipe for one service's sidecar. It is ready when its own API answers: it does not wait for the app, which waits
 * for it. Every listener is on 127.0.0.1.
 */
export const daprd = (options: DaprdOptions): ServerRecipe => ({
  name: `daprd of ${options.appId}`,
  version: daprdVersion,
  purpose: `sidecar of ${options.appId}`,
  ports: { http: 3500, grpc: 50_001, internal: 50_002, metrics: 9090 },
  install: installDaprd,
  prepare: () => Effect.void,
  command: (where) => ({
    argv: [where.program, ...flags(options, where)],
    // In no list of processes.
    env: {
      ...options.env,
      ...(options.apiToken === undefined ? {} : { DAPR_API_TOKEN: options.apiToken }),
      ...(options.appToken === undefined ? {} : { APP_API_TOKEN: options.appToken }),
      ...(options.certificates === undefined
        ? {}
        : {
            DAPR_TRUST_ANCHORS: options.certificates.trustAnchors,
            NAMESPACE: options.certificates.namespace
          })
    }
  }),
  ready: (where) => answers(`http://127.0.0.1:${port(where, "http")}/v1.0/healthz/outbound`),
  startTimeout: "60 seconds",
  stopTimeout: "40 seconds",
  environment: (where) => ({
    DAPR_HTTP_PORT: port(where, "http"),
    DAPR_GRPC_PORT: port(where, "grpc"),
    ...(options.apiToken === undefined ? {} : { DAPR_API_TOKEN: options.apiToken }),
    ...(options.appToken === undefined ? {} : { APP_API_TOKEN: options.appToken })
  })
})
