import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type App, spawnApp, startApp, temporaryDirectory } from "./support.ts"

let directory: string
const file = (name: string): string => join(directory, name)
const certified = (name: string) => ({
  INFLUSCOPE_TLS_CERT_FILE: file(`${name}.crt`),
  INFLUSCOPE_TLS_KEY_FILE: file(`${name}.key`)
})

const certify = (name: string): void => {
  const made = Bun.spawnSync([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2"
    ],
    ...["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ...["-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)]
  ])
  assert.strictEqual(made.exitCode, 0, made.stderr.toString())
}

beforeAll(async () => {
  directory = await temporaryDirectory()
  certify("own")
  certify("other")
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe("a listener with a certificate", () => {
  let app: App
  beforeAll(async () => {
    app = await startApp({ env: certified("own") })
  })
  afterAll(() => app?.stop())

  it("answers those who trust it, and in no other way", async () => {
    assert.match(app.url, /^https:/)
    const ca = await readFile(file("own.crt"), "utf8")
    const response = await fetch(`${app.url}/v1/users`, { tls: { ca } })
    assert.strictEqual(response.status, 200)
    const mistrusted = await readFile(file("other.crt"), "utf8")
    for (const init of [{}, { tls: { ca: mistrusted } }]) {
      const outcome = await fetch(`${app.url}/v1/users`, init).then(
        () => "answered",
        () => "refused"
      )
      assert.strictEqual(outcome, "refused")
    }
    const plain = await fetch(app.url.replace("https:", "http:")).then(
      ({ ok }) => ok,
      () => false
    )
    assert.isFalse(plain)
  })

  it("knows its own page by the scheme, too", async () => {
    const ca = await readFile(file("own.crt"), "utf8")
    const statusFrom = async (origin: string) =>
      (await fetch(`${app.url}/v1/users`, { tls: { ca }, headers: { origin } })).status
    assert.strictEqual(await statusFrom(app.url), 200)
    assert.strictEqual(await statusFrom(app.url.replace("https:", "http:")), 403)
  })
})

describe("a certificate that cannot be used", () => {
  it("stops the start with three lines", async () => {
    await writeFile(file("broken.crt"), "no certificate")
    const cases = [
      { ...certified("own"), INFLUSCOPE_TLS_KEY_FILE: file("other.key") },
      { ...certified("own"), INFLUSCOPE_TLS_CERT_FILE: file("broken.crt") },
      { ...certified("own"), INFLUSCOPE_TLS_KEY_FILE: file("missing.key") },
      { INFLUSCOPE_TLS_CERT_FILE: file("own.crt") },
      { INFLUSCOPE_TLS_KEY_FILE: file("own.key") }
    ]
    for (const env of cases) {
      const child = spawnApp(file("data"), env)
      const [, said] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text()
      ])
      assert.strictEqual(await child.exited, 1, said)
      assert.match(said, /error: .*\n {2}likely cause: .*\n {2}what to do: /)
      assert.include(said, "INFLUSCOPE_TLS_")
    }
  })
})
