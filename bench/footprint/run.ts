/**
 * How much memory InfluScope takes, and how long it takes to start:
 *   bun bench/footprint/run.ts [--megabytes 1000] [--accounts 50000] [--captions 900] [--distinct 200000] [--starts 5]
 *     [--settle 20] [--idle 200] [--growth 200] [--start 4.5] [--seed 31] [--no-gate]
 * Imports two files: one of `megabytes` about `accounts` accounts, told again and again, so that the index does not grow
 * and all growth is that of reading; and one of `distinct` accounts, told once, to see what a profile takes. `captions` is
 * the length of a column of text in the first that is read and not used, as real exports have them; with 0 the rows are
 * short and many. How long a start takes is held against a bare program with a server (bare.ts), started just before: both
 * take twice as long when the host has half of the time for this machine. Prints the figures and writes bench/results/footprint.json.
 */
import { join } from "node:path"
import { importEnd, search, submitImport } from "../support/Api.ts"
import { type App, startApp, tended, withApp } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { load, memoryOf, resetPeak } from "../support/Machine.ts"
import { median, rounded } from "../support/Numbers.ts"
import { writeCsv } from "../support/ProfilesCsv.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"

const { gate, numbers } = readArguments({
  megabytes: 1_000,
  accounts: 50_000,
  captions: 900,
  distinct: 200_000,
  starts: 5,
  settle: 20,
  idle: 200,
  growth: 200,
  start: 4.5,
  seed: 31
})

const residentOf = async (app: App): Promise<number> => (await memoryOf(app.pid)).resident

/** From the start of the process to its first answer to a search, in milliseconds. */
const startAndSearch = async (dataDir: string): Promise<{ readonly app: App; readonly ms: number }> => {
  const started = performance.now()
  const app = await startApp({ dataDir })
  const { hits } = await search(app.url, "q=tech")
  if (hits.length === 0) throw new Error("the first search found nothing")
  return { app, ms: Math.round(performance.now() - started) }
}

/** The same of a bare program. */
const startBare = async (): Promise<number> => {
  const started = performance.now()
  const child = tended(
    Bun.spawn([process.execPath, join(import.meta.dirname, "bare.ts")], { stdin: "ignore", stdout: "pipe" })
  )
  const { value } = await child.stdout.getReader().read()
  const answer = await fetch(`http://127.0.0.1:${new TextDecoder().decode(value).trim()}`)
  if (!answer.ok) throw new Error(`The bare program answered ${answer.status}`)
  await answer.arrayBuffer()
  const ms = Math.round(performance.now() - started)
  child.kill("SIGKILL")
  await child.exited
  return ms
}

interface Import {
  readonly name: string
  readonly megabytes: number
  readonly rows: number
  readonly seconds: number
  readonly rowsPerSecond: number
  readonly profiles: number
  /** MB, resident: before the import, at most during it, and a while after it. */
  readonly before: number
  readonly peak: number
  readonly growth: number
  readonly after: number
  /** MB of the growth that went again: what reading took. The rest are the profiles themselves. */
  readonly passing: number
}

/** Imports a file into an instance of its own that has the seeded profiles and rests. */
const measureImport = (name: string, file: string, size: { readonly rows: number; readonly bytes: number }) =>
  inDirectory((directory) =>
    withApp({ dataDir: join(directory, "data") }, async ({ pid, url }): Promise<Import> => {
      await Bun.sleep(numbers.settle * 1_000)
      await resetPeak(pid)
      const before = (await memoryOf(pid)).resident
      const started = performance.now()
      const { id } = await submitImport(url, file, "instagram")
      const job = await importEnd(url, id, 500, 3_600_000)
      const seconds = (performance.now() - started) / 1_000
      if (job.state !== "done" || job.report.rows !== size.rows || job.report.rejected > 0)
        throw new Error(`The import ended otherwise: ${JSON.stringify(job).slice(0, 1_000)}`)
      const { peak } = await memoryOf(pid)
      await Bun.sleep(numbers.settle * 1_000)
      const after = (await memoryOf(pid)).resident
      return {
        name,
        megabytes: rounded(size.bytes / 1e6, 1),
        rows: size.rows,
        seconds: rounded(seconds, 1),
        rowsPerSecond: Math.round(size.rows / seconds),
        profiles: (await search(url, "limit=1")).total,
        before,
        peak,
        growth: rounded(peak - before, 1),
        after,
        passing: rounded(peak - after, 1)
      }
    })
  )

