// Runs the project's commands on the pinned Bun, which is fetched by npm where it is missing.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const pinned = JSON.parse(readFileSync(join(root, "tools/bun/package.json"), "utf8")).dependencies.bun
const local = join(root, "tools/bun/node_modules/.bin/bun")

const fail = (what, fix) => {
  process.stderr.write(`error: ${what}\n  ${fix}\n`)
  process.exit(1)
}

const run = (command, args, options = {}) =>
  spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], ...options }).status === 0

const versionOf = (command) => {
  const answer = spawnSync(command, ["--version"], { encoding: "utf8" })
  return answer.status === 0 ? answer.stdout.trim() : undefined
}

const bun = () => {
  if (process.versions.bun === pinned) return process.execPath
  if (versionOf("bun") === pinned) return "bun"
  if (!existsSync(local)) {
    process.stderr.write(`Fetching Bun ${pinned} ...\n`)
    if (!run("npm", ["ci", "--prefix", "tools/bun", "--no-audit", "--no-fund"])) {
      fail(`Bun ${pinned} could not be fetched.`, "Check the connection to the npm registry and try again.")
    }
  }
  return local
}

const install = (command) => {
  const stamp = join(root, "node_modules/.influscope-lock")
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "bun.lock")))
    .digest("hex")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return
  process.stderr.write("Installing packages ...\n")
  if (!run(command, ["install", "--frozen-lockfile"])) {
    fail("The packages could not be installed.", "Check the connection to the npm registry and try again.")
  }
  writeFileSync(stamp, lock)
}

const [task = "start", ...rest] = process.argv.slice(2)
const command = bun()
install(command)
const script = { cli: ["cli/src/main.ts"], start: ["cli/src/main.ts", "start"], test: ["tools/test.ts"] }[
  task
]
if (script === undefined) fail(`There is no task named ${task}.`, "Use start, test or cli.")
const env = { ...process.env, PATH: `${dirname(command === "bun" ? local : command)}:${process.env.PATH}` }
const child = spawn(
  command,
  [...script.map((part) => (part.endsWith(".ts") ? join(root, part) : part)), ...rest],
  {
    stdio: "inherit",
    env,
    cwd: task === "test" ? root : (process.env.INIT_CWD ?? process.cwd())
  }
)
// On a terminal the signal reaches the child by itself; from anybody else it is passed on.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (!process.stdin.isTTY) child.kill(signal)
  })
}
child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)))
