/**
 * Kills the process ten times in the middle of an import, and then looks for every single account of the file:
 *   bun bench/kill/drill.ts [--count 100000] [--kills 10] [--seed 7] [--no-gate]
 * Runs twice: as it is, when nothing may be lost, and as a negative control with INFLUSCOPE_OUTBOX=off, when the same
 * kills must lose something, or else the drill proves nothing. Prints the accounts and writes bench/results/kill.json.
 */
import { join } from "node:path"
import type { ImportJob } from "@influscope/domain/Imports"
import {
  hasProfile,
  importEnd,
  readAudit,
  readDeadLetters,
  readImport,
  readMetric,
  readOut,
  search,
  submitImport,
  until
} from "../support/Api.ts"
import { type App, startApp } from "../support/App.ts"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { makeRandom, rounded } from "../support/Numbers.ts"
import { writeCsv } from "../support/ProfilesCsv.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"

const { gate, numbers } = readArguments({ count: 100_000, kills: 10, seed: 7 })

interface Account {
  readonly name: string
  readonly followers: number
}

/** How far an import was at the last look before a kill. */
interface Kill {
  readonly state: string
  readonly rowsRead: number
  readonly rowsIndexed: number
  /** 0 to 1: what of the file had been read and indexed, or read where nobody counts what is indexed. */
  readonly progress: number
  readonly upAgainMs: number
}

const isOver = ({ state }: ImportJob): boolean => state === "done" || state === "failed"

const indexedOf = ({ report }: ImportJob): number => report.imported + report.updated + report.unchanged

/** Without an outbox a job does not know what became of its rows, so only reading counts. */
const progressOf = (job: ImportJob, outbox: boolean): number =>
  outbox ? (job.report.rows + indexedOf(job)) / (2 * numbers.count) : job.report.rows / numbers.count

/**
 * A moment in each of as many stretches of the import as there are kills. The last tenth is left out: it is over before
 * anybody has looked.
 */
const momentsOf = (random: () => number): ReadonlyArray<number> =>
  Array.from({ length: numbers.kills }, (_, kill) => (0.9 * (kill + random())) / numbers.kills)

interface Hunted {
  readonly app: App
  readonly kills: ReadonlyArray<Kill>
  readonly seconds: number
}

/** Kills the process at each moment and starts it again, until the import is over. */
const hunt = async (first: App, start: () => Promise<App>, id: string, outbox: boolean): Promise<Hunted> => {
  const random = makeRandom(numbers.seed)
  const kills: Array<Kill> = []
  const started = performance.now()
  let app = first
  for (const moment of momentsOf(random)) {
    let job = await readImport(app.url, id)
    while (progressOf(job, outbox) < moment && !isOver(job)) {
      await Bun.sleep(5)
      job = await readImport(app.url, id)
    }
    if (isOver(job)) break
    // Somewhere within a batch or between two, not always right after an answer.
    await Bun.sleep(20 * random())
    await app.kill()
    app = await start()
    kills.push({
      state: job.state,
      rowsRead: job.report.rows,
      rowsIndexed: indexedOf(job),
      progress: rounded(progressOf(job, outbox)),
      upAgainMs: Math.round(app.upAfterMs)
    })
  }
  const job = await importEnd(app.url, id)
  if (job.state === "failed") throw new Error(`The import failed: ${job.failure}`)
  // Without an outbox the job is over before its last rows are sent, let alone indexed.
  if (!outbox) await Bun.sleep(2_000)
  await until(
    () => readMetric(app.url, "queue_messages"),
    (waiting) => waiting === 0,
    { everyMs: 200, timeoutMs: 300_000 }
  )
  return { app, kills, seconds: rounded((performance.now() - started) / 1_000, 1) }
}

/** What the index holds of the file: counted one by one, by its ids, without a counter of the product. */
const takeStock = async (url: string, sent: ReadonlyMap<string, Account>, before: ReadonlySet<string>) => {
  const times = new Map<string, number>()
  const damaged: Array<string> = []
  const strange: Array<string> = []
  let goneBefore = before.size
  await readOut(url, ({ followers, id, name }) => {
    times.set(id, (times.get(id) ?? 0) + 1)
    const account = sent.get(id)
    if (account === undefined) {
      if (before.has(id)) goneBefore--
      else strange.push(id)
    } else if (account.followers !== followers || account.name !== name) damaged.push(id)
  })
  const missing = [...sent.keys()].filter((id) => !times.has(id))
  const unsearchable: Array<string> = []
  for (const id of missing.slice(0, 1_000)) if (await hasProfile(url, id)) unsearchable.push(id)
  const received = [...sent.keys()].filter((id) => times.has(id)).length
  return {
    sent: sent.size,
    received,
    duplicates: [...times.values()].reduce((total, count) => total + count - 1, 0),
    lost: missing.length,
    damaged: damaged.length,
    strange: strange.length,
    goneBefore,
    /** Looked up by id, of the first thousand that no search found. */
    lostButStored: unsearchable.length,
    examples: missing.slice(0, 5)
  }
}