printMachine()
await inDirectory(async (directory) => {
  const dataDir = join(directory, "data")

  const first = await startApp({ dataDir })
  const firstStartMs = Math.round(first.upAfterMs)
  const afterSeeding = await residentOf(first)
  const peakOfSeeding = (await memoryOf(first.pid)).peak
  await Bun.sleep(numbers.settle * 1_000)
  const settledAfterSeeding = await residentOf(first)
  await first.stop()

  const starts: Array<number> = []
  const bareStarts: Array<number> = []
  let idle = Number.NaN
  let atStart = Number.NaN
  for (let place = 1; place <= numbers.starts; place++) {
    bareStarts.push(await startBare())
    const { app, ms } = await startAndSearch(dataDir)
    starts.push(ms)
    if (place === numbers.starts) {
      atStart = await residentOf(app)
      await Bun.sleep(numbers.settle * 1_000)
      idle = await residentOf(app)
    }
    await app.stop()
  }
  const best = Math.min(...starts)
  const bestBare = Math.min(...bareStarts)
  table(
    ["with 5,000 profiles", "measured"],
    [
      ["first start, seeding included, ms", firstStartMs],
      ["start with data to the first answered search, best ms", best],
      [`  median of ${starts.length}`, median(starts)],
      ["start of a bare program to its first answer, best ms", bestBare],
      ["MB resident right after the first seeding", afterSeeding],
      ["  at most until then", peakOfSeeding],
      [`  ${numbers.settle} s later`, settledAfterSeeding],
      ["MB resident right after a start with data", atStart],
      [`  ${numbers.settle} s later`, idle]
    ]
  )
  print()

  const imports: Array<Import & { readonly loadBefore: ReadonlyArray<number> }> = []
  const measure = async (
    name: string,
    options: Omit<Parameters<typeof writeCsv>[1], "seed">
  ): Promise<void> => {
    const file = join(directory, "accounts.csv")
    const size = await writeCsv(file, { seed: numbers.seed, ...options })
    const loadBefore = load()
    imports.push({ ...(await measureImport(name, file, size)), loadBefore })
  }
  await measure(`${numbers.accounts} accounts told again`, {
    rows: Number.POSITIVE_INFINITY,
    bytes: numbers.megabytes * 1e6,
    accounts: numbers.accounts,
    captions: numbers.captions
  })
  if (numbers.distinct > 0) await measure("accounts told once", { rows: numbers.distinct })
  table(
    [
      "import of",
      "MB",
      "rows",
      "s",
      "rows/s",
      "profiles then",
      "MB before",
      "MB peak",
      "growth",
      "MB after",
      "passing"
    ],
    imports.map((of) => [
      of.name,
      of.megabytes,
      of.rows,
      of.seconds,
      of.rowsPerSecond,
      of.profiles,
      of.before,
      of.peak,
      of.growth,
      of.after,
      of.passing
    ])
  )

  const most = (what: string, limit: number, measured: number) => ({
    what,
    required: `<= ${limit}`,
    measured,
    met: measured <= limit
  })
  await conclude(
    "footprint",
    {
      arguments: numbers,
      firstStartMs,
      starts,
      bareStarts,
      memoryMb: { afterSeeding, peakOfSeeding, settledAfterSeeding, atStart, idle },
      imports
    },
    [
      most("MB idle with 5,000 profiles, started with data", numbers.idle, idle),
      most(
        `MB idle with 5,000 profiles, ${numbers.settle} s after seeding`,
        numbers.idle,
        settledAfterSeeding
      ),
      most(
        "start with data to the first search, over a bare program's, best of each",
        numbers.start,
        rounded(best / bestBare, 2)
      ),
      most(
        `MB for importing ${imports[0]?.megabytes} MB, beside the profiles themselves`,
        numbers.growth,
        imports[0]?.passing ?? Number.NaN
      )
    ],
    gate
  )
})
