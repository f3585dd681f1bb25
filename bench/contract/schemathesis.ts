import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteQueue from "@influscope/adapters/sqlite/Queue"
import { profilesDiscovered } from "@influscope/domain/Events"
import { PubSub } from "@influscope/ports/PubSub"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { tended, withApp } from "../support/App.ts"
import { inDirectory } from "../support/Directory.ts"

// Holds the running API against its own description: everything the description allows must be answered as described,
// everything it forbids must be refused, and nothing may end in a 5xx.
//
//   bun bench/contract/schemathesis.ts [--cases 12] [--seed 1] [directory for the tool, kept between runs]

const version = "4.32.5"
const here = import.meta.dirname

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Per operation and phase; twelve take about a minute in all. */
    cases: { type: "string", default: "12" },
    seed: { type: "string", default: "1" }
  }
})
const home = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache")
const directory = resolve(positionals[0] ?? join(home, "influscope", `schemathesis-${version}`))

/** Runs a command in the tool's directory, where it leaves its own files. */
const run = async (
  command: ReadonlyArray<string>,
  longestMs: number,
  env: Readonly<Record<string, string>> = {}
): Promise<number> => {
  const child = tended(
    Bun.spawn([...command], {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"]
    })
  )
  const timer = setTimeout(() => {
    process.stdout.write(`ended: it took more than ${longestMs / 60_000} minutes\n`)
    child.kill("SIGKILL")
  }, longestMs)
  const code = await child.exited
  clearTimeout(timer)
  return code
}

/** A Python environment with the tool and nothing else; the mark says that it is whole. */
const install = async (): Promise<void> => {
  const mark = join(directory, "installed")
  if (existsSync(mark)) return
  mkdirSync(directory, { recursive: true })
  const pip = [
    join(directory, "bin", "python"),
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check"
  ]
  const steps = [
    ["python3", "-m", "venv", directory],
    [...pip, "--requirement", join(here, "requirements.txt")]
  ]
  for (const step of steps) {
    if ((await run(step, 600_000)) !== 0)
      throw new Error(`${step.join(" ")} failed; it needs Python 3.10 or newer`)
  }
  writeFileSync(mark, version)
}

/** Messages nobody can read: in the queue before the start, among the dead letters after it. */
const poison = (dataDir: string): Promise<void> =>
  Effect.flatMap(PubSub, (pubsub) =>
    Effect.forEach(
      Array.from({ length: 40 }, (_, at) => `poison-${at}`),
      (id) =>
        pubsub.publish(profilesDiscovered.name, {
          id,
          payload: "unreadable",
          items: 1,
          traceparent: undefined
        }),
      { discard: true }
    )
  ).pipe(
    Effect.provide(SqliteQueue.layer.pipe(Layer.provide(MainDatabase.layer(dataDir)))),
    Effect.runPromise
  )

const askEverything = (url: string): Promise<number> =>
  run(
    [
      join(directory, "bin", "st"),
      ...["--config-file", join(here, "schemathesis.toml"), "run", `${url}/openapi.json`],
      // A stream that everybody may open, and that has no end.
      ...["--exclude-path", "/v1/inbox/live"],
      ...["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"],
      ...["--seed", values.seed, "--max-examples", values.cases, "--generation-database", "none"],
      // Slow or large cases of the generator say nothing about the API.
      ...["--suppress-health-check", "all", "--request-timeout", "20"]
    ],
    // Of something that hangs: it is two to eight minutes of work, by how busy the machine is.
    1_800_000,
    { SCHEMATHESIS_HOOKS: "hooks", PYTHONPATH: here, PYTHONDONTWRITEBYTECODE: "1" }
  )

await install()
const code = await inDirectory(async (scratch) => {
  const dataDir = join(scratch, "data")
  await poison(dataDir)
  const found = await withApp({ dataDir, env: { INFLUSCOPE_SEED_PROFILES: "50" } }, ({ url }) =>
    askEverything(url)
  )
  const log = await Bun.file(`${dataDir}.log`).text()
  const defects = log.split("\n").filter((line) => line.includes("A request hit a defect"))
  process.stdout.write(defects.map((line) => `${line}\n`).join(""))
  return found === 0 && defects.length > 0 ? 1 : found
})
process.exit(code)
