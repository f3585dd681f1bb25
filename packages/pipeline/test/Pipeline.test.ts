import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub, Reject, Retry } from "@influscope/ports/PubSub"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { consume } from "../src/Consumer.ts"
import { Publisher } from "../src/Publisher.ts"
import { relayOnce } from "../src/Relay.ts"
import {
  allCreated,
  audit,
  type BrokerState,
  batch,
  embedded,
  Faults,
  isDrained,
  type Services,
  topic
} from "./Embedded.ts"

const batches = 5
const grace = Duration.millis(5)
const idOf = (number: number): string => `batch-${number}`
/** Powers of two: every sum of items tells which batches it is made of. */
const itemsOf = (number: number): number => 2 ** number
const batchesOf = (items: number): ReadonlyArray<string> =>
  Array.from({ length: batches }, (_, number) => number)
    .filter((number) => (items & itemsOf(number)) !== 0)
    .map(idOf)

/** What the handler does with one delivery of a batch; when its list is used up it succeeds. */
type Mood = "retry" | "reject" | "die" | "die after the effect" | "take its time"

type Operation = "Replay" | "ReplayUnnoted" | "NoteReplay" | "Drop"

type Step =
  | { readonly _tag: "Publish" | "PublishPoison" | Operation; readonly number: number }
  | { readonly _tag: "Broker"; readonly state: BrokerState }
  | { readonly _tag: "Restart" | "Relay" | "Rest" | "FailConfirm" | "FailMark" | "StopAfterConfirm" }

const oneOf = <T extends string>(...values: ReadonlyArray<T>) => FastCheck.constantFrom(...values)

const onBatch = <T extends string>(...tags: ReadonlyArray<T>) =>
  FastCheck.record({ _tag: oneOf(...tags), number: FastCheck.nat(batches - 1) })

const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  { weight: 6, arbitrary: onBatch("Publish") },
  {
    weight: 8,
    arbitrary: onBatch("PublishPoison", "Replay", "Replay", "ReplayUnnoted", "NoteReplay", "Drop")
  },
  {
    weight: 4,
    arbitrary: FastCheck.record({ _tag: oneOf("Broker"), state: oneOf("up", "down", "lossy") })
  },
  {
    weight: 12,
    arbitrary: FastCheck.record({
      _tag: oneOf("Restart", "Relay", "Rest", "Rest", "FailConfirm", "FailMark", "StopAfterConfirm")
    })
  }
)

const moods: FastCheck.Arbitrary<ReadonlyArray<ReadonlyArray<Mood>>> = FastCheck.array(
  FastCheck.array(
    FastCheck.constantFrom("retry", "reject", "reject", "die", "die after the effect", "take its time"),
    { maxLength: 6 }
  ),
  { minLength: batches, maxLength: batches }
)

/** The effect: one key for each batch, so applying it twice changes nothing. */
const handler = (script: ReadonlyArray<Array<Mood>>) =>
  consume(topic, { concurrency: 3, maxAttempts: 3, timeout: "5 seconds" }, (event) =>
    Effect.gen(function* () {
      const state = yield* StateStore
      const effect = Effect.orDie(state.set(event.id, "applied"))
      const mood = script[Number(event.id.slice(idOf(0).length - 1))]?.shift()
      if (mood === "retry") return yield* new Retry({ reason: "not now" })
      if (mood === "reject") return yield* new Reject({ reason: "of no use" })
      if (mood === "die") return yield* Effect.dieMessage("a mistake before the effect")
      if (mood === "take its time") yield* Effect.sleep("4 millis")
      yield* effect
      if (mood === "die after the effect") return yield* Effect.dieMessage("a mistake after the effect")
      return allCreated(event)
    })
  )

/** A process that can be ended, in the middle of everything, and started again. */
const makeProcess = Effect.fnUntraced(function* (faults: Faults, script: ReadonlyArray<Array<Mood>>) {
  const directory = yield* temporaryDirectory
  const layer = Publisher.Default.pipe(Layer.provideMerge(faults.before(embedded(directory, "1 millis"))))
  let scope: Scope.CloseableScope | undefined
  let services: Context.Context<Services | Publisher> | undefined
  const stop = Effect.suspend(() => (scope === undefined ? Effect.void : Scope.close(scope, Exit.void)))
  const start = Effect.gen(function* () {
    scope = yield* Scope.make()
    services = yield* Layer.buildWithScope(layer, scope)
    yield* handler(script).pipe(Effect.provide(services), Scope.extend(scope))
  })
  yield* Effect.addFinalizer(() => stop)
  yield* start
  return {
    restart: Effect.zipRight(stop, start),
    run: <A, E>(effect: Effect.Effect<A, E, Services | Publisher>) =>
      Effect.suspend(() =>
        services === undefined ? Effect.dieMessage("not started") : Effect.provide(effect, services)
      )
  }
})

/** Sends what no consumer can read, past the publisher. */
const publishPoison = (number: number) =>
  Effect.gen(function* () {
    const outbox = yield* Outbox
    const message = { id: idOf(number), payload: "poison", items: itemsOf(number), traceparent: undefined }
    if (yield* outbox.append(topic.name, message, undefined))
      yield* Effect.flatMap(PubSub, (pubsub) => Effect.ignore(pubsub.publish(topic.name, message)))
  })

