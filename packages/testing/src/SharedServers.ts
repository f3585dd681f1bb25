import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findServer } from "@influscope/stack/Servers"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestServer from "./TestServer.ts"

const encode = Schema.encodeSync(Schema.parseJson(TestServer.SharedAnswer))

/**
 * Global setup of test runs: starts the servers that test files share, each when the first file asks for it on a socket,
 * and stops them at the end. See `TestServer.shared`.
 */
export default async (): Promise<() => Promise<void>> => {
  const kind = await Effect.runPromise(TestServer.kindHere)
  process.env["INFLUSCOPE_TEST_SERVERS"] = kind
  process.stdout.write(`Servers of the tests: ${kind}\n`)

  // Java that starts in half the time, and would be slower after minutes.
  process.env["JDK_JAVA_OPTIONS"] ??= "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

  const directory = mkdtempSync(join(tmpdir(), "influscope-shared-"))
  const socket = join(directory, "socket")
  process.env[TestServer.sharedSocket] = socket

  const scope = Effect.runSync(Scope.make())
  const started = new Map<string, Promise<string>>()
  const answerFor = (name: string): Promise<string> => {
    const recipe = findServer(name)
    if (recipe === undefined) return Promise.reject(new Error(`there is no server ${name}`))
    const known =
      started.get(name) ??
      Effect.runPromise(Scope.extend(Effect.map(TestServer.scoped(recipe), encode), scope))
    started.set(name, known)
    return known
  }
  const listener = Bun.serve({
    unix: socket,
    fetch: (request) =>
      Promise.race([
        answerFor(new URL(request.url).pathname.slice(1)).then(
          (text) => new Response(text),
          (error: unknown) => new Response(String(error), { status: 500 })
        ),
        // A connection may be idle for 10 seconds; some servers take longer to start.
        Bun.sleep(5_000).then(() => new Response(null, { status: TestServer.notYet }))
      ])
  })

  return async () => {
    await listener.stop(true)
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true, force: true })
  }
}
