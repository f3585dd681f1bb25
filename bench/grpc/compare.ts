/**
 * Analytics over gRPC, called directly and through the caller's own sidecar:
 *   bun bench/grpc/compare.ts [--seconds 2] [--rounds 3] [--flight 32] [--no-gate]
 * A profile a call, 500 profiles a call, and a stream of profiles; with one call at a time, which shows how long a call
 * takes, and with `flight` at a time (of batches 4), which shows how many there can be. Both ways take turns, `rounds`
 * times, for `seconds` each. Prints rates, times and who used how much of the processor, and writes
 * bench/results/grpc.json.
 */
import { fromEngagement } from "@influscope/adapters/grpc/Messages"
import { computeOne } from "@influscope/analytics/Compute"
import { platforms } from "@influscope/domain/Platform"
import type { EngagementInput } from "@influscope/ports/EngagementAnalytics"
import type { DaprSystem } from "@influscope/testing/DaprSystem"
import * as Arr from "effect/Array"
import { readArguments } from "../support/Arguments.ts"
import { withDapr } from "../support/Dapr.ts"
import { inDirectory } from "../support/Directory.ts"
import { load, processOf } from "../support/Machine.ts"
import { median, percentile, rounded, sum } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { type Caller, type Kind, kinds, type Way } from "./Calls.ts"

const { gate, numbers } = readArguments({ seconds: 2, rounds: 3, flight: 32 })

const inputs = Arr.makeBy(
  500,
  (index): EngagementInput => ({
    platform: platforms[index % platforms.length] ?? "instagram",
    fields: { followers: 1_000 + index, avgLikes: index % 97, avgComments: index % 13, avgViews: index * 3 }
  })
)

const wayNames = ["direct", "sidecar"] as const
type WayName = (typeof wayNames)[number]

const waysOf = ({ apiToken, services, sidecars }: DaprSystem): Readonly<Record<WayName, Way>> => {
  const shown = sidecars.analytics.recipe.environment(sidecars.analytics.where)["APP_API_TOKEN"] ?? ""
  return {
    // What the service wants to see of its sidecar.
    direct: {
      address: `127.0.0.1:${services.analytics.where.ports["app"]}`,
      metadata: { "dapr-api-token": shown }
    },
    sidecar: {
      address: `127.0.0.1:${sidecars.indexer.where.ports["grpc"]}`,
      metadata: { "dapr-app-id": "analytics", "dapr-api-token": apiToken }
    }
  }
}

const processesOf = ({ services, sidecars }: DaprSystem) => ({
  "this caller": process.pid,
  "its sidecar": sidecars.indexer.pid,
  "the service's sidecar": sidecars.analytics.pid,
  "the service": services.analytics.pid
})

/** Seconds of processor time so far, by process. */
const usedBy = (system: DaprSystem): ReadonlyMap<string, number> =>
  new Map(Object.entries(processesOf(system)).map(([name, pid]) => [name, processOf(pid).ownSeconds]))

interface Run {
  readonly right: boolean
  readonly seconds: number
  /** Milliseconds of each call. */
  readonly times: ReadonlyArray<number>
  /** Seconds of processor time by process. */
  readonly cpu: ReadonlyMap<string, number>
}

/** Calls for some seconds, so many at a time. */
const callFor = async ({ call }: Caller, seconds: number, flight: number): Promise<ReadonlyArray<number>> => {
  const times: Array<number> = []
  const end = performance.now() + seconds * 1_000
  const callOn = async (): Promise<void> => {
    for (let started = performance.now(); started < end; ) {
      await call()
      const now = performance.now()
      times.push(now - started)
      started = now
    }
  }
  await Promise.all(Array.from({ length: flight }, callOn))
  return times
}

/** Whether a call answers what the domain computes. */
const isRight = async ({ call }: Caller): Promise<boolean> => {
  const engagements = await call()
  const expected = inputs.slice(0, engagements.length).map(computeOne)
  return Bun.deepEquals(
    engagements.map((engagement) => engagement && fromEngagement(engagement)),
    expected
  )
}

const runOnce = async (system: DaprSystem, kind: Kind, way: Way, flight: number): Promise<Run> => {
  const caller = kinds[kind].make(way, inputs)
  const right = await isRight(caller)
  await callFor(caller, numbers.seconds / 4, flight)
  const before = usedBy(system)
  const started = performance.now()
  const times = await callFor(caller, numbers.seconds, flight)
  const seconds = (performance.now() - started) / 1_000
  const after = usedBy(system)
  caller.close()
  const cpu = new Map([...after].map(([name, used]) => [name, used - (before.get(name) ?? 0)]))
  return { right, seconds, times, cpu }
}