/**
 * What the operator does with one of the dead letters, as the API does it: the outbox hears of it first. When that fails nothing
 * has happened; when the process ends in between, or somebody goes past the outbox, everything still has its end.
 */
const operate = (number: number, what: Operation) =>
  Effect.gen(function* () {
    const deadLetters = yield* DeadLetters
    const outbox = yield* Outbox
    const letters = yield* deadLetters.list({ topic: topic.name, limit: batches, before: undefined })
    const id = letters[number % letters.length]?.id
    if (id === undefined) return
    if (what === "Drop") yield* outbox.markDead(topic.name, id, "dropped")
    if (what === "Replay" || what === "NoteReplay") yield* outbox.resent(topic.name, id)
    if (what === "Drop") yield* deadLetters.drop(id)
    if (what === "Replay" || what === "ReplayUnnoted") yield* deadLetters.replay(id)
  }).pipe(Effect.catchTag("StorageError", () => Effect.logDebug("the operator sees an error")))

const act = (step: Step, faults: Faults) =>
  Effect.gen(function* () {
    switch (step._tag) {
      case "Publish": {
        const publisher = yield* Publisher
        const items = itemsOf(step.number)
        return yield* publisher.publish(topic, batch(idOf(step.number), items), { items, job: "job" })
      }
      case "PublishPoison":
        return yield* publishPoison(step.number)
      case "Replay":
      case "ReplayUnnoted":
      case "NoteReplay":
      case "Drop":
        return yield* operate(step.number, step._tag)
      case "Broker":
        faults.broker = step.state
        return
      case "FailConfirm":
        faults.confirmsToFail += 1
        return
      case "FailMark":
        faults.marksToFail += 1
        return
      case "StopAfterConfirm":
        faults.confirmsToDieAfter += 1
        return
      case "Relay":
        yield* relayOnce(grace)
        return
      case "Rest":
        return yield* Effect.sleep("3 millis")
      case "Restart":
        return
    }
  })

const assertAddsUp = Effect.gen(function* () {
  const { applied, deadLettered, dropped, missing, pending, sent } = yield* audit(5)
  assert.strictEqual(applied + deadLettered + dropped + missing + pending, sent)
  for (const items of [applied, deadLettered, dropped, missing, pending]) assert.isAtLeast(items, 0)
})

/** Nothing is in the way any more: the relay's rounds bring everything to its end. */
const settle = eventually(
  "everything accounted for",
  Effect.gen(function* () {
    yield* relayOnce(grace)
    const { missing, pending } = yield* audit(0)
    return missing === 0 && pending === 0 && (yield* isDrained)
  }),
  "20 seconds"
)

describe("the pipeline", () => {
  it.scopedLive.prop(
    "brings every batch to exactly one end, whatever fails, restarts, is replayed or dropped in between",
    [FastCheck.array(step, { maxLength: 30, size: "max" }), moods],
    ([steps, scripts]) =>
      Effect.gen(function* () {
        const faults = new Faults()
        const process = yield* makeProcess(
          faults,
          scripts.map((script) => [...script])
        )
        const published = new Set<string>()
        for (const next of steps) {
          if (next._tag === "Publish" || next._tag === "PublishPoison") published.add(idOf(next.number))
          if (next._tag === "Restart") yield* process.restart
          else yield* process.run(act(next, faults))
          yield* process.run(assertAddsUp)
        }
        faults.broker = "up"
        faults.confirmsToFail = 0
        faults.marksToFail = 0
        faults.confirmsToDieAfter = 0
        yield* process.run(settle)
        yield* process.restart

        const { end, isApplied, letters } = yield* process.run(
          Effect.gen(function* () {
            const deadLetters = yield* DeadLetters
            const state = yield* StateStore
            const end = yield* audit(0)
            const applied = yield* state.getMany(batchesOf(end.applied))
            return {
              end,
              isApplied: applied.map(Option.isSome),
              letters: yield* deadLetters.list({ topic: topic.name, limit: 100, before: undefined })
            }
          })
        )
        assert.strictEqual(end.missing + end.pending, 0)
        assert.strictEqual(end.applied + end.deadLettered + end.dropped, end.sent)
        assert.sameMembers([...batchesOf(end.sent)], [...published])
        assert.notInclude(isApplied, false)
        const dead = new Set(batchesOf(end.deadLettered))
        assert.includeMembers(
          letters.map(({ id }) => id),
          [...dead]
        )
        // Confirmed, but at its last attempt, and nobody could know: the process ended, or the outbox did not answer.
        for (const { id, reason } of letters.filter((letter) => !dead.has(letter.id))) {
          assert.include(batchesOf(end.applied), id)
          if (!faults.unmarked.has(id)) assert.match(reason, /^the process ended during delivery/)
        }
      }).pipe(Logger.withMinimumLogLevel(LogLevel.None)),
    { timeout: 90_000, fastCheck: { numRuns: 60, interruptAfterTimeLimit: 60_000 } }
  )
})
