/**
 * Searches 100,000 profiles at 100 requests a second, and compares the API with the index below it:
 *   bun bench/load/run.ts [--profiles 100000] [--rate 100] [--seconds 60] [--p95 20] [--seed 11]
 *     [--queries 2000] [--rounds 8] [--ratio 1.5] [--no-gate]
 * Prints k6's figures and the ratio, and writes bench/results/load.json.
 */
import { copyFileSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import type { SearchQuery } from "@influscope/domain/Search"
import { discover, search } from "../support/Api.ts"
import { tended, withApp } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { median, percentile, rounded, spreadOf, sum } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import type { Side, Times } from "./ask.ts"
import { k6Path } from "./k6.ts"
import { type LoadQuery, makeQueries, queryKinds, readVocabulary, toAddress } from "./Queries.ts"

const { gate, numbers } = readArguments({
  profiles: 100_000,
  rate: 100,
  seconds: 60,
  p95: 20,
  seed: 11,
  queries: 2_000,
  rounds: 8,
  ratio: 1.5
})

/** Seed of the synthetic world: that of the first start, whose profiles are the first of it. */
const worldSeed = 1

interface Trend {
  readonly min: number
  readonly avg: number
  readonly med: number
  readonly "p(90)": number
  readonly "p(95)": number
  readonly "p(99)": number
  readonly "p(99.9)": number
  readonly max: number
}

/** The parts of k6's summary that are used here. */
interface Summary {
  readonly metrics: {
    readonly http_req_duration: { readonly values: Trend }
    readonly http_req_failed: { readonly values: { readonly rate: number; readonly passes: number } }
    readonly http_reqs: { readonly values: { readonly count: number; readonly rate: number } }
    readonly dropped_iterations?: { readonly values: { readonly count: number } }
    readonly checks: { readonly values: { readonly rate: number } }
    readonly vus_max: { readonly values: { readonly max: number } }
  }
}

/** Runs k6 and answers its summary; a threshold that was missed shows in the numbers. */
const attack = async (
  url: string,
  directory: string,
  queries: ReadonlyArray<LoadQuery>
): Promise<Summary> => {
  const file = join(directory, "k6-queries.json")
  const summary = join(directory, "k6-summary.json")
  await Bun.write(file, JSON.stringify(queries.map(({ address, kind }) => ({ address, kind }))))
  const k6 = tended(
    Bun.spawn(
      [await k6Path(), "run", "--quiet", "--no-usage-report", join(import.meta.dirname, "search.js")],
      {
        env: {
          ...process.env,
          BASE_URL: url,
          QUERIES: file,
          SUMMARY: summary,
          RATE: String(numbers.rate),
          DURATION: String(numbers.seconds),
          P95: String(numbers.p95)
        },
        stdout: "ignore",
        stderr: "pipe"
      }
    )
  )
  const errors = await new Response(k6.stderr).text()
  const code = await k6.exited
  // 99: thresholds were missed.
  if (code !== 0 && code !== 99) throw new Error(`k6 ended with ${code}:\n${errors.slice(-2_000)}`)
  return Bun.file(summary).json()
}

/** Starts ask.ts, and waits until it is ready to be asked. */
const startAsking = async (...args: ReadonlyArray<string>) => {
  let answer = Promise.withResolvers<Times | "ready">()
  const child = tended(
    Bun.spawn([process.execPath, join(import.meta.dirname, "ask.ts"), ...args], {
      stdout: "inherit",
      stderr: "inherit",
      ipc: (message: Times | "ready") => answer.resolve(message),
      onExit: () => answer.reject(new Error("ask.ts ended before it answered"))
    })
  )
  await answer.promise
  return {
    times: async (from: number, to: number): Promise<Times> => {
      answer = Promise.withResolvers()
      child.send([from, to])
      const times = await answer.promise
      if (times === "ready") throw new Error("ask.ts began anew")
      return times
    },
    stop: async () => {
      // Its end is no failure any more.
      answer.promise.catch(() => undefined)
      child.kill()
      await child.exited
    }
  }
}

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
  const asking = await startAsking(url, bareServer.url.href, indexPath, file)
  const per = Math.ceil(queries.length / numbers.rounds)
  await asking.times(0, queries.length)
  const rounds: Array<Times> = []
  for (let round = 0; round < numbers.rounds; round++)
    rounds.push(await asking.times(round * per, Math.min((round + 1) * per, queries.length)))
  await asking.stop()
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
await k6Path()
await inDirectory(async (directory) => {
  const dataDir = join(directory, "data")
  const raw = join(directory, "raw")
  mkdirSync(raw)
  const vocabulary = readVocabulary(numbers.profiles, worldSeed)

  const loadedSeconds = await withApp({ dataDir }, async ({ url }) => {
    const started = performance.now()
    await discover(url, numbers.profiles, worldSeed)
    return rounded((performance.now() - started) / 1_000, 1)
  })
  // The process that held the files is gone, so they are whole.
  for (const file of ["profiles.db", "profiles.db-wal", "profiles.db.index"])
    if (existsSync(join(dataDir, file))) copyFileSync(join(dataDir, file), join(raw, file))

  await withApp({ dataDir }, async ({ url }) => {
    const { total } = await search(url, "limit=1")
    if (total !== numbers.profiles)
      throw new Error(`${total} profiles are searched instead of ${numbers.profiles}`)
    print(`${total} profiles, loaded in ${loadedSeconds} s by discovery\n`)
    const nextCursor = async (query: SearchQuery): Promise<string | null> =>
      (await search(url, toAddress(query))).nextCursor
    const make = (count: number, seed: number) => makeQueries(vocabulary, count, seed, nextCursor)

    for (const { address } of await make(2_000, numbers.seed)) await search(url, address)
    const queries = await make(numbers.rate * numbers.seconds, numbers.seed + 1)
    const loadAtK6 = load()
    const { metrics } = await attack(url, directory, queries)
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
          required: `<= ${numbers.p95}`,
          measured: rounded(duration["p(95)"]),
          met: duration["p(95)"] <= numbers.p95
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
