/**
 * Runs one of the load scripts, or all of them for a few seconds each:
 *   bun bench/k6/run.ts smoke|search-gate|ingest|tracking|users|soak|spike|breakpoint|all
 *     [--seconds 30] [--rate <that of the script>] [--profiles 5000] [--slack 1] [--url http://... --users http://...]
 * Against InfluScope in one process, started for it with so many profiles, or against what runs at the addresses, where so
 * many are made first if the option is given; HEADERS, as JSON, has the token for it. `slack` is how many times slower than
 * bench/k6/budgets.json answers may be. Ends with 1 when something promised does not hold; k6's figures and the tables are
 * in bench/out, and on the page of the job where GitHub runs it.
 */
import { appendFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { discover } from "../support/Api.ts"
import { withApp } from "../support/App.ts"
import { inDirectory } from "../support/Directory.ts"
import { worldSeed } from "../support/World.ts"
import { attack, installK6 } from "./K6.ts"

const scripts = ["smoke", "search-gate", "ingest", "tracking", "users", "soak", "spike", "breakpoint"]

const { positionals, values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    seconds: { type: "string" },
    rate: { type: "string" },
    profiles: { type: "string" },
    slack: { type: "string" },
    url: { type: "string" },
    users: { type: "string" }
  }
})
const [name = ""] = positionals
if (name !== "all" && !scripts.includes(name)) throw new Error(`Name one of ${scripts.join(", ")}, or all.`)

/** So short that all of them together take less than a minute: whether they work, not how fast it is. */
const shortly = {
  SECONDS: 2,
  RATE: 5,
  SLACK: 50,
  ITERATIONS: 3,
  ROWS: 100,
  INFLUENCERS: 100,
  RATES: "10,20",
  P95: 10_000
}

const env: Readonly<Record<string, string | number>> = {
  ...(name === "all" ? shortly : { SECONDS: 30 }),
  ...(values.seconds === undefined ? {} : { SECONDS: values.seconds }),
  ...(values.rate === undefined ? {} : { RATE: values.rate }),
  ...(values.slack === undefined ? {} : { SLACK: values.slack })
}

const headers: Readonly<Record<string, string>> = JSON.parse(process.env["HEADERS"] ?? "{}")
const jobPage = process.env["GITHUB_STEP_SUMMARY"]

const out = join(import.meta.dirname, "..", "out")

const runAt = async (directory: string, url: string, usersUrl: string): Promise<void> => {
  mkdirSync(out, { recursive: true })
  for (const script of name === "all" ? scripts : [name]) {
    const { markdown, met, metrics } = await attack({
      script: `${script}.js`,
      url,
      headers,
      directory,
      env: { USERS_URL: usersUrl, ...env }
    })
    const section = `## ${script}\n\n${markdown}\n`
    process.stdout.write(section)
    if (jobPage !== undefined) appendFileSync(jobPage, section)
    await Bun.write(join(out, `k6-${script}.md`), markdown)
    await Bun.write(join(out, `k6-${script}.json`), `${JSON.stringify(metrics, undefined, 2)}\n`)
    if (!met) process.exitCode = 1
  }
}

await Effect.runPromise(installK6)
await inDirectory(async (directory) => {
  if (values.url !== undefined) {
    if (values.profiles !== undefined) await discover(values.url, Number(values.profiles), worldSeed, headers)
    return runAt(directory, values.url, values.users ?? "http://127.0.0.1:8081")
  }
  const profiles = values.profiles ?? (name === "all" ? "500" : "5000")
  const dataDir = join(directory, "data")
  await withApp({ dataDir, env: { INFLUSCOPE_SEED_PROFILES: profiles } }, ({ url, usersUrl }) =>
    runAt(directory, url, usersUrl)
  )
})
