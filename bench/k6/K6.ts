import { join } from "node:path"
import { cached, install } from "@influscope/stack/Cache"
import { InstallFailed } from "@influscope/stack/Server"
import * as Effect from "effect/Effect"
import { tended } from "../support/App.ts"
import type { LoadQuery } from "../support/Queries.ts"

const version = "1.8.1"

/** Brings k6 into the cache, built from its Go module (a minute, once); answers the program. */
export const installK6: Effect.Effect<string, InstallFailed> = cached("k6", version, (directory) =>
  Bun.which("go") === null
    ? new InstallFailed({
        server: "k6",
        why: "there is no Go to build it with",
        remedy: "install Go 1.24 or newer (https://go.dev/dl)"
      })
    : install(
        "k6",
        "check that Go can reach its module proxy, then try again",
        ["nice", "-n", "10", "go", "install", `go.k6.io/k6@v${version}`],
        { env: { GOBIN: directory, GOWORK: "off" } }
      )
).pipe(Effect.map((directory) => join(directory, "k6")))

/** Milliseconds. */
export interface Trend {
  readonly min: number
  readonly avg: number
  readonly med: number
  readonly "p(90)": number
  readonly "p(95)": number
  readonly "p(99)": number
  readonly "p(99.9)": number
  readonly max: number
}

interface Rate {
  readonly values: { readonly rate: number; readonly passes: number }
}

interface Counter {
  readonly values: { readonly count: number; readonly rate: number }
}

/** The parts of k6's summary that are used here. */
export interface Metrics {
  readonly http_req_duration: { readonly values: Trend }
  readonly http_req_failed: Rate
  readonly http_reqs: Counter
  readonly dropped_iterations?: Counter
  readonly checks: Rate
  /** Of single scenarios, such as `http_reqs{scenario:at_100}`. */
  readonly [part: `${"http_reqs" | "dropped_iterations"}{${string}}`]: Counter
  readonly [part: `http_req_duration{${string}}`]: { readonly values: Trend }
  readonly [part: `http_req_failed{${string}}`]: Rate
}

export interface Attack {
  /** In bench/k6. */
  readonly script: string
  /** Of the API, up to the path of the search. */
  readonly url: string
  /** Of every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** What is searched for; a few words when absent. */
  readonly queries?: ReadonlyArray<LoadQuery>
  readonly directory: string
  /** What the script reads beside these. */
  readonly env: Readonly<Record<string, string | number>>
}

export interface Attacked {
  readonly metrics: Metrics
  /** The table that people read. */
  readonly markdown: string
  /** What k6 itself says: false when a threshold was missed. */
  readonly met: boolean
}

/** k6 ends so when a threshold was missed. */
const thresholdsMissed = 99

/** Runs one of the scripts to its end. */
export const attack = async ({
  directory,
  env,
  headers = {},
  queries,
  script,
  url
}: Attack): Promise<Attacked> => {
  const file = join(directory, "k6-queries.json")
  const summary = join(directory, "k6-summary.json")
  const markdown = join(directory, "k6-summary.md")
  if (queries !== undefined)
    await Bun.write(file, JSON.stringify(queries.map(({ address, kind }) => ({ address, kind }))))
  const program = await Effect.runPromise(installK6)
  const k6 = tended(
    Bun.spawn([program, "run", "--quiet", "--no-usage-report", join(import.meta.dirname, script)], {
      env: {
        ...process.env,
        BASE_URL: url,
        HEADERS: JSON.stringify(headers),
        ...(queries === undefined ? {} : { QUERIES: file }),
        SUMMARY: summary,
        MARKDOWN: markdown,
        ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]))
      },
      stdout: "ignore",
      stderr: "pipe"
    })
  )
  const errors = await new Response(k6.stderr).text()
  const code = await k6.exited
  if (code !== 0 && code !== thresholdsMissed)
    throw new Error(`k6 ended with ${code}:\n${errors.slice(-2_000)}`)
  const { metrics } = await Bun.file(summary).json()
  return { metrics, markdown: await Bun.file(markdown).text(), met: code === 0 }
}
