/**
 * Searches 100,000 profiles at 100 requests a second, and compares the API with the index below it:
 *   bun bench/load/run.ts [--profiles 100000] [--rate 100] [--seconds 60] [--seed 11] [--queries 2000]
 *     [--rounds 8] [--ratio 1.5] [--no-gate]
 * Prints k6's figures and the ratio, and writes bench/results/load.json.
 */
import { cpSync } from "node:fs"
import { join } from "node:path"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import type { SearchQuery } from "@influscope/domain/Search"
import * as Effect from "effect/Effect"
import budgets from "../k6/budgets.json"
import { attack, installK6 } from "../k6/K6.ts"
import { search } from "../support/Api.ts"
import { withApp } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { askInRounds } from "../support/Asking.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { median, percentile, rounded, spreadOf, sum } from "../support/Numbers.ts"
import { type LoadQuery, makeQueries, queryKinds, readVocabulary, toAddress } from "../support/Queries.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { fillIndex, worldSeed } from "../support/World.ts"
import type { Side } from "./ask.ts"

const { gate, numbers } = readArguments({
  profiles: 100_000,
  rate: 100,
  seconds: 60,
  seed: 11,
  queries: 2_000,
  rounds: 8,
  ratio: 1.5
})

const sizeOf = async (url: string): Promise<number> => (await (await fetch(url)).arrayBuffer()).byteLength

/** Asks every query of the API and of the index, one right after the other. */
const compare = async (
  url: string,
  indexPath: string,
  directory: string,
  queries: ReadonlyArray<LoadQuery>
) => {
  const file = join(directory, "ratio-queries.json")
  await Bun.write(file, JSON.stringify(queries))
  // What HTTP between two processes costs here before anybody has done anything, with an answer of the usual size.
  const usual = await Promise.all(
    queries.slice(0, 100).map(({ address }) => sizeOf(`${url}/search?${address}`))
  )
  const answer = "x".repeat(Math.round(sum(usual) / usual.length))
  const bareServer = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(answer) })
  const rounds = await askInRounds<Side>({
    command: [join(import.meta.dirname, "ask.ts"), url, bareServer.url.href, indexPath, file],
    queries: queries.length,
    rounds: numbers.rounds
  })
  await bareServer.stop(true)
  const of = (side: Side): ReadonlyArray<number> => rounds.flatMap((times) => times[side])
  const api = of("api")
  const index = of("index")
  const ratios = rounds.map((times) => rounded(sum(times.api) / sum(times.index)))
  return {
    api: spreadOf(api),
    index: spreadOf(index),
    bare: spreadOf(of("bare")),
    live: spreadOf(of("live")),
    answerBytes: answer.length,
    ratio: {
      total: rounded(sum(api) / sum(index)),
      median: rounded(median(api) / median(index)),
      p95: rounded(percentile(api, 0.95) / percentile(index, 0.95)),
      /** Of the total, round by round: how far the noise goes. */
      rounds: { min: Math.min(...ratios), max: Math.max(...ratios) }
    },
    byKind: Object.fromEntries(
      queryKinds.map((kind) => {
        const some = (times: ReadonlyArray<number>) =>
          times.filter((_, place) => queries[place]?.kind === kind)
        return [kind, { api: spreadOf(some(api)), index: spreadOf(some(index)) }]
      })
    )
  }
}

