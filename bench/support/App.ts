import { closeSync, openSync, rmSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..", "..")

/** A running InfluScope, as a user starts it: a process of its own. */
export interface App {
  readonly url: string
  /** Of the users service. */
  readonly usersUrl: string
  readonly pid: number
  /** Milliseconds from the start of the process until it said where it answers. */
  readonly upAfterMs: number
  /** SIGKILL, and waits until the process is gone. */
  readonly kill: () => Promise<void>
  /** SIGTERM, and waits until it has drained. */
  readonly stop: () => Promise<void>
}

export interface AppOptions {
  readonly dataDir: string
  readonly env?: Readonly<Record<string, string>>
  /** Longest time until it is up. */
  readonly timeoutMs?: number
}

const children = new Set<Bun.Subprocess>()
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
})
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130))

/** Keeps a child from outliving this program, however it ends. */
export const tended = <S extends Bun.Subprocess>(child: S): S => {
  children.add(child)
  child.exited.finally(() => children.delete(child))
  return child
}

interface Instance {
  readonly pid: number
  readonly url: string
  readonly users: string
}

/** Who says that it is up; undefined while nobody does. */
const readInstance = async (path: string): Promise<Instance | undefined> => {
  try {
    return JSON.parse(await Bun.file(path).text())
  } catch {
    return undefined
  }
}

/** Settings of the caller's shell must not decide what is measured. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      value === undefined || /^(?:INFLUSCOPE_|INDEXER_|OTEL_|HOST$)/.test(key) ? [] : [[key, value]]
    )
  )

/** Starts InfluScope on a data directory and waits until it is up. Its output is added to `<dataDir>.log`. */
export const startApp = async (options: AppOptions): Promise<App> => {
  const { dataDir, env = {}, timeoutMs = 120_000 } = options
  const instanceFile = join(dataDir, "instance.json")
  const log = `${dataDir}.log`
  // A process that was killed has left its own behind.
  rmSync(instanceFile, { force: true })
  const logFile = openSync(log, "a")
  const started = performance.now()
  const child = tended(
    Bun.spawn([process.execPath, join(root, "cli/src/main.ts"), "start"], {
      cwd: root,
      env: {
        ...inherited(),
        PORT: "0",
        ANALYTICS_PORT: "0",
        INFLUSCOPE_USERS_PORT: "0",
        INFLUSCOPE_DATA_DIR: dataDir,
        INFLUSCOPE_LOG_LEVEL: "WARN",
        ...env
      },
      stdin: "ignore",
      stdout: logFile,
      stderr: logFile
    })
  )
  closeSync(logFile)
  const failed = async (what: string): Promise<Error> => {
    const text = await Bun.file(log).text()
    return new Error(`InfluScope ${what}. The end of its log:\n${text.slice(-2_000)}`)
  }
  for (;;) {
    const instance = await readInstance(instanceFile)
    if (instance?.pid === child.pid) {
      const upAfterMs = performance.now() - started
      const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
        child.kill(signal)
        await child.exited
      }
      return {
        url: instance.url,
        usersUrl: instance.users,
        pid: child.pid,
        upAfterMs,
        kill: () => end("SIGKILL"),
        stop: () => end("SIGTERM")
      }
    }
    if (child.exitCode !== null || child.signalCode !== null) throw await failed("did not start")
    if (performance.now() - started > timeoutMs) {
      child.kill("SIGKILL")
      throw await failed(`was not up after ${timeoutMs} ms`)
    }
    await Bun.sleep(2)
  }
}

/** Runs InfluScope for as long as the body takes. */
export const withApp = async <A>(options: AppOptions, body: (app: App) => Promise<A>): Promise<A> => {
  const app = await startApp(options)
  try {
    return await body(app)
  } finally {
    await app.stop()
  }
}
