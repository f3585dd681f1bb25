import { mkdtempSync, rmSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { program } from "@influscope/testing/Program"

/** The program that people run. */
export const influscope = await program("cli")

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A directory of its own, the commands that work on it, and instances that serve it. */
export class Workplace {
  readonly path = mkdtempSync(join(tmpdir(), "influscope-cli-"))
  readonly dataDir = join(this.path, "data")
  readonly #instances: Array<Bun.Subprocess> = []

  #spawn(args: ReadonlyArray<string>, env: Record<string, string>) {
    return Bun.spawn([process.execPath, influscope, ...args], {
      cwd: this.path,
      env: {
        ...process.env,
        NO_COLOR: "1",
        PORT: "0",
        ANALYTICS_PORT: "0",
        INFLUSCOPE_USERS_PORT: "0",
        INFLUSCOPE_DATA_DIR: this.dataDir,
        INFLUSCOPE_SEED_PROFILES: "0",
        ...env
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe"
    })
  }

  /** Runs a command to its end. */
  async run(args: ReadonlyArray<string>, env: Record<string, string> = {}): Promise<Outcome> {
    const child = this.#spawn(args, env)
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited
    ])
    return { code, out, err }
  }

  /** Writes a file beside the data directory and answers its path. */
  async file(name: string, text: string | Uint8Array): Promise<string> {
    const path = join(this.path, name)
    await Bun.write(path, text)
    return path
  }

  /** Starts an instance and waits until it says where it answers. */
  async start(env: Record<string, string> = {}) {
    const child = this.#spawn(["start"], env)
    this.#instances.push(child)
    const out = new Response(child.stdout).text()
    const err = new Response(child.stderr).text()
    const file = join(env["INFLUSCOPE_DATA_DIR"] ?? this.dataDir, "instance.json")
    const announced = (): Promise<{ grpc: string; pid: number; url: string } | undefined> =>
      readFile(file, "utf8").then(JSON.parse, () => undefined)
    const ended = async () => ({ code: await child.exited, out: await out, err: await err })
    while (true) {
      const instance = await announced()
      if (instance?.pid === child.pid) {
        return { ...instance, kill: (signal: NodeJS.Signals) => child.kill(signal), ended }
      }
      if (child.exitCode !== null) throw new Error(`it did not start: ${(await ended()).err}`)
      await Bun.sleep(50)
    }
  }

  async remove(): Promise<void> {
    for (const instance of this.#instances) {
      instance.kill("SIGKILL")
      await instance.exited
    }
    rmSync(this.path, { recursive: true, force: true })
  }
}
