import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Shell from "@influscope/stack/Shell"
import * as Supervisor from "@influscope/stack/Supervisor"
import { jaeger } from "@influscope/stack/servers/Jaeger"
import { installPrometheus, prometheus, type ScrapeJob } from "@influscope/stack/servers/Prometheus"
import { readyOn } from "@influscope/testing/Assembly"
import { type DaprSystem, start } from "@influscope/testing/DaprSystem"
import { state } from "@influscope/testing/Discovery"
import { embeddedRecipe } from "@influscope/testing/ServiceRecipe"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { dashboards } from "../src/Dashboards.ts"
import { folder } from "../src/Files.ts"
import { ruleGroups } from "../src/Rules.ts"
import { hasData, query } from "./PrometheusApi.ts"
import { settled } from "./Settled.ts"
import { flow } from "./Traffic.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const directory = mkdtempSync(join(tmpdir(), "influscope-monitoring-"))
const below = (name: string) => join(directory, name)

/** Everything in one process, everything beside sidecars, and who watches both. */
interface Watched {
  readonly embedded: Supervisor.RunningServer
  readonly system: DaprSystem
  readonly prometheusUrl: string
  readonly jaegerUrl: string
}

const portOf = ({ where }: Supervisor.RunningServer, role: string): string => `127.0.0.1:${where.ports[role]}`

const jobsOf = (
  embedded: Supervisor.RunningServer,
  { services, sidecars }: DaprSystem
): ReadonlyArray<ScrapeJob> => [
  { name: "influscope", targets: [portOf(embedded, "app")] },
  ...Object.entries(services).map(([name, service]) => ({ name, targets: [portOf(service, "operations")] })),
  { name: "daprd", targets: Object.values(sidecars).map((sidecar) => portOf(sidecar, "metrics")) }
]

const watch = Effect.gen(function* () {
  const env = { INFLUSCOPE_RELAY_GRACE: "3 seconds" }
  const system = yield* start({ directory, env, others: [jaeger] })
  const usersPort = yield* Supervisor.freePort
  const embedded = yield* Supervisor.scoped(
    embeddedRecipe({
      env: {
        INFLUSCOPE_DATA_DIR: below("data"),
        INFLUSCOPE_SEED_PROFILES: "200",
        INFLUSCOPE_USERS_PORT: String(usersPort),
        INFLUSCOPE_USERS_CACHE: "on",
        ANALYTICS_PORT: "0"
      },
      isReady: readyOn("app")
    }),
    { directory: below("embedded") }
  )
  const rules = join(root, folder, "rules", "influscope.yaml")
  const watcher = yield* Supervisor.scoped(prometheus(jobsOf(embedded, system), [rules]), {
    directory: below("prometheus")
  })
  yield* flow({ api: `http://${portOf(embedded, "app")}`, users: `http://127.0.0.1:${usersPort}` })
  // An import is kept in the state store.
  const importOne = Effect.promise(() =>
    fetch(`${system.url}/v1/imports?file=one.csv`, { method: "POST", body: "handle,platform\nmeasured,X\n" })
  )
  const stateSome = (round: number) =>
    Effect.zipRight(importOne, state(system.url, "measured")([`x:measured${round}`]))
  yield* Effect.forkScoped(
    Effect.iterate(0, {
      while: () => true,
      body: (round) => Effect.as(Effect.zipLeft(stateSome(round), Effect.sleep("1 second")), round + 1)
    })
  )
  const [collector] = system.others
  if (collector === undefined) return yield* Effect.dieMessage("there is no collector of traces")
  const watched: Watched = {
    embedded,
    system,
    prometheusUrl: `http://${portOf(watcher, "http")}`,
    jaegerUrl: `http://${portOf(collector, "query")}`
  }
  return watched
})

const scope = Effect.runSync(Scope.make())
let watched: Watched

beforeAll(async () => {
  watched = await Effect.runPromise(Scope.extend(watch, scope))
}, 3_600_000)
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  rmSync(directory, { recursive: true, force: true })
}, 120_000)

