import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MainDatabase from "../src/sqlite/MainDatabase.ts"
import * as SqliteOutbox from "../src/sqlite/Outbox.ts"
import * as Queue from "../src/sqlite/Queue.ts"

const program = fileURLToPath(new URL("./SqlitePublisherProcess.ts", import.meta.url))

type Mode = "honest" | "boast"

/** Starts a publisher and kills it, without warning, once it has said `lines` lines; answers all it said. */
const runAndKill = (mode: Mode, directory: string, first: number, lines: number) =>
  Effect.async<ReadonlyArray<string>>((resume) => {
    const child = spawn(process.execPath, [program, mode, directory, String(first)], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let said = ""
    child.stdout.setEncoding("utf8")
    child.stdout.on("data", (text: string) => {
      said += text
      if (said.split("\n").length > lines) child.kill("SIGKILL")
    })
    // What stands after the last line end was cut off.
    child.on("close", () => resume(Effect.succeed(said.split("\n").slice(0, -1))))
  })

const idsAfter = (word: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))

/** Handles what the dead processes left, and answers its ids and the account. */
const drain = (directory: string) =>
  Effect.gen(function* () {
    const pubSub = yield* PubSub
    const outbox = yield* Outbox
    const received: Array<string> = []
    yield* pubSub.subscribe(
      "topic",
      { concurrency: 8, maxAttempts: 100, timeout: "1 minute" },
      Effect.fnUntraced(function* (delivery) {
        yield* Effect.orDie(outbox.confirm("topic", delivery.id, { created: 1, updated: 0, unchanged: 0 }))
        received.push(delivery.id)
      })
    )
    yield* eventually(
      "an empty queue",
      Effect.map(pubSub.stats, (stats) => stats.every((topic) => topic.messages === 0))
    )
    const [audit] = yield* outbox.audit(-1)
    return { received, audit }
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Layer.merge(Queue.layer, SqliteOutbox.layer).pipe(Layer.provide(MainDatabase.layer(directory)))
    )
  )

const killed = Effect.fnUntraced(function* (mode: Mode, times: number) {
  const directory = yield* temporaryDirectory
  const sent: Array<string> = []
  const received: Array<string> = []
  for (let round = 0; round < times; round++) {
    const lines = yield* runAndKill(mode, directory, round * 1_000_000, 200)
    sent.push(...idsAfter("sent", lines))
    received.push(...idsAfter("applied", lines))
  }
  const rest = yield* drain(directory)
  received.push(...rest.received)
  const known = new Set(received)
  const lost = sent.filter((id) => !known.has(id))
  const duplicates = received.length - known.size
  yield* Effect.logInfo(
    `${mode}: sent ${sent.length}, received ${known.size}, duplicates ${duplicates}, lost ${lost.length}`
  )
  return { sent, lost, audit: rest.audit }
})

describe("SQLite queue and outbox under kill -9", () => {
  it.scopedLive("lose nothing that was acknowledged", () =>
    Effect.gen(function* () {
      const { audit, lost, sent } = yield* killed("honest", 3)
      assert.isAtLeast(sent.length, 100)
      assert.deepStrictEqual(lost, [])
      assert.isAtLeast(audit?.sent ?? 0, sent.length)
      // A batch may die with its process between the outbox and the queue: the relay's work, and the account says so.
      assert.isAtMost(audit?.missing ?? 0, 3)
      assert.strictEqual((audit?.applied ?? 0) + (audit?.missing ?? 0), audit?.sent)
    })
  )

  it.scopedLive("would be seen to lose, if success were reported before the commit", () =>
    Effect.gen(function* () {
      const { lost } = yield* killed("boast", 1)
      assert.isAtLeast(lost.length, 1)
    })
  )
})
