import { generateKeyPairSync } from "node:crypto"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it, onTestFinished } from "@effect/vitest"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import { Audit } from "@influscope/domain/api/OperationsApi"
import { profileOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import { type App, body, exchange, problem, spawnApp, startApp, temporaryDirectory } from "./support.ts"

/** No release of ours would have written this: a country is two capital letters. */
const damaged = profileOf("damaged", { name: "Damaged", country: "nowhere" })

let app: App
beforeAll(async () => {
  const directory = await temporaryDirectory()
  const write = Effect.flatMap(SearchIndex, (index) =>
    index.bulk([{ profile: damaged, revision: undefined }])
  )
  await Effect.runPromise(Effect.provide(write, EmbeddedSearchIndex.layer(join(directory, "profiles.db"))))
  app = await startApp({ directory })
})
afterAll(() => app?.stop())

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${app.url}${path}`, init)

const reads = [
  "/",
  "/search",
  "/v1/profiles/x:a",
  "/v1/imports",
  "/metrics",
  "/docs",
  "/openapi.json",
  "/nowhere"
]
const writes = [
  ["POST", "/v1/profiles"],
  ["DELETE", "/v1/profiles/x:a"],
  ["POST", "/v1/imports"],
  ["POST", "/v1/dead-letters/a/replay"],
  ["DELETE", "/v1/dead-letters/a"],
  ["POST", "/v1/discoveries"]
] as const

describe("a page of another site", () => {
  it("cannot ask under a name of its own that leads here", async () => {
    const statusFor = async (host: string, path = "/livez"): Promise<string | undefined> => {
      const answer = await exchange(app, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      if (answer.startsWith("HTTP/1.1 403")) assert.include(answer, "urn:influscope:problem:foreign-origin")
      return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]
    }
    const local = [
      "localhost",
      "LOCALHOST",
      `localhost:${app.port}`,
      "127.0.0.1",
      "127.8.9.1:80",
      "[::1]",
      "[::1]:8080"
    ]
    for (const host of local) assert.strictEqual(await statusFor(host), "200", host)
    const foreign = [
      "evil.example",
      `evil.example:${app.port}`,
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example/127.0.0.1",
      "localhost@evil.example",
      "evil.example#localhost",
      "0.0.0.0",
      "192.168.0.1",
      "[::]",
      "[fe80::1]",
      "localhost:80:90",
      "localhost, evil.example",
      `localhost\r\nHost: evil.example`
    ]
    for (const host of foreign) assert.strictEqual(await statusFor(host), "403", host)
    for (const path of reads) assert.strictEqual(await statusFor("evil.example", path), "403", path)
  })

  it("can change nothing, and learns nothing by asking", async () => {
    const sent = async () => (await body(await ask("/v1/audit"), Audit)).topics.map((topic) => topic.sent)
    const before = await sent()
    const origins = [
      "http://evil.example",
      `https://127.0.0.1:${app.port}`,
      "http://127.0.0.1:1",
      `http://localhost:${app.port}`,
      "null",
      "file://",
      ""
    ]
    // Simple requests, which a browser sends without asking first.
    const simple = { "content-type": "text/plain" }
    const text = JSON.stringify({ count: 1, profiles: [{ platform: "x", handle: "planted" }] })
    for (const origin of origins) {
      for (const [method, path] of writes) {
        const response = await ask(path, {
          method,
          headers: { ...simple, origin },
          ...(method === "POST" ? { body: text } : {})
        })
        await problem(response, 403, "foreign-origin")
      }
      for (const path of reads) await problem(await ask(path, { headers: { origin } }), 403, "foreign-origin")
    }
    assert.deepStrictEqual(await sent(), before)
    await problem(await ask("/v1/profiles/x:planted"), 404, "not-found")
  })

  it("is told by no answer that it may read it", async () => {
    for (const path of reads) {
      const response = await ask(path, { headers: { origin: app.url } })
      await response.text()
      assert.isNull(response.headers.get("access-control-allow-origin"), path)
    }
    const preflight = { "access-control-request-method": "POST", origin: "http://evil.example" }
    await problem(await ask("/v1/profiles", { method: "OPTIONS", headers: preflight }), 403, "foreign-origin")
  })

  it("is told apart from our own page", async () => {
    const response = await ask("/v1/profiles/x:own", { method: "DELETE", headers: { origin: app.url } })
    await problem(response, 404, "not-found")
    assert.strictEqual((await ask("/search", { headers: { origin: app.url } })).status, 200)
  })
})

describe("answers", () => {
  it("carry what keeps a browser from making more of them than they are", async () => {
    for (const path of [...reads, "/readyz", "/docs/start.js", "/favicon.svg"]) {
      const { headers } = await ask(path)
      assert.strictEqual(headers.get("x-content-type-options"), "nosniff", path)
      assert.strictEqual(headers.get("referrer-policy"), "no-referrer", path)
      const policy = headers.get("content-security-policy") ?? ""
      for (const rule of [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'"
      ])
        assert.include(policy, rule, path)
      assert.notMatch(policy, /script-src|unsafe-eval|https?:|\*/, path)
      assert.isNull(headers.get("server"), path)
      assert.isNull(headers.get("x-powered-by"), path)
    }
    for (const path of ["/search", "/v1/imports", "/v1/audit", "/nowhere"])
      assert.strictEqual((await ask(path)).headers.get("cache-control"), "no-store", path)
  })

  it("that are our mistake say so, and nothing about how we made it", async () => {
    const response = await ask("/v1/profiles/instagram:damaged", { headers: { "x-request-id": "find-me" } })
    assert.strictEqual(response.headers.get("x-request-id"), "find-me")
    const { detail, errors } = await problem(response, 500, "internal")
    assert.include(detail, "x-request-id")
    assert.deepStrictEqual(errors, [])
    assert.strictEqual((await ask("/livez")).status, 200)
  })
})

describe("an address that others can reach", () => {
  it("is not listened on without verification of tokens", async () => {
    const directory = await temporaryDirectory()
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    for (const host of ["0.0.0.0", "::", "192.168.0.1", "localhost.example.com"]) {
      const child = spawnApp(directory, { HOST: host })
      const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
      assert.strictEqual(await child.exited, 1, host)
      assert.include(said[1], `error: HOST=${host} can be reached from other machines`, host)
      assert.match(said[1], /\n {2}likely cause: .*\n {2}what to do: .*INFLUSCOPE_JWT_KEY_FILE/)
      assert.isFalse(await Bun.file(join(directory, "instance.json")).exists())
    }
  })

  it("is listened on where tokens are asked for", async () => {
    const directory = await temporaryDirectory()
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
    const file = join(directory, "key.pem")
    await writeFile(file, publicKey.export({ format: "pem", type: "spki" }))
    const reachable = await startApp({ env: { HOST: "0.0.0.0", INFLUSCOPE_JWT_KEY_FILE: file } })
    try {
      const url = `http://127.0.0.1:${reachable.port}`
      assert.strictEqual((await fetch(`${url}/livez`)).status, 200)
      await problem(await fetch(`${url}/v1/search`), 401, "unauthorized")
    } finally {
      await reachable.stop()
    }
  })

  it("is told apart from this machine's own", async () => {
    const own = await startApp({ env: { HOST: "localhost" } })
    try {
      assert.match(own.url, /^http:\/\/localhost:\d+$/)
      assert.strictEqual((await fetch(`${own.url}/livez`)).status, 200)
    } finally {
      await own.stop()
    }
  })
})
