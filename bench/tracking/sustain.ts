/**
 * What share of the influencers one machine tracks without falling behind, everything on the same cores:
 *   bun bench/tracking/sustain.ts [--runtime embedded|dapr] [--influencers 1000000] [--interval 60] [--minutes 10]
 *     [--warmup 90] [--searches 5] [--checked 200] [--seed 3] [--no-gate]
 * Starts InfluScope with 5,000 profiles, has it track `influencers` accounts of mockstagram every `interval` seconds, and
 * measures for `minutes` after a `warmup` (seconds) while somebody searches, `searches` times a second. Counts points and
 * missed slots, looks through the series of `checked` influencers for gaps, and prints lateness (from the nominal time until
 * a point is durable in the series), processor time a point by process, memory, disk, and how fast the API answers meanwhile.
 * Writes bench/results/tracking-sustain-<runtime>.json.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { SeriesAnswer } from "@influscope/domain/api/TrackingApi"
import { TrackingAdded, TrackingStatus } from "@influscope/domain/tracking/Tracking"
import { firstPk } from "@influscope/mockstagram/Accounts"
import * as Schema from "effect/Schema"
import { discover, lastOf, readMetric, search, UnexpectedAnswer, until } from "../support/Api.ts"
import { startApp } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { withDapr } from "../support/Dapr.ts"
import { inDirectory } from "../support/Directory.ts"
import { bytesOf } from "../support/Disk.ts"
import { load, memoryOfTree, processorTime } from "../support/Machine.ts"
import { rounded, spreadOf, sum } from "../support/Numbers.ts"
import { makeQueries, readVocabulary } from "../support/Queries.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { worldSeed } from "../support/World.ts"

const { gate, numbers, word } = readArguments(
  {
    influencers: 1_000_000,
    interval: 60,
    minutes: 10,
    warmup: 90,
    searches: 5,
    checked: 200,
    seed: 3
  },
  { runtime: ["embedded", "dapr"] }
)
const runtime = word("runtime")
const profiles = 5_000
/** What waits is written within so long after the end, or the machine has fallen behind. */
const drainSeconds = 120
/** Items that are on their way at any time: those of a second. */
const usuallyWaiting = numbers.influencers / numbers.interval
/** Influencers named by one request. */
const namedAtOnce = 10_000

interface System {
  readonly url: string
  /** Where the process that collects tells its metrics. */
  readonly collectorUrl: string
  readonly processes: Readonly<Record<string, number>>
  /** Directories and files by what is in them. */
  readonly disk: Readonly<Record<string, ReadonlyArray<string>>>
}

const answer = async <A, I>(schema: Schema.Schema<A, I>, url: string, init?: RequestInit): Promise<A> => {
  const response = await fetch(url, init)
  const body = await response.text()
  if (!response.ok) throw new UnexpectedAnswer(`${url} answered ${response.status}: ${body.slice(0, 500)}`)
  return Schema.decodeSync(Schema.parseJson(schema))(body)
}

const readStatus = ({ url }: System) => answer(TrackingStatus, `${url}/v1/tracking/status`)

const track = async ({ url }: System): Promise<number> => {
  const started = performance.now()
  for (let first = 0; first < numbers.influencers; first += namedAtOnce) {
    const from = firstPk + first
    const to = firstPk + Math.min(first + namedAtOnce, numbers.influencers) - 1
    await answer(TrackingAdded, `${url}/v1/tracking`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ range: { from, to }, interval: numbers.interval })
    })
  }
  return (performance.now() - started) / 1_000
}

/** Batches by the upper bound of their lateness in seconds, cumulative. */
type Lateness = ReadonlyMap<number, number>

const latenessName = "tracking_point_lateness_seconds"

const readLateness = async ({ collectorUrl }: System): Promise<Lateness> => {
  const text = await (await fetch(`${collectorUrl}/metrics`)).text()
  const buckets = text.matchAll(new RegExp(`^${latenessName}_bucket\\{.*le="([^"]+)"\\} (\\d+)$`, "gm"))
  return new Map(
    Array.from(buckets, ([, bound, count]) => [
      bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound),
      Number(count)
    ])
  )
}

