/**
 * Discovery end to end: the same files through the four services beside their sidecars, and through two bare programs on
 * the same RabbitMQ and Elasticsearch that know nothing of Dapr, Effect or our layers, in turns.
 *   bun bench/discovery/compare.ts [--rows 50000] [--rounds 6] [--seed 31] [--ratio 0.7] [--no-gate]
 * Both read a CSV file, send batches of 500 accounts through a durable quorum queue, merge them into what the index has,
 * compute engagement, write with _bulk under the same mapping, and acknowledge when that was answered. Both indices are
 * searched every second meanwhile, as one in use is: Elasticsearch makes writes visible, which costs it about as much as
 * taking them, only where somebody searches. Prints profiles/s, their ratio, CPU time and memory of every process, and writes bench/results/discovery.json.
 */
import { join } from "node:path"
import { Client, HttpConnection } from "@elastic/elasticsearch"
import {
  type StoredSource,
  storedFields,
  storedProfile
} from "@influscope/adapters/elasticsearch/IndexedDocument"
import { indexSettings, mappings } from "@influscope/adapters/elasticsearch/Mapping"
import type { DaprSystem } from "@influscope/testing/DaprSystem"
import { importEnd, submitImport, until } from "../support/Api.ts"
import { tended } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { withDapr } from "../support/Dapr.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { median, rounded, sum } from "../support/Numbers.ts"
import { csvRow, writeCsv } from "../support/ProfilesCsv.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import type { Order, Told } from "./bare.ts"
import { type Usage, watch } from "./Processes.ts"

const { gate, numbers } = readArguments({ rows: 50_000, rounds: 6, seed: 31, ratio: 0.7 })

// Programs compile what they do often, and both indices merge what is new: it takes a while until rounds are alike.
const warmUpRows = 40_000
const comparedDocuments = 200
const bareIndex = "bare-profiles"
const indices = ["profiles", bareIndex]

/** Applies a file of so many accounts, to the end. */
type Run = (file: string, rows: number) => Promise<void>

interface Side {
  readonly run: Run
  /** Pids of what it consists of, the servers included. */
  readonly processes: Readonly<Record<string, number>>
}

interface Round {
  readonly profilesPerSecond: number
  readonly used: ReadonlyMap<string, Usage>
}

const withServices = ({ servers, services, sidecars, url }: DaprSystem): Side => ({
  run: async (file, rows) => {
    const { id } = await submitImport(url, file, "instagram")
    const job = await importEnd(url, id, 500)
    const { imported, updated } = job.report
    // A few accounts are called as those of an earlier round.
    if (job.state !== "done" || imported + updated !== rows)
      throw new Error(`The import ended otherwise: ${JSON.stringify(job).slice(0, 1_000)}`)
  },
  processes: Object.fromEntries([
    ...Object.entries(services).map(([name, { pid }]) => [name, pid]),
    ...Object.entries(sidecars).map(([name, { pid }]) => [`daprd of ${name}`, pid]),
    ...Object.entries(servers).map(([name, { pid }]) => [name, pid])
  ])
})

/** Starts one of the bare programs. `done` counts the profiles it has told of. */
const startBare = async (name: "producer" | "consumer", ...args: ReadonlyArray<string>) => {
  const ready = Promise.withResolvers<void>()
  const progress = { done: 0 }
  const child = tended(
    Bun.spawn([process.execPath, join(import.meta.dirname, `bare-${name}.ts`), ...args], {
      stdout: "inherit",
      stderr: "inherit",
      ipc: (told: Told) => {
        if (told === "ready") ready.resolve()
        else progress.done += told.done
      },
      onExit: () => ready.reject(new Error(`bare-${name}.ts ended`))
    })
  )
  await ready.promise
  return { child, progress }
}

const bare = async ({ environment, servers }: DaprSystem, client: Client): Promise<Side> => {
  await client.indices.create({ index: bareIndex, mappings, settings: { index: indexSettings } })
  const { ELASTICSEARCH_URL = "", RABBITMQ_URL = "" } = environment
  const producer = await startBare("producer", RABBITMQ_URL)
  const consumer = await startBare("consumer", RABBITMQ_URL, ELASTICSEARCH_URL, bareIndex)
  return {
    run: async (file, rows) => {
      const [sent, applied] = [producer.progress.done + rows, consumer.progress.done + rows]
      const order: Order = { file }
      producer.child.send(order)
      await until(
        async () => {
          for (const { child } of [producer, consumer])
            if (child.exitCode !== null) throw new Error("A bare program ended")
          return [producer.progress.done, consumer.progress.done]
        },
        ([one, other]) => one === sent && other === applied,
        { everyMs: 5, timeoutMs: 600_000 }
      )
      // Searchable, as what the services have written is.
      await client.indices.refresh({ index: bareIndex })
    },
    processes: {
      producer: producer.child.pid,
      consumer: consumer.child.pid,
      rabbitmq: servers.rabbitmq.pid,
      elasticsearch: servers.elasticsearch.pid
    }
  }
}

/** Waits until no segments are merged any more: that is work for what was written before. */
const atRest = (client: Client) =>
  until(
    async () => (await client.indices.stats({ metric: "merge" }))._all.total?.merges?.current ?? 0,
    (merges) => merges === 0,
    { everyMs: 100, timeoutMs: 60_000 }
  )

/** Searches every second until it is disposed of. */
const inUse = (client: Client): AsyncDisposable => {
  const ended = new AbortController()
  const searching = (async () => {
    while (!ended.signal.aborted) {
      for (const index of indices) await client.search({ index, size: 1 })
      await Bun.sleep(1_000)
    }
  })()
  return {
    [Symbol.asyncDispose]: () => {
      ended.abort()
      return searching
    }
  }
}