const run = (name: string, outbox: boolean) =>
  inDirectory(async (directory) => {
    const file = join(directory, "accounts.csv")
    const sent = new Map<string, Account>()
    await writeCsv(file, {
      seed: numbers.seed,
      rows: numbers.count,
      each: ({ followers, id, name }) => sent.set(id, { name, followers })
    })
    if (sent.size !== numbers.count) throw new Error("the file names an account twice")
    const dataDir = join(directory, "data")
    const env = { INFLUSCOPE_OUTBOX: outbox ? "on" : "off" }
    const start = () => startApp({ dataDir, env })

    // Seeded as users have it: an empty directory seeds itself on the first start.
    const seeded = await startApp({ dataDir })
    const before = new Set<string>()
    await readOut(seeded.url, ({ id }) => before.add(id))
    for (const id of before) if (sent.has(id)) throw new Error(`${id} was there before the import`)
    await seeded.stop()

    const first = await start()
    const submitted = await submitImport(first.url, file, "instagram")
    const { app, kills, seconds } = await hunt(first, start, submitted.id, outbox)
    try {
      const stock = await takeStock(app.url, sent, before)
      const { report } = await readImport(app.url, submitted.id)
      const audit = await readAudit(app.url)
      const { deadLetters } = await readDeadLetters(app.url)
      const { total } = await search(app.url, "limit=1")
      const result = {
        name,
        kills,
        seconds,
        before: before.size,
        total,
        ...stock,
        report,
        audit: audit.topics,
        deadLetters
      }
      print(`${name}: ${kills.length} kills in ${seconds} s`)
      table(
        ["kill", "state", "rows read", "rows indexed", "progress", "up again ms"],
        kills.map((kill, place) => [
          String(place + 1),
          kill.state,
          kill.rowsRead,
          kill.rowsIndexed,
          kill.progress,
          kill.upAgainMs
        ])
      )
      print()
      return result
    } finally {
      await app.stop()
    }
  })

printMachine()
const real = await run("with outbox", true)
const control = await run("negative control, INFLUSCOPE_OUTBOX=off", false)

table(
  ["", "sent", "received", "duplicates", "lost", "damaged", "unknown ids", "of before gone"],
  [real, control].map((of) => [
    of.name,
    of.sent,
    of.received,
    of.duplicates,
    of.lost,
    of.damaged,
    of.strange,
    of.goneBefore
  ])
)

const { report } = real
const settled = report.imported + report.updated + report.unchanged + report.rejected
const totals = real.audit.reduce(
  (sum, topic) => ({
    sent: sum.sent + topic.sent,
    applied: sum.applied + topic.applied,
    pending: sum.pending + topic.pending,
    missing: sum.missing + topic.missing,
    dead: sum.dead + topic.deadLettered + topic.dropped,
    redelivered: sum.redelivered + topic.duplicateBatches
  }),
  { sent: 0, applied: 0, pending: 0, missing: 0, dead: 0, redelivered: 0 }
)
const zero = (what: string, measured: number) => ({ what, required: "0", measured, met: measured === 0 })
const same = (what: string, required: number, measured: number) => ({
  what,
  required: String(required),
  measured,
  met: measured === required
})
print(`\nbatches delivered again and recognised as applied: ${totals.redelivered}`)

await conclude(
  "kill",
  { arguments: numbers, real, control },
  [
    same("kills that hit the import", numbers.kills, real.kills.length),
    zero("accounts lost", real.lost),
    zero("accounts found twice", real.duplicates),
    zero("accounts with other figures than sent", real.damaged),
    zero("accounts nobody sent", real.strange),
    zero("accounts of before that are gone", real.goneBefore),
    same("rows in the report", numbers.count, report.rows),
    same("rows imported", numbers.count, report.imported),
    same("imported, updated, unchanged and rejected together", report.rows, settled),
    same("profiles in the index by its own count", real.before + numbers.count, real.total),
    zero("audit: missing", totals.missing),
    zero("audit: pending", totals.pending),
    same("audit: applied and dead of what was sent", totals.sent, totals.applied + totals.dead),
    zero("dead letters", real.deadLetters.length),
    {
      what: "the control loses accounts",
      required: "> 0",
      measured: control.lost,
      met: control.lost > 0
    },
    same("kills that hit the control", numbers.kills, control.kills.length)
  ],
  gate
)
