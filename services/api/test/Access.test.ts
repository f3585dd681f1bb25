import { createPublicKey, generateKeyPairSync, sign } from "node:crypto"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { endpointsOf } from "@influscope/domain/access/Authorization"
import { allScopes } from "@influscope/domain/access/Scopes"
import { Api } from "@influscope/domain/api/Api"
import * as Option from "effect/Option"
import { es256, hs256, jws } from "./Forging.ts"
import { type App, exchange, problem, startApp, temporaryDirectory } from "./support.ts"

const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" })
const publicPem = String(createPublicKey(key).export({ format: "pem", type: "spki" }))
const attacker = generateKeyPairSync("ec", { namedCurve: "P-256" })

const now = () => Math.floor(Date.now() / 1_000)
const header = { alg: "ES256", typ: "JWT" }
const claims = (other: Readonly<Record<string, unknown>> = {}) => ({
  sub: "ada",
  tenant: "acme",
  scope: allScopes.join(" "),
  iss: "influscope",
  aud: "influscope",
  iat: now(),
  nbf: now(),
  exp: now() + 600,
  ...other
})
const good = (other: Readonly<Record<string, unknown>> = {}): string => jws(header, claims(other), es256(key))

let directory: string
let app: App
/** Who is asked for keys that a token points to. */
let trap: Bun.Server<undefined>
let trapped = 0

const guarded = (env: Readonly<Record<string, string>> = {}): Promise<App> =>
  startApp({ env: { INFLUSCOPE_JWT_KEY_FILE: join(directory, "key.pem"), ...env } })

beforeAll(async () => {
  directory = await temporaryDirectory()
  await writeFile(join(directory, "key.pem"), publicPem)
  trap = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      trapped++
      return Response.json({ keys: [{ ...attacker.publicKey.export({ format: "jwk" }), kid: "mine" }] })
    }
  })
  app = await guarded()
})
afterAll(async () => {
  await app?.stop()
  await trap?.stop(true)
  await rm(directory, { recursive: true, force: true })
})

const ask = (path: string, token: string, init: RequestInit = {}, at = app): Promise<Response> =>
  fetch(`${at.url}${path}`, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } })

