/**
 * Hands hostile files to the importer, through the whole import path on a temporary data directory, for a while:
 *   bun bench/fuzz/importer.ts [--seed 1] [--seconds 60]
 * The cases have the seeds seed, seed + 1 and so on, so that a case found bad is tried again by its own seed. Prints the
 * number of cases and then a line of JSON. Exits with 1 when a case crashes the process, hangs it, or ends in a way that
 * the report of an import must not.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readArguments } from "../support/Arguments.ts"
import type { Line } from "./worker.ts"

/** A case that blocks its process cannot say so itself. */
const hangMillis = 60_000

interface Found {
  readonly lines: Array<Line>
  begun: number
  hangs: boolean
}

const isLine = (value: unknown): value is Line =>
  typeof value === "object" && value !== null && "millis" in value && "kind" in value

/** Reads what the working process says, and ends it when it says nothing for too long. */
const watch = async (worker: Bun.Subprocess<"ignore", "pipe", "inherit">): Promise<Found> => {
  const found: Found = { lines: [], begun: 0, hangs: false }
  const giveUp = () => {
    found.hangs = true
    worker.kill("SIGKILL")
  }
  let timer = setTimeout(giveUp, hangMillis)
  let held = ""
  const decoder = new TextDecoder()
  const reader = worker.stdout.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    clearTimeout(timer)
    timer = setTimeout(giveUp, hangMillis)
    const texts = `${held}${decoder.decode(read.value, { stream: true })}`.split("\n")
    held = texts.pop() ?? ""
    for (const text of texts) {
      const value: unknown = JSON.parse(text)
      if (isLine(value)) found.lines.push(value)
      else if (typeof value === "object" && value !== null && "begun" in value)
        found.begun = Number(value.begun)
    }
  }
  clearTimeout(timer)
  return found
}

const tally = (values: ReadonlyArray<string>): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

const problemOf = (found: Found, exitCode: number) => {
  const bad = found.lines.find(({ problem }) => problem !== undefined)
  if (bad !== undefined) return { seed: bad.seed, problem: bad.problem }
  if (found.hangs) return { seed: found.begun, problem: `nothing heard for ${hangMillis} ms` }
  if (exitCode !== 0) return { seed: found.begun, problem: `the process ended with ${exitCode}` }
  return null
}

const run = async (seed: number, seconds: number, directory: string): Promise<number> => {
  const script = join(import.meta.dirname, "worker.ts")
  const command = [process.execPath, script, String(seed), String(seconds), directory]
  const worker = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
  const found = await watch(worker)
  const problem = problemOf(found, await worker.exited)
  const slowest = found.lines.toSorted((a, b) => b.millis - a.millis)[0]
  process.stdout.write(`${found.lines.length} cases\n`)
  process.stdout.write(
    `${JSON.stringify({
      seed,
      seconds,
      cases: found.lines.length,
      kinds: tally(found.lines.map(({ kind }) => kind)),
      states: tally(found.lines.map(({ state }) => state)),
      slowest:
        slowest === undefined ? null : { seed: slowest.seed, kind: slowest.kind, millis: slowest.millis },
      peakResidentMb: Math.max(0, ...found.lines.map(({ residentMb }) => residentMb)),
      problem
    })}\n`
  )
  return problem === null && found.lines.length > 0 ? 0 : 1
}

/** A process that was killed cannot clear up behind itself. */
const inTemporaryDirectory = async (body: (directory: string) => Promise<number>): Promise<number> => {
  const directory = mkdtempSync(join(tmpdir(), "influscope-fuzz-"))
  try {
    return await body(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const { numbers } = readArguments({ seed: 1, seconds: 60 })
process.exit(await inTemporaryDirectory((directory) => run(numbers.seed, numbers.seconds, directory)))
