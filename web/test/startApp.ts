import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { program } from "@influscope/testing/Program"
import * as Data from "effect/Data"

/** Milliseconds a first start, demo profiles included, may take on a busy machine. */
const patience = 60_000

export class AppDidNotStart extends Data.TaggedError("AppDidNotStart")<{ readonly output: string }> {
  override get message(): string {
    return `The app did not become ready. It said:\n${this.output}`
  }
}

/** A running app: its address without a trailing slash, and the way to end it. */
export interface RunningApp {
  readonly url: string
  readonly stop: () => Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    (response) => response.ok,
    () => false
  )

/**
 * Starts the whole app as a person does, on a free port and a directory of its own. `PAGE_URL` names one that runs
 * already instead. Rejects with AppDidNotStart.
 */
export const startApp = async (env: Readonly<Record<string, string>> = {}): Promise<RunningApp> => {
  const running = process.env["PAGE_URL"]
  if (running !== undefined) return { url: running.replace(/\/$/, ""), stop: () => Promise.resolve() }
  const directory = await mkdtemp(join(tmpdir(), "influscope-page-"))
  const port = await freePort()
  const app = Bun.spawn([process.execPath, await program("cli"), "start"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: {
      ...process.env,
      PORT: String(port),
      ANALYTICS_PORT: "0",
      INFLUSCOPE_USERS_PORT: "0",
      INFLUSCOPE_DATA_DIR: directory,
      ...env
    },
    stdout: "pipe",
    stderr: "pipe"
  })
  const output = Promise.all([new Response(app.stdout).text(), new Response(app.stderr).text()])
  const stop = async (): Promise<void> => {
    app.kill("SIGTERM")
    await app.exited
    await rm(directory, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  const end = Date.now() + patience
  while (!(await answers(`${url}/readyz`))) {
    if (app.exitCode === null && Date.now() < end) {
      await Bun.sleep(100)
      continue
    }
    await stop()
    throw new AppDidNotStart({ output: (await output).join("\n") })
  }
  return { url, stop }
}