/** As `histogram_quantile` of Prometheus has it: evenly spread within a bucket. */
const latenessAt = (before: Lateness, after: Lateness, share: number): number => {
  const counts = [...after].map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }))
  const wanted = share * (counts.at(-1)?.count ?? 0)
  let lower = { bound: 0, count: 0 }
  for (const upper of counts) {
    if (upper.count >= wanted && upper.count > lower.count) {
      if (upper.bound === Number.POSITIVE_INFINITY) return upper.bound
      const within = (wanted - lower.count) / (upper.count - lower.count)
      return rounded(lower.bound + within * (upper.bound - lower.bound))
    }
    lower = upper
  }
  return Number.NaN
}

/** Asks again and again without waiting for the answers; answers the milliseconds each took. */
const askEvery = (everyMs: number, ask: () => Promise<unknown>) => {
  const times: Array<number> = []
  const failures: Array<string> = []
  const open = new Set<Promise<void>>()
  const one = async (): Promise<void> => {
    const started = performance.now()
    try {
      await ask()
      times.push(performance.now() - started)
    } catch (error) {
      failures.push(String(error))
    }
  }
  const timer = setInterval(() => {
    const asked = one()
    open.add(asked)
    asked.finally(() => open.delete(asked))
  }, everyMs)
  return async () => {
    clearInterval(timer)
    await Promise.all(open)
    return { times, failures }
  }
}

/** Influencers for which there is not exactly one point for each nominal time in a stretch of whole intervals. */
const findGaps = async ({ url }: System, from: number, to: number): Promise<ReadonlyArray<string>> => {
  const gaps: Array<string> = []
  const step = Math.max(1, Math.floor(numbers.influencers / numbers.checked))
  const moment = (seconds: number): string => new Date(seconds * 1_000).toISOString()
  for (let place = 0; place < numbers.influencers; place += step) {
    const id = `mockstagram:${firstPk + place}`
    const query = `resolution=raw&metrics=followers&points=10000&from=${moment(from)}&to=${moment(to)}`
    const { rows } = await answer(
      SeriesAnswer,
      `${url}/v1/influencers/${encodeURIComponent(id)}/series?${query}`
    )
    const times = rows.map(({ time }) => time.getTime() / 1_000)
    const isWhole =
      times.length === (to - from) / numbers.interval &&
      times.every((time, at) => at === 0 || time - (times[at - 1] ?? 0) === numbers.interval)
    if (!isWhole) gaps.push(`${id}: ${times.length} of ${(to - from) / numbers.interval} points`)
  }
  return gaps
}

