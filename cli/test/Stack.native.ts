import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort } from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const main = fileURLToPath(new URL("./StackMain.ts", import.meta.url))
const place = mkdtempSync(join(tmpdir(), "influscope-stack-cli-"))
const dataDir = join(place, "data")

const run = async (...args: ReadonlyArray<string>) => {
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: place,
    env: { ...process.env, NO_COLOR: "1", INFLUSCOPE_DATA_DIR: dataDir, PORT: "0", DAPR_HTTP_PORT: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe"
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { code, out, err }
}

interface Row {
  readonly name: string
  readonly version: string
  readonly pid: number | null
  readonly ready: boolean
  readonly memoryBytes: number | null
}

const rows = async (): Promise<ReadonlyArray<Row>> => {
  const { servers } = JSON.parse((await run("stack", "status", "--native", "--json")).out)
  return servers
}

interface Finding {
  readonly name: string
  readonly state: string
  readonly why: string
  readonly mend?: string
}

const examine = async () => {
  const { code, out } = await run("doctor", "--json")
  const { checks }: { readonly checks: ReadonlyArray<Finding> } = JSON.parse(out)
  return { code, find: (name: string) => checks.find((check) => check.name === name) }
}

describe("influscope stack and doctor, with servers of this machine", () => {
  let ports: ReadonlyArray<string> = []
  let redisPort = 0
  let intruder: Server | undefined

  beforeAll(async () => {
    const free = await Effect.runPromise(Effect.all(Array.from({ length: 7 }, () => freePort)))
    const roles = [
      "redis.redis",
      "postgres.postgres",
      "rabbitmq.amqp",
      "rabbitmq.management",
      "rabbitmq.prometheus",
      "rabbitmq.distribution",
      "rabbitmq.epmd"
    ]
    redisPort = free[0] ?? 0
    ports = roles.flatMap((role, place) => ["--port", `${role}=${free[place]}`])
  })

  afterAll(async () => {
    intruder?.close()
    await run("stack", "down", "--native")
    rmSync(place, { recursive: true, force: true })
  })

  it("says what it can start", async () => {
    const unknown = await run("stack", "up", "--native", "--only", "redis,reddis")
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.err, 'There is no server "reddis"')
    assert.include(unknown.err, "rabbitmq, elasticsearch, postgres")
    assert.strictEqual((await run("stack", "up", "--port", "redis.http=1")).code, 1)
    assert.include((await run("stack", "status", "--native")).out, "influscope stack up")
    assert.include((await run("stack", "down", "--native")).out, "No server ran")
    assert.include((await run("stack", "logs", "redis", "--native")).err, "no log of redis")
  })

  it("starts the others when one port is taken, says who has it, and starts that one later", async () => {
    intruder = createServer()
    await new Promise<void>((resolve) => intruder?.listen(redisPort, "127.0.0.1", resolve))
    const first = await run("stack", "up", "--native", "--only", "redis,postgres,rabbitmq", ...ports)
    assert.strictEqual(first.code, 1)
    assert.include(first.err, `redis cannot start: port ${redisPort} (redis) is taken.`)
    assert.include(first.err, `process ${process.pid}`)
    assert.include(first.err, "what to do:")
    assert.match(first.err, /postgres +ready after [\d.]+ s at 127\.0\.0\.1/)
    assert.match(first.err, /rabbitmq +ready after/)
    assert.sameMembers(
      (await rows()).map(({ name }) => name),
      ["postgres", "rabbitmq"]
    )

    const taken = await examine()
    assert.strictEqual(taken.find("ports of rabbitmq")?.state, "ok")
    assert.strictEqual(taken.find("server rabbitmq")?.state, "ok")
    assert.notInclude(taken.find("RabbitMQ queues")?.why, "none yet")

    await new Promise((resolve) => intruder?.close(resolve))
    intruder = undefined
    const second = await run("stack", "up", "--native", "--only", "redis,postgres,rabbitmq", ...ports)
    assert.strictEqual(second.code, 0, second.err)
    assert.match(second.err, /postgres +runs already/)
    assert.match(second.err, /redis +ready after/)
    const all = await rows()
    assert.lengthOf(all, 3)
    for (const { memoryBytes, pid, ready, version } of all) {
      // As the server says itself: the recipe has only the beginning.
      assert.match(version, /^\d+\.\d+(\.\d+)?$/)
      assert.isTrue(ready)
      assert.isAbove(pid ?? 0, 0)
      assert.isAbove(memoryBytes ?? 0, 1_000_000)
    }
  })

  it("writes the variables for the services, for its owner alone", async () => {
    const path = join(dataDir, "stack", "environment")
    assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    const text = readFileSync(path, "utf8")
    for (const name of ["RABBITMQ_URL", "DATABASE_URL", "DAPR_STATE_CONNECTION", "REDIS_HOST"])
      assert.match(text, new RegExp(`^${name}='[^']+'$`, "m"))
    const shell = Bun.spawnSync(["sh", "-c", `set -a; . '${path}'; printf %s "$REDIS_HOST"`])
    assert.strictEqual(shell.stdout.toString(), `127.0.0.1:${redisPort}`)
  })

  it("shows the end of a log", async () => {
    const { code, out } = await run("stack", "logs", "postgres", "-n", "2")
    assert.strictEqual(code, 0)
    assert.lengthOf(out.trim().split("\n"), 2)
  })

  it("finds a queue of the wrong type, and a server that died", async () => {
    const url = /^RABBITMQ_MANAGEMENT_URL='(.*)'$/m.exec(
      readFileSync(join(dataDir, "stack", "environment"), "utf8")
    )?.[1]
    const { origin, password, username } = new URL(url ?? "")
    const manage = async (method: "GET" | "PUT" | "DELETE", path: string, body?: unknown) => {
      const answer = await fetch(`${origin}/api/${path}`, {
        method,
        headers: {
          authorization: `Basic ${btoa(`${username}:${password}`)}`,
          "content-type": "application/json"
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      assert.isTrue(answer.ok, `${method} ${path}: ${answer.status}`)
      return answer
    }
    /** The management API tells of a policy when it next counts, every 5 seconds. */
    const queuesOnce = async (good: (finding: Finding | undefined) => boolean) => {
      const deadline = Date.now() + 30_000
      let queues = (await examine()).find("RabbitMQ queues")
      while (!good(queues) && Date.now() < deadline) queues = (await examine()).find("RabbitMQ queues")
      assert.isTrue(good(queues), queues?.why)
    }
    // As `stack up` declared them.
    await queuesOnce((queues) => queues?.state === "ok")

    const queue = "queues/%2F/indexer-profiles.discovered"
    await manage("DELETE", queue)
    await manage("PUT", queue, { durable: true })
    const classic = await examine()
    assert.strictEqual(classic.code, 1)
    assert.strictEqual(classic.find("RabbitMQ queues")?.state, "fail")
    assert.include(classic.find("RabbitMQ queues")?.why, "is of type classic")
    await manage("DELETE", queue)

    const policies: ReadonlyArray<{ readonly name: string }> = await (
      await manage("GET", "policies/%2F")
    ).json()
    for (const { name } of policies) await manage("DELETE", `policies/%2F/${encodeURIComponent(name)}`)
    await manage("PUT", queue, { durable: true, arguments: { "x-queue-type": "quorum" } })
    await queuesOnce((queues) => queues?.why.includes("no policy with delivery-limit") === true)

    const declared = await run("components", "declare")
    assert.strictEqual(declared.code, 0, declared.err)
    await queuesOnce((queues) => queues?.state === "ok")

    const redis = (await rows()).find(({ name }) => name === "redis")
    process.kill(redis?.pid ?? 0, "SIGKILL")
    await Bun.sleep(300)
    const dead = (await examine()).find("server redis")
    assert.strictEqual(dead?.state, "warn")
    assert.strictEqual(dead?.mend, "influscope stack up --only redis")
    assert.strictEqual((await run("stack", "up", "--native", "--only", "redis")).code, 0)
  }, 300_000)

  it("stops all of them, and all data and ports are there the next time", async () => {
    const { code, err, out } = await run("stack", "down", "--native")
    assert.strictEqual(code, 0, err)
    assert.include(out, "3 servers stopped")
    assert.isFalse(existsSync(join(dataDir, "stack", "environment")))
    for (const { pid } of await rows()) assert.isNull(pid)
    assert.include((await run("stack", "down", "--native")).out, "No server ran")
    assert.strictEqual((await run("stack", "up", "--native", "--only", "redis")).code, 0)
    const redis = (await rows()).find(({ name }) => name === "redis")
    assert.isTrue(redis?.ready)
  })
})
