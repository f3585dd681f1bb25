import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs"
import { statfs } from "node:fs/promises"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"
import { type Check, fail, ok, warn } from "./Check.ts"

const gib = 1024 ** 3
const inGib = (bytes: number): string => `${(bytes / gib).toFixed(1)} GiB`

/** The path itself or, when it is not made yet, the nearest directory above it that is. */
const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)))

/** Free bytes below 1 GiB stop the work, below 10 GiB the servers of the stack soon refuse to write. */
export const disk = (
  dataDir: string,
  limits: { readonly fail: number; readonly warn: number } = { fail: gib, warn: 10 * gib }
): Effect.Effect<Check> =>
  Effect.tryPromise(() => statfs(existing(dataDir))).pipe(
    Effect.map(({ bavail, bsize }) => {
      const free = bavail * bsize
      const why = `${inGib(free)} free for ${dataDir}`
      const mend = `free some space (df -h '${existing(dataDir)}'), or set INFLUSCOPE_DATA_DIR to another disk`
      if (free < limits.fail) return fail("disk", why, mend)
      return free < limits.warn ? warn("disk", why, mend) : ok("disk", why)
    }),
    Effect.orElseSucceed(() =>
      warn("disk", `it cannot be asked how much is free for ${dataDir}`, `df -h '${dataDir}'`)
    )
  )

/** Memory that programs can have without swapping. The usual servers take about 2 GiB. */
export const memory = (
  limits: { readonly fail: number; readonly warn: number } = { fail: gib / 2, warn: 3 * gib }
): Effect.Effect<Check> =>
  Effect.sync(() => {
    const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]
    if (kib === undefined) return warn("memory", "it cannot be asked how much is free", "free -h")
    const free = Number(kib) * 1024
    const mend = "stop something, or start fewer servers: influscope stack up --only postgres,redis"
    if (free < limits.fail) return fail("memory", `${inGib(free)} available`, mend)
    return free < limits.warn
      ? warn("memory", `${inGib(free)} available; the usual servers take about 2 GiB`, mend)
      : ok("memory", `${inGib(free)} available`)
  })

/** Whether the data directory can be made or written to, and others are kept out of it. */
export const dataDirectory = (dataDir: string): Effect.Effect<Check> =>
  Effect.try((): Check => {
    const nearest = existing(dataDir)
    if (!statSync(nearest).isDirectory())
      return fail(
        "data directory",
        `${nearest} is a file`,
        "set INFLUSCOPE_DATA_DIR to a directory of its own"
      )
    accessSync(nearest, constants.W_OK | constants.X_OK)
    if (nearest !== dataDir) return ok("data directory", `${dataDir} will be made by the first start`)
    return (statSync(dataDir).mode & 0o077) === 0
      ? ok("data directory", dataDir)
      : warn(
          "data directory",
          `other accounts can enter ${dataDir}, which holds passwords`,
          `chmod 700 '${dataDir}'`
        )
  }).pipe(
    Effect.orElseSucceed(() =>
      fail(
        "data directory",
        `${dataDir} cannot be written to`,
        `ls -ld '${existing(dataDir)}'   shows its rights; or set INFLUSCOPE_DATA_DIR`
      )
    )
  )
