import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { cacheRoot } from "../Cache.ts"
import { engineAnswers } from "../Compose.ts"
import * as Shell from "../Shell.ts"
import { type Check, fail, ok, warn } from "./Check.ts"

/** Numbers of the first version in a text: `go1.26.8` is 1, 26, 8. */
const versionIn = (text: string): ReadonlyArray<number> | undefined =>
  /(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0))

const isAtLeast = (version: ReadonlyArray<number>, least: ReadonlyArray<number>): boolean => {
  const place = least.findIndex((number, index) => number !== (version[index] ?? 0))
  return place === -1 || (version[place] ?? 0) > (least[place] ?? 0)
}

export interface Program {
  readonly name: string
  readonly argv: readonly [string, ...ReadonlyArray<string>]
  readonly least: ReadonlyArray<number>
  /** Whether nothing works without it. */
  readonly needed: boolean
  readonly usedFor: string
  readonly mend: string
}

/** A program on the PATH, or at a path, and whether it is new enough. */
export const program = ({ argv, least, mend, name, needed, usedFor }: Program): Effect.Effect<Check> => {
  const worse = needed ? fail : warn
  const path = Bun.which(argv[0])
  if (path === null) return Effect.succeed(worse(name, `not found; it is used for ${usedFor}`, mend))
  return Shell.run(argv).pipe(
    Effect.timeout("10 seconds"),
    Effect.map((text) => {
      const version = versionIn(text)
      if (version === undefined) return worse(name, `${path} does not tell its version`, mend)
      const said = version.join(".")
      return isAtLeast(version, least)
        ? ok(name, `${said} (${path})`)
        : worse(name, `${said} is older than ${least.join(".")}, which ${usedFor} needs`, mend)
    }),
    Effect.orElseSucceed(() => worse(name, `${path} cannot be run`, mend))
  )
}

const own: ReadonlyArray<Program> = [
  {
    name: "Bun",
    argv: [process.execPath, "--version"],
    least: [1, 4, 5],
    needed: true,
    usedFor: "everything here",
    mend: "npm install   in the repository brings the pinned one"
  },
  {
    name: "Node",
    argv: ["node", "--version"],
    least: [20],
    needed: false,
    usedFor: "npm start and npm test",
    mend: "install Node 20 or newer (https://nodejs.org), or use bun instead of npm"
  },
  {
    name: "Go",
    argv: ["go", "version"],
    least: [1, 24],
    needed: false,
    usedFor: "building daprd, the Dapr CLI and MinIO",
    mend: "install Go 1.24 or newer: https://go.dev/dl"
  },
  {
    name: "Java",
    // To its standard output, unlike -version.
    argv: ["java", "--version"],
    least: [17],
    needed: false,
    usedFor: "Elasticsearch (21), Kafka, Cassandra (11 or 17) and DynamoDB Local",
    mend: "install a JDK 21 or newer, or use a Docker engine"
  }
]

/** The programs that everything else is made with. */
export const programs: Effect.Effect<ReadonlyArray<Check>> = Effect.forEach(own, program, { concurrency: 4 })

export const dockerEngine: Effect.Effect<Check> = Effect.map(engineAnswers, (answers) =>
  answers
    ? ok("Docker engine", "answers: influscope stack up starts containers")
    : ok("Docker engine", "none answers: influscope stack up starts servers of this machine")
)

/** In the cache, on the PATH, or where the Dapr CLI installs them. */
const findDapr = (cached: string, name: string): string | undefined => {
  const known = [
    join(cacheRoot(), cached, name),
    Bun.which(name) ?? "",
    join(homedir(), ".dapr", "bin", name)
  ]
  return known.find((path) => path !== "" && existsSync(path))
}

const dapr = (name: string, cached: string, programName: string, least: ReadonlyArray<number>) =>
  Effect.suspend(() =>
    program({
      name,
      argv: [findDapr(cached, programName) ?? programName, "--version"],
      least,
      needed: false,
      usedFor: "the Dapr runtime (embedded needs none)",
      mend: `install Dapr ${least.join(".")}: https://docs.dapr.io/getting-started/install-dapr-cli, then dapr init --slim`
    })
  )

/** The sidecar and the command that runs it, wherever they came from. */
export const daprPrograms = (versions: {
  readonly daprd: string
  readonly cli: string
}): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.all(
    [
      dapr("daprd", `daprd-${versions.daprd}`, "daprd", [1, 16]),
      dapr("Dapr CLI", `dapr-cli-${versions.cli}`, "dapr", [1, 16])
    ],
    { concurrency: 2 }
  )