interface Measured {
  readonly kind: Kind
  readonly way: WayName
  readonly flight: number
  readonly callsPerSecond: number
  readonly itemsPerSecond: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** Milliseconds of processor time per 1,000 profiles, by process. */
  readonly cpu: Readonly<Record<string, number>>
}

const measuredOf = (kind: Kind, way: WayName, flight: number, runs: ReadonlyArray<Run>): Measured => {
  const times = runs.flatMap((run) => run.times)
  const callsPerSecond = times.length / sum(runs.map(({ seconds }) => seconds))
  const items = times.length * kinds[kind].items
  const names = runs[0]?.cpu.keys() ?? []
  return {
    kind,
    way,
    flight,
    callsPerSecond: rounded(callsPerSecond, 1),
    itemsPerSecond: Math.round(callsPerSecond * kinds[kind].items),
    p50: rounded(median(times)),
    p95: rounded(percentile(times, 0.95)),
    p99: rounded(percentile(times, 0.99)),
    cpu: Object.fromEntries(
      [...names].map((name) => [
        name,
        rounded((sum(runs.map(({ cpu }) => cpu.get(name) ?? 0)) / items) * 1e6, 2)
      ])
    )
  }
}

const plans: ReadonlyArray<readonly [kind: Kind, flight: number]> = [
  ["unary", 1],
  ["unary", numbers.flight],
  ["batch", 1],
  ["batch", 4],
  ["stream", 1],
  ["stream", numbers.flight]
]

printMachine()
await inDirectory((directory) =>
  withDapr(directory, async (system) => {
    const ways = waysOf(system)
    const loadBefore = load()
    const measured: Array<Measured> = []
    let wrong = 0
    for (const [kind, flight] of plans) {
      const runs: Record<WayName, Array<Run>> = { direct: [], sidecar: [] }
      for (let round = 0; round < numbers.rounds; round++)
        for (const way of round % 2 === 0 ? wayNames : wayNames.toReversed())
          runs[way].push(await runOnce(system, kind, ways[way], flight))
      for (const way of wayNames) {
        measured.push(measuredOf(kind, way, flight, runs[way]))
        wrong += runs[way].filter(({ right }) => !right).length
      }
    }

    print(
      `each ${numbers.rounds} times ${numbers.seconds} s, both ways in turn; load before ${loadBefore.join(" ")}`
    )
    table(
      ["calls", "at a time", "calls/s", "profiles/s", "p50 ms", "p95", "p99"],
      measured.map(({ callsPerSecond, flight, itemsPerSecond, kind, p50, p95, p99, way }) => [
        `${kind}, ${way === "direct" ? "direct" : "through the sidecar"}`,
        flight,
        callsPerSecond,
        itemsPerSecond,
        p50,
        p95,
        p99
      ])
    )
    print()
    const names = Object.keys(processesOf(system))
    table(
      ["processor ms per 1,000 profiles", "at a time", ...names],
      measured.map(({ cpu, flight, kind, way }) => [
        `${kind}, ${way}`,
        flight,
        ...names.map((name) => cpu[name])
      ])
    )
    print()
    const ratios = plans.map(([kind, flight]) => {
      const of = (way: WayName) =>
        measured.find((each) => each.kind === kind && each.flight === flight && each.way === way)
      const [direct, sidecar] = [of("direct"), of("sidecar")]
      return {
        kind,
        flight,
        rate: rounded((sidecar?.callsPerSecond ?? 0) / (direct?.callsPerSecond ?? 0)),
        addedMs: rounded((sidecar?.p50 ?? 0) - (direct?.p50 ?? 0)),
        addedMsP95: rounded((sidecar?.p95 ?? 0) - (direct?.p95 ?? 0))
      }
    })
    table(
      ["the sidecar beside direct", "at a time", "ratio of rates", "p50 adds ms", "p95 adds ms"],
      ratios.map(({ addedMs, addedMsP95, flight, kind, rate }) => [kind, flight, rate, addedMs, addedMsP95])
    )
    await conclude(
      "grpc",
      { arguments: numbers, loadBefore, measured, ratios },
      [{ what: "answers that differ from the domain's", required: "0", measured: wrong, met: wrong === 0 }],
      gate
    )
  })
)
