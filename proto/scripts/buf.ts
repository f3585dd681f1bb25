import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the .proto files, with buf.yaml. */
export const protoRoot = fileURLToPath(new URL("..", import.meta.url))

/** The commands of the installed packages: buf itself, and the plugin it looks for on the PATH. */
const commands = join(
  dirname(createRequire(import.meta.url).resolve("@bufbuild/buf/package.json")),
  "../../.bin"
)

export interface BufResult {
  readonly ok: boolean
  /** What buf printed, on either stream. */
  readonly output: string
}

/** Runs the pinned buf in a folder. Reaches no network: sources and plugins are local. */
export const buf = (args: ReadonlyArray<string>, cwd: string = protoRoot): BufResult => {
  const path = `${commands}${delimiter}${process.env["PATH"] ?? ""}`
  const run = spawnSync(join(commands, "buf"), args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PATH: path }
  })
  const output = `${run.stdout ?? ""}${run.stderr ?? ""}${run.error === undefined ? "" : run.error.message}`
  return { ok: run.status === 0, output }
}