/** A query of a panel, as Grafana would send it for the last half minute. */
const sent = (expr: string): string => expr.replaceAll("$__rate_interval", "30s").replaceAll("$__range", "5m")

/** Those of some queries that Prometheus refuses, or that have nothing to draw. */
const withoutData = (queries: ReadonlyArray<readonly [what: string, expr: string]>) =>
  Effect.forEach(
    queries,
    ([what, expr]) =>
      Effect.either(hasData(watched.prometheusUrl, sent(expr))).pipe(
        Effect.map((found) =>
          Either.isLeft(found) ? [`${what}: ${found.left}`] : found.right ? [] : [`${what}: no data: ${expr}`]
        )
      ),
    { concurrency: 4 }
  ).pipe(Effect.map((all) => all.flat()))

const isEmpty = (missing: ReadonlyArray<string>): boolean => missing.length === 0

const panels = dashboards.flatMap(({ name, rows }) =>
  Object.values(rows)
    .flat()
    .flatMap(({ queries, title }) =>
      Object.values(queries).map((expr) => [`${name}: ${title}`, expr] as const)
    )
)

describe("a running system", () => {
  it("gives every panel of every dashboard something to draw", async () => {
    assert.deepStrictEqual(await Effect.runPromise(settled(withoutData(panels), isEmpty, 90)), [])
    process.stdout.write(`${panels.length} queries of panels have data\n`)
  }, 150_000)

  it("would leave a panel empty whose metric is invented, or refuse it when it is no query, control", async () => {
    const invented = [
      ["invented", 'sum(rate(http_requests_totals{namespace="influscope"}[$__rate_interval]))'],
      ["mistyped label", 'rate(users_created_total{namespace="influscope",buy="queue"}[$__rate_interval])'],
      ["no query", "sum(rate(up[$__rate_interval])"]
    ] as const
    const missing = await Effect.runPromise(settled(withoutData(invented), isEmpty, 3))
    assert.deepStrictEqual(
      missing.map((line) => line.split(":")[0]),
      invented.map(([what]) => what)
    )
  })

  it("has every rule evaluated, and none of the alerts of a quiet system", async () => {
    const exprs = ruleGroups.flatMap(({ rules }) => rules.map(({ expr }) => expr))
    for (const expr of exprs) await Effect.runPromise(query(watched.prometheusUrl, expr))
    const answer = await (await fetch(`${watched.prometheusUrl}/api/v1/rules`)).json()
    const evaluated = answer.data.groups.flatMap(
      (group: { readonly rules: ReadonlyArray<object> }) => group.rules
    )
    assert.strictEqual(evaluated.length, exprs.length)
    for (const { health, lastError, name } of evaluated)
      assert.strictEqual(health, "ok", `${name}: ${lastError}`)
    const firing = await Effect.runPromise(query(watched.prometheusUrl, 'ALERTS{alertstate="firing"}'))
    assert.deepStrictEqual(
      firing.map(({ metric }) => metric["alertname"]),
      []
    )
  })
})

describe("the metrics of every process", () => {
  /** Series of one metric, all labels together: routes, topics and their buckets, but no people. */
  const mostSeries = 1_000

  it("are what promtool takes for good ones, and stay few", async () => {
    const promtool = join(await Effect.runPromise(installPrometheus), "promtool")
    const check = (text: string) =>
      Effect.runPromise(Effect.either(Shell.run([promtool, "check", "metrics"], { stdin: text })))
    const { embedded, system } = watched
    const addresses = [
      portOf(embedded, "app"),
      ...Object.values(system.services).map((service) => portOf(service, "operations"))
    ]
    for (const address of addresses) {
      const text = await (await fetch(`http://${address}/metrics`)).text()
      const result = await check(text)
      assert.isTrue(Either.isRight(result), Either.isLeft(result) ? result.left.message : "")
      const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
      const families = Map.groupBy(series, (line) => line.replace(/[{ ].*/, ""))
      for (const [name, lines] of families) assert.isBelow(lines.length, mostSeries, name)
      // Ids of people, posts and batches would be series without end.
      assert.notMatch(text, /="(?:[^"]*[:/])?(?:[0-9a-f]{12,}|measured\d*|\d{6,})"/)
    }
    const bad = await check("# TYPE searches counter\nsearches 1\n")
    assert.isTrue(Either.isLeft(bad))
  }, 60_000)
})

