import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type App, importFile, problem, settled, startApp, stateProfiles } from "./support.ts"

let app: App
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app?.stop())

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${app.url}${path}`, { headers })

type Labels = Readonly<Record<string, string>>
interface Sample {
  readonly name: string
  readonly labels: Labels
  readonly value: number
}
interface Exposition {
  readonly types: ReadonlyMap<string, string>
  readonly samples: ReadonlyArray<Sample>
}

const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)",?/g

/** Reads the Prometheus text format and refuses what is not of it. */
const parse = (text: string): Exposition => {
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const samples: Array<Sample> = []
  const seen = new Set<string>()
  let family = ""
  assert.isTrue(text.endsWith("\n"))
  for (const line of text.slice(0, -1).split("\n")) {
    const [, keyword, subject, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (keyword === "HELP") {
      assert.isFalse(helped.has(subject ?? ""), `${subject} has one HELP`)
      helped.add(subject ?? "")
    } else if (keyword === "TYPE") {
      assert.isFalse(types.has(subject ?? ""), `${subject} has one TYPE, and its samples stand together`)
      assert.include(["counter", "gauge", "histogram", "summary"], rest)
      family = subject ?? ""
      types.set(family, rest ?? "")
    } else {
      const [, name = "", braces = "", value = ""] =
        /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      assert.include([family, `${family}_bucket`, `${family}_sum`, `${family}_count`], name, line)
      assert.strictEqual(braces.replaceAll(labelPattern, ""), "", line)
      assert.isFalse(seen.has(`${name}{${braces}}`), `${line} stands there once`)
      seen.add(`${name}{${braces}}`)
      assert.isTrue(value === "+Inf" || Number.isFinite(Number(value)), line)
      const labels = Object.fromEntries(
        [...braces.matchAll(labelPattern)].map(([, key, label]) => [key ?? "", label ?? ""])
      )
      samples.push({ name, labels, value: Number(value) })
    }
  }
  return { types, samples }
}

const scrape = async (): Promise<Exposition> => {
  const response = await get("/metrics")
  assert.strictEqual(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8")
  return parse(await response.text())
}

const valueOf = ({ samples }: Exposition, name: string, labels: Labels = {}): number | undefined =>
  samples.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
  )?.value

describe("health", () => {
  it("is told in a word and in detail, and never kept by a cache", async () => {
    const live = await get("/livez")
    assert.deepStrictEqual(await live.json(), { status: "alive" })
    assert.strictEqual(live.headers.get("cache-control"), "no-store")
    const ready = await get("/readyz")
    assert.strictEqual(ready.status, 200)
    assert.strictEqual(ready.headers.get("cache-control"), "no-store")
    const state = await ready.json()
    assert.strictEqual(state.ready, true)
    for (const check of state.checks) assert.deepStrictEqual([check.ok, check.detail], [true, null])
  })
})

describe("metrics", () => {
  it("are in the format that Prometheus reads", async () => {
    await importFile(app, "file=m.csv&platform=x", "handle\nmeasured\nnot a handle\n")
    await settled(app)
    const exposition = await scrape()
    const expected = {
      http_requests_total: "counter",
      http_request_duration_seconds: "histogram",
      pipeline_batches_total: "counter",
      pipeline_items_total: "counter",
      pipeline_batch_duration_seconds: "histogram",
      import_rows_total: "counter",
      import_rows_rejected_total: "counter",
      queue_messages: "gauge",
      queue_items: "gauge",
      queue_oldest_seconds: "gauge",
      dead_letters: "gauge",
      index_profiles: "gauge",
      process_resident_memory_bytes: "gauge"
    }
    for (const [name, type] of Object.entries(expected))
      assert.strictEqual(exposition.types.get(name), type, name)

    const histograms = [...exposition.types].flatMap(([name, type]) => (type === "histogram" ? [name] : []))
    for (const name of histograms) {
      const series = exposition.samples.filter((sample) => sample.name === `${name}_count`)
      assert.isNotEmpty(series)
      for (const { labels, value } of series) {
        const buckets = exposition.samples.filter(
          (sample) =>
            sample.name === `${name}_bucket` &&
            Object.entries(labels).every(([key, label]) => sample.labels[key] === label)
        )
        const bounds = buckets.map((bucket) => Number(bucket.labels["le"]?.replace("+Inf", "Infinity")))
        const counts = buckets.map((bucket) => bucket.value)
        assert.deepStrictEqual(
          bounds,
          bounds.toSorted((a, b) => a - b)
        )
        assert.deepStrictEqual(
          counts,
          counts.toSorted((a, b) => a - b)
        )
        assert.strictEqual(bounds[bounds.length - 1], Number.POSITIVE_INFINITY)
        assert.strictEqual(counts[counts.length - 1], value)
        assert.isDefined(valueOf(exposition, `${name}_sum`, labels))
      }
    }
  })

  it("count a request under its route, whatever its address", async () => {
    const before = await scrape()
    for (let at = 0; at < 40; at++) {
      await (await get(`/v1/profiles/x:route-${at}?cache=${at}`)).text()
      await (await get(`/v1/imports/route-${at}/events`)).text()
      await (await get(`/nowhere/${at}`)).text()
      await (await get(`/docs/${at}`)).text()
    }
    await (await get("/v1/profiles/nonsense")).text()
    await (await fetch(`${app.url}/v1/profiles/x:route`, { method: "PUT" })).text()
    const after = await scrape()
    const grown = (labels: Labels): number =>
      (valueOf(after, "http_requests_total", labels) ?? 0) -
      (valueOf(before, "http_requests_total", labels) ?? 0)
    assert.strictEqual(grown({ route: "/v1/profiles/{id}", method: "GET", status: "404" }), 40)
    assert.strictEqual(grown({ route: "/v1/profiles/{id}", method: "GET", status: "400" }), 1)
    assert.strictEqual(grown({ route: "/v1/profiles/{id}", method: "PUT", status: "405" }), 1)
    assert.strictEqual(grown({ route: "/v1/imports/{id}/events", status: "404" }), 40)
    assert.strictEqual(grown({ route: "other", status: "404" }), 40)
    assert.strictEqual(grown({ route: "/docs/{name}", status: "404" }), 40)
    const routes = new Set(
      after.samples.flatMap(({ labels, name }) => (name.startsWith("http_") ? [labels["route"] ?? ""] : []))
    )
    for (const route of routes) assert.notMatch(route, /\d{2}|route-|nonsense|\?/)
    assert.strictEqual(
      valueOf(after, "http_request_duration_seconds_count", { route: "other" }),
      (valueOf(before, "http_request_duration_seconds_count", { route: "other" }) ?? 0) + 40
    )
  })

  it("follow the batches from the queue to the index", async () => {
    const topic = "profiles.discovered"
    await settled(app)
    const before = await scrape()
    const profiles = Array.from({ length: 25 }, (_, at) => ({
      platform: "tiktok" as const,
      handle: `metric-${at}`
    }))
    await stateProfiles(app, profiles)
    await settled(app)
    const after = await scrape()
    const grown = (name: string, labels: Labels): number =>
      (valueOf(after, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0)
    for (const stage of ["published", "applied"]) {
      assert.strictEqual(grown("pipeline_batches_total", { stage, topic }), 1, stage)
      assert.strictEqual(grown("pipeline_items_total", { stage, topic }), 25, stage)
    }
    assert.strictEqual(grown("pipeline_batch_duration_seconds_count", { stage: "applied", topic }), 1)
    assert.strictEqual(grown("index_profiles", {}), 25)
    for (const gauge of ["queue_messages", "queue_items", "queue_oldest_seconds"])
      assert.strictEqual(valueOf(after, gauge, { topic }), 0, gauge)
    assert.strictEqual(valueOf(after, "dead_letters"), 0)
    assert.strictEqual(valueOf(after, "import_rows_total"), 2)
    assert.strictEqual(valueOf(after, "import_rows_rejected_total"), 1)
    assert.isAbove(valueOf(after, "process_resident_memory_bytes") ?? 0, 10_000_000)
  })
})

describe("documentation", () => {
  it("loads all it needs from here, under a policy that allows nothing else", async () => {
    const response = await get("/docs")
    assert.match(response.headers.get("content-type") ?? "", /^text\/html/)
    const policy = response.headers.get("content-security-policy") ?? ""
    assert.include(policy, "default-src 'self'")
    assert.notInclude(policy, "script-src")
    const html = await response.text()
    assert.notMatch(html, /<script>|\son\w+=|https?:\/\//)
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "")
    assert.isAtLeast(assets.length, 4)
    const types: Record<string, RegExp> = {
      css: /^text\/css/,
      js: /^text\/javascript/,
      svg: /^image\/svg\+xml/
    }
    for (const path of assets) {
      assert.match(path, /^\/[^/]/)
      const asset = await get(path)
      assert.strictEqual(asset.status, 200, path)
      assert.match(asset.headers.get("content-type") ?? "", types[path.replace(/.*\./, "")] ?? /^$/, path)
      assert.strictEqual(asset.headers.get("x-content-type-options"), "nosniff")
      assert.isNotEmpty(await asset.text())
    }
    assert.include(await (await get("/docs/start.js")).text(), '"/openapi.json"')
    await problem(await get("/docs/another.js"), 404, "not-found")
  })
})

describe("the search page", () => {
  it("loads all it needs from here, and is not sent again when it is known", async () => {
    const response = await get("/")
    assert.match(response.headers.get("content-type") ?? "", /^text\/html/)
    assert.include(response.headers.get("content-security-policy") ?? "", "default-src 'self'")
    const html = await response.text()
    const paths = [...html.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g)].map(
      ([, path]) => path ?? ""
    )
    assert.strictEqual(paths.length, 4)
    for (const path of ["/", ...paths]) {
      assert.match(path, /^\/([^/]|$)/)
      const asset = await get(path)
      assert.strictEqual(asset.status, 200, path)
      await asset.text()
      const known = await get(path, { "if-none-match": asset.headers.get("etag") ?? "" })
      assert.strictEqual(known.status, 304, path)
      assert.strictEqual(await known.text(), "")
      assert.strictEqual(known.headers.get("etag"), asset.headers.get("etag"))
      const other = await get(path, { "if-none-match": '"other"' })
      assert.strictEqual(other.status, 200)
      await other.text()
    }
  })

  it("gives no file that is not of it", async () => {
    const others = ["/assets/none.js", "/assets/..%2f..%2fpackage.json", "/package.json", "/.env"]
    for (const path of others) await problem(await get(path), 404, "not-found")
  })
})
