import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { assert } from "@effect/vitest"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { isLoopback, listeners } from "../src/Processes.ts"
import type { ServerRecipe } from "../src/Server.ts"
import { pidOf, type RunningServer, scoped } from "../src/Supervisor.ts"

/** Every process that works in a directory, or was told of it: in its arguments or its environment. */
const processesOf = (directory: string): ReadonlyArray<string> =>
  readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false
    try {
      return (
        !readFileSync(`/proc/${name}/stat`, "utf8").includes(") Z ") &&
        (readlinkSync(`/proc/${name}/cwd`).startsWith(directory) ||
          readFileSync(`/proc/${name}/cmdline`, "utf8").includes(directory) ||
          readFileSync(`/proc/${name}/environ`, "utf8").includes(directory))
      )
    } catch {
      // It ended meanwhile.
      return false
    }
  })

/** The sockets of every process of a directory; reachable from this machine alone, or the test fails. */
const portsOf = (directory: string): ReadonlyArray<number> => {
  const inodes = new Set(
    processesOf(directory).flatMap((pid) =>
      readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
        try {
          return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? ""]
        } catch {
          return []
        }
      })
    )
  )
  const ours = listeners().filter(({ inode }) => inodes.has(inode))
  assert.deepStrictEqual(
    ours.filter((listener) => !isLoopback(listener)),
    [],
    "it listens where other machines reach it"
  )
  return ours.map(({ port }) => port)
}

/** Runs a server, asks it something, stops it, and looks for what it left behind. */
export const usedAndGone = (
  recipe: ServerRecipe,
  use: (server: RunningServer) => Effect.Effect<void, Error>
) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    yield* Effect.scoped(
      Effect.gen(function* () {
        const server = yield* scoped(recipe, { directory })
        yield* use(server)
        const all = portsOf(directory)
        for (const port of Object.values(server.where.ports)) assert.include(all, port)
      })
    )
    assert.isUndefined(pidOf(directory))
    // With the processes its ports are gone; somebody else may listen there by now.
    const left = yield* Effect.sync(() => processesOf(directory)).pipe(
      // Children of the one that was waited for may take a moment longer.
      Effect.repeat({
        until: (processes) => processes.length === 0,
        schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(50))
      }),
      Effect.andThen(() => Effect.sync(() => processesOf(directory)))
    )
    assert.deepStrictEqual(left, [], "a process of it is left")
    assert.isTrue(existsSync(directory))
  })
