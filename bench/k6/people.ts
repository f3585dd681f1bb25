/**
 * Fifty people who search, and the rate at which searches become slow, by k6:
 *   bun bench/k6/people.ts [--runtime embedded|dapr|sidecar] [--profiles 50000] [--vus 50] [--think 1.2] [--seconds 60]
 *     [--average 6.04] [--p95 9.18] [--step 10] [--queries 1500] [--seed 17] [--no-gate]
 * Runtimes: the one process of `npm start`; the API beside its sidecar, on Elasticsearch; the same, asked through the
 * sidecar (service invocation). `step` is how many seconds each rate is kept; 0 leaves them out. Prints both, and writes
 * bench/results/k6-<runtime>.json.
 */
import { join } from "node:path"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import type { SearchQuery } from "@influscope/domain/Search"
import * as Effect from "effect/Effect"
import { search } from "../support/Api.ts"
import { withApp } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { indexOf, withDapr } from "../support/Dapr.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { rounded } from "../support/Numbers.ts"
import { makeQueries, readVocabulary, toAddress } from "../support/Queries.ts"
import { conclude, print, printMachine, type Requirement, table } from "../support/Report.ts"
import { fillIndex, worldSeed } from "../support/World.ts"
import budgets from "./budgets.json"
import { type Attack, attack, installK6, type Metrics } from "./K6.ts"

const { gate, numbers, word } = readArguments(
  {
    profiles: 50_000,
    vus: 50,
    think: 1.2,
    seconds: 60,
    average: budgets.people.average,
    p95: budgets.people.p95,
    step: 10,
    queries: 1_500,
    seed: 17
  },
  { runtime: ["embedded", "dapr", "sidecar"] }
)
const runtime = word("runtime")

/** Where searches are asked, and the API itself. */
interface Target extends Pick<Attack, "url" | "headers"> {
  readonly api: string
}

/** Runs the system with its profiles for as long as the body takes. */
const withTarget = async (directory: string, body: (target: Target) => Promise<void>): Promise<void> => {
  const fill = fillIndex(numbers.profiles)
  if (runtime === "embedded") {
    const dataDir = join(directory, "data")
    const index = EmbeddedSearchIndex.layer(join(dataDir, "profiles.db"))
    await Effect.runPromise(Effect.provide(fill, index))
    return withApp({ dataDir }, ({ url }) => body({ api: url, url }))
  }
  return withDapr(directory, async (system) => {
    await Effect.runPromise(Effect.provide(fill, indexOf(system)))
    await body(
      runtime === "dapr"
        ? { api: system.url, url: system.url }
        : {
            api: system.url,
            url: `${system.sidecarUrl}/v1.0/invoke/api/method`,
            headers: { "dapr-api-token": system.apiToken }
          }
    )
  })
}

const rates = [40, 80, 120, 160, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 1_000]