const measure = async (system: System) => {
  const { disk, processes, url } = system
  await until(
    () => search(url, "limit=1"),
    ({ total }) => total >= profiles,
    { everyMs: 500, timeoutMs: 600_000 }
  )
  const nextCursor = async (): Promise<string | null> => null
  const queries = await makeQueries(readVocabulary(profiles, worldSeed), 1_000, numbers.seed, nextCursor)
  let asked = 0
  const searchOnce = () => search(url, queries[asked++ % queries.length]?.address ?? "")
  for (let place = 0; place < queries.length; place++) await searchOnce()
  const idle = askEvery(1_000 / numbers.searches, searchOnce)
  await Bun.sleep(10_000)
  const searchesIdle = spreadOf((await idle()).times)
  const bytesBefore = Object.entries(disk).map(([name, paths]) => [name, sum(paths.map(bytesOf))] as const)

  const addingSeconds = await track(system)
  print(
    `${numbers.influencers.toLocaleString("en-US")} influencers added in ${rounded(addingSeconds, 1)} s; ` +
      `measured after ${numbers.warmup} s`
  )
  await Bun.sleep(numbers.warmup * 1_000)

  const loadBefore = load()
  const read = async () => ({
    at: Date.now() / 1_000,
    points: await readMetric(system.collectorUrl, "tracking_points_written_total"),
    lateness: await readLateness(system),
    status: await readStatus(system),
    processor: Object.entries(processes).map(([name, pid]) => [name, processorTime(pid)] as const)
  })
  const before = await read()
  const searching = askEvery(1_000 / numbers.searches, searchOnce)
  const statuses = askEvery(5_000, () => readStatus(system))
  const memory: Array<number> = []
  const waiting: Array<number> = []
  const watching = askEvery(5_000, async () => {
    waiting.push(await readMetric(url, "queue_items"))
    memory.push(sum(await Promise.all(Object.values(processes).map(memoryOfTree))))
  })
  await Bun.sleep(numbers.minutes * 60_000)
  const after = await read()
  const searches = await searching()
  const status = await statuses()
  await watching()

  const seconds = after.at - before.at
  const points = after.points - before.points
  const due = after.status.slots - before.status.slots
  // What was due at the end of the window has to be there before it can be looked for.
  const whole = Math.floor((numbers.minutes * 60) / numbers.interval) * numbers.interval
  const from = Math.ceil(before.at)
  const left = await lastOf(
    () => readMetric(url, "queue_items"),
    (items) => items <= usuallyWaiting,
    { everyMs: 1_000, timeoutMs: drainSeconds * 1_000 }
  )
  await Bun.sleep(5_000)
  const gaps = await findGaps(system, from, from + whole)
  const bytesAfter = new Map(Object.entries(disk).map(([name, paths]) => [name, sum(paths.map(bytesOf))]))
  const stored = await readMetric(system.collectorUrl, "tracking_points_written_total")
  const used = after.processor.map(
    ([name, time], at) => [name, time - (before.processor[at]?.[1] ?? 0)] as const
  )
  return {
    addingSeconds: rounded(addingSeconds, 1),
    loadBefore,
    loadAfter: load(),
    seconds: rounded(seconds, 1),
    points,
    due,
    wanted: Math.round((seconds * numbers.influencers) / numbers.interval),
    pointsPerSecond: Math.round(points / seconds),
    share: rounded((points * numbers.interval) / (seconds * numbers.influencers), 4),
    missed: after.status.missed - before.status.missed,
    behindSeconds: rounded(after.at - after.status.dispatchedUntil, 1),
    checked: Math.ceil(numbers.influencers / Math.max(1, Math.floor(numbers.influencers / numbers.checked))),
    gaps,
    latenessSeconds: {
      p50: latenessAt(before.lateness, after.lateness, 0.5),
      p95: latenessAt(before.lateness, after.lateness, 0.95),
      p99: latenessAt(before.lateness, after.lateness, 0.99),
      max: latenessAt(before.lateness, after.lateness, 1)
    },
    processorSecondsPer1000Points: Object.fromEntries(
      used.map(([name, time]) => [name, rounded((1_000 * time) / points, 5)])
    ),
    processorShare: Object.fromEntries(used.map(([name, time]) => [name, rounded(time / seconds)])),
    residentMegabytes: spreadOf(memory),
    itemsWaiting: spreadOf(waiting),
    itemsLeft: left,
    bytesPerPoint: Object.fromEntries(
      bytesBefore.map(([name, bytes]) => [name, rounded(((bytesAfter.get(name) ?? 0) - bytes) / stored)])
    ),
    searchMs: spreadOf(searches.times),
    searchMsIdle: searchesIdle,
    searchesFailed: searches.failures.length,
    statusMs: spreadOf(status.times),
    statusFailed: status.failures.length
  }
}

const environment = { MOCKSTAGRAM_ACCOUNTS: String(Math.max(1_000_000, numbers.influencers)) }

const embedded = (directory: string) => {
  const dataDir = join(directory, "data")
  mkdirSync(dataDir)
  const files = (name: string): ReadonlyArray<string> =>
    ["", "-wal"].map((suffix) => join(dataDir, `${name}.db${suffix}`))
  return startApp({ dataDir, env: environment, timeoutMs: 300_000 }).then(async (app) => {
    try {
      return await measure({
        url: app.url,
        collectorUrl: app.url,
        processes: { influscope: app.pid },
        disk: { series: files("series"), "queue and outbox": files("influscope") }
      })
    } finally {
      await app.stop()
    }
  })
}

