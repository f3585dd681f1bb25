import { readdirSync } from "node:fs"
import { memoryOf, type Process, processOf, resetPeak } from "../support/Machine.ts"
import { rounded, sum } from "../support/Numbers.ts"

/** What a process and those it has started used up between two moments. */
export interface Usage {
  readonly cpuSeconds: number
  /** Of the largest of them: what they share would otherwise count several times. */
  readonly peakMb: number
}

const readProcess = (pid: number): Process | undefined => {
  try {
    return processOf(pid)
  } catch {
    // It ended after it was listed.
    return undefined
  }
}

/** The processes of the machine by pid. */
const readProcesses = (): ReadonlyMap<number, Process> =>
  new Map(
    readdirSync("/proc").flatMap((name) => {
      const found = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined
      return found === undefined ? [] : [[Number(name), found] as const]
    })
  )

const treeOf = (all: ReadonlyMap<number, Process>, root: number): ReadonlyArray<number> => [
  root,
  ...[...all].filter(([, { parent }]) => parent === root).flatMap(([pid]) => treeOf(all, pid))
]

const cpuSecondsOf = (all: ReadonlyMap<number, Process>, root: number): number =>
  sum(
    treeOf(all, root).map((pid) => {
      const found = all.get(pid)
      return found === undefined ? 0 : found.ownSeconds + found.childrenSeconds
    })
  )

/** Begins to watch processes, each with those it has started; the answer says what they have used since then. */
export const watch = async <Name extends string>(
  roots: Readonly<Record<Name, number>>
): Promise<() => Promise<ReadonlyMap<Name, Usage>>> => {
  const names: Array<Name> = []
  for (const name in roots) names.push(name)
  const before = readProcesses()
  for (const name of names) await Promise.all(treeOf(before, roots[name]).map(resetPeak))
  return async () => {
    const after = readProcesses()
    const used = new Map<Name, Usage>()
    for (const name of names) {
      const root = roots[name]
      const memory = await Promise.all(treeOf(after, root).map(memoryOf))
      used.set(name, {
        cpuSeconds: rounded(cpuSecondsOf(after, root) - cpuSecondsOf(before, root), 2),
        peakMb: Math.max(...memory.map(({ peak }) => (Number.isNaN(peak) ? 0 : peak)))
      })
    }
    return used
  }
}
