import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { unique } from "@influscope/ports/conformance/Conformance"
import { profileOf, queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as ElasticsearchIndex from "../../src/elasticsearch/ElasticsearchIndex.ts"
import type { Settings } from "../../src/elasticsearch/Settings.ts"
import { passOn, removedAtEnd, settingsFor, sharedServer } from "./ElasticsearchServer.ts"

const server = sharedServer()

/** A certificate of its own for 127.0.0.1, and its key, in files. */
const certificate = Effect.acquireRelease(
  Effect.promise(async () => {
    const directory = mkdtempSync(join(tmpdir(), "influscope-tls-"))
    const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")]
    const made = Bun.spawn(
      [
        ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
        ...["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        ...["-keyout", key, "-out", cert]
      ],
      { stdout: "ignore", stderr: "pipe" }
    )
    if ((await made.exited) !== 0) throw new Error(await new Response(made.stderr).text())
    return { directory, cert, key }
  }),
  ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`

const allowed = [basic("influscope", "pass:wörd"), "ApiKey aWQ6a2V5"]

/** The server behind TLS, for those who are allowed. */
const secured = Effect.gen(function* () {
  const { cert, key } = yield* certificate
  let refused = 0
  const listener = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        tls: { cert: readFileSync(cert), key: readFileSync(key) },
        fetch: async (request) => {
          if (!allowed.includes(request.headers.get("authorization") ?? "")) {
            refused++
            const error = { type: "security_exception", reason: "unable to authenticate user" }
            return Response.json({ error, status: 401 }, { status: 401 })
          }
          return passOn(server.url(), request, await request.text())
        }
      })
    ),
    (started) => Effect.promise(() => started.stop(true))
  )
  const alias = unique("profiles")
  yield* removedAtEnd(server.url(), alias)
  const settings: Settings = {
    ...settingsFor(`https://127.0.0.1:${listener.port}`, alias),
    startTimeout: Duration.seconds(1),
    caFile: Option.some(cert)
  }
  return { settings, refused: () => refused }
})

const writeAndSearch = Effect.gen(function* () {
  const index = yield* SearchIndex
  const profile = profileOf("someone", { name: "Some One" })
  assert.deepStrictEqual(yield* index.bulk([{ profile, revision: undefined }]), ["written"])
  yield* index.refresh
  assert.strictEqual((yield* index.search(queryOf("some"))).total, 1)
})

const password = (text: string) => ({
  username: Option.some("influscope"),
  password: Option.some(Redacted.make(text))
})

describe("Elasticsearch behind TLS", () => {
  it.scopedLive("is used with a password or an API key, and the certificate that it is given", () =>
    Effect.gen(function* () {
      const { refused, settings } = yield* secured
      yield* Effect.provide(
        writeAndSearch,
        ElasticsearchIndex.layerWith({ ...settings, ...password("pass:wörd") })
      )
      const apiKey = Option.some(Redacted.make("aWQ6a2V5"))
      const searched = Effect.flatMap(SearchIndex, (index) => index.search(queryOf("some")))
      const found = yield* Effect.provide(searched, ElasticsearchIndex.layerWith({ ...settings, apiKey }))
      assert.strictEqual(found.total, 1)
      assert.strictEqual(refused(), 0)
    })
  )

  it.scopedLive("is not opened with another password, and the password is not told", () =>
    Effect.gen(function* () {
      const { refused, settings } = yield* secured
      const error = yield* Effect.flip(
        Effect.provide(
          writeAndSearch,
          ElasticsearchIndex.layerWith({ ...settings, ...password("not this one") })
        )
      )
      assert.strictEqual(error._tag, "StorageError")
      assert.include(error.message, "unable to authenticate user")
      assert.notInclude(`${error.message} ${JSON.stringify(error)}`, "not this one")
      assert.isAbove(refused(), 0)
    })
  )

  it.scopedLive("is told nothing when its certificate is none that is trusted", () =>
    Effect.gen(function* () {
      const { refused, settings } = yield* secured
      const untrusting = { ...settings, ...password("pass:wörd"), caFile: Option.none() }
      const error = yield* Effect.flip(
        Effect.provide(writeAndSearch, ElasticsearchIndex.layerWith(untrusting))
      )
      assert.strictEqual(error._tag, "StorageError")
      assert.match(error.message, /certificate/i)
      assert.strictEqual(refused(), 0)
    })
  )
})
