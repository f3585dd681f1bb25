/**
 * The API on Elasticsearch beside the bare query, and what Dapr's service invocation adds:
 *   bun bench/elasticsearch-api/compare.ts [--profiles 50000] [--queries 1000] [--rounds 8] [--ratio 1.3] [--seed 23]
 *     [--no-gate]
 * Every query is asked of four sides, one right after the other: Elasticsearch with one search for what the API answers
 * (made of the requests that the API sends it, recorded beforehand; read as JSON and no more), the API, and the API
 * through its own sidecar and through that of another app. Elasticsearch keeps no answers meanwhile, so that no side
 * profits from what another asked. Prints the times and ratios, and writes bench/results/elasticsearch-api.json.
 */
import { join } from "node:path"
import type { SearchQuery } from "@influscope/domain/Search"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import type { DaprSystem } from "@influscope/testing/DaprSystem"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { search } from "../support/Api.ts"
import { readArguments } from "../support/Arguments.ts"
import { askInRounds, type Times } from "../support/Asking.ts"
import { indexOf, withDapr } from "../support/Dapr.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { median, percentile, rounded, type Spread, spreadOf } from "../support/Numbers.ts"
import { makeQueries, queryKinds, readVocabulary, toAddress } from "../support/Queries.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { fillIndex, worldSeed } from "../support/World.ts"
import type { BareQuery, Side, Task } from "./ask.ts"
import { inOneSearch, keepNoAnswers, record } from "./Recording.ts"

const { gate, numbers } = readArguments({
  profiles: 50_000,
  queries: 1_000,
  rounds: 8,
  ratio: 1.3,
  seed: 23
})

const p95 = (times: ReadonlyArray<number>): number => percentile(times, 0.95)

/** Queries as people type them, each with what Elasticsearch is asked for it. */
const prepare = async (system: DaprSystem): Promise<ReadonlyArray<BareQuery>> => {
  const nextCursor = async (query: SearchQuery): Promise<string | null> =>
    (await search(system.url, toAddress(query))).nextCursor
  const vocabulary = readVocabulary(numbers.profiles, worldSeed)
  const queries = await makeQueries(vocabulary, numbers.queries, numbers.seed, nextCursor)
  const recorded = await record(
    system.environment["ELASTICSEARCH_URL"] ?? "",
    queries.map(({ query }) => query),
    (address) => ManagedRuntime.make(indexOf(system, address)).runPromise(SearchIndex)
  )
  return queries.map(({ address, kind }, place) => ({
    address,
    kind,
    searches: inOneSearch(recorded[place] ?? [])
  }))
}

const sidecarOf = (system: DaprSystem, app: "api" | "scraper"): string =>
  `http://127.0.0.1:${system.sidecars[app].where.ports["http"]}`

const compare = async (
  system: DaprSystem,
  directory: string,
  queries: ReadonlyArray<BareQuery>
): Promise<ReadonlyArray<Times<Side>>> => {
  const task: Task = {
    api: system.url,
    elasticsearch: system.environment["ELASTICSEARCH_URL"] ?? "",
    own: sidecarOf(system, "api"),
    other: sidecarOf(system, "scraper"),
    apiToken: system.apiToken,
    queries
  }
  const file = join(directory, "task.json")
  await Bun.write(file, JSON.stringify(task))
  return askInRounds<Side>({
    command: [join(import.meta.dirname, "ask.ts"), file],
    queries: queries.length,
    rounds: numbers.rounds
  })
}

printMachine()
await inDirectory((directory) =>
  withDapr(directory, async (system) => {
    await Effect.runPromise(Effect.provide(fillIndex(numbers.profiles), indexOf(system)))
    const queries = await prepare(system)
    await keepNoAnswers(system.environment["ELASTICSEARCH_URL"] ?? "")
    const loadBefore = load()
    const rounds = await compare(system, directory, queries)

    const of = (side: Side): ReadonlyArray<number> => rounds.flatMap((times) => times[side])
    const times: Times<Side> = { bare: of("bare"), api: of("api"), own: of("own"), other: of("other") }
    const { api, bare } = times
    /** Query by query: the times of a side less those of the API for the same query. */
    const added = (side: "own" | "other"): Spread =>
      spreadOf(times[side].map((ms, place) => ms - (api[place] ?? Number.NaN)))
    const ratio = { p50: rounded(median(api) / median(bare)), p95: rounded(p95(api) / p95(bare)) }
    const ratios = rounds.map((round) => rounded(median(round.api) / median(round.bare)))

    print(
      `${queries.length} queries among ${numbers.profiles} profiles, each asked of every side; load before ${loadBefore.join(" ")}`
    )
    const row = (name: string, { count, max, mean, p50, p95, p99 }: Spread) => [
      name,
      count,
      mean,
      p50,
      p95,
      p99,
      max
    ]
    const titles = ["queries", "mean", "p50", "p95", "p99", "max"]
    table(
      ["ms", ...titles],
      [
        row("Elasticsearch itself, one search", spreadOf(bare)),
        row("GET /search of the API", spreadOf(api)),
        row("the same through the API's sidecar", spreadOf(times.own)),
        row("the same through another app's sidecar", spreadOf(times.other))
      ]
    )
    print()
    table(
      ["ms added by invocation, query by query", ...titles],
      [row("one sidecar (the API's own)", added("own")), row("two sidecars", added("other"))]
    )
    print()
    const byKind = queryKinds.map((kind) => {
      const some = <A>(values: ReadonlyArray<A>) => values.filter((_, place) => queries[place]?.kind === kind)
      const searches = some(queries).reduce((sum, query) => sum + query.searches.length, 0)
      const [apiTimes, bareTimes] = [some(api), some(bare)]
      return {
        kind,
        queries: apiTimes.length,
        searchesPerQuery: rounded(searches / apiTimes.length, 2),
        api: spreadOf(apiTimes),
        bare: spreadOf(bareTimes)
      }
    })
    table(
      ["API over Elasticsearch", "queries", "searches each", "api p50 ms", "bare p50 ms", "of p50", "of p95"],
      byKind.map(({ api, bare, kind, queries, searchesPerQuery }) => [
        kind,
        queries,
        searchesPerQuery,
        api.p50,
        bare.p50,
        rounded(api.p50 / bare.p50),
        rounded(api.p95 / bare.p95)
      ])
    )
    print(
      `\nratio of the p50 ${ratio.p50} (rounds ${Math.min(...ratios)} to ${Math.max(...ratios)}), of the p95 ${ratio.p95}`
    )

    const most = (what: string, measured: number) => ({
      what,
      required: `<= ${numbers.ratio}`,
      measured,
      met: measured <= numbers.ratio
    })
    await conclude(
      "elasticsearch-api",
      {
        arguments: numbers,
        loadBefore,
        times: {
          bare: spreadOf(bare),
          api: spreadOf(api),
          own: spreadOf(times.own),
          other: spreadOf(times.other)
        },
        ratio: { ...ratio, rounds: ratios },
        invocationAdds: { own: added("own"), other: added("other") },
        byKind
      },
      [
        most("p50 of the API over that of the bare query", ratio.p50),
        most("p95 of the API over that of the bare query", ratio.p95)
      ],
      gate
    )
  })
)