const forged = (): ReadonlyArray<readonly [name: string, authorization: string]> => {
  const byAttacker = es256(attacker.privateKey)
  const there = `http://127.0.0.1:${trap.port}/keys`
  const jwk = attacker.publicKey.export({ format: "jwk" })
  const honest = good()
  const [head = "", body = "", signature = ""] = honest.split(".")
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey
  const tokens: ReadonlyArray<readonly [string, string]> = [
    ["unsigned", jws({ alg: "none" }, claims(), () => "")],
    ["said to be unsigned, and signed", jws({ alg: "None" }, claims(), es256(key))],
    ["without an algorithm", jws({ typ: "JWT" }, claims(), es256(key))],
    ["of another key", jws(header, claims(), byAttacker)],
    ["signed by the public key as if it were a secret", jws({ alg: "HS256" }, claims(), hs256(publicPem))],
    [
      "signed by the bytes of the public key",
      jws({ alg: "HS256" }, claims(), hs256(createPublicKey(key).export({ format: "der", type: "spki" })))
    ],
    ["signed by an empty secret", jws({ alg: "HS256" }, claims(), hs256(""))],
    [
      "of another kind of key",
      jws({ alg: "RS256" }, claims(), (input) =>
        sign("sha256", Buffer.from(input), rsa).toString("base64url")
      )
    ],
    ["with a signature of zeros", `${head}.${body}.${Buffer.alloc(64).toString("base64url")}`],
    [
      "with a signature in another form",
      jws(header, claims(), (input) => sign("sha256", Buffer.from(input), key).toString("base64url"))
    ],
    [
      "with other claims under the same signature",
      `${head}.${good({ sub: "eve" }).split(".")[1]}.${signature}`
    ],
    ["cut off", honest.slice(0, -20)],
    ["without its signature", `${head}.${body}.`],
    ["in two parts", `${head}.${body}`],
    ["in five parts", `${honest}.${head}.${body}`],
    ["expired", good({ exp: now() - 60, nbf: now() - 600 })],
    ["without an end", good({ exp: undefined })],
    ["not good yet", good({ nbf: now() + 60 })],
    ["for somebody else", good({ aud: "other" })],
    ["for nobody", good({ aud: undefined })],
    ["of another issuer", good({ iss: "https://evil.example" })],
    ["of no issuer", good({ iss: undefined })],
    ["whose issuer is one of several", good({ iss: ["influscope", "evil"] })],
    ["with an extension nobody knows", jws({ ...header, crit: ["evil"], evil: true }, claims(), es256(key))],
    [
      "with a payload that is not encoded",
      jws({ ...header, crit: ["b64"], b64: false }, claims(), es256(key))
    ],
    ["whose key is a path", jws({ ...header, kid: "../../../../dev/null" }, claims(), byAttacker)],
    ["whose key is a query", jws({ ...header, kid: "' OR 1=1 --" }, claims(), byAttacker)],
    ["with its own key", jws({ ...header, jwk }, claims(), byAttacker)],
    ["that points to its own keys", jws({ ...header, kid: "mine", jku: there }, claims(), byAttacker)],
    ["that points to its own certificate", jws({ ...header, x5u: there }, claims(), byAttacker)],
    ["with its own certificate", jws({ ...header, x5c: ["AAAA"] }, claims(), byAttacker)],
    ["with an end that is a text", good({ exp: String(now() + 600) })],
    ["of a subject that is a number", good({ sub: 1 })],
    ["of no subject", good({ sub: undefined })],
    ["of no tenant", good({ tenant: undefined })],
    ["of a tenant that is a path", good({ tenant: "../acme" })],
    ["whose scopes are a list", good({ scope: ["users:read"] })],
    ["without scopes", good({ scope: undefined })],
    ["whose claims are a list", jws(header, [claims()], es256(key))],
    ["whose claims are no JSON", jws(header, "{", es256(key))],
    ["longer than any", good({ padding: "x".repeat(9_000) })],
    ["with something behind it", `${honest} more`],
    ["twice", `${honest}, Bearer ${honest}`]
  ]
  return [
    ...tokens.map(([name, token]) => [name, `Bearer ${token}`] as const),
    ["empty", "Bearer "],
    ["of another scheme", `Basic ${honest}`],
    ["without a scheme", honest]
  ]
}

