import { assert, describe, it } from "@effect/vitest"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { JobStore, maxRememberedJobs } from "../src/JobStore.ts"
import { adapters } from "./Embedded.ts"
import { failing, troubled } from "./Troubles.ts"

const Job = Schema.Struct({ id: Schema.String, note: Schema.String, over: Schema.Boolean })
type Job = typeof Job.Type

const make = JobStore.make("tests", Job, (job) => job.over)

const inStore = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.flatMap(temporaryDirectory, (directory) => Effect.provide(body, adapters(directory)))

const job = (number: number, over = true): Job => ({ id: `job-${number}`, note: `number ${number}`, over })

describe("the job store", () => {
  it.scopedLive("gives back what was set last, newest job first", () =>
    inStore(
      Effect.gen(function* () {
        const jobs = yield* make
        assert.deepStrictEqual(yield* jobs.list, [])
        assert.isTrue(Option.isNone(yield* jobs.get("job-1")))
        for (const number of [1, 2, 3]) yield* jobs.set(job(number))
        yield* jobs.set({ ...job(1), note: "changed" })
        assert.deepStrictEqual(yield* jobs.list, [job(3), job(2), { ...job(1), note: "changed" }])
        const later = yield* make
        assert.deepStrictEqual(yield* later.list, yield* jobs.list)
        yield* later.set({ ...job(2), note: "after a restart" })
        assert.deepStrictEqual(
          (yield* later.list).map(({ id }) => id),
          ["job-3", "job-2", "job-1"]
        )
      })
    )
  )

  it.scopedLive("forgets the oldest beyond a hundred, but none that is not over", () =>
    inStore(
      Effect.gen(function* () {
        const state = yield* StateStore
        const jobs = yield* make
        const all = maxRememberedJobs + 60
        for (let number = 0; number < all; number++) yield* jobs.set(job(number, number % 20 !== 7))
        const listed = yield* jobs.list
        const latest = Array.from({ length: maxRememberedJobs }, (_, at) => `job-${all - 1 - at}`)
        const unfinished = ["job-47", "job-27", "job-7"]
        assert.deepStrictEqual(
          listed.map(({ id }) => id),
          [...latest, ...unfinished]
        )
        for (let number = 0; number < all; number++) {
          const stored = Option.isSome(yield* state.get(`tests/job/job-${number}`))
          assert.strictEqual(
            stored,
            listed.some(({ id }) => id === `job-${number}`),
            `job-${number}`
          )
        }
        // Once it is over it goes with the next one.
        yield* jobs.set(job(7))
        yield* jobs.set(job(all))
        assert.isTrue(Option.isNone(yield* jobs.get("job-7")))
        assert.isTrue(Option.isSome(yield* jobs.get("job-27")))
        assert.lengthOf(yield* jobs.list, maxRememberedJobs + 2)
      })
    )
  )

  it.scopedLive("takes many at once without losing one", () =>
    inStore(
      Effect.gen(function* () {
        const jobs = yield* make
        const numbers = Array.from({ length: 80 }, (_, number) => number)
        yield* Effect.forEach(numbers, (number) => jobs.set(job(number)), { concurrency: 16 })
        assert.strictEqual(new Set((yield* jobs.list).map(({ id }) => id)).size, 80)
      })
    )
  )

  it.scopedLive("leaves out a job that cannot be read, and says so of that one alone", () =>
    inStore(
      Effect.gen(function* () {
        const state = yield* StateStore
        const jobs = yield* make
        for (const number of [1, 2, 3]) yield* jobs.set(job(number))
        for (const broken of ['{"id":"job-2"', '{"id":"job-2"}', "null", ""]) {
          yield* state.set("tests/job/job-2", broken)
          assert.deepStrictEqual(yield* jobs.list, [job(3), job(1)])
          const error = yield* Effect.flip(jobs.get("job-2"))
          assert.strictEqual(error.reason, "corrupt")
          assert.match(error.message, /^reading job job-2 failed \(corrupt\): .{3,200}$/)
        }
        yield* jobs.set(job(2))
        assert.lengthOf(yield* jobs.list, 3)
        yield* state.delete("tests/job/job-1")
        assert.deepStrictEqual(yield* jobs.list, [job(3), job(2)])
      })
    )
  )

  it.scopedLive("remembers a job whose entry in the list failed, once it is set again", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const trouble = failing((operation, number) => operation === "set state" && number === 1)
      yield* Effect.gen(function* () {
        const jobs = yield* make
        assert.strictEqual((yield* Effect.flip(jobs.set(job(1)))).reason, "unavailable")
        yield* jobs.set(job(1))
        assert.deepStrictEqual(yield* jobs.list, [job(1)])
      }).pipe(Effect.provide(troubled(trouble).pipe(Layer.provide(adapters(directory)))))
    })
  )
})
