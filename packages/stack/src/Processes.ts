import { readdirSync, readFileSync, readlinkSync } from "node:fs"

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // The process is gone, or it is another user's.
    return undefined
  }
}

const allPids = (): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))

const nameOf = (pid: number): string | undefined => read(`/proc/${pid}/comm`)?.trim()

/** Processes of a name that were started with a variable of that value. */
export const processesWith = (name: string, variable: string, value: string): ReadonlyArray<number> =>
  allPids().filter(
    (pid) =>
      nameOf(pid) === name &&
      read(`/proc/${pid}/environ`)?.split("\0").includes(`${variable}=${value}`) === true
  )

/** Processes of a name whose working directory is this one. */
export const processesIn = (name: string, directory: string): ReadonlyArray<number> =>
  allPids().filter((pid) => {
    try {
      return nameOf(pid) === name && readlinkSync(`/proc/${pid}/cwd`) === directory
    } catch {
      // The process is gone, or it is another user's.
      return false
    }
  })

/** Memory of a process in RAM, in bytes. */
export const memoryOf = (pid: number): number | undefined => {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}

/** Ticks per second of the kernel's times in /proc, on every architecture Linux has today. */
const ticksPerSecond = 100

/** When a process began. */
export const startedAt = (pid: number): Date | undefined => {
  const ticks = read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[19]
  const bootedAt = /^btime (\d+)$/m.exec(read("/proc/stat") ?? "")?.[1]
  if (ticks === undefined || bootedAt === undefined) return undefined
  return new Date((Number(bootedAt) + Number(ticks) / ticksPerSecond) * 1_000)
}

export interface Listener {
  /** As the kernel has it: `127.0.0.1`, `0.0.0.0`, or an IPv6 address in hexadecimal. */
  readonly address: string
  readonly port: number
  readonly inode: string
}

const addressOf = (hex: string): string =>
  hex.length === 8
    ? [...(hex.match(/../g) ?? [])]
        .reverse()
        .map((byte) => Number.parseInt(byte, 16))
        .join(".")
    : hex

/** Every TCP socket on this machine that accepts connections. */
export const listeners = (): ReadonlyArray<Listener> =>
  ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) =>
    (read(table) ?? "").split("\n").flatMap((line) => {
      const fields = line.trim().split(/\s+/)
      const [hexAddress = "", hexPort] = fields[1]?.split(":") ?? []
      const inode = fields[9]
      return fields[3] === "0A" && hexPort !== undefined && inode !== undefined
        ? [{ address: addressOf(hexAddress), port: Number.parseInt(hexPort, 16), inode }]
        : []
    })
  )

const loopback6 = ["00000000000000000000000001000000", "0000000000000000FFFF00000100007F"]

/** Whether only programs of this machine reach it. */
export const isLoopback = ({ address }: Listener): boolean =>
  address.startsWith("127.") || loopback6.includes(address)

const socketsOf = (pid: number): ReadonlySet<string> => {
  try {
    return new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
        try {
          return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? ""]
        } catch {
          return []
        }
      })
    )
  } catch {
    return new Set()
  }
}

/** What a process listens on. */
export const listenersOf = (pid: number): ReadonlyArray<Listener> => {
  const sockets = socketsOf(pid)
  return listeners().filter(({ inode }) => sockets.has(inode))
}

/** Who listens on a port: its pid and the name of its program. Undefined when nobody does, or it cannot be seen. */
export const listenerOn = (port: number): { readonly pid: number; readonly name: string } | undefined => {
  const inodes = listeners()
    .filter((one) => one.port === port)
    .map(({ inode }) => inode)
  if (inodes.length === 0) return undefined
  const pid = allPids().find((one) => {
    const sockets = socketsOf(one)
    return inodes.some((inode) => sockets.has(inode))
  })
  return pid === undefined ? undefined : { pid, name: nameOf(pid) ?? "?" }
}

const parentOf = (pid: number): number => Number(read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[1])

/** Memory of a process and of those it started, in bytes; what they share is counted once where the kernel tells. */
export const memoryOfTree = (root: number): number | undefined => {
  const parents = new Map(allPids().map((pid) => [pid, parentOf(pid)]))
  const belongs = (pid: number): boolean => {
    const parent = parents.get(pid)
    return pid === root || (parent !== undefined && parent > 1 && belongs(parent))
  }
  const shares = [...parents.keys()].filter(belongs).flatMap((pid) => {
    const kib = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1]
    return kib === undefined ? (memoryOf(pid) ?? []) : [Number(kib) * 1024]
  })
  return shares.length === 0 ? undefined : shares.reduce((sum, bytes) => sum + bytes, 0)
}