describe("a token that is forged or faulty", () => {
  it("is answered with 401 and the same body, whatever is wrong with it", async () => {
    const without = await fetch(`${app.url}/v1/users`)
    assert.strictEqual(without.headers.get("www-authenticate"), "Bearer")
    const body = await without.clone().text()
    await problem(without, 401, "unauthorized")
    const cases = forged()
    assert.isAtLeast(cases.length, 24)
    for (const [name, authorization] of cases) {
      const response = await fetch(`${app.url}/v1/users`, { headers: { authorization } })
      assert.strictEqual(response.status, 401, name)
      assert.strictEqual(await response.text(), body, name)
      assert.strictEqual(response.headers.get("www-authenticate"), "Bearer", name)
    }
    assert.strictEqual(trapped, 0, "keys that a token points to are not fetched")
  })

  it("is one of several, even if they are good", async () => {
    const token = good()
    const lines = [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`]
    const answer = await exchange(
      app,
      `GET /v1/users HTTP/1.1\r\nHost: x\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`
    )
    assert.match(answer, /^HTTP\/1\.1 401 /)
  })

  it("is not looked for in the address", async () => {
    const token = good()
    for (const name of ["token", "access_token", "authorization"])
      await problem(await fetch(`${app.url}/v1/search?${name}=${token}`), 401, "unauthorized")
  })

  it("lets nobody in anywhere", async () => {
    for (const { method, path } of endpointsOf(Api)) {
      const response = await ask(path.replaceAll(/:\w+/g, "1"), "no.such.token", { method })
      await problem(response, 401, "unauthorized")
    }
    await problem(await fetch(`${app.url}/metrics`), 401, "unauthorized")
  })
})

describe("a good token", () => {
  it("is what every endpoint takes with its scope, and none without it", async () => {
    for (const { method, path, scope } of endpointsOf(Api)) {
      const needed = Option.getOrThrow(scope)
      const others = allScopes.filter((other) => other !== needed)
      const at = path.replaceAll(/:\w+/g, "nobody")
      const token = good({ sub: `${method} ${path}`.replaceAll(/[^\w]/g, "-"), scope: others.join(" ") })
      const { detail } = await problem(await ask(at, token, { method }), 403, "forbidden")
      assert.include(detail, needed)
    }
    assert.strictEqual((await ask("/v1/search", good({ scope: "profiles:read" }))).status, 200)
    assert.strictEqual((await ask("/v1/search", good({ scope: "profiles:read unknown:scope" }))).status, 200)
    assert.strictEqual((await ask("/metrics", good({ scope: "operations:read" }))).status, 200)
    await problem(await ask("/metrics", good({ scope: "users:read" })), 403, "forbidden")
  })

  it("is not needed for the page, its description and its health", async () => {
    for (const path of ["/", "/docs", "/openapi.json", "/livez", "/readyz", "/favicon.svg"])
      assert.strictEqual((await fetch(`${app.url}${path}`)).status, 200, path)
  })

  it("works under any name of the server and from any page that has it", async () => {
    const response = await ask("/v1/search", good(), {
      headers: { host: "influscope.example", origin: "https://influscope.example" }
    })
    assert.strictEqual(response.status, 200)
    assert.isNull(response.headers.get("access-control-allow-origin"))
  })

  it("gives access to the users of its own tenant alone", async () => {
    const asking =
      (tenant: string) =>
      (path: string, init: RequestInit = {}) =>
        ask(path, good({ tenant, sub: `clerk-of-${tenant}` }), init)
    const [mine, theirs] = [asking("first"), asking("second")]
    const made = await mine("/v1/users", { method: "POST", body: JSON.stringify({ name: "Mine" }) })
    assert.strictEqual(made.status, 201)
    const at = made.headers.get("location") ?? ""
    assert.strictEqual(at, "/v1/users/1")
    await problem(await theirs(at), 404, "not-found")
    const change = {
      method: "PATCH",
      headers: { "if-match": '"1"' },
      body: JSON.stringify({ name: "Theirs" })
    }
    await problem(await theirs(at, change), 404, "not-found")
    const roles = {
      method: "PUT",
      headers: { "if-match": '"1"' },
      body: JSON.stringify({ roles: ["admin"] })
    }
    await problem(await theirs(`${at}/roles`, roles), 404, "not-found")
    await problem(await theirs(at, { method: "DELETE" }), 404, "not-found")
    assert.deepStrictEqual(await (await theirs("/v1/users")).json(), { users: [], nextCursor: null })
    assert.strictEqual((await mine(at)).status, 200)
  })
})

describe("too many requests", () => {
  it("are refused by subject, with the time to wait, and cost others nothing", async () => {
    const slow = await guarded({ INFLUSCOPE_RATE_LIMIT: "0.001", INFLUSCOPE_RATE_BURST: "3" })
    try {
      const statuses = async (token: string): Promise<ReadonlyArray<number>> => {
        const all: Array<number> = []
        for (let number = 0; number < 4; number++) all.push((await ask("/v1/users", token, {}, slow)).status)
        return all
      }
      assert.deepStrictEqual(await statuses(good()), [200, 200, 200, 429])
      const refused = await ask("/v1/users", good(), {}, slow)
      assert.isAbove(Number(refused.headers.get("retry-after")), 900)
      await problem(refused, 429, "too-many-requests")
      assert.deepStrictEqual(await statuses("no.such.token"), [401, 401, 401, 429])
      assert.deepStrictEqual(await statuses(good({ sub: "grace" })), [200, 200, 200, 429])
    } finally {
      await slow.stop()
    }
  })
})
