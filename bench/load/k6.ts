import { existsSync, mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { print } from "../support/Report.ts"

const version = "1.8.1"
const directory = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "influscope",
  `k6-${version}`
)

/** The k6 of this very version, built from its Go module when it is not there yet (a minute, once). */
export const k6Path = async (): Promise<string> => {
  const path = join(directory, "k6")
  if (existsSync(path)) return path
  if (Bun.which("go") === null)
    throw new Error(
      `k6 ${version} is not at ${path}, and there is no Go to build it with. Install Go, or put k6 there.`
    )
  print(`Building k6 ${version} into ${directory} ...`)
  mkdirSync(directory, { recursive: true })
  const build = Bun.spawnSync(["go", "install", `go.k6.io/k6@v${version}`], {
    env: { ...process.env, GOBIN: directory },
    stdout: "ignore",
    stderr: "pipe"
  })
  if (!build.success) throw new Error(`k6 could not be built:\n${build.stderr.toString().slice(-2_000)}`)
  return path
}
