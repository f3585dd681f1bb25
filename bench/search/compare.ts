/**
 * Compares the embedded search index with MiniSearch and SQLite FTS5 on the same machine in the same run:
 *   bun bench/search/compare.ts [profiles = 100000] [queries = 1000]
 * Building and memory are measured in a process per engine; queries are interleaved in one process. Prints a table and
 * writes bench/results/search.json.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { cpus, loadavg, tmpdir, totalmem } from "node:os"
import { join } from "node:path"
import { queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { ndcgAt10, reciprocalRank } from "../../packages/adapters/test/RelevanceMeasures.ts"
import { judgements, relevanceCorpus } from "../../packages/adapters/test/SearchRelevanceCorpus.ts"
import { type BenchQuery, makeProfiles, makeQueries } from "./Corpus.ts"
import { type Engine, type EngineName, engineNames, makeEngine } from "./Engines.ts"

const seed = 42
const [first = "100000", second = "1000", third = ""] = process.argv.slice(2)

interface Built {
  readonly buildMs: number
  readonly docsPerSecond: number
  readonly memoryMb: number
  readonly reopenMs: number | null
}

interface Latency {
  readonly queries: number
  /** Share of the queries that found something. */
  readonly found: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

const inDirectory = async <A>(body: (directory: string) => Promise<A>): Promise<A> => {
  const directory = mkdtempSync(join(tmpdir(), "search-bench-"))
  try {
    return await body(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const residentMb = (): number => {
  Bun.gc(true)
  return process.memoryUsage().rss / 1e6
}

/** From opening an index that is there to its first answer. */
const reopen = async (name: EngineName, directory: string): Promise<number | null> => {
  if (name !== "ours") return null
  const start = performance.now()
  const engine = makeEngine(name, directory)
  await engine.fill([])
  engine.search(queryOf("emma"))
  const elapsed = performance.now() - start
  await engine.close()
  return rounded(elapsed)
}

const build = (name: EngineName, count: number): Promise<Built> =>
  inDirectory(async (directory) => {
    const profiles = makeProfiles(count, seed)
    const before = residentMb()
    const engine = makeEngine(name, directory)
    const start = performance.now()
    await engine.fill(profiles)
    const buildMs = performance.now() - start
    const memoryMb = residentMb() - before
    await engine.close()
    return {
      buildMs: rounded(buildMs),
      docsPerSecond: Math.round((count / buildMs) * 1_000),
      memoryMb: Math.round(memoryMb),
      reopenMs: await reopen(name, directory)
    }
  })

const buildInOwnProcess = async (name: EngineName, count: number): Promise<Built> => {
  const child = Bun.spawn([process.execPath, import.meta.path, String(count), "build", name], {
    stdout: "pipe"
  })
  const text = await new Response(child.stdout).text()
  return JSON.parse(text)
}

interface Sample {
  readonly kind: string
  readonly ms: number
  readonly found: boolean
}

const at = (sorted: ReadonlyArray<number>, share: number): number =>
  rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)

const latencyOf = (samples: ReadonlyArray<Sample>): Latency => {
  const sorted = samples.map((sample) => sample.ms).sort((a, b) => a - b)
  return {
    queries: samples.length,
    found: rounded(samples.filter((sample) => sample.found).length / samples.length),
    p50: at(sorted, 0.5),
    p95: at(sorted, 0.95),
    p99: at(sorted, 0.99),
    max: at(sorted, 1)
  }
}

const timed = (engine: Engine, { kind, query }: BenchQuery): Sample => {
  const start = performance.now()
  const ids = engine.search(query)
  return { kind, ms: performance.now() - start, found: ids.length > 0 }
}

/** Asks every engine every query, each time beginning with another one. */
const interleave = (engines: ReadonlyArray<Engine>, queries: ReadonlyArray<BenchQuery>) => {
  const samples = new Map<string, Array<Sample>>(engines.map((engine) => [engine.name, []]))
  for (const [turn, query] of queries.entries())
    for (let i = 0; i < engines.length; i++) {
      const engine = engines[(turn + i) % engines.length]
      if (engine !== undefined) samples.get(engine.name)?.push(timed(engine, query))
    }
  return samples
}

const byClass = (samples: ReadonlyArray<Sample>): { readonly [kind: string]: Latency } => {
  const kinds = [...new Set(samples.map((sample) => sample.kind))].sort()
  return Object.fromEntries([
    ["all", latencyOf(samples)],
    ...kinds.map((kind) => [kind, latencyOf(samples.filter((sample) => sample.kind === kind))] as const)
  ])
}

const relevanceOf = (name: EngineName): Promise<{ readonly ndcg10: number; readonly mrr: number }> =>
  inDirectory(async (directory) => {
    const engine = makeEngine(name, directory)
    await engine.fill(relevanceCorpus)
    let ndcg = 0
    let rank = 0
    for (const judgement of judgements) {
      const ids = engine.search(queryOf(judgement.q, { limit: 10 }))
      ndcg += ndcgAt10(judgement, ids)
      rank += reciprocalRank(judgement, ids)
    }
    await engine.close()
    return { ndcg10: rounded(ndcg / judgements.length), mrr: rounded(rank / judgements.length) }
  })

const hostile = [
  "x".repeat(10_000),
  Array.from({ length: 1_000 }, (_, word) => `photographi${word % 26}a`).join(" "),
  "emma photograhpy makup travle beauti fitnes musci comedi gamign fashoin artits technolgy educaton sprots famliy petss",
  "🔥👩‍👩‍👧\u0000\u0001",
  "a",
  "e e e e e e e e e e e e e e e e"
]

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const cell = (value: unknown, width = 10): string => String(value ?? "-").padStart(width)

const compare = async (count: number, queryCount: number): Promise<void> => {
  const loadBefore = loadavg()
  const built: Array<readonly [EngineName, Built]> = []
  for (const name of engineNames) built.push([name, await buildInOwnProcess(name, count)])
  const relevance: Array<readonly [EngineName, Awaited<ReturnType<typeof relevanceOf>>]> = []
  for (const name of engineNames) relevance.push([name, await relevanceOf(name)])

  await inDirectory(async (directory) => {
    const profiles = makeProfiles(count, seed)
    const engines = engineNames.map((name) => makeEngine(name, directory))
    for (const engine of engines) await engine.fill(profiles)
    // Segments are merged and a snapshot is written in the first quiet seconds.
    await Bun.sleep(4_000)
    interleave(engines, makeQueries(profiles, Math.ceil(queryCount / 10), seed + 1))
    const samples = interleave(engines, makeQueries(profiles, queryCount, seed + 2))
    const [ours] = engines
    const worst = hostile.map((q) =>
      ours === undefined ? 0 : rounded(timed(ours, { kind: "term", query: queryOf(q) }).ms)
    )
    for (const engine of engines) await engine.close()

    const latency = Object.fromEntries([...samples].map(([name, list]) => [name, byClass(list)]))
    const report = {
      machine: {
        cpu: cpus()[0]?.model ?? "unknown",
        cores: cpus().length,
        memoryGb: Math.round(totalmem() / 1e9),
        bun: Bun.version,
        loadBefore,
        loadAfter: loadavg()
      },
      at: new Date().toISOString(),
      profiles: count,
      notes: Object.fromEntries(engines.map((engine) => [engine.name, engine.note])),
      build: Object.fromEntries(built),
      relevance: Object.fromEntries(relevance),
      latencyMs: latency,
      hostileMaxMs: Math.max(...worst)
    }
    const results = join(import.meta.dirname, "..", "results")
    mkdirSync(results, { recursive: true })
    await Bun.write(join(results, "search.json"), `${JSON.stringify(report, null, 2)}\n`)
    printReport(report)
  })
}

interface Report {
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly loadBefore: ReadonlyArray<number>
  }
  readonly profiles: number
  readonly build: { readonly [engine: string]: Built }
  readonly relevance: { readonly [engine: string]: { readonly ndcg10: number; readonly mrr: number } }
  readonly latencyMs: { readonly [engine: string]: { readonly [kind: string]: Latency } }
  readonly hostileMaxMs: number
}

const printReport = ({
  machine,
  profiles,
  build: built,
  relevance,
  latencyMs,
  hostileMaxMs
}: Report): void => {
  const load = machine.loadBefore.map((value) => value.toFixed(1)).join(" ")
  print(`${profiles} profiles, ${machine.cpu} x${machine.cores}, load ${load}`)
  print(
    `${cell("", 12)}${["build ms", "docs/s", "MB", "reopen ms", "nDCG@10", "MRR"].map((h) => cell(h)).join("")}`
  )
  for (const name of engineNames) {
    const { buildMs, docsPerSecond, memoryMb, reopenMs } = built[name] ?? {}
    const { ndcg10, mrr } = relevance[name] ?? {}
    const cells = [buildMs, docsPerSecond, memoryMb, reopenMs, ndcg10, mrr].map((value) => cell(value))
    print(`${cell(name, 12)}${cells.join("")}`)
  }
  print("\nms by query class; x: how many times the engine takes longer than ours at p95")
  for (const kind of Object.keys(latencyMs["ours"] ?? {}))
    for (const name of engineNames) {
      const of = latencyMs[name]?.[kind]
      const ratio = (of?.p95 ?? 0) / (latencyMs["ours"]?.[kind]?.p95 ?? 1)
      print(
        `${cell(kind, 12)}${cell(name, 12)}  p50${cell(of?.p50)}  p95${cell(of?.p95)}  p99${cell(of?.p99)}  found${cell(of?.found, 6)}  x${ratio.toFixed(1)}`
      )
    }
  print(`\nslowest hostile query of ours: ${hostileMaxMs} ms`)
}

const named = engineNames.find((name) => name === third)
if (second === "build" && named !== undefined) print(JSON.stringify(await build(named, Number(first))))
else await compare(Number(first), Number(second))
