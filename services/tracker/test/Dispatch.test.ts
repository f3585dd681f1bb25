import { assert, describe, it } from "@effect/vitest"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { StateStore } from "@influscope/ports/StateStore"
import { Tracking } from "@influscope/ports/Tracking"
import { dispatchBehind } from "@influscope/telemetry/Metrics"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { accounts } from "@influscope/testing/TrackedAccounts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { phaseOf } from "../src/Cohort.ts"
import { Cohorts } from "../src/Cohorts.ts"
import { Dispatch } from "../src/Dispatch.ts"
import { Recorder, scheduler, stateOf } from "./Recorder.ts"

/** 2026-01-01T00:00:00Z in epoch seconds. */
const newYear = 1_767_225_600

const startAt = (seconds: number) => TestClock.setTime(seconds * 1_000)

/** State of its own, for processes that come and go. */
const fresh = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  return Context.get(yield* Layer.build(stateOf(directory)), StateStore)
})

const round = Effect.flatMap(Dispatch, (dispatch) => dispatch.round)

/** Lets seconds pass one by one, with a round at each. */
const live = (seconds: number) =>
  Effect.gen(function* () {
    for (let second = 0; second < seconds; second++) {
      yield* TestClock.adjust("1 second")
      yield* round
    }
  })

/** Slots (influencer, time) of what was sent, and how often each came. */
const slotsOf = ({ due }: Recorder) => {
  const slots = new Map<string, number>()
  for (const { influencers, time } of due)
    for (const id of influencers) {
      const slot = `${id}@${time}`
      slots.set(slot, (slots.get(slot) ?? 0) + 1)
    }
  return slots
}

