/**
 * Why the batch is the unit: messages of 1 to 1,000 items through the sidecar of the indexer and RabbitMQ, with our adapter
 * at both ends, deliveries counted in PostgreSQL as always, and in the indexer's place a handler that only parses.
 *   bun bench/discovery/sweep.ts [--seconds 4] [--rounds 2] [--inFlight 16] [--ratio 20] [--no-gate]
 * A message is published when one of those on their way has been applied; sizes take turns. Prints items/s and the time
 * from publishing to applied, and writes bench/results/sweep.json.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { ConsumingLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import * as Gate from "@influscope/adapters/dapr/Gate"
import { profilesDiscovered } from "@influscope/domain/Events"
import { PubSub } from "@influscope/ports/PubSub"
import * as Supervisor from "@influscope/stack/Supervisor"
import { start } from "@influscope/testing/DaprSystem"
import { settings } from "@influscope/testing/Settings"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { readArguments } from "../support/Arguments.ts"
import { load } from "../support/Machine.ts"
import { rounded, spreadOf, sum } from "../support/Numbers.ts"
import { csvRow } from "../support/ProfilesCsv.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"

const { gate, numbers } = readArguments({ seconds: 4, rounds: 2, inFlight: 16, ratio: 20 })

const sizes = [1, 5, 10, 50, 100, 500, 1_000]
const topic = profilesDiscovered.name

interface Measured {
  readonly itemsPerSecond: number
  /** Of every message. */
  readonly millis: ReadonlyArray<number>
}

const payloadOf = (size: number): string =>
  JSON.stringify(Array.from({ length: size }, (_, account) => csvRow(1, account)))

/** Subscribes, and gives what publishes messages of a size for a while and waits until each is applied. */
const makeRun = Effect.gen(function* () {
  const pubsub = yield* PubSub
  const waiting = new Map<string, Deferred.Deferred<void>>()
  yield* pubsub.subscribe(
    topic,
    { concurrency: numbers.inFlight, maxAttempts: 5, timeout: "30 seconds" },
    ({ id, payload }) =>
      Effect.suspend(() => {
        JSON.parse(payload)
        const applied = waiting.get(id)
        return applied === undefined ? Effect.void : Effect.asVoid(Deferred.succeed(applied, undefined))
      })
  )
  yield* (yield* Callbacks).open
  yield* Gate.wait({ components: [{ name: "pubsub", type: "pubsub." }] })

  return Effect.fnUntraced(function* (size: number, seconds: number) {
    const payload = payloadOf(size)
    const millis: Array<number> = []
    const started = performance.now()
    const deadline = started + seconds * 1_000
    const sendOne = Effect.gen(function* () {
      const id = crypto.randomUUID()
      const applied = yield* Deferred.make<void>()
      waiting.set(id, applied)
      const published = performance.now()
      yield* pubsub.publish(topic, { id, payload, items: size, traceparent: undefined })
      yield* Deferred.await(applied).pipe(Effect.timeout("1 minute"))
      millis.push(performance.now() - published)
      waiting.delete(id)
    })
    const sendOn = Effect.repeat(sendOne, { while: () => performance.now() < deadline })
    yield* Effect.all(
      Array.from({ length: numbers.inFlight }, () => sendOn),
      { concurrency: numbers.inFlight, discard: true }
    )
    const measured: Measured = {
      itemsPerSecond: (millis.length * size * 1_000) / (performance.now() - started),
      millis
    }
    return measured
  })
})

const sweep = Effect.gen(function* () {
  const run = yield* makeRun
  yield* run(100, 1)
  const measured = new Map(sizes.map((size): [number, Array<Measured>] => [size, []]))
  const loads: Array<number | undefined> = []
  for (let round = 0; round < numbers.rounds; round++) {
    loads.push(load()[0])
    for (const [size, rounds] of measured) rounds.push(yield* run(size, numbers.seconds))
  }
  const rows = [...measured].map(([size, rounds]) => ({
    size,
    itemsPerSecond: Math.round(sum(rounds.map(({ itemsPerSecond }) => itemsPerSecond)) / rounds.length),
    payloadBytes: payloadOf(size).length,
    millis: spreadOf(rounds.flatMap(({ millis }) => millis))
  }))
  print(`${numbers.inFlight} messages on their way at a time; load before each round ${loads.join(" ")}\n`)
  table(
    ["items a message", "bytes", "messages", "items/s", "p50 ms", "p95", "p99"],
    rows.map(({ itemsPerSecond, millis, payloadBytes, size }) => [
      String(size),
      payloadBytes,
      millis.count,
      itemsPerSecond,
      millis.p50,
      millis.p95,
      millis.p99
    ])
  )
  const rateAt = (wanted: number): number =>
    rows.find(({ size }) => size === wanted)?.itemsPerSecond ?? Number.NaN
  const ratio = rounded(rateAt(500) / rateAt(1), 1)
  yield* Effect.promise(() =>
    conclude(
      "sweep",
      { arguments: numbers, loads, rows, ratio },
      [
        {
          what: "items/s with 500 items a message over those with one",
          required: `>= ${numbers.ratio}`,
          measured: ratio,
          met: ratio >= numbers.ratio
        }
      ],
      gate
    )
  )
})

printMachine()
BunRuntime.runMain(
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "influscope-sweep-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const { services } = yield* start({ directory, env: { INFLUSCOPE_LOG_LEVEL: "WARN" } })
    const { recipe, where } = services.indexer
    yield* Supervisor.stop(recipe, where)
    const environment = recipe.command(where).env ?? {}
    const live = Layer.provide(ConsumingLive, settings(environment))
    yield* sweep.pipe(Effect.scoped, Effect.provide(live))
  }).pipe(Effect.scoped, Logger.withMinimumLogLevel(LogLevel.Warning))
)
