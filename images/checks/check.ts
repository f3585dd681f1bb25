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
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { images } from "../build.ts"
import { compose, dockerfile } from "./Tools.ts"

const root = join(import.meta.dirname, "..", "..")
const fixtures = join(import.meta.dirname, "fixtures")
const read = (...path: ReadonlyArray<string>): string => readFileSync(join(root, ...path), "utf8")

const faults: Array<string> = []
/** Says what was looked at, and keeps what is wrong with it. */
const check = (what: string, found: ReadonlyArray<string>): void => {
  process.stdout.write(`${found.length === 0 ? "ok" : "NOT OK"}  ${what}\n`)
  faults.push(...found.map((fault) => `${what}: ${fault}`))
}

interface Outcome {
  readonly code: number
  readonly out: string
}

const run = async (
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Promise<Outcome> => {
  const child = Bun.spawn([...argv], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe"
  })
  const [out, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { code, out: code === 0 ? out : `${out}${errors}` }
}

const refusedFor = ({ code, out }: Outcome, ...reasons: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...(code === 0 ? ["it was accepted"] : []),
  ...reasons
    .filter((reason) => !out.includes(reason))
    .map((reason) => `nothing was said of ${reason}: ${out}`)
]

const missing = (wanted: ReadonlyArray<string>, there: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...wanted.filter((name) => !there.includes(name)).map((name) => `${name} is missing`),
  ...there.filter((name) => !wanted.includes(name)).map((name) => `${name} is unknown`)
]

const { compose: composeProgram, dockerfile: dockerfileProgram } = await Effect.runPromise(
  Effect.all({ compose, dockerfile })
)

// --- Dockerfile ---------------------------------------------------------------------------------------------------------

const lint = (file: string, ...stages: ReadonlyArray<string>): Promise<Outcome> =>
  run([dockerfileProgram, file, ...stages])
const linted = await lint("images/Dockerfile", "service", "cli")
check("Dockerfile", linted.code === 0 ? [] : linted.out.trim().split("\n"))
check(
  "a bad Dockerfile is refused",
  refusedFor(
    await lint(join(fixtures, "Dockerfile.bad"), "service"),
    "has no digest",
    "runs as",
    "without a shell",
    "UndefinedVar"
  )
)

// --- Which images there are ---------------------------------------------------------------------------------------------

const listsOf = (text: string, list: RegExp): ReadonlyArray<string> =>
  (list.exec(text)?.[1] ?? "").split(",").map((name) => name.trim().replaceAll('"', ""))
check(
  "bake builds every image",
  missing(images, [...listsOf(read("images", "docker-bake.hcl"), /service = \[(.*)\]/), "cli"])
)
check(
  "every image is signed and scanned",
  missing(images, listsOf(read(".github", "workflows", "images.yml"), /^ +image: \[(.*)\]/m))
)
check(
  "every app has an image",
  apps.filter((app) => !images.includes(app)).map((app) => `${app} has none`)
)

// --- Compose ------------------------------------------------------------------------------------------------------------

const secret = { INFLUSCOPE_STACK_SECRET: "a-secret-of-this-check" }
const configOf = (file: string, env: Readonly<Record<string, string>>) => run([composeProgram, file], env)

check(
  "a bad compose file is refused",
  refusedFor(await configOf(join(fixtures, "compose.bad.yaml"), secret), "helthcheck")
)
for (const file of ["compose.yaml", "dapr/compose.yaml"])
  check(`${file} asks for its secret`, refusedFor(await configOf(file, {}), "INFLUSCOPE_STACK_SECRET"))

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

const servicesOf = async (file: string) => {
  const { code, out } = await configOf(file, secret)
  check(`${file} is what Docker Compose takes`, code === 0 ? [] : [out])
  return code === 0 ? Schema.decodeSync(Config)(out).services : {}
}

const servers = await servicesOf("dapr/compose.yaml")
const system = await servicesOf("compose.yaml")
for (const [file, services] of Object.entries({ "dapr/compose.yaml": servers, "compose.yaml": system })) {
  const all = Object.entries(services)
  check(
    `${file}: ports of this machine alone`,
    all.flatMap(([name, { ports }]) => (ports.every(({ host_ip }) => host_ip === "127.0.0.1") ? [] : [name]))
  )
  check(
    `${file}: images by digest`,
    all.flatMap(([name, { image }]) =>
      /@sha256:[0-9a-f]{64}$/.test(image) ||
      /^ghcr\.io\/influscope\//.test(image) ||
      withoutDigest.includes(image)
        ? []
        : [`${name} has ${image}`]
    )
  )
}

const sidecarOf = (app: string): string => `${app}-dapr`
/** What runs once, and sidecars, which have no shell to ask them with: services ask for them in /readyz. */
const unasked = ["components", "declare", "token", ...apps.map(sidecarOf)]
check(
  "compose.yaml: everybody is asked whether they are well",
  Object.entries(system).flatMap(([name, { healthcheck }]) =>
    healthcheck === undefined && !unasked.includes(name) ? [name] : []
  )
)
check(
  "compose.yaml: ours may change nothing",
  [...apps, ...unasked].flatMap((name) => {
    const service = system[name]
    const isConfined =
      service?.read_only === true && service.user === "10001:10001" && service.cap_drop.includes("ALL")
    return isConfined ? [] : [name]
  })
)
check(
  "compose.yaml: servers are included",
  missing(
    Object.keys(servers),
    Object.keys(system).filter((name) => name in servers)
  )
)

// Names and ports are compared by packages/testing/test/Manifests.test.ts.
const RunFile = Schema.Struct({
  apps: Schema.Array(
    Schema.Struct({ appID: Schema.String, appHealthCheckPath: Schema.optional(Schema.String) })
  )
})
/** As sidecars of most apps have it, among the options of all of them. */
const usualHealthPath = "/dapr/healthz"
const healthOptions = (path: string | undefined): ReadonlyArray<string> => {
  if (path === undefined) return ["--enable-app-health-check=false"]
  return path === usualHealthPath ? [] : [`--app-health-check-path=${path}`]
}
check(
  "compose.yaml: sidecars are in the networks of their services, and ask for health as in dapr.yaml",
  Schema.decodeUnknownSync(RunFile)(Bun.YAML.parse(read("dapr", "dapr.yaml"))).apps.flatMap(
    ({ appHealthCheckPath, appID }) => {
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
    }
  )
)

if (faults.length > 0) {
  process.stdout.write(`\n${faults.join("\n")}\n`)
  process.exit(1)
}
