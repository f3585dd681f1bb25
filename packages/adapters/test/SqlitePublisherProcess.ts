/**
 * Run by SqliteKill.test.ts, which kills it: `bun SqlitePublisherProcess.ts MODE DIRECTORY FIRST`. Publishes batches
 * number FIRST and up for ever and handles them too, and says so: a line `sent ID` when a batch is durable, `applied ID`
 * when its confirmation is. In mode `boast` it says `sent` before the commit, as no producer may.
 */
import { writeSync } from "node:fs"
import { Outbox } from "@influscope/ports/Outbox"
import { type Message, PubSub } from "@influscope/ports/PubSub"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MainDatabase from "../src/sqlite/MainDatabase.ts"
import * as SqliteOutbox from "../src/sqlite/Outbox.ts"
import * as Queue from "../src/sqlite/Queue.ts"

const [mode, directory = "", first = "0"] = process.argv.slice(2)

// Past every buffer of this process, so that a line that was written outlives it.
const say = (line: string): Effect.Effect<void> =>
  Effect.sync(() => {
    writeSync(1, `${line}\n`)
  })

const program = Effect.gen(function* () {
  const pubSub = yield* PubSub
  const outbox = yield* Outbox
  yield* pubSub.subscribe(
    "topic",
    { concurrency: 4, maxAttempts: 100, timeout: "1 minute" },
    Effect.fnUntraced(function* (delivery) {
      yield* Effect.sleep("1 millis")
      yield* Effect.orDie(outbox.confirm("topic", delivery.id, { created: 1, updated: 0, unchanged: 0 }))
      yield* say(`applied ${delivery.id}`)
    })
  )
  const publish = Effect.fnUntraced(function* (message: Message) {
    yield* outbox.append("topic", message, undefined)
    yield* pubSub.publish("topic", message)
  })
  for (let number = Number(first); ; number++) {
    const message: Message = {
      id: `batch-${number}`,
      payload: JSON.stringify("x".repeat(2_000)),
      items: 1,
      traceparent: undefined
    }
    if (mode === "boast") {
      yield* say(`sent ${message.id}`)
      yield* Effect.forkScoped(Effect.delay(publish(message), "500 millis"))
    } else {
      yield* publish(message)
      yield* say(`sent ${message.id}`)
    }
    yield* Effect.sleep("1 millis")
  }
})

const services = Layer.merge(Queue.layer, SqliteOutbox.layer).pipe(
  Layer.provide(MainDatabase.layer(directory))
)

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(services)))
