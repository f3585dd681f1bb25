import { randomBytes, randomInt } from "node:crypto"
import { createSocket, type Socket } from "node:dgram"
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { type InstallFailed, ServerFailed, type ServerRecipe, type Where } from "./Server.ts"

/** A server that was started here. */
export interface RunningServer {
  readonly recipe: ServerRecipe
  readonly where: Where
  readonly pid: number
  readonly log: string
}

export const logPath = (directory: string): string => join(directory, "server.log")
const pidPath = (directory: string): string => join(directory, "server.pid")

/** Whether something accepts connections on a port of 127.0.0.1. */
export const isOpen = (port: number): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const socket = connect({ host: "127.0.0.1", port })
    const end = (open: boolean) => {
      socket.destroy()
      resume(Effect.succeed(open))
    }
    socket.once("connect", () => end(true))
    socket.once("error", () => end(false))
    socket.setTimeout(1_000, () => end(false))
    return Effect.sync(() => socket.destroy())
  })

/** Whether a port is free, or is soon: the threads of a process that was killed may hold it a little longer. */
const becomesFree = (port: number): Effect.Effect<boolean> =>
  isOpen(port).pipe(
    Effect.map((open) => !open),
    Effect.repeat({ until: (free) => free, times: 20, schedule: Schedule.spaced("100 millis") }),
    Effect.zipRight(Effect.map(isOpen(port), (open) => !open))
  )

const canListen = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(true))))
  })

/** Below those that Linux gives to connections by itself: such a one would be gone before a server asks for it. */
const lowestPort = 10_000
const highestPort = 32_000

// Kept, or their ports would be given back.
const claims: Array<Socket> = []

/**
 * Whether nobody else has claimed a port: who binds its number for UDP, which no server here uses, has it for as long as
 * the process lives, also while its server is stopped or has not yet begun to listen.
 */
const claim = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = createSocket("udp4")
    socket.once("error", () => {
      socket.close()
      resume(Effect.succeed(false))
    })
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      claims.push(socket.unref())
      resume(Effect.succeed(true))
    })
  })

/** A port that nobody listens on now, and that no other process that asks for one here is answered. */
export const freePort: Effect.Effect<number> = Effect.gen(function* () {
  for (;;) {
    const port = randomInt(lowestPort, highestPort)
    if ((yield* claim(port)) && (yield* canListen(port))) return port
  }
})

/** One for each of a recipe's roles. */
export const freePorts = (recipe: ServerRecipe): Effect.Effect<Readonly<Record<string, number>>> =>
  Effect.map(
    Effect.forEach(Object.keys(recipe.ports), (role) =>
      Effect.map(freePort, (port) => [role, port] as const)
    ),
    Object.fromEntries
  )

/** When a process began, in the kernel's ticks: pids are used again. Undefined when there is none. */
const startOf = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19]
  } catch {
    return undefined
  }
}

const isZombie = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.startsWith("Z") === true
  } catch {
    return true
  }
}

/** The pid of the instance in a directory, when it is running and was started from there. */
export const pidOf = (directory: string): number | undefined => {
  if (!existsSync(pidPath(directory))) return undefined
  const [pid = "", began] = readFileSync(pidPath(directory), "utf8").trim().split(" ")
  const number = Number(pid)
  return startOf(number) === began && !isZombie(number) ? number : undefined
}

const secretOf = (directory: string): string => {
  const path = join(directory, "secret")
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString("hex"), { mode: 0o600 })
  return readFileSync(path, "utf8").trim()
}

export interface Placement {
  readonly directory: string
  /** Instead of the recipe's usual ones. */
  readonly ports?: Readonly<Record<string, number>>
}

/** The place of an instance, with its program installed. */
export const locate = (
  recipe: ServerRecipe,
  { directory, ports = {} }: Placement
): Effect.Effect<Where, InstallFailed> =>
  Effect.map(recipe.install, (program) => {
    mkdirSync(directory, { recursive: true })
    return { directory, ports: { ...recipe.ports, ...ports }, program, secret: secretOf(directory) }
  })

const lastLines = (log: string): string => {
  if (!existsSync(log)) return ""
  return readFileSync(log, "utf8").trim().split("\n").slice(-3).join(" | ").slice(-600)
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone, which is what was wanted.
  }
}

