import { assert, describe, it } from "@effect/vitest"
import { type DataPointsCollected, dataPointsCollected } from "@influscope/domain/Events"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { PubSub } from "@influscope/ports/PubSub"
import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import { pointLateness, pointsWritten } from "@influscope/telemetry/Metrics"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { account, accounts } from "@influscope/testing/TrackedAccounts"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { SinkLive } from "../src/Sink.ts"
import { auditOf, deaths, drained, passUntil, pointsOf, process, Surroundings, send } from "./Process.ts"

/** 2026-01-01T00:00:00Z in epoch seconds. */
const newYear = 1_767_225_600
const topic = dataPointsCollected.name

const point = (number: number, time: number, followers = 7): DataPoint => ({
  id: account(number),
  time,
  observedAt: time + 1,
  followers
})

const batch = (id: string, first: DataPoint, ...rest: ReadonlyArray<DataPoint>): DataPointsCollected => ({
  version: 1,
  id,
  origin: "fetched",
  points: [first, ...rest]
})

const sendBatch = (event: DataPointsCollected) => send(dataPointsCollected, event, event.points.length)

const failing = (reason: StorageReason) =>
  new StorageError({ reason, operation: "write points", cause: "made to fail" })

/** Closing waits for handlers, by the clock of the test. */
const endWhileTimePasses = <A, E, R>(process: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const running = yield* Effect.fork(process)
    yield* passUntil("the process has ended", Effect.map(Fiber.poll(running), Option.isSome))
    yield* Fiber.join(running)
  })

const written = (...points: ReadonlyArray<DataPoint>) =>
  points.map(({ id, observedAt, time }) => `${id} ${time} ${observedAt}`)

const on = <A, E>(
  directory: string,
  surroundings: Surroundings,
  body: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof process>>>
) => Effect.provide(body, process(directory, surroundings, SinkLive))

const onFreshDirectory = <A, E>(
  surroundings: Surroundings,
  body: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof process>>>
) => Effect.flatMap(temporaryDirectory, (directory) => on(directory, surroundings, body))

