import { chmodSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import { dataDirectory, disk, memory } from "../src/checks/Machine.ts"
import { ports } from "../src/checks/Ports.ts"
import { program } from "../src/checks/Programs.ts"
import { elasticsearchHealth, rabbitmqQueues, stackServers } from "../src/checks/Servers.ts"
import { sidecar } from "../src/checks/Sidecar.ts"
import { freePort } from "../src/Supervisor.ts"

/** A port that somebody listens on: this process. */
const takenPort = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ port, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
).pipe(Effect.map(({ port }) => port))

/** Answers one JSON value to everything, where the real server cannot be brought into a state in a few seconds. */
const answering = (body: unknown) =>
  Effect.acquireRelease(
    Effect.sync(() => Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json(body) })),
    (server) => Effect.promise(() => server.stop(true))
  ).pipe(Effect.map(({ port }) => port ?? 0))

const bun = {
  name: "Bun",
  argv: [process.execPath, "--version"],
  least: [1],
  needed: true,
  usedFor: "everything",
  mend: "npm install"
} as const

describe("checks of the doctor", () => {
  it.scopedLive("a program is new enough, too old, or not there", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* program(bun)).state, "ok")
      const old = yield* program({ ...bun, least: [99, 0] })
      assert.strictEqual(old.state, "fail")
      assert.include(old.why, "older than 99.0")
      assert.strictEqual(old.mend, "npm install")
      assert.strictEqual((yield* program({ ...bun, least: [99], needed: false })).state, "warn")
      const absent = yield* program({ ...bun, argv: ["influscope-no-such-program", "--version"] })
      assert.strictEqual(absent.state, "fail")
      assert.include(absent.why, "not found")
    })
  )

  it.scopedLive("a port is free, ours, or another program's, which is named", () =>
    Effect.gen(function* () {
      const group = {
        name: "test",
        ports: { http: yield* freePort, grpc: yield* takenPort },
        otherwise: (role: string) => `move ${role}`
      }
      const taken = yield* ports({ ...group, isOurs: () => false })
      assert.strictEqual(taken.state, "fail")
      assert.include(taken.why, `${group.ports.grpc} (grpc) is taken by`)
      assert.include(taken.why, String(process.pid))
      assert.include(taken.mend ?? "", "move grpc")
      assert.strictEqual((yield* ports({ ...group, isOurs: ({ pid }) => pid === process.pid })).state, "ok")
      const free = yield* ports({ ...group, ports: { http: group.ports.http }, isOurs: () => false })
      assert.strictEqual(free.state, "ok")
      assert.include(free.why, "free")
    })
  )

  it.scopedLive("disk and memory have limits", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const notYetMade = join(directory, "not", "yet")
      assert.strictEqual((yield* disk(notYetMade, { fail: 0, warn: 0 })).state, "ok")
      assert.strictEqual((yield* disk(directory, { fail: 0, warn: 1e18 })).state, "warn")
      assert.strictEqual((yield* disk(directory, { fail: 1e18, warn: 1e18 })).state, "fail")
      assert.strictEqual((yield* memory({ fail: 0, warn: 0 })).state, "ok")
      assert.strictEqual((yield* memory({ fail: 0, warn: 1e18 })).state, "warn")
      assert.strictEqual((yield* memory({ fail: 1e18, warn: 1e18 })).state, "fail")
    })
  )

  it.scopedLive("the data directory is a directory of ours alone", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      assert.strictEqual((yield* dataDirectory(directory)).state, "ok")
      assert.include((yield* dataDirectory(join(directory, "later"))).why, "will be made")
      chmodSync(directory, 0o755)
      assert.strictEqual((yield* dataDirectory(directory)).state, "warn")
      const file = join(directory, "file")
      writeFileSync(file, "")
      assert.strictEqual((yield* dataDirectory(file)).state, "fail")
      assert.strictEqual((yield* dataDirectory(join(file, "below"))).state, "fail")
    })
  )

  it.scopedLive("no server was started, or nobody knows which", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      assert.deepStrictEqual(
        (yield* stackServers(root)).map(({ state }) => state),
        ["ok"]
      )
      writeFileSync(join(root, "state.json"), "{ not JSON")
      const [broken] = yield* stackServers(root)
      assert.strictEqual(broken?.state, "fail")
      assert.include(broken?.mend ?? "", "state.json")
    })
  )

  it.scopedLive("RabbitMQ does not answer", () =>
    Effect.gen(function* () {
      const check = yield* rabbitmqQueues(`http://user:password@127.0.0.1:${yield* freePort}`)
      assert.strictEqual(check.state, "fail")
      assert.include((yield* rabbitmqQueues("no URL")).why, "is no URL")
    })
  )

  it.scopedLive("Elasticsearch is green, yellow, red, or silent", () =>
    Effect.gen(function* () {
      const look = (status: string, nodes: number) =>
        Effect.flatMap(answering({ status, number_of_nodes: nodes, unassigned_shards: 1 }), (port) =>
          Effect.map(elasticsearchHealth(`http://127.0.0.1:${port}`), ({ state }) => state)
        )
      assert.strictEqual(yield* look("green", 1), "ok")
      assert.strictEqual(yield* look("yellow", 1), "ok")
      assert.strictEqual(yield* look("yellow", 3), "warn")
      assert.strictEqual(yield* look("red", 1), "fail")
      assert.strictEqual((yield* elasticsearchHealth(`http://127.0.0.1:${yield* freePort}`)).state, "fail")
    })
  )

  it.scopedLive("a sidecar lacks a component, has them all, or is none", () =>
    Effect.gen(function* () {
      const port = yield* answering({ id: "api", components: [{ name: "state", type: "state.postgresql" }] })
      const lacking = yield* sidecar({ port, needed: () => ["pubsub", "state"] })
      assert.strictEqual(lacking.state, "fail")
      assert.include(lacking.why, "without pubsub")
      assert.strictEqual((yield* sidecar({ port, needed: () => ["state"] })).state, "ok")
      assert.strictEqual((yield* sidecar({ port: yield* freePort, needed: () => ["state"] })).state, "ok")
      const other = yield* answering({ name: "something else" })
      assert.strictEqual((yield* sidecar({ port: other, needed: () => [] })).state, "warn")
    })
  )
})