const gone = (directory: string, within: Duration.DurationInput): Effect.Effect<boolean> =>
  Effect.sync(() => pidOf(directory) === undefined).pipe(
    Effect.repeat({ until: (isGone) => isGone, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutTo({ duration: within, onSuccess: () => true, onTimeout: () => false })
  )

/** Ends what a server that is gone left behind, and waits for it: its ports are wanted again. */
export const clearLeftovers = (recipe: ServerRecipe, where: Where): Effect.Effect<void> =>
  Effect.gen(function* () {
    const companions = recipe.companions === undefined ? [] : yield* recipe.companions(where)
    if (companions.length === 0) return
    for (const companion of companions) signal(companion, "SIGTERM")
    const areGone = Effect.sync(() => companions.every((pid) => startOf(pid) === undefined || isZombie(pid)))
    yield* areGone.pipe(
      Effect.repeat({ until: (done) => done, schedule: Schedule.spaced("50 millis") }),
      Effect.timeoutOption("5 seconds")
    )
  })

/** Asks it to end and, when that does not help in time, SIGKILL. Companions go too. */
export const stop = (recipe: ServerRecipe, where: Where): Effect.Effect<void> =>
  Effect.gen(function* () {
    const pid = pidOf(where.directory)
    if (pid !== undefined) {
      signal(pid, recipe.stopSignal ?? "SIGTERM")
      if (!(yield* gone(where.directory, recipe.stopTimeout))) {
        signal(pid, "SIGKILL")
        yield* gone(where.directory, "10 seconds")
      }
    }
    yield* clearLeftovers(recipe, where)
    rmSync(pidPath(where.directory), { force: true })
  })

/** SIGKILL, as a crash would have it. */
export const kill = (where: Where): Effect.Effect<void> =>
  Effect.gen(function* () {
    const pid = pidOf(where.directory)
    if (pid === undefined) return
    signal(pid, "SIGKILL")
    yield* gone(where.directory, "10 seconds")
  })

/** Starts a located server, detached from this process, and waits until it is ready. */
export const start = (recipe: ServerRecipe, where: Where): Effect.Effect<RunningServer, ServerFailed> =>
  Effect.gen(function* () {
    const log = logPath(where.directory)
    const failed = (why: string) => new ServerFailed({ server: recipe.name, why, log })
    const running = pidOf(where.directory)
    if (running !== undefined) return { recipe, where, pid: running, log }
    // Those of an instance that crashed.
    yield* clearLeftovers(recipe, where)
    for (const [role, port] of Object.entries(where.ports))
      if (!(yield* becomesFree(port)))
        return yield* failed(`port ${port} (${role}) is taken by another program`)
    yield* recipe.prepare(where)
    const { argv, cwd = where.directory, env = {}, stdin } = recipe.command(where)
    const pid = yield* Effect.try({
      try: () => {
        const output = openSync(log, "a")
        const child = Bun.spawn([...argv], {
          cwd,
          env: { ...process.env, ...env },
          stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
          stdout: output,
          stderr: output,
          detached: true
        })
        closeSync(output)
        child.unref()
        writeFileSync(pidPath(where.directory), `${child.pid} ${startOf(child.pid) ?? ""}`)
        return child.pid
      },
      catch: (cause) => failed(cause instanceof Error ? cause.message : String(cause))
    })
    yield* Effect.suspend(() =>
      pidOf(where.directory) === undefined
        ? Effect.fail(failed(`it ended at once: ${lastLines(log)}`))
        : recipe.ready(where)
    ).pipe(
      Effect.repeat({ until: (ready) => ready, schedule: Schedule.spaced("100 millis") }),
      Effect.timeoutFail({
        duration: recipe.startTimeout,
        onTimeout: () => failed(`not ready after ${Duration.format(recipe.startTimeout)}: ${lastLines(log)}`)
      }),
      Effect.zipRight(recipe.afterStart?.(where) ?? Effect.void),
      Effect.onError(() => stop(recipe, where))
    )
    return { recipe, where, pid, log }
  })

/** A server of its own for as long as the scope is open: on free ports, unless they are given. */
export const scoped = (
  recipe: ServerRecipe,
  { directory, ports }: Placement
): Effect.Effect<RunningServer, InstallFailed | ServerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const where = yield* locate(recipe, { directory, ports: ports ?? (yield* freePorts(recipe)) })
    return yield* Effect.acquireRelease(start(recipe, where), () => stop(recipe, where))
  })