const measure = async (side: Side, client: Client, file: string, rows: number): Promise<Round> => {
  await atRest(client)
  const used = await watch(side.processes)
  const started = performance.now()
  await side.run(file, rows)
  const seconds = (performance.now() - started) / 1_000
  await atRest(client)
  return { profilesPerSecond: Math.round(rows / seconds), used: await used() }
}

/** Throws unless both sides have written the same of some accounts, but for categories, which our reader words anew. */
const compareDocuments = async (client: Client): Promise<void> => {
  const ids = Array.from({ length: comparedDocuments }, (_, n) => csvRow(numbers.seed, n * 7).id)
  const [ours, theirs] = await Promise.all(
    indices.map(async (index) => {
      const { docs } = await client.mget<StoredSource>({ index, ids, _source: storedFields })
      return docs.map((found) => {
        const stored = "found" in found && found.found ? found._source : undefined
        if (stored === undefined) throw new Error(`${found._id} is not in ${index}`)
        const { engagement, fields, handle } = storedProfile(stored)
        return { handle, engagement, fields: { ...fields, categories: [] } }
      })
    })
  )
  for (const [place, id] of ids.entries())
    if (!Bun.deepEquals(ours?.[place], theirs?.[place]))
      throw new Error(`${id} differs: ${JSON.stringify([ours?.[place], theirs?.[place]])}`)
}

/** Of all rounds of a side: CPU seconds per 1,000 profiles and MB at most, by process. */
const usageOf = (side: Side, rounds: ReadonlyArray<Round>) =>
  Object.keys(side.processes).map((name) => {
    const used = rounds.flatMap((round) => round.used.get(name) ?? [])
    return {
      name,
      cpuSecondsPer1000: rounded(
        (sum(used.map(({ cpuSeconds }) => cpuSeconds)) / (rounds.length * numbers.rows)) * 1_000
      ),
      peakMb: Math.max(...used.map(({ peakMb }) => peakMb))
    }
  })

const compare = async (ours: Side, theirs: Side, client: Client, directory: string): Promise<void> => {
  const write = async (name: string, seed: number, rows: number): Promise<string> => {
    const path = join(directory, `${name}.csv`)
    await writeCsv(path, { seed, rows })
    return path
  }
  await using _ = inUse(client)
  const warmUp = await write("warm-up", numbers.seed - 1, warmUpRows)
  for (const side of [ours, theirs]) await side.run(warmUp, warmUpRows)

  const rounds: Array<{
    readonly ours: Round
    readonly bare: Round
    readonly loadBefore: number | undefined
  }> = []
  for (let round = 0; round < numbers.rounds; round++) {
    const loadBefore = load()[0]
    const file = await write(`round-${round}`, numbers.seed + round, numbers.rows)
    const run = (side: Side) => measure(side, client, file, numbers.rows)
    const first = round % 2 === 0 ? await run(ours) : undefined
    const other = await run(theirs)
    rounds.push({ ours: first ?? (await run(ours)), bare: other, loadBefore })
  }
  await compareDocuments(client)

  const ratioOf = (round: (typeof rounds)[number]): number =>
    rounded(round.ours.profilesPerSecond / round.bare.profilesPerSecond)
  print(`${numbers.rows} distinct accounts a round, in turns\n`)
  table(
    ["round", "load", "services profiles/s", "bare profiles/s", "ratio"],
    rounds.map((round, place) => [
      String(place + 1),
      round.loadBefore,
      round.ours.profilesPerSecond,
      round.bare.profilesPerSecond,
      ratioOf(round)
    ])
  )
  const usage = {
    ours: usageOf(
      ours,
      rounds.map((round) => round.ours)
    ),
    bare: usageOf(
      theirs,
      rounds.map((round) => round.bare)
    )
  }
  for (const [title, used] of [
    ["services beside sidecars", usage.ours],
    ["bare programs", usage.bare]
  ] as const) {
    print()
    table(
      [title, "CPU s per 1,000", "peak MB"],
      [
        ...used.map(({ cpuSecondsPer1000, name, peakMb }) => [name, cpuSecondsPer1000, peakMb]),
        ["together", rounded(sum(used.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000))), undefined]
      ]
    )
  }
  const total = (used: typeof usage.ours): number =>
    sum(used.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000))
  const ratio = rounded(median(rounds.map(ratioOf)))
  const cpuRatio = rounded(total(usage.bare) / total(usage.ours))
  print(`\nmedian ratio ${ratio}; of the CPU time ${cpuRatio}`)

  await conclude(
    "discovery",
    {
      arguments: numbers,
      rounds: rounds.map((round) => ({
        loadBefore: round.loadBefore,
        ours: { ...round.ours, used: Object.fromEntries(round.ours.used) },
        bare: { ...round.bare, used: Object.fromEntries(round.bare.used) },
        ratio: ratioOf(round)
      })),
      ratio,
      cpuRatio,
      usage
    },
    [
      {
        what: "profiles/s of the services over those of the bare programs",
        required: `>= ${numbers.ratio}`,
        measured: ratio,
        met: ratio >= numbers.ratio
      }
    ],
    gate
  )
}

printMachine()
await inDirectory((directory) =>
  withDapr(directory, async (system) => {
    const client = new Client({
      node: system.environment["ELASTICSEARCH_URL"] ?? "",
      Connection: HttpConnection,
      maxRetries: 0
    })
    await compare(withServices(system), await bare(system, client), client, directory)
  })
)
// The bare programs end with this one.
process.exit()
