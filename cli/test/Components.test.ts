import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const main = fileURLToPath(new URL("ComponentsMain.ts", import.meta.url))
const dapr = fileURLToPath(new URL("../../dapr", import.meta.url))

let place = ""

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "influscope-components-"))
  cpSync(dapr, join(place, "dapr"), { recursive: true, filter: (path) => !path.includes(".resources") })
})

afterAll(() => rmSync(place, { recursive: true, force: true }))

const run = async (args: ReadonlyArray<string>, env: Record<string, string> = {}) => {
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: place,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: place,
      NO_COLOR: "1",
      INFLUSCOPE_DATA_DIR: join(place, "data"),
      ...env
    },
    stdout: "pipe",
    stderr: "pipe"
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { out, err, code }
}

describe("influscope components lint", () => {
  it("accepts the files of the repository, by default those in dapr", async () => {
    const { code, out } = await run(["lint"])
    expect(out).toMatch(/^\d+ files: nothing is lost or ignored by them\.\n$/)
    expect(code).toBe(0)
  })

  it("exits with 1 and says file, line, key, reason and what to write instead", async () => {
    const text = readFileSync(join(place, "dapr/components/pubsub/rabbitmq.yaml"), "utf8")
    const bad = text
      .replace("concurrencyMode", "concurrency")
      .replace('name: requeueInFailure\n      value: "true"', 'name: requeueInFailure\n      value: "false"')
    writeFileSync(join(place, "bad.yaml"), bad)
    const line = bad.split("\n").findIndex((row) => row.includes("name: concurrency")) + 1
    const { code, err, out } = await run(["lint", "bad.yaml"])
    expect(code).toBe(1)
    expect(out).toContain(`bad.yaml:${line}: concurrency: The component never reads it`)
    expect(out).toContain("    instead: concurrencyMode")
    expect(out).toContain("requeueInFailure: By default a message whose handler failed")
    expect(err).toContain("2 settings in 1 file would lose data or count for nothing.")
    const json = await run(["lint", "bad.yaml", "--json"])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject({
      files: 1,
      findings: [
        { file: "bad.yaml", key: "requeueInFailure", rule: "loss" },
        { line, rule: "unknown" }
      ]
    })
  })

  it("says that a path is not there", async () => {
    const { code, err } = await run(["lint", "nowhere"])
    expect(code).toBe(1)
    expect(err).toContain("nowhere cannot be read: there is no such file or directory.")
  })
})

describe("influscope components use", () => {
  it("takes the profile of a variable, options before it, and what the stack has started", async () => {
    mkdirSync(join(place, "data/stack"), { recursive: true })
    writeFileSync(
      join(place, "data/stack/environment"),
      "REDIS_HOST='127.0.0.1:1'\nDATABASE_URL='postgres://a:b@c/d'\nS3_BUCKET=b\nS3_ENDPOINT=http://127.0.0.1:2\n"
    )
    const first = await run(["use", "--json"], {
      INFLUSCOPE_PROFILE: "kafka+redis",
      KAFKA_BROKERS: "127.0.0.1:3"
    })
    expect([first.code, first.err]).toEqual([0, ""])
    const rendered = JSON.parse(first.out)
    expect(rendered).toMatchObject({ profile: "kafka+redis+minio", missing: [] })
    expect(JSON.parse(readFileSync(rendered.secretsFile, "utf8"))).toMatchObject({
      kafka: { brokers: "127.0.0.1:3" },
      redis: { host: "127.0.0.1:1" },
      s3: { bucket: "b" }
    })
    const second = await run(["use", "--state", "sqlite"])
    expect(second.code).toBe(0)
    expect(second.out).toContain("rabbitmq+sqlite+minio is in dapr/.resources/components.")
    expect(second.out).toContain("set -a; . dapr/.resources/environment; set +a")
    expect(second.err).toContain("Not set: RABBITMQ_URL.")
    expect((await run(["lint", "dapr/.resources"])).code).toBe(0)
  })

  it("refuses what is no choice, and says which there are", async () => {
    const { code, err } = await run(["use", "nats"])
    expect(code).toBe(1)
    expect(err).toContain("nats is no choice for pubsub: rabbitmq, kafka, redis, snssqs.")
  })
})

describe("influscope components declare", () => {
  it("says what it lacks", async () => {
    const { code, err } = await run(["declare"], { RABBITMQ_URL: "amqp://127.0.0.1:1" })
    expect(code).toBe(1)
    expect(err).toContain("There is no RabbitMQ to declare queues in.")
  })

  it("says that nobody answers", async () => {
    const { code, err } = await run(["declare"], {
      RABBITMQ_URL: "amqp://127.0.0.1:1",
      RABBITMQ_MANAGEMENT_URL: "http://127.0.0.1:1"
    })
    expect(code).toBe(1)
    expect(err).toContain("The queues of RabbitMQ were not declared")
  })
})
