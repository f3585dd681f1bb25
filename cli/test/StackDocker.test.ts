import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const main = fileURLToPath(new URL("./StackMain.ts", import.meta.url))
const place = mkdtempSync(join(tmpdir(), "influscope-stack-docker-"))
const root = join(place, "data", "stack")
const calls = join(place, "calls")

/** Writes down what it is asked for and answers as an engine with two containers would. */
const docker = `#!/bin/sh
echo "$@" >> '${calls}'
case "$*" in
  info) exit "\${ENGINE:-0}" ;;
  *" ps "*) echo '{"Service":"redis","Image":"redis:7","State":"running","Health":"healthy","RunningFor":"2 minutes ago"}'
            echo '{"Service":"elasticsearch","Image":"elasticsearch:9","State":"running","Health":"starting"}' ;;
  *" logs "*) echo "a line of $6" ;;
esac
`

const run = async (args: ReadonlyArray<string>, env: Record<string, string> = {}) => {
  writeFileSync(calls, "")
  const child = Bun.spawn([process.execPath, main, ...args], {
    env: {
      ...process.env,
      PATH: `${place}:${process.env["PATH"]}`,
      NO_COLOR: "1",
      INFLUSCOPE_DATA_DIR: join(place, "data"),
      ...env
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe"
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { code, out, err, calls: readFileSync(calls, "utf8") }
}

describe("influscope stack where a Docker engine answers", () => {
  beforeAll(() => {
    writeFileSync(join(place, "docker"), docker)
    chmodSync(join(place, "docker"), 0o755)
  })
  afterAll(() => rmSync(place, { recursive: true, force: true }))

  it("starts the containers it is asked for, waits for them, and writes their variables", async () => {
    const up = await run(["stack", "up", "--only", "redis,elasticsearch", "--with", "secantusdb"])
    assert.strictEqual(up.code, 0, up.err)
    assert.match(up.calls, /compose -f \S+dapr\/compose\.yaml up -d --wait redis elasticsearch mongodb\n/)
    assert.match(up.out, /redis +redis:7 +127\.0\.0\.1:16379 +2 minutes ago +yes/)
    assert.match(up.out, /elasticsearch .* no/)
    const path = join(root, "environment")
    assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    const variables = readFileSync(path, "utf8")
    const secret = readFileSync(join(root, "compose-secret"), "utf8")
    assert.include(variables, `REDIS_PASSWORD='${secret}'`)
    assert.include(variables, "ELASTICSEARCH_URL='http://127.0.0.1:19200'")
    assert.include(variables, "MONGODB_PARAMS='?replicaSet=influscope")
  })

  it("shows, logs and stops them", async () => {
    const status = await run(["stack", "status", "--json"])
    assert.lengthOf(JSON.parse(status.out).containers, 2)
    assert.include((await run(["stack", "logs", "redis", "-n", "3"])).calls, "--tail 3 redis")
    const down = await run(["stack", "down"])
    assert.strictEqual(down.code, 0, down.err)
    assert.match(down.calls, / down\n/)
    assert.notInclude(down.calls, "--volumes")
  })

  it("refuses ports it would not use, and takes the machine's servers when the engine does not answer", async () => {
    const ports = await run(["stack", "up", "--port", "redis.redis=1234"])
    assert.strictEqual(ports.code, 1)
    assert.include(ports.err, "--native")
    const none = await run(["stack", "status"], { ENGINE: "1" })
    assert.strictEqual(none.code, 0)
    assert.notInclude(none.calls, "compose")
  })
})
