import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "@effect/vitest"
import * as Files from "@influscope/adapters/files/ObjectStore"
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as Queue from "@influscope/adapters/sqlite/Queue"
import { Health } from "@influscope/telemetry/Health"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { ChecksLive } from "../src/Checks.ts"
import { startApp, temporaryDirectory } from "./support.ts"

const parts = ["queue", "search index", "object store"]

/** The checks over real adapters, each of which can be closed alone. */
const makeChecks = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(Effect.promise(temporaryDirectory), (path) =>
    Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const objects = join(directory, "objects")
  const scopeOf = Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const [database, index, checks] = [yield* scopeOf, yield* scopeOf, yield* scopeOf]
  const queue = Layer.provide(Queue.layer, MainDatabase.layer(directory))
  const services = Context.mergeAll(
    yield* Layer.buildWithScope(queue, database),
    yield* Layer.buildWithScope(EmbeddedSearchIndex.layer(join(directory, "profiles.db")), index),
    yield* Layer.build(Layer.merge(Files.layer(objects), Health.Default))
  )
  yield* Layer.buildWithScope(Layer.provide(ChecksLive, Layer.succeedContext(services)), checks)
  const health = Context.get(services, Health)
  const close = (scope: Scope.CloseableScope) => Scope.close(scope, Exit.void)
  return {
    objects,
    closeDatabase: close(database),
    closeIndex: close(index),
    closeChecks: close(checks),
    /** The parts that are not ready, with their reasons. */
    failing: Effect.map(health.readiness, ({ checks, ready }) => {
      const failing = checks.filter(({ ok }) => !ok)
      assert.strictEqual(ready, failing.length === 0)
      return Object.fromEntries(failing.map(({ detail, name }) => [name, detail]))
    }),
    names: Effect.map(health.readiness, ({ checks }) => checks.map(({ name }) => name))
  }
})

describe("the checks behind readiness", () => {
  it.scoped("find everything ready where everything is, and go with their layer", () =>
    Effect.gen(function* () {
      const { closeChecks, failing, names } = yield* makeChecks
      assert.deepStrictEqual(yield* names, parts)
      assert.deepStrictEqual(yield* failing, {})
      yield* closeChecks
      assert.deepStrictEqual(yield* names, [])
    })
  )

  it.scoped("notice a database that does not answer, and only that", () =>
    Effect.gen(function* () {
      const { closeDatabase, failing } = yield* makeChecks
      yield* closeDatabase
      assert.hasAllKeys(yield* failing, ["queue"])
    })
  )

  it.scoped("notice a search index that still counts but cannot be read any more", () =>
    Effect.gen(function* () {
      const { closeIndex, failing } = yield* makeChecks
      yield* closeIndex
      assert.hasAllKeys(yield* failing, ["search index"])
    })
  )

  it.scoped("notice that objects cannot be written, and that they can be again", () =>
    Effect.gen(function* () {
      const { failing, objects } = yield* makeChecks
      rmSync(objects, { recursive: true })
      writeFileSync(objects, "in the way")
      assert.deepStrictEqual(yield* failing, { "object store": "It does not answer." })
      rmSync(objects)
      yield* TestClock.adjust("11 seconds")
      assert.deepStrictEqual(yield* failing, {})
    })
  )

  it.scoped("make the directory of the objects where it is missing", () =>
    Effect.gen(function* () {
      const { failing, objects } = yield* makeChecks
      rmSync(objects, { recursive: true })
      assert.deepStrictEqual(yield* failing, {})
      assert.isTrue(statSync(objects).isDirectory())
    })
  )

  it.scoped("write one object, and not again for every question", () =>
    Effect.gen(function* () {
      const { failing, objects } = yield* makeChecks
      const files = () =>
        readdirSync(objects, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
      yield* failing
      const [probe = "", ...others] = files()
      assert.deepStrictEqual(others, [])
      const written = statSync(probe).ino
      for (let question = 0; question < 50; question++) yield* failing
      yield* TestClock.adjust("9 seconds")
      yield* failing
      assert.strictEqual(statSync(probe).ino, written, "the same file, not one that replaced it")
      yield* TestClock.adjust("2 seconds")
      rmSync(probe)
      yield* failing
      assert.deepStrictEqual(files(), [probe])
    })
  )
})

const Readiness = Schema.Struct({
  ready: Schema.Boolean,
  checks: Schema.Array(
    Schema.Struct({ name: Schema.String, ok: Schema.Boolean, detail: Schema.NullOr(Schema.String) })
  )
})

describe("GET /readyz", () => {
  it("answers for the parts of the running system, without saying where they are", async () => {
    const app = await startApp()
    onTestFinished(app.stop)
    const ask = async () => {
      const response = await fetch(`${app.url}/readyz`)
      const text = await response.text()
      assert.notInclude(text, app.directory)
      return { status: response.status, ...Schema.decodeSync(Schema.parseJson(Readiness))(text) }
    }
    const objects = join(app.directory, "objects")
    rmSync(objects, { recursive: true, force: true })
    writeFileSync(objects, "in the way")
    const broken = await ask()
    assert.strictEqual(broken.status, 503)
    assert.includeMembers(
      broken.checks.map(({ name }) => name),
      parts
    )
    assert.deepStrictEqual(
      broken.checks.filter(({ ok }) => !ok),
      [{ name: "object store", ok: false, detail: "It does not answer." }]
    )
  })

  it("answers ready when the system has started", async () => {
    const app = await startApp()
    onTestFinished(app.stop)
    const response = await fetch(`${app.url}/readyz`)
    assert.strictEqual(response.status, 200, await response.text())
  })
})
