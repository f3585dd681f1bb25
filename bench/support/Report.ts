import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { load, machine } from "./Machine.ts"

export const print = (line = ""): void => {
  process.stdout.write(`${line}\n`)
}

type Cell = string | number | boolean | null | undefined

const textOf = (cell: Cell): string =>
  typeof cell === "number" ? cell.toLocaleString("en-US", { maximumFractionDigits: 3 }) : String(cell ?? "-")

/** Prints rows under their titles: the first column to the left, the others to the right. */
export const table = (titles: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>): void => {
  const texts = [titles, ...rows.map((row) => row.map(textOf))]
  const widths = titles.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? "").length)))
  for (const row of texts)
    print(
      widths
        .map((width, column) => {
          const text = row[column] ?? ""
          return column === 0 ? text.padEnd(width) : text.padStart(width)
        })
        .join("  ")
        .trimEnd()
    )
}

/** One thing that must hold, with what was measured. */
export interface Requirement {
  readonly what: string
  readonly required: string
  readonly measured: Cell
  readonly met: boolean
}

/** The machine and its load when the program began. */
export const begun = { at: new Date().toISOString(), load: load() }

export const printMachine = (): void => {
  print(
    `${machine.cpu} x${machine.cores}, ${machine.memoryGb} GB, Bun ${machine.bun}, load ${begun.load.join(" ")}`
  )
  print()
}

let concluded = false
// A program that ends before it has concluded has shown nothing, whatever its exit code says.
process.on("exit", (code) => {
  if (concluded || code !== 0) return
  print("The benchmark ended before it was done.")
  process.exitCode = 1
})

const results = join(import.meta.dirname, "..", "results")

/**
 * Ends a benchmark: prints what was required, writes bench/results/<name>.json, and makes the process exit with 1 when a
 * requirement is missed, unless only a report was asked for.
 */
export const conclude = async (
  name: string,
  data: { readonly [key: string]: unknown },
  requirements: ReadonlyArray<Requirement>,
  gate: boolean
): Promise<void> => {
  print()
  table(
    ["requirement", "required", "measured", "met"],
    requirements.map(({ met, measured, required, what }) => [what, required, measured, met ? "yes" : "NO"])
  )
  const met = requirements.every((requirement) => requirement.met)
  const loadAfter = load()
  print(`\nload at the end ${loadAfter.join(" ")}${met || gate ? "" : "; not gated"}`)
  mkdirSync(results, { recursive: true })
  const report = {
    machine: { ...machine, loadBefore: begun.load, loadAfter },
    at: begun.at,
    met,
    requirements,
    ...data
  }
  await Bun.write(join(results, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
  print(`written to bench/results/${name}.json`)
  concluded = true
  if (!met && gate) process.exitCode = 1
}
