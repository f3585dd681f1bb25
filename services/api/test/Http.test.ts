import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type App, exchange, type FileBody, invalidPaths, postJson, problem, startApp } from "./support.ts"

let app: App
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app?.stop())

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${app.url}${path}`, init)

/** Every address the server answers, with the methods it answers there. */
const routes = {
  "/search": "GET, HEAD",
  "/v1/search": "GET, HEAD",
  "/v1/profiles": "POST",
  "/v1/profiles/x:nobody": "DELETE, GET, HEAD",
  "/v1/profiles/x:nobody/avatar": "GET, HEAD",
  "/v1/imports": "GET, HEAD, POST",
  "/v1/imports/none": "GET, HEAD",
  "/v1/imports/none/events": "GET, HEAD",
  "/v1/audit": "GET, HEAD",
  "/v1/dead-letters": "GET, HEAD",
  "/v1/dead-letters/none": "DELETE, GET, HEAD",
  "/v1/dead-letters/none/replay": "POST",
  "/v1/discoveries": "POST",
  "/v1/discoveries/none": "GET, HEAD",
  "/": "GET, HEAD",
  "/favicon.svg": "GET, HEAD",
  "/assets/none.js": "GET, HEAD",
  "/livez": "GET, HEAD",
  "/readyz": "GET, HEAD",
  "/metrics": "GET, HEAD",
  "/openapi.json": "GET, HEAD",
  "/docs": "GET, HEAD",
  "/docs/start.js": "GET, HEAD"
} as const

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

describe("requests", () => {
  it("answers a method an address does not have with 405 and the methods it has", async () => {
    for (const [path, allow] of Object.entries(routes)) {
      for (const method of methods.filter((name) => !allow.split(", ").includes(name))) {
        const response = await ask(path, { method })
        assert.strictEqual(response.headers.get("allow"), allow, `${method} ${path}`)
        if (method === "HEAD") assert.strictEqual(response.status, 405)
        else {
          const { detail } = await problem(response, 405, "method-not-allowed")
          assert.include(detail, allow)
        }
      }
    }
  })

  it("answers HEAD like GET, without the body", async () => {
    for (const [path] of Object.entries(routes).filter(([, allow]) => allow.includes("HEAD"))) {
      const [get, head] = [await ask(path), await ask(path, { method: "HEAD" })]
      await get.body?.cancel()
      assert.strictEqual(head.status, get.status, path)
      assert.strictEqual(head.headers.get("content-type"), get.headers.get("content-type"), path)
      assert.strictEqual(await head.text(), "")
    }
  })

  it("answers an unknown address with a problem that names it", async () => {
    for (const path of [
      "/nothing",
      "/v1",
      "/v1/",
      "/v1/profiles/",
      "/v1/imports/",
      "/search/",
      "/SEARCH",
      "/v2/search"
    ]) {
      for (const method of ["GET", "POST", "DELETE"]) {
        const { detail } = await problem(await ask(path, { method }), 404, "not-found")
        assert.include(detail, `${method} ${path}`)
      }
    }
  })

  it("shortens what it repeats of an address", async () => {
    const { detail } = await problem(await ask(`/${"n".repeat(8_000)}`), 404, "not-found")
    assert.isBelow(detail.length, 400)
    const { errors } = await problem(await ask(`/search?q=${"n".repeat(8_000)}`), 400, "invalid-request")
    assert.isBelow(JSON.stringify(errors).length, 500)
  })

  it("gives every answer an id, the request's own where it is harmless", async () => {
    for (const path of Object.keys(routes)) {
      const response = await ask(path, { headers: { "x-request-id": "Req-1.2_3" } })
      await response.body?.cancel()
      assert.strictEqual(response.headers.get("x-request-id"), "Req-1.2_3", path)
    }
    const made = new Set<string>()
    for (const id of ["a b", "", "<script>", "a,b", "x".repeat(129), "é"]) {
      const response = await ask("/livez", { headers: { "x-request-id": id } })
      const given = response.headers.get("x-request-id") ?? ""
      assert.match(given, /^[0-9a-f-]{36}$/, id)
      made.add(given)
    }
    assert.strictEqual(made.size, 6)
  })

  it("reads broken and odd percent-encodings without falling over", async () => {
    for (const path of ["/v1/profiles/%zz", "/v1/imports/%", "/v1/dead-letters/%e0%a4", "/%00", "/%ff"])
      await problem(await ask(path), 404, "not-found")
    for (const query of [
      "q=%",
      "q=%zz",
      "q=%e0%a4",
      "q=%00",
      "q=a%00b",
      "q=%ff%fe",
      "q=%ed%a0%80",
      "&&=&",
      "q"
    ]) {
      const response = await ask(`/search?${query}`)
      assert.strictEqual(response.status, 200, query)
      await response.text()
    }
    assert.deepStrictEqual(await invalidPaths(await ask("/v1/profiles/x:a%00")), ["id"])
    assert.deepStrictEqual(await invalidPaths(await ask("/v1/profiles/x%3Aa%2Fb")), ["id"])
  })

  it("answers bytes that are not HTTP and goes on", async () => {
    const local = "Host: localhost\r\nConnection: close\r\n\r\n"
    const oddities = [
      "garbage\r\n\r\n",
      "GET /livez HTTP/1.1\r\n\r\n",
      `GET livez HTTP/1.1\r\n${local}`,
      `GET /search?q=a\0b HTTP/1.1\r\n${local}`,
      `NONSENSE /search HTTP/1.1\r\n${local}`,
      `POST /v1/profiles HTTP/1.1\r\nContent-Length: -5\r\n${local}`,
      `POST /v1/profiles HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${local}0\r\n\r\n`,
      `GET /search?q=${"a".repeat(100_000)} HTTP/1.1\r\n${local}`,
      `GET /livez HTTP/1.1\r\nX-Long: ${"a".repeat(100_000)}\r\n${local}`
    ]
    for (const bytes of oddities) {
      const answer = await exchange(app, bytes)
      assert.match(answer, /^$|^HTTP\/1\.1 (400|431|505) /, JSON.stringify(bytes.slice(0, 60)))
    }
    assert.include(await exchange(app, `GET /../../etc/passwd HTTP/1.1\r\n${local}`), "HTTP/1.1 404")
    assert.include(await exchange(app, `GET /search?q=\xff\xfe HTTP/1.1\r\n${local}`), "HTTP/1.1 200")
    assert.strictEqual((await ask("/livez")).status, 200)
  })

  it("refuses a parameter that is given twice where one is meant, and says which", async () => {
    const once = ["q", "limit", "sort", "order", "cursor", "verified", "followersMin", "engagementMax"]
    for (const name of once)
      assert.deepStrictEqual(await invalidPaths(await ask(`/search?${name}=1&${name}=2`)), [name])
    assert.deepStrictEqual(await invalidPaths(await ask("/v1/dead-letters?limit=1&limit=2")), ["limit"])
    assert.deepStrictEqual(
      await invalidPaths(await ask("/v1/imports?platform=x&platform=x", { method: "POST", body: "a" })),
      ["platform"]
    )
  })

  it("says all that is wrong with the parameters at once, in one sentence each", async () => {
    const response = await ask(
      "/search?limit=0&followersMin=abc&engagementMax=-1&verified=perhaps&platform=myspace"
    )
    const { errors } = await problem(response, 400, "invalid-request")
    assert.deepStrictEqual(errors.map(({ path }) => path).sort(), [
      "engagementMax",
      "followersMin",
      "limit",
      "platform.0",
      "verified"
    ])
    assert.deepInclude(errors, {
      path: "platform.0",
      message: 'Expected "instagram", "tiktok", "youtube", "x", "twitch" or "linkedin", actual "myspace"'
    })
    assert.deepInclude(errors, { path: "limit", message: "Expected a number between 1 and 100, actual 0" })
  })
})

describe("JSON bodies", () => {
  const paths = ["/v1/profiles", "/v1/discoveries"]
  const send = (path: string, text: FileBody, type?: string, more: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      body: text,
      headers: { ...(type === undefined ? {} : { "content-type": type }), ...more }
    })

  it("wants one", async () => {
    for (const path of paths) {
      assert.deepStrictEqual(await invalidPaths(await ask(path, { method: "POST" })), ["body"])
      for (const text of ["", " ", "{", "[1,", "nonsense", "\0", '{"a":1}}', "\ud800"])
        assert.deepStrictEqual(await invalidPaths(await send(path, text, "application/json")), ["body"], text)
      for (const text of ["null", "1", '"text"', "[]", "true"])
        assert.deepStrictEqual(await invalidPaths(await send(path, text, "application/json")), ["body"], text)
    }
  })

  it("takes it under the names it usually comes by, and no other", async () => {
    const good = JSON.stringify({ profiles: [{ platform: "x", handle: "typed" }] })
    const usual = [
      "application/json",
      "application/json; charset=utf-8",
      "APPLICATION/JSON",
      "application/vnd.api+json",
      "application/x-www-form-urlencoded",
      "text/plain;charset=UTF-8"
    ]
    for (const type of usual) assert.strictEqual((await send("/v1/profiles", good, type)).status, 202, type)
    for (const type of [
      "application/xml",
      "text/csv",
      "multipart/form-data; boundary=x",
      "image/png",
      "json"
    ]) {
      for (const path of paths) {
        const { detail } = await problem(await send(path, good, type), 415, "unsupported-media-type")
        assert.include(detail, "application/json")
      }
    }
    const coded = await send("/v1/profiles", Bun.gzipSync(good), "application/json", {
      "content-encoding": "gzip"
    })
    await problem(coded, 415, "unsupported-media-type")
  })

  it("refuses more than it reads, announced or not", async () => {
    const large = " ".repeat(4 * 1024 * 1024 + 1)
    const stream = () => new Blob([large]).stream()
    for (const path of paths) {
      for (const text of [large, stream()]) {
        const { detail } = await problem(await send(path, text, "application/json"), 413, "payload-too-large")
        assert.include(detail, String(4 * 1024 * 1024))
      }
    }
  })

  it("is not brought down by nesting, width or strange keys", async () => {
    const nested = (depth: number) => `{"profiles":${"[".repeat(depth)}${"]".repeat(depth)}}`
    for (const text of [nested(21), nested(1_000_000), `[${"1,".repeat(300_000)}1]`]) {
      const { errors } = await problem(
        await send("/v1/profiles", text, "application/json"),
        400,
        "invalid-request"
      )
      assert.match(errors[0]?.message ?? "", /nested deeper than 20 levels/)
    }
    const many = { profiles: Array.from({ length: 20_000 }, () => 1) }
    const { errors } = await problem(await postJson(app, "/v1/profiles", many), 400, "invalid-request")
    assert.strictEqual(errors.length, 100)
    const polluted = '{"__proto__":{"count":1},"constructor":1,"count":1}'
    assert.sameMembers(
      [...(await invalidPaths(await send("/v1/discoveries", polluted, "application/json")))],
      ["__proto__", "constructor"]
    )
  })

  it("does not overlook a field it does not know", async () => {
    const profiles = [{ platform: "x", handle: "typo", follower: 12 }]
    const unknown = await invalidPaths(await postJson(app, "/v1/profiles", { profiles, sources: "me" }))
    assert.sameMembers([...unknown], ["profiles.0.follower", "sources"])
    assert.deepStrictEqual(
      await invalidPaths(await postJson(app, "/v1/discoveries", { count: 1, limit: 2 })),
      ["limit"]
    )
  })
})
