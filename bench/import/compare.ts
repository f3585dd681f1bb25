/**
 * Imports a file through the API, from the request to the end of the job, and compares that with the least that has to be
 * done: reading the same file with the same reader and writing the profiles to the same kind of index, in one loop.
 *   bun bench/import/compare.ts [--rows 100000] [--rounds 5] [--seed 21] [--ratio 0.5] [--rate 15000] [--no-gate]
 * Prints both and the ratio of their speeds, and writes bench/results/import.json.
 */
import { join } from "node:path"
import { importEnd, submitImport } from "../support/Api.ts"
import { tended, withApp } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { median, rounded } from "../support/Numbers.ts"
import { writeCsv } from "../support/ProfilesCsv.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import type { LoopTimes } from "./loop.ts"

const { gate, numbers } = readArguments({ rows: 100_000, rounds: 5, seed: 21, ratio: 0.5, rate: 15_000 })

/** CPU seconds a process has used so far, its threads included. */
const cpuSeconds = async (pid: number): Promise<number> => {
  const fields = (await Bun.file(`/proc/${pid}/stat`).text()).split(") ")[1]?.split(" ") ?? []
  // In hundredths of a second: what Linux counts in, whatever the machine.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** From the start of the request until the job says that everything is searchable. */
const throughApi = (file: string): Promise<Measured & { readonly uploadSeconds: number }> =>
  inDirectory((directory) =>
    withApp({ dataDir: join(directory, "data") }, async ({ pid, url }) => {
      const cpuBefore = await cpuSeconds(pid)
      const started = performance.now()
      const { id } = await submitImport(url, file, "instagram")
      const uploaded = performance.now()
      const job = await importEnd(url, id)
      const ended = performance.now()
      if (job.state !== "done" || job.report.imported !== numbers.rows)
        throw new Error(`The import ended otherwise: ${JSON.stringify(job).slice(0, 1_000)}`)
      return {
        seconds: (ended - started) / 1_000,
        uploadSeconds: (uploaded - started) / 1_000,
        cpuSeconds: (await cpuSeconds(pid)) - cpuBefore
      }
    })
  )

const inLoop = (file: string): Promise<LoopTimes> =>
  inDirectory(async (directory) => {
    const child = tended(
      Bun.spawn(
        [process.execPath, join(import.meta.dirname, "loop.ts"), file, join(directory, "profiles.db")],
        {
          stdout: "pipe",
          stderr: "inherit"
        }
      )
    )
    const times: LoopTimes = JSON.parse(await new Response(child.stdout).text())
    if (times.rows !== numbers.rows) throw new Error(`The loop wrote ${times.rows} profiles`)
    return times
  })

printMachine()
await inDirectory(async (directory) => {
  const file = join(directory, "accounts.csv")
  const { bytes } = await writeCsv(file, { seed: numbers.seed, rows: numbers.rows })
  print(
    `${numbers.rows} rows of distinct accounts, ${rounded(bytes / 1e6, 1)} MB, ${numbers.rounds} rounds in turns\n`
  )

  const rounds = []
  for (let round = 0; round < numbers.rounds; round++) {
    const loadBefore = load()[0]
    const first = round % 2 === 0
    const loopFirst = first ? await inLoop(file) : undefined
    const api = await throughApi(file)
    const loop = loopFirst ?? (await inLoop(file))
    rounds.push({ api, loop, ratio: rounded(loop.seconds / api.seconds), loadBefore })
  }

  const rate = (seconds: number): number => Math.round(numbers.rows / seconds)
  table(
    [
      "round",
      "load",
      "API s",
      "of it upload",
      "API cpu s",
      "rows/s",
      "loop s",
      "loop cpu s",
      "rows/s",
      "ratio"
    ],
    rounds.map(({ api, loadBefore, loop, ratio }, round) => [
      String(round + 1),
      loadBefore,
      rounded(api.seconds),
      rounded(api.uploadSeconds),
      rounded(api.cpuSeconds),
      rate(api.seconds),
      rounded(loop.seconds),
      rounded(loop.cpuSeconds),
      rate(loop.seconds),
      ratio
    ])
  )
  const loops = rounds.map(({ loop }) => loop)
  const part = (name: keyof LoopTimes): number => rounded(median(loops.map((loop) => loop[name])))
  print(
    `\nthe loop: reading ${part("readSeconds")} s, making profiles ${part("makeSeconds")} s, writing ${part("writeSeconds")} s`
  )

  const ratio = rounded(median(rounds.map((round) => round.ratio)))
  const cpuRatio = rounded(median(rounds.map(({ api, loop }) => loop.cpuSeconds / api.cpuSeconds)))
  const rowsPerSecond = rate(median(rounds.map(({ api }) => api.seconds)))
  const best = rate(Math.min(...rounds.map(({ api }) => api.seconds)))
  print(
    `median ratio ${ratio} (of the CPU time ${cpuRatio}); the API ${rowsPerSecond} rows/s, ${best} at best`
  )

  await conclude(
    "import",
    { arguments: numbers, bytes, rounds, ratio, cpuRatio, rowsPerSecond, bestRowsPerSecond: best },
    [
      {
        what: "speed of the API over that of the loop",
        required: `>= ${numbers.ratio}`,
        measured: ratio,
        met: ratio >= numbers.ratio
      },
      {
        what: "rows/s end to end, median",
        required: `>= ${numbers.rate}`,
        measured: rowsPerSecond,
        met: rowsPerSecond >= numbers.rate
      }
    ],
    gate
  )
})
