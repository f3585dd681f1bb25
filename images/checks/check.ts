/**
 * Holds the Dockerfile against BuildKit's own reading of it, and the compose files against Docker Compose's, neither of
 * which needs an engine; and all of them against each other and against dapr.yaml. What has to be refused is shown to each
 * tool too. What is in the images is tried by packages/testing/test/Images.native.ts.
 *
 *   bun images/checks/check.ts
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { apps } from "@influscope/stack/components/Render"
import { readRunFile } from "@influscope/stack/components/RunFile"
import * as Shell from "@influscope/stack/Shell"
import { check, none, refused, runChecks } from "@influscope/testing/Checks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { images } from "../build.ts"
import { compose, dockerfile } from "./Tools.ts"

const root = join(import.meta.dirname, "..", "..")
const fixtures = join(import.meta.dirname, "fixtures")
const read = (...path: ReadonlyArray<string>): string => readFileSync(join(root, ...path), "utf8")

const run = (argv: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Shell.run(argv, { cwd: root, env })

const missing = (wanted: ReadonlyArray<string>, there: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...wanted.filter((name) => !there.includes(name)).map((name) => `${name} is missing`),
  ...there.filter((name) => !wanted.includes(name)).map((name) => `${name} is unknown`)
]

const listsOf = (text: string, list: RegExp): ReadonlyArray<string> =>
  (list.exec(text)?.[1] ?? "").split(",").map((name) => name.trim().replaceAll('"', ""))

const Words = Schema.optionalWith(Schema.Array(Schema.String), { default: () => [], nullable: true })
const Service = Schema.Struct({
  image: Schema.String,
  command: Words,
  network_mode: Schema.optional(Schema.String),
  environment: Schema.optionalWith(
    Schema.Record({ key: Schema.String, value: Schema.NullOr(Schema.String) }),
    {
      default: () => ({})
    }
  ),
  ports: Schema.optionalWith(Schema.Array(Schema.Struct({ host_ip: Schema.optional(Schema.String) })), {
    default: () => []
  }),
  healthcheck: Schema.optional(Schema.Unknown),
  privileged: Schema.optional(Schema.Boolean),
  read_only: Schema.optional(Schema.Boolean),
  user: Schema.optional(Schema.String),
  cap_drop: Words
})
const Config = Schema.parseJson(
  Schema.Struct({ services: Schema.Record({ key: Schema.String, value: Service }) })
)

/** Those whose digest could not be looked up; their tags are exact. `docker buildx imagetools inspect <image>` tells it. */
const withoutDigest = [
  "daprio/daprd:1.16.0",
  "rabbitmq:4.1.4-management",
  "cassandra:5.0.5",
  "amazon/dynamodb-local:2.6.1",
  "motoserver/moto:5.1.11",
  "mongo:8.0.13"
]

const sidecarOf = (app: string): string => `${app}-dapr`
/** What runs once, and sidecars, which have no shell to ask them with: services ask for them in /readyz. */
const unasked = ["components", "declare", "token", ...apps.map(sidecarOf)]
/** As sidecars of most apps have it, among the options of all of them. */
const usualHealthPath = "/dapr/healthz"
const healthOptions = (path: string | undefined): ReadonlyArray<string> => {
  if (path === undefined) return ["--enable-app-health-check=false"]
  return path === usualHealthPath ? [] : [`--app-health-check-path=${path}`]
}

// Names and ports are compared by packages/testing/test/Manifests.test.ts.
const program = Effect.gen(function* () {
  const programs = yield* Effect.all({ compose, dockerfile })

  const lint = (file: string, ...stages: ReadonlyArray<string>) => run([programs.dockerfile, file, ...stages])
  yield* check("Dockerfile", lint("images/Dockerfile", "service", "cli"))
  yield* check(
    "a bad Dockerfile is refused",
    refused(
      lint(join(fixtures, "Dockerfile.bad"), "service"),
      "has no digest",
      "runs as",
      "without a shell",
      "UndefinedVar"
    )
  )

  yield* check(
    "bake builds every image",
    none(missing(images, [...listsOf(read("images", "docker-bake.hcl"), /service = \[(.*)\]/), "cli"]))
  )
  yield* check(
    "every image is signed and scanned",
    none(missing(images, listsOf(read(".github", "workflows", "images.yml"), /^ +image:\s+\[(.*)\]/m)))
  )
  yield* check(
    "every app has an image",
    none(apps.filter((app) => !images.includes(app)).map((app) => `${app} has none`))
  )

  const secret = { INFLUSCOPE_STACK_SECRET: "a-secret-of-this-check" }
  const configOf = (file: string, env: Readonly<Record<string, string>>) => run([programs.compose, file], env)

  yield* check(
    "a bad compose file is refused",
    refused(configOf(join(fixtures, "compose.bad.yaml"), secret), "helthcheck")
  )
  for (const file of ["compose.yaml", "dapr/compose.yaml"])
    yield* check(
      `${file} asks for its secret`,
      refused(configOf(file, { INFLUSCOPE_STACK_SECRET: "" }), "INFLUSCOPE_STACK_SECRET")
    )

  const servicesOf = (file: string) =>
    check(
      `${file} is what Docker Compose takes`,
      Effect.flatMap(configOf(file, secret), Schema.decode(Config))
    ).pipe(Effect.map(({ services }) => services))

  const servers = yield* servicesOf("dapr/compose.yaml")
  const system = yield* servicesOf("compose.yaml")
  for (const [file, services] of Object.entries({ "dapr/compose.yaml": servers, "compose.yaml": system })) {
    const all = Object.entries(services)
    yield* check(
      `${file}: ports of this machine alone`,
      none(
        all.flatMap(([name, { ports }]) =>
          ports.every(({ host_ip }) => host_ip === "127.0.0.1") ? [] : [name]
        )
      )
    )
    yield* check(
      `${file}: images by digest`,
      none(
        all.flatMap(([name, { image }]) =>
          /@sha256:[0-9a-f]{64}$/.test(image) ||
          /^ghcr\.io\/influscope\//.test(image) ||
          withoutDigest.includes(image)
            ? []
            : [`${name} has ${image}`]
        )
      )
    )
  }

  yield* check(
    "compose.yaml: everybody is asked whether they are well",
    none(
      Object.entries(system).flatMap(([name, { healthcheck }]) =>
        healthcheck === undefined && !unasked.includes(name) ? [name] : []
      )
    )
  )
  yield* check(
    "compose.yaml: ours may change nothing",
    none(
      [...apps, ...unasked].flatMap((name) => {
        const service = system[name]
        const isConfined =
          service?.read_only === true && service.user === "10001:10001" && service.cap_drop.includes("ALL")
        return isConfined ? [] : [name]
      })
    )
  )
  yield* check(
    "compose.yaml: servers are included",
    none(
      missing(
        Object.keys(servers),
        Object.keys(system).filter((name) => name in servers)
      )
    )
  )

  yield* check(
    "compose.yaml: sidecars are in the networks of their services, and ask for health as in dapr.yaml",
    none(
      readRunFile().apps.flatMap(({ appHealthCheckPath, appID }) => {
        const { command = [], network_mode } = system[sidecarOf(appID)] ?? {}
        const wanted = [
          `--config=/app/dapr/.resources/config/${appID}.yaml`,
          ...healthOptions(appHealthCheckPath)
        ]
        return [
          ...wanted
            .filter((option) => !command.includes(option))
            .map((option) => `${appID} is without ${option}`),
          ...(network_mode === `service:${appID}` ? [] : [`${appID} is in another network`])
        ]
      })
    )
  )
})

runChecks("images", program)
