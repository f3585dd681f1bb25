import { existsSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import { isOpen, kill, pidOf, scoped, start } from "../src/Supervisor.ts"
import { redis } from "../src/servers/Redis.ts"

describe("a supervised server", () => {
  it.scopedLive("comes up on free ports, comes up again after a crash, and is gone with its scope", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { where } = yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* scoped(redis, { directory })
          const port = server.where.ports["redis"] ?? 0
          assert.isTrue(yield* isOpen(port))
          yield* kill(server.where)
          assert.isUndefined(pidOf(directory))
          const again = yield* start(redis, server.where)
          assert.notStrictEqual(again.pid, server.pid)
          assert.strictEqual((yield* start(redis, server.where)).pid, again.pid)
          return server
        })
      )
      assert.isUndefined(pidOf(directory))
      assert.isFalse(yield* isOpen(where.ports["redis"] ?? 0))
      assert.isTrue(existsSync(join(directory, "appendonlydir")))
    })
  )

  it.scopedLive("says whose port it wants when that is taken", () =>
    Effect.gen(function* () {
      const first = yield* scoped(redis, { directory: yield* temporaryDirectory })
      const error = yield* Effect.flip(
        scoped(redis, { directory: yield* temporaryDirectory, ports: first.where.ports })
      )
      assert.include(error.message, "is taken by another program")
    })
  )
})