describe("writing points", () => {
  it.scoped("keeps the first figure of an influencer at a nominal time, in whatever batch it comes", () =>
    onFreshDirectory(
      new Surroundings(),
      Effect.gen(function* () {
        yield* TestClock.setTime((newYear + 3) * 1_000)
        const before = (yield* Metric.value(pointsWritten)).count
        yield* sendBatch(batch("a", point(1, newYear), point(2, newYear)))
        yield* drained(topic)
        const again = { ...point(1, newYear, 99), observedAt: newYear + 50 }
        yield* sendBatch(batch("b", again, point(1, newYear + 60), point(1, newYear - 60)))
        yield* drained(topic)
        assert.deepStrictEqual(
          yield* pointsOf(accounts(2)),
          written(point(1, newYear - 60), point(1, newYear), point(1, newYear + 60), point(2, newYear))
        )
        assert.strictEqual((yield* Metric.value(pointsWritten)).count - before, 4)
        assert.deepInclude(yield* auditOf(topic), { sent: 5, applied: 5, duplicateBatches: 0 })
      })
    )
  )

  it.scoped("writes a batch that comes again to no effect, and counts it as a duplicate", () =>
    onFreshDirectory(
      new Surroundings(),
      Effect.gen(function* () {
        yield* TestClock.setTime(newYear * 1_000)
        const pubsub = yield* PubSub
        const event = batch("a", point(1, newYear), point(2, newYear))
        const message = { id: "a", payload: JSON.stringify(event), items: 2, traceparent: undefined }
        yield* sendBatch(event)
        yield* drained(topic)
        for (let copy = 0; copy < 3; copy++) {
          yield* pubsub.publish(topic, message)
          yield* drained(topic)
        }
        assert.deepStrictEqual(yield* pointsOf(accounts(2)), written(...event.points))
        assert.deepInclude(yield* auditOf(topic), { sent: 2, applied: 2, duplicateBatches: 3 })
      })
    )
  )

  it.scoped("a process that ends between writing and acknowledging leaves a batch that is there once", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(newYear * 1_000)
      const directory = yield* temporaryDirectory
      const dying = new Surroundings()
      dying.write = (inner) => (points) => Effect.zipRight(inner(points), Effect.never)
      const event = batch("a", point(1, newYear), point(2, newYear))
      yield* on(
        directory,
        dying,
        Effect.zipRight(
          sendBatch(event),
          passUntil(
            "the points are there",
            Effect.map(pointsOf(accounts(2)), ({ length }) => length === 2)
          )
        )
      ).pipe(endWhileTimePasses)
      yield* on(
        directory,
        new Surroundings(),
        Effect.gen(function* () {
          yield* drained(topic)
          assert.deepStrictEqual(yield* pointsOf(accounts(2)), written(...event.points))
          assert.deepInclude(yield* auditOf(topic), { sent: 2, applied: 2, pending: 0 })
          assert.deepStrictEqual(yield* deaths, {})
        })
      )
    })
  )

  for (const reason of ["unavailable", "full"] as const)
    it.scoped(`waits for a store that is ${reason}, however long, and then has everything`, () => {
      const surroundings = new Surroundings()
      return onFreshDirectory(
        surroundings,
        Effect.gen(function* () {
          yield* TestClock.setTime(newYear * 1_000)
          let tries = 0
          let isDown = true
          surroundings.write = (inner) => (points) => {
            tries += 1
            return isDown ? failing(reason) : inner(points)
          }
          const events = Array.from({ length: 6 }, (_, minute) =>
            batch(`batch ${minute}`, point(1, newYear + minute * 60))
          )
          for (const event of events) yield* sendBatch(event)
          yield* passUntil(
            "more tries of each than it has attempts",
            Effect.sync(() => tries > 6 * 30)
          )
          assert.deepStrictEqual(yield* pointsOf([account(1)]), [])
          // In sight all the while: on its way, and neither lost nor dead.
          assert.deepInclude(yield* auditOf(topic), { sent: 6, applied: 0, pending: 6, deadLettered: 0 })
          isDown = false
          yield* drained(topic)
          assert.deepStrictEqual(
            yield* pointsOf([account(1)]),
            written(...events.flatMap(({ points }) => points))
          )
          assert.deepStrictEqual(yield* deaths, {})
          assert.deepInclude(yield* auditOf(topic), { sent: 6, applied: 6, pending: 0, deadLettered: 0 })
        })
      )
    })

  it.scoped("measures how late the points of tracking are, and not how old given ones are", () =>
    onFreshDirectory(
      new Surroundings(),
      Effect.gen(function* () {
        yield* TestClock.setTime((newYear + 40) * 1_000)
        const before = yield* Metric.value(pointLateness)
        yield* sendBatch(batch("fetched", point(1, newYear)))
        yield* sendBatch({ ...batch("given", point(2, newYear - 86_400)), origin: "given" })
        yield* drained(topic)
        const after = yield* Metric.value(pointLateness)
        assert.strictEqual(after.count - before.count, 1)
        assert.isAtLeast(after.sum - before.sum, 40)
        assert.isBelow(after.sum - before.sum, 60)
      })
    )
  )

  it.scoped(
    "says who has new figures, and who was given history, also when all of it was there already",
    () => {
      const surroundings = new Surroundings()
      return onFreshDirectory(
        surroundings,
        Effect.gen(function* () {
          yield* TestClock.setTime((newYear + 3) * 1_000)
          const given = { ...batch("given", point(2, newYear - 86_400)), origin: "given" } as const
          yield* sendBatch(batch("fetched", point(1, newYear)))
          yield* drained(topic)
          yield* sendBatch(given)
          yield* drained(topic)
          yield* sendBatch({ ...given, id: "given again" })
          yield* drained(topic)
          const two = { changed: [account(2)], given: [account(2)] }
          assert.deepStrictEqual(surroundings.notes, [{ changed: [account(1)] }, two, two])
        })
      )
    }
  )

  it.scoped("buries what the store can never take and what is no message, once and with the reason", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* TestClock.setTime(newYear * 1_000)
        const pubsub = yield* PubSub
        surroundings.write = (inner) => (points) =>
          points.some(({ followers }) => followers === 13) ? failing("corrupt") : inner(points)
        yield* sendBatch(batch("poison", point(1, newYear), point(2, newYear, 13)))
        const wrong = JSON.stringify({ ...batch("wrong", point(1, newYear)), points: [{ id: "nobody" }] })
        yield* pubsub.publish(topic, { id: "wrong", payload: wrong, items: 1, traceparent: undefined })
        yield* pubsub.publish(topic, { id: "text", payload: "not JSON", items: 1, traceparent: undefined })
        yield* sendBatch(batch("good", point(3, newYear)))
        yield* drained(topic)
        const reasons = yield* deaths
        assert.sameMembers(Object.keys(reasons), ["poison", "wrong", "text"])
        assert.match(reasons["poison"] ?? "", /write points failed \(corrupt\): made to fail/)
        assert.match(reasons["wrong"] ?? "", /Not a datapoints\.collected message/)
        assert.match(reasons["text"] ?? "", /Not a datapoints\.collected message/)
        // All or nothing: what else was in the batch waits with it for a replay.
        assert.deepStrictEqual(yield* pointsOf(accounts(3)), written(point(3, newYear)))
        assert.deepInclude(yield* auditOf(topic), { sent: 3, applied: 1, deadLettered: 2, pending: 0 })
      })
    )
  })

  it.scoped("gives up a batch that keeps meeting conflicts, after its attempts", () => {
    const surroundings = new Surroundings()
    return onFreshDirectory(
      surroundings,
      Effect.gen(function* () {
        yield* TestClock.setTime(newYear * 1_000)
        let tries = 0
        surroundings.write = () => () => {
          tries += 1
          return failing("conflict")
        }
        yield* sendBatch(batch("a", point(1, newYear)))
        yield* drained(topic)
        assert.strictEqual(tries, 25)
        assert.match((yield* deaths)["a"] ?? "", /Gave up after 25 attempts: .*conflict/)
      })
    )
  })
})
