import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Shell from "@influscope/stack/Shell"
import * as Supervisor from "@influscope/stack/Supervisor"
import { collector } from "@influscope/stack/servers/Collector"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { settled } from "./Settled.ts"

const config = join(import.meta.dirname, "..", "..", "..", "k8s", "monitoring", "logs", "collector.yaml")
const directory = mkdtempSync(join(tmpdir(), "influscope-logs-"))
const scope = Effect.runSync(Scope.make())
const runScoped = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.runPromise(Scope.extend(effect, scope))

/** As the kubelet has them: influscope_<pod>_<uid>/<container>/<restarts>.log */
const logFile = join(
  directory,
  "pods",
  "influscope_api-7d9f_0b1c2d3e-0000-4000-8000-000000000000",
  "app",
  "0.log"
)

/** Lines of a process, in the frame that containerd puts around them. */
const framed = (text: string): string =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${new Date().toISOString()} stderr F ${line}\n`)
    .join("")

/** What a service wrote. */
const logged = async (word: string, count: number): Promise<string> => {
  const service = Bun.spawn(
    [process.execPath, join(import.meta.dirname, "LoggingProcess.ts"), word, String(count)],
    { env: { ...process.env, INFLUSCOPE_LOG_FORMAT: "json" }, stderr: "pipe", stdout: "ignore" }
  )
  const text = await new Response(service.stderr).text()
  assert.strictEqual(await service.exited, 0, text)
  return text
}

/** What the service says in a line. */
const Written = Schema.Struct({
  time: Schema.String,
  level: Schema.String,
  message: Schema.String,
  requestId: Schema.String,
  traceId: Schema.String,
  spanId: Schema.String
})

const decodeWritten = Schema.decodeSync(Schema.parseJson(Written))

const stream = "logs-influscope.otel-default"
let url: string
let shipper: Supervisor.RunningServer

const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}${path}`, { headers: { "content-type": "application/json" }, ...init })
  const answer = await response.json()
  assert.isTrue(response.ok, JSON.stringify(answer))
  return answer
}

const Line = Schema.Struct({
  /** Milliseconds since 1970. */
  "@timestamp": Schema.NumberFromString,
  body: Schema.Struct({ text: Schema.String }),
  severity_text: Schema.optional(Schema.String),
  trace_id: Schema.optional(Schema.String),
  span_id: Schema.optional(Schema.String),
  attributes: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  resource: Schema.Struct({ attributes: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
})
const Found = Schema.Struct({
  hits: Schema.Struct({ hits: Schema.Array(Schema.Struct({ _source: Line })) })
})

/** Every line with a word. Nothing is found before there is a stream. */
const search = (word: string): Effect.Effect<ReadonlyArray<typeof Line.Type>> =>
  Effect.tryPromise(async () => {
    await ask(`/${stream}/_refresh`, { method: "POST" })
    const query = JSON.stringify({ query: { match: { "body.text": word } } })
    return ask(`/${stream}/_search?size=200`, { method: "POST", body: query })
  }).pipe(
    Effect.orElseSucceed(() => ({ hits: { hits: [] } })),
    Effect.flatMap((answer) => Effect.orDie(Schema.decodeUnknown(Found)(answer))),
    Effect.map(({ hits }) => hits.hits.map(({ _source }) => _source))
  )

/** As many lines with a word as there have to be, or those there are after a while. */
const shipped = (word: string, count: number) =>
  Effect.runPromise(settled(search(word), (found) => found.length >= count, 40))

beforeAll(async () => {
  const server = await Effect.runPromise(TestServer.shared(elasticsearch))
  url = server.environment["ELASTICSEARCH_URL"] ?? ""
  // A full Elasticsearch has it by itself.
  await ask("/_index_template/logs", {
    method: "PUT",
    body: JSON.stringify({ index_patterns: ["logs-*-*"], data_stream: {}, priority: 100 })
  })
  mkdirSync(dirname(logFile), { recursive: true })
  writeFileSync(logFile, framed(await logged("early", 3)))
  shipper = await runScoped(
    Supervisor.scoped(
      collector({ config, logs: join(directory, "pods", "influscope_*", "*", "*.log"), url }),
      { directory: join(directory, "collector") }
    )
  )
}, 3_600_000)
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  rmSync(directory, { recursive: true, force: true })
}, 120_000)

describe("the collector of logs", () => {
  it("has a configuration that its program reads, and refuses another, control", async () => {
    const env = { ...shipper.recipe.command(shipper.where).env }
    const validate = (file: string) =>
      Effect.runPromise(
        Effect.either(Shell.run([shipper.where.program, "validate", `--config=${file}`], { env }))
      )
    const good = await validate(config)
    assert.isTrue(Either.isRight(good), Either.isLeft(good) ? good.left.message : "")
    const broken = join(directory, "broken.yaml")
    writeFileSync(broken, readFileSync(config, "utf8").replace("endpoints:", "endpoint:"))
    const bad = await validate(broken)
    assert.match(Either.isLeft(bad) ? bad.left.message : "accepted", /invalid keys|endpoint/)
  })

  it("ships what was written before and after it came, with the ids of traces", async () => {
    const text = await logged("later", 50)
    appendFileSync(logFile, framed(text))
    assert.strictEqual((await shipped("early", 3)).length, 3)
    const found = await shipped("later", 50)
    assert.strictEqual(found.length, 50)
    const written = text
      .trim()
      .split("\n")
      .map((line) => decodeWritten(line))
    for (const { level, message, requestId, spanId, time, traceId } of written) {
      const line = found.find(({ body }) => body.text === message)
      assert.strictEqual(line?.trace_id, traceId)
      assert.strictEqual(line?.span_id, spanId)
      assert.strictEqual(line?.severity_text, level)
      assert.strictEqual(new Date(line?.["@timestamp"] ?? 0).toISOString(), time)
      assert.strictEqual(line?.attributes?.["requestId"], requestId)
      assert.strictEqual(line?.resource.attributes["k8s.pod.name"], "api-7d9f")
    }
  }, 90_000)

  it("keeps what is no JSON as it is", async () => {
    appendFileSync(logFile, framed("panicking: out of memory\n{ broken"))
    assert.strictEqual((await shipped("panicking", 1)).length, 1)
    assert.strictEqual((await shipped("broken", 1)).length, 1)
  }, 60_000)

  it("goes on where it was after a crash", async () => {
    await Effect.runPromise(Supervisor.kill(shipper.where))
    appendFileSync(logFile, framed(await logged("meanwhile", 20)))
    await runScoped(Supervisor.start(shipper.recipe, shipper.where))
    assert.strictEqual((await shipped("meanwhile", 20)).length, 20)
    // Not again, but for what it had not noted yet.
    assert.strictEqual((await shipped("later", 50)).length, 50)
  }, 90_000)

  it("counts what it cannot ship, and the alert reads that", async () => {
    const text = await (await fetch(`http://127.0.0.1:${shipper.where.ports["metrics"]}/metrics`)).text()
    process.stdout.write(`${[...text.matchAll(/^otelcol_exporter_\w+/gm)].map(([name]) => name).join(" ")}\n`)
    assert.match(text, /^otelcol_exporter_sent_log_records/m)
  })
})
