import { assert, describe, it } from "@effect/vitest"
import { isOpen } from "@influscope/stack/Supervisor"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as TestServer from "../src/TestServer.ts"

/** Speaks Redis's protocol: one command, one answer. */
const ask = (host: string, password: string, ...words: ReadonlyArray<string>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Bun.RedisClient(`redis://:${password}@${host}`, { autoReconnect: false })),
    (client) => Effect.tryPromise(async (): Promise<unknown> => client.send(words[0] ?? "", words.slice(1))),
    (client) => Effect.sync(() => client.close())
  )

const command = ({ environment }: TestServer.Reached, ...words: ReadonlyArray<string>) =>
  ask(environment["REDIS_HOST"] ?? "", environment["REDIS_PASSWORD"] ?? "", ...words)

/** A child that writes a snapshot has the server's socket for a moment longer. */
const closes = (port: number) =>
  isOpen(port).pipe(
    Effect.repeat({
      until: (open) => !open,
      schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(50))
    }),
    Effect.andThen(() => isOpen(port)),
    Effect.map((open) => assert.isFalse(open, `port ${port} is still open`))
  )

describe("a server of a test, as a program or as a container", () => {
  it.scopedLive("keeps its address and its data over a kill and a stop, and is gone with its scope", () =>
    Effect.gen(function* () {
      const port = yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* TestServer.scoped(redis)
          const own = server.where.ports["redis"] ?? 0
          assert.strictEqual(server.environment["REDIS_HOST"], `127.0.0.1:${own}`)
          yield* command(server, "SET", "kept", "yes")
          // Redis writes to the disk every second.
          yield* Effect.sleep("1500 millis")
          for (const end of [server.kill, server.stop]) {
            yield* end
            yield* closes(own)
            yield* server.start
            assert.strictEqual(yield* command(server, "GET", "kept"), "yes")
          }
          return own
        })
      )
      yield* closes(port)
    })
  )

  it.live("is one for all who share it, and is not the one of who has its own", () =>
    Effect.gen(function* () {
      const [first, second] = yield* Effect.all([TestServer.shared(redis), TestServer.shared(redis)], {
        concurrency: 2
      })
      assert.deepStrictEqual(first.where, second.where)
      assert.isTrue(yield* isOpen(first.where.ports["redis"] ?? 0))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const own = yield* TestServer.scoped(redis)
          assert.notDeepEqual(own.where.ports, first.where.ports)
        })
      )
      assert.isTrue(yield* isOpen(first.where.ports["redis"] ?? 0))
    })
  )
})
