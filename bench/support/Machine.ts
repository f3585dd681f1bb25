import { readdirSync, readFileSync } from "node:fs"
import { cpus, loadavg, totalmem } from "node:os"

/** What a number was measured on. Without it, and without the load, a time says nothing. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly bun: string
}

export const machine: Machine = {
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1e9),
  bun: Bun.version
}

/** Runnable processes of the last 1, 5 and 15 minutes. */
export const load = (): ReadonlyArray<number> => loadavg().map((value) => Math.round(value * 100) / 100)

/** A process as Linux counts: seconds of processor time used so far, to a hundredth, by itself and by its ended children. */
export interface Process {
  readonly parent: number
  readonly ownSeconds: number
  readonly childrenSeconds: number
}

/** Throws when there is no such process. */
export const processOf = (pid: number): Process => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  const seconds = (at: number): number => (Number(fields[at]) + Number(fields[at + 1])) / 100
  return { parent: Number(fields[1]), ownSeconds: seconds(11), childrenSeconds: seconds(13) }
}

/** A process and all that it started, directly or not, as far as they run. */
const treeOf = (root: number): ReadonlyMap<number, Process> => {
  const all = new Map<number, Process>()
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue
    try {
      all.set(Number(name), processOf(Number(name)))
    } catch {
      // It has ended since it was listed.
    }
  }
  const belongs = (pid: number): boolean => {
    const parent = all.get(pid)?.parent
    return pid === root || (parent !== undefined && parent > 1 && belongs(parent))
  }
  return new Map([...all].filter(([pid]) => belongs(pid)))
}

/** Seconds of processor time used so far by a process and by all it started, those that have ended included. */
export const processorTime = (pid: number): number =>
  [...treeOf(pid).values()].reduce(
    (sum, { childrenSeconds, ownSeconds }) => sum + ownSeconds + childrenSeconds,
    0
  )

/** Memory of a process in MB, as the kernel has it: `resident` now, `peak` since it started or since `resetPeak`. */
export const memoryOf = async (
  pid: number
): Promise<{ readonly resident: number; readonly peak: number }> => {
  const status = await Bun.file(`/proc/${pid}/status`).text()
  const megabytes = (name: string): number =>
    Math.round(
      (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN) * 1024) / 1e5
    ) / 10
  return { resident: megabytes("VmRSS"), peak: megabytes("VmHWM") }
}

/** MB resident of a process and all it started; what they share counts for each of them. */
export const memoryOfTree = async (pid: number): Promise<number> => {
  const each = await Promise.all(
    [...treeOf(pid).keys()].map((one) => memoryOf(one).catch(() => ({ resident: 0 })))
  )
  return each.reduce((sum, { resident }) => sum + resident, 0)
}

/** Lets the peak of a process start over from what is resident now. */
export const resetPeak = async (pid: number): Promise<void> => {
  await Bun.write(`/proc/${pid}/clear_refs`, "5")
}