type Pids = Readonly<Record<string, { readonly pid: number }>>

const besideSidecars = (directory: string) =>
  withDapr(
    directory,
    async ({ servers, services, sidecars, tracking, url }) => {
      if (tracking === undefined) throw new Error("Nothing tracks.")
      const { collector, mockstagram, tracker } = tracking
      await discover(url, profiles, worldSeed)
      const pids = (of: Pids, suffix = "") =>
        Object.fromEntries(Object.entries(of).map(([name, { pid }]) => [`${name}${suffix}`, pid]))
      return measure({
        url,
        collectorUrl: `http://127.0.0.1:${collector.service.where.ports["operations"]}`,
        processes: {
          ...pids({
            collector: collector.service,
            tracker: tracker.service,
            mockstagram,
            ...services,
            ...servers
          }),
          ...pids({ collector: collector.sidecar, tracker: tracker.sidecar, ...sidecars }, "'s sidecar")
        },
        disk: Object.fromEntries(
          [servers.postgres, servers.rabbitmq].map(({ recipe, where }) => [recipe.name, [where.directory]])
        )
      })
    },
    { env: environment, tracking: true }
  )

printMachine()
const result = await inDirectory(runtime === "dapr" ? besideSidecars : embedded)
print()
table(
  ["over the whole time", "measured"],
  [
    ["load before and after", `${result.loadBefore.join(" ")}, ${result.loadAfter.join(" ")}`],
    ["points a second", result.pointsPerSecond],
    ["share of what was due", result.share],
    ["slots missed", result.missed],
    ["dispatch behind the clock at the end, s", result.behindSeconds],
    ["lateness p50, s", result.latenessSeconds.p50],
    ["  p99", result.latenessSeconds.p99],
    ["  at most", result.latenessSeconds.max],
    ["items waiting, p50", result.itemsWaiting.p50],
    ["  at most", result.itemsWaiting.max],
    ["  in the end", result.itemsLeft],
    ["MB resident, all processes, p50", result.residentMegabytes.p50],
    ["  at most", result.residentMegabytes.max],
    ["search p50, ms (idle)", `${result.searchMs.p50} (${result.searchMsIdle.p50})`],
    ["  p95", `${result.searchMs.p95} (${result.searchMsIdle.p95})`],
    ["  p99", `${result.searchMs.p99} (${result.searchMsIdle.p99})`],
    ["status p95, ms", result.statusMs.p95]
  ]
)
print()
table(
  ["process", "cores", "processor s per 1,000 points"],
  Object.entries(result.processorShare).map(([name, share]) => [
    name,
    share,
    result.processorSecondsPer1000Points[name]
  ])
)
print()
table(["on disk", "bytes per point"], Object.entries(result.bytesPerPoint))
for (const gap of result.gaps.slice(0, 5)) print(gap)

await conclude(
  `tracking-sustain-${runtime}`,
  { arguments: { ...numbers, runtime }, ...result },
  [
    {
      what: "share of the points due that were written",
      required: ">= 0.999",
      measured: result.share,
      met: result.share >= 0.999
    },
    {
      what: `items that wait ${drainSeconds} s after the end`,
      required: `<= ${Math.floor(usuallyWaiting)}`,
      measured: result.itemsLeft,
      met: result.itemsLeft <= usuallyWaiting
    },
    { what: "slots missed", required: "0", measured: result.missed, met: result.missed === 0 },
    {
      what: `influencers with a gap, of ${result.checked}`,
      required: "0",
      measured: result.gaps.length,
      met: result.gaps.length === 0
    },
    {
      what: "lateness p99, s",
      required: `below ${numbers.interval}`,
      measured: result.latenessSeconds.p99,
      met: result.latenessSeconds.p99 < numbers.interval
    },
    {
      what: "search p95 meanwhile, ms",
      required: "<= 100",
      measured: result.searchMs.p95,
      met: result.searchMs.p95 <= 100
    },
    {
      what: "searches and status requests failed",
      required: "0",
      measured: result.searchesFailed + result.statusFailed,
      met: result.searchesFailed + result.statusFailed === 0
    }
  ],
  gate
)