printMachine()
await Effect.runPromise(installK6)
await inDirectory(async (directory) => {
  const dataDir = join(directory, "data")
  const raw = join(directory, "raw")
  const vocabulary = readVocabulary(numbers.profiles, worldSeed)

  const loading = performance.now()
  await fillIndex(numbers.profiles).pipe(
    Effect.provide(EmbeddedSearchIndex.layer(join(raw, "profiles.db"))),
    Effect.runPromise
  )
  const loadedSeconds = rounded((performance.now() - loading) / 1_000, 1)
  cpSync(raw, dataDir, { recursive: true })

  await withApp({ dataDir }, async ({ url }) => {
    const { total } = await search(url, "limit=1")
    if (total !== numbers.profiles)
      throw new Error(`${total} profiles are searched instead of ${numbers.profiles}`)
    print(`${total} profiles, loaded in ${loadedSeconds} s\n`)
    const nextCursor = async (query: SearchQuery): Promise<string | null> =>
      (await search(url, toAddress(query))).nextCursor
    const make = (count: number, seed: number) => makeQueries(vocabulary, count, seed, nextCursor)

    for (const { address } of await make(2_000, numbers.seed)) await search(url, address)
    const queries = await make(numbers.rate * numbers.seconds, numbers.seed + 1)
    const loadAtK6 = load()
    const { metrics } = await attack({
      script: "search-gate.js",
      url,
      queries,
      directory,
      env: { RATE: numbers.rate, SECONDS: numbers.seconds }
    })
    const duration = metrics.http_req_duration.values
    const dropped = metrics.dropped_iterations?.values.count ?? 0
    print(
      `k6: ${numbers.rate} requests/s for ${numbers.seconds} s, open model; load before ${loadAtK6.join(" ")}`
    )
    table(
      ["", "requests", "per s", "failed", "dropped", "p50 ms", "p95", "p99", "p99.9", "max"],
      [
        [
          "GET /search",
          metrics.http_reqs.values.count,
          metrics.http_reqs.values.rate,
          metrics.http_req_failed.values.passes,
          dropped,
          duration.med,
          duration["p(95)"],
          duration["p(99)"],
          duration["p(99.9)"],
          duration.max
        ]
      ]
    )

    const loadAtRatio = load()
    const comparison = await compare(
      url,
      join(raw, "profiles.db"),
      directory,
      await make(numbers.queries, numbers.seed + 2)
    )
    const { answerBytes, api, bare, byKind, index, live, ratio } = comparison
    print(`\nThe same queries one after the other, each of every side; load before ${loadAtRatio.join(" ")}`)
    const row = (name: string, of: typeof api) => [name, of.count, of.mean, of.p50, of.p95, of.p99, of.max]
    table(
      ["ms", "queries", "mean", "p50", "p95", "p99", "max"],
      [
        row("GET /search over HTTP", api),
        row("SearchIndex.search in process", index),
        row("GET /livez over HTTP", live),
        row(`bare Bun.serve, ${answerBytes} bytes`, bare)
      ]
    )
    print()
    table(
      ["API over index", "api p50 ms", "index p50 ms", "ratio of p50", "ratio of p95"],
      Object.entries(byKind).map(([kind, of]) => [
        kind,
        of.api.p50,
        of.index.p50,
        rounded(of.api.p50 / of.index.p50),
        rounded(of.api.p95 / of.index.p95)
      ])
    )
    print(
      `\nratio of the totals ${ratio.total} (rounds ${ratio.rounds.min} to ${ratio.rounds.max}), of the medians ${ratio.median}, of the p95 ${ratio.p95}`
    )

    await conclude(
      "load",
      { arguments: numbers, loadedSeconds, loadAtK6, k6: metrics, loadAtRatio, comparison },
      [
        {
          what: "requests failed",
          required: "0",
          measured: metrics.http_req_failed.values.passes,
          met: metrics.http_req_failed.values.rate === 0 && metrics.checks.values.rate === 1
        },
        { what: "requests not sent in time", required: "0", measured: dropped, met: dropped === 0 },
        {
          what: "p95 under load, ms",
          required: `<= ${budgets.routes.search.p95}`,
          measured: rounded(duration["p(95)"]),
          met: duration["p(95)"] <= budgets.routes.search.p95
        },
        {
          what: "time of the API over that of the index",
          required: `<= ${numbers.ratio}`,
          measured: ratio.total,
          met: ratio.total <= numbers.ratio
        }
      ],
      gate
    )
  })
})