describe("handing out what is due", () => {
  it.scoped(
    "hands out every slot of 10,000 influencers in 24 hours exactly once, through restarts at any moment",
    () =>
      Effect.gen(function* () {
        yield* startAt(newYear)
        const state = yield* fresh
        const recorder = new Recorder()
        const ids = accounts(10_000)
        yield* Effect.provide(
          Effect.zipRight(
            Effect.flatMap(Tracking, (tracking) => tracking.add(ids, 60)),
            round
          ),
          scheduler(recorder, state)
        )
        const day = 86_400
        let passed = 0
        /** A clock of its own: the one before would wake, one by one, whatever had a time limit and met it. */
        const later = Effect.suspend(() =>
          startAt(newYear + passed).pipe(
            Effect.zipRight(Effect.provide(round, scheduler(recorder, state))),
            Effect.provide(TestContext.TestContext)
          )
        )
        // Steps that share no factor with a minute, so that the process ends at every place in it.
        for (const seconds of Array.from({ length: 97 }, (_, place) => 400 + ((place * 379) % 983))) {
          const some = Math.min(seconds, day - passed)
          if (some <= 0) break
          passed += some
          // Whatever passed while nobody was there is handed out by who comes next.
          yield* later
        }
        passed = day
        yield* later

        const expected = ids.length * (day / 60)
        let slots = 0
        const times = new Map<string, Set<number>>()
        for (const { id, influencers, time } of recorder.due) {
          slots += influencers.length
          assert.isAtLeast(time, newYear)
          const cohort = id.split("/")[1] ?? ""
          const known = times.get(cohort) ?? new Set<number>()
          times.set(cohort, known)
          assert.isFalse(known.has(time), `${id} came twice`)
          known.add(time)
        }
        assert.strictEqual(times.size, 20)
        for (const known of times.values()) {
          assert.strictEqual(
            new Set([...known].map((time) => time % 60)).size,
            1,
            "nominal times stay aligned"
          )
          assert.strictEqual(known.size, day / 60)
        }
        assert.strictEqual(slots, expected)
      }),
    120_000
  )

  it.scoped("hands a slot out once, whoever else dispatches and however often the note of it is lost", () =>
    Effect.gen(function* () {
      yield* startAt(newYear)
      const state = yield* fresh
      const recorder = new Recorder()
      // Forgets how far it was, as a process does that dies before it could write it down.
      const forgetful: StateStore["Type"] = {
        ...state,
        set: (key, value, options) =>
          key === "tracking/dispatched" && value.length % 2 === 0
            ? Effect.void
            : state.set(key, value, options)
      }
      yield* Effect.provide(
        Effect.flatMap(Tracking, (tracking) => tracking.add(accounts(1_200), 60)).pipe(
          Effect.zipRight(round)
        ),
        scheduler(recorder, state)
      )
      yield* Effect.all(
        [
          Effect.provide(live(300), scheduler(recorder, forgetful)),
          Effect.provide(round, scheduler(recorder, state))
        ],
        { concurrency: 2 }
      )
      yield* Effect.provide(round, scheduler(recorder, state))
      const slots = slotsOf(recorder)
      assert.deepStrictEqual(new Set(slots.values()), new Set([1]))
      assert.strictEqual(slots.size, 1_200 * 5)
    })
  )

  it.scoped("control: with ids that are new every time, slots would come more than once", () =>
    Effect.gen(function* () {
      yield* startAt(newYear)
      const state = yield* fresh
      const recorder = new Recorder()
      const blind: StateStore["Type"] = {
        ...state,
        set: (key, value, options) =>
          key === "tracking/dispatched" ? Effect.void : state.set(key, value, options)
      }
      yield* Effect.provide(
        Effect.flatMap(Tracking, (tracking) => tracking.add(accounts(10), 60)).pipe(
          Effect.zipRight(live(120))
        ),
        scheduler(recorder, blind)
      )
      recorder.ids.clear()
      // Knows neither how far it was nor what was sent.
      yield* state.set("tracking/dispatched", JSON.stringify({ until: newYear, slots: 0 }))
      yield* Effect.provide(round, scheduler(recorder, blind))
      assert.include([...slotsOf(recorder).values()], 2)
    })
  )

  it.scoped("gives up what nobody could hand out within the greatest lateness, and counts it", () =>
    Effect.gen(function* () {
      yield* startAt(newYear)
      const state = yield* fresh
      const recorder = new Recorder()
      yield* Effect.provide(
        Effect.flatMap(Tracking, (tracking) => tracking.add(accounts(10), 60)).pipe(Effect.zipRight(round)),
        scheduler(recorder, state)
      )
      yield* TestClock.adjust("3 hours")
      const status = yield* Effect.provide(
        Effect.zipRight(
          round,
          Effect.flatMap(Tracking, (tracking) => tracking.status)
        ),
        scheduler(recorder, state)
      )
      assert.strictEqual(status.missed, 10 * 120)
      assert.strictEqual(slotsOf(recorder).size + status.missed, 10 * 180)
    }).pipe(Effect.provide(settings({ TRACKER_MAX_LATENESS: "1 hour" })))
  )

  it.scoped("waits while too many messages wait for the workers, and makes up for it", () =>
    Effect.gen(function* () {
      yield* startAt(newYear)
      const state = yield* fresh
      const recorder = new Recorder()
      yield* Effect.gen(function* () {
        yield* (yield* Tracking).add(accounts(600), 60)
        recorder.waiting = 20_000
        yield* live(120)
        assert.strictEqual(recorder.due.length, 0)
        recorder.waiting = 0
        yield* round
      }).pipe(Effect.provide(scheduler(recorder, state)))
      assert.strictEqual(slotsOf(recorder).size, 600 * 2)
    })
  )

  it.scoped(
    "waits while too many points wait for the series, says how far it is behind, and makes up for it",
    () =>
      Effect.gen(function* () {
        yield* startAt(newYear)
        const state = yield* fresh
        const recorder = new Recorder()
        const behind = Effect.map(Metric.value(dispatchBehind), ({ value }) => value)
        yield* Effect.gen(function* () {
          yield* (yield* Tracking).add(accounts(600), 60)
          recorder.unwritten = 100
          yield* live(120)
          assert.strictEqual(recorder.due.length, 0)
          assert.strictEqual(yield* behind, 120)
          recorder.unwritten = 99
          yield* round
          assert.strictEqual(yield* behind, 0)
          assert.strictEqual((yield* (yield* Tracking).status).missed, 0)
        }).pipe(Effect.provide(scheduler(recorder, state)))
        assert.strictEqual(slotsOf(recorder).size, 600 * 2)
      }).pipe(Effect.provide(settings({ TRACKER_MAX_UNWRITTEN_BATCHES: "100" })))
  )

  it("spreads cohorts over their interval", () => {
    const perSecond = new Map<number, number>()
    for (let number = 0; number < 2_000; number++) {
      const phase = phaseOf(number, 60)
      perSecond.set(phase, (perSecond.get(phase) ?? 0) + 1)
    }
    assert.strictEqual(perSecond.size, 60)
    assert.isAtMost(Math.max(...perSecond.values()), 36)
    assert.isAtLeast(Math.min(...perSecond.values()), 31)
  })
})