interface Step {
  readonly rate: number
  readonly requests: number
  /** Could not be sent in time: every virtual user waited for an answer. */
  readonly dropped: number
  readonly failed: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

const stepOf = (metrics: Metrics, rate: number): Step => {
  const scenario = `{scenario:at_${rate}}` as const
  const duration = metrics[`http_req_duration${scenario}`]?.values
  return {
    rate,
    requests: metrics[`http_reqs${scenario}`]?.values.count ?? 0,
    dropped: metrics[`dropped_iterations${scenario}`]?.values.count ?? 0,
    failed: metrics[`http_req_failed${scenario}`]?.values.passes ?? 0,
    p50: rounded(duration?.med ?? Number.NaN),
    p95: rounded(duration?.["p(95)"] ?? Number.NaN),
    p99: rounded(duration?.["p(99)"] ?? Number.NaN)
  }
}

const holds = ({ dropped, failed, p95 }: Step): boolean => dropped === 0 && failed === 0 && p95 < numbers.p95

/** The rate at which the line between two steps crosses the limit. */
const crossing = (below: Step, above: Step): number =>
  Math.round(below.rate + ((numbers.p95 - below.p95) / (above.p95 - below.p95)) * (above.rate - below.rate))

/** In words, the rate at which the p95 reaches the limit. */
const breakpointOf = (steps: ReadonlyArray<Step>): string => {
  const at = steps.findIndex((step) => !holds(step))
  const above = steps[at]
  const below = steps[at - 1]
  if (above === undefined) return `above ${steps.at(-1)?.rate} requests/s`
  if (below === undefined) return `below ${above.rate} requests/s`
  return above.p95 >= numbers.p95
    ? `${crossing(below, above)} requests/s`
    : `${below.rate} requests/s, after which some are not answered in time`
}

const findBreakpoint = async (common: Omit<Attack, "script" | "env">): Promise<ReadonlyArray<Step>> => {
  const { metrics } = await attack({
    ...common,
    script: "breakpoint.js",
    env: { RATES: rates.join(","), SECONDS: numbers.step, P95: numbers.p95 }
  })
  const steps = rates.map((rate) => stepOf(metrics, rate)).filter(({ requests }) => requests > 0)
  // k6 looks every two seconds: the step after the last may have begun.
  const last = steps.findIndex((step) => !holds(step))
  return last === -1 ? steps : steps.slice(0, last + 1)
}

printMachine()
await Effect.runPromise(installK6)
await inDirectory((directory) =>
  withTarget(directory, async ({ api, headers = {}, url }) => {
    const { total } = await search(api, "limit=1")
    if (total !== numbers.profiles)
      throw new Error(`${total} profiles are searched instead of ${numbers.profiles}`)
    const nextCursor = async (query: SearchQuery): Promise<string | null> =>
      (await search(api, toAddress(query))).nextCursor
    const queries = await makeQueries(
      readVocabulary(numbers.profiles, worldSeed),
      numbers.queries,
      numbers.seed,
      nextCursor
    )
    for (const { address } of queries) await search(api, address)

    const common = { url, headers, queries, directory }
    const loadBefore = load()
    const { met, metrics } = await attack({
      ...common,
      script: "people.js",
      env: {
        VUS: numbers.vus,
        THINK: numbers.think,
        SECONDS: numbers.seconds,
        AVERAGE: numbers.average,
        P95: numbers.p95
      }
    })
    const duration = metrics.http_req_duration.values
    const requests = metrics.http_reqs.values
    print(
      `${runtime}: ${numbers.vus} virtual users among ${total} profiles for ${numbers.seconds} s, closed model; load before ${loadBefore.join(" ")}`
    )
    table(
      ["", "requests", "per s", "failed", "average ms", "p50", "p90", "p95", "p99", "max"],
      [
        [
          "GET /search",
          requests.count,
          requests.rate,
          metrics.http_req_failed.values.passes,
          duration.avg,
          duration.med,
          duration["p(90)"],
          duration["p(95)"],
          duration["p(99)"],
          duration.max
        ]
      ]
    )

    const loadAtSteps = load()
    const steps = numbers.step > 0 ? await findBreakpoint(common) : []
    if (steps.length > 0) {
      print(`\nRates kept for ${numbers.step} s each, open model; load before ${loadAtSteps.join(" ")}`)
      table(
        ["requests/s", "requests", "failed", "dropped", "p50 ms", "p95", "p99"],
        steps.map(({ dropped, failed, p50, p95, p99, rate, requests }) => [
          rate,
          requests,
          failed,
          dropped,
          p50,
          p95,
          p99
        ])
      )
      print(`\np95 reaches ${numbers.p95} ms at ${breakpointOf(steps)}`)
    }

    const below = (what: string, limit: number, measured: number): Requirement => ({
      what: `${what}, ms (${rounded(limit / measured, 1)} times below)`,
      required: `< ${limit}`,
      measured: rounded(measured),
      met: measured < limit
    })
    await conclude(
      `k6-${runtime}`,
      {
        arguments: numbers,
        loadBefore,
        k6: metrics,
        breakpoint: steps.length > 0 ? breakpointOf(steps) : null,
        loadAtSteps,
        steps
      },
      [
        {
          what: "requests failed",
          required: "0",
          measured: metrics.http_req_failed.values.passes,
          met: metrics.http_req_failed.values.rate === 0 && metrics.checks.values.rate === 1
        },
        below("average", numbers.average, duration.avg),
        below("p95", numbers.p95, duration["p(95)"]),
        {
          what: "thresholds in k6",
          required: "met",
          measured: met ? "met" : "missed (99)",
          met
        }
      ],
      gate
    )
  })
)