describe("one trace", () => {
  const Trace = Schema.Struct({
    data: Schema.Array(
      Schema.Struct({
        spans: Schema.Array(
          Schema.Struct({
            spanID: Schema.String,
            operationName: Schema.String,
            processID: Schema.String,
            references: Schema.Array(Schema.Struct({ refType: Schema.String, spanID: Schema.String }))
          })
        ),
        processes: Schema.Record({ key: Schema.String, value: Schema.Struct({ serviceName: Schema.String }) })
      })
    )
  })
  type Spans = (typeof Trace.Type)["data"][number]["spans"]

  const spansOf = (id: string) =>
    Effect.promise(() => fetch(`${watched.jaegerUrl}/api/traces/${id}`)).pipe(
      Effect.flatMap((response) => Effect.promise(() => response.json())),
      Effect.flatMap(Schema.decodeUnknown(Trace)),
      Effect.map(({ data: [trace] }) => ({
        spans: trace?.spans ?? [],
        serviceOf: ({ processID }: Spans[number]) => trace?.processes[processID]?.serviceName ?? "?"
      })),
      Effect.orElseSucceed(() => ({ spans: [], serviceOf: () => "?" }))
    )

  /** A span and those it came from, up to the first. */
  const lineage = (spans: Spans, span: Spans[number] | undefined): Spans => {
    if (span === undefined) return []
    const parent = span.references.find(({ refType }) => refType === "CHILD_OF")?.spanID
    return [
      span,
      ...lineage(
        spans,
        spans.find(({ spanID }) => spanID === parent)
      )
    ]
  }

  /** From the first span to that of an operation. */
  const wayTo = (spans: Spans, operation: string): Spans =>
    lineage(
      spans,
      spans.find(({ operationName }) => operationName === operation)
    ).toReversed()

  it("leads from the API over sidecars and broker to the indexer and analytics", async () => {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex")
    const response = await fetch(`${watched.system.url}/v1/profiles`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: `00-${id}-00f067aa0ba902b7-01` },
      body: JSON.stringify({ source: "trace", profiles: [{ platform: "x", handle: "traced", followers: 7 }] })
    })
    assert.strictEqual(response.status, 202)
    const computed = "analytics.compute"
    const { serviceOf, spans } = await Effect.runPromise(
      // Everybody exports for himself: a trace is whole when the first span of the way is there, too, which is the API's.
      settled(
        spansOf(id),
        ({ serviceOf, spans }) => {
          const [first] = wayTo(spans, computed)
          return first?.operationName === "http.server POST" && serviceOf(first) === "api"
        },
        40
      )
    )
    const found = spans.map((span) => `${serviceOf(span)}: ${span.operationName}`)
    const way = wayTo(spans, computed)
    process.stdout.write(`${way.map((span) => `${serviceOf(span)}: ${span.operationName}`).join("\n  ")}\n`)
    // Each service once or more, in the order in which the profile passes them, and nobody else's spans in between.
    const services = way.map(serviceOf)
    assert.deepStrictEqual(
      [...new Set(services)],
      ["api", "scraper", "indexer", "analytics"],
      found.join("\n")
    )
    const operations = way.map(({ operationName }) => operationName)
    // Sidecars are where one service calls another, and all of it was asked for by us.
    assert.strictEqual(operations[0], "http.server POST")
    for (const operation of ["CallLocal/scraper/scraper/v1/profiles", "Publisher.publish", "Consumer.handle"])
      assert.include(operations, operation)
  }, 90_000)

  it("is not found under the id of another, control", async () => {
    const { spans } = await Effect.runPromise(spansOf("0af7651916cd43dd8448eb211c80319c"))
    assert.deepStrictEqual(spans, [])
  })
})