describe("who is tracked", () => {
  it.scoped("fills cohorts up, moves whoever gets another interval, and remembers it", () =>
    Effect.gen(function* () {
      yield* startAt(newYear)
      const state = yield* fresh
      const recorder = new Recorder()
      yield* Effect.gen(function* () {
        const tracking = yield* Tracking
        assert.deepStrictEqual(yield* tracking.add(accounts(700), undefined), { added: 700, already: 0 })
        assert.deepStrictEqual(yield* tracking.add(accounts(400, 601), undefined), {
          added: 300,
          already: 100
        })
        assert.deepStrictEqual(yield* tracking.remove(accounts(100)), { removed: 100 })
        assert.deepStrictEqual(yield* tracking.remove(accounts(100)), { removed: 0 })
        assert.deepStrictEqual(yield* tracking.add(accounts(10, 500), 3_600), { added: 0, already: 10 })
      }).pipe(Effect.provide(scheduler(recorder, state)))
      yield* Effect.gen(function* () {
        const cohorts = yield* Cohorts
        assert.strictEqual(cohorts.size(), 900)
        const intervals = new Map<number, number>()
        for (const { interval, members } of cohorts.all())
          intervals.set(interval, (intervals.get(interval) ?? 0) + members.length)
        assert.deepStrictEqual(
          [...intervals].sort(([a], [b]) => a - b),
          [
            [60, 890],
            [3_600, 10]
          ]
        )
        const tracking = yield* Tracking
        const seen: Array<string> = []
        let cursor: string | undefined
        do {
          const page = yield* Effect.flatten(tracking.list(cursor, 7))
          seen.push(...page.influencers.map(({ id }) => id))
          cursor = page.nextCursor ?? undefined
        } while (cursor !== undefined)
        assert.deepStrictEqual(seen.length, new Set(seen).size)
        assert.deepStrictEqual(new Set(seen), new Set(accounts(900, 101)))
      }).pipe(Effect.provide(scheduler(recorder, state)))
    })
  )

  it.scoped("tells whom no provider knows, and adds nobody then", () =>
    Effect.gen(function* () {
      yield* startAt(newYear)
      const state = yield* fresh
      const recorder = new Recorder()
      yield* Effect.gen(function* () {
        const tracking = yield* Tracking
        const strangers = [InfluencerId.make("youtube:a"), InfluencerId.make("youtube:b")]
        const refused = yield* Effect.flip(tracking.add([...accounts(3), ...strangers], undefined))
        assert.deepInclude(refused, { _tag: "NoProvider", id: "youtube:a", count: 2, known: ["mockstagram"] })
        assert.strictEqual((yield* tracking.status).influencers, 0)
      }).pipe(Effect.provide(scheduler(recorder, state)))
    })
  )
})
