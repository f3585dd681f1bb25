import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import type { NewAlertRule } from "@influscope/domain/api/AlertsApi"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { Alerts } from "@influscope/ports/Alerts"
import { StateStore } from "@influscope/ports/StateStore"
import { StorageError } from "@influscope/ports/StorageError"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { account, accounts } from "@influscope/testing/TrackedAccounts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { AlertLog } from "../src/alerts/AlertLog.ts"
import { AlertRules } from "../src/alerts/AlertRules.ts"
import { AlertsLive } from "../src/alerts/Alerts.ts"
import { Watch } from "../src/alerts/Watch.ts"
import { stateOf } from "./Recorder.ts"

const daySeconds = 86_400
/** 2026-01-01T00:00:00Z in epoch seconds. */
const newYear = 1_767_225_600

/** What stands between the alerts and their stores. */
class Wires {
  /** Whose series were read. */
  readonly read: Array<InfluencerId> = []
  /** Keys whose writes fail: the process may as well have ended there. */
  broken: (key: string) => boolean = () => false

  readonly series = (inner: TimeSeries["Type"]): TimeSeries["Type"] => ({
    ...inner,
    rollups: (id, level, range) => {
      this.read.push(id)
      return inner.rollups(id, level, range)
    }
  })

  readonly state = (inner: StateStore["Type"]): StateStore["Type"] => ({
    ...inner,
    set: (key, value, options) =>
      this.broken(key)
        ? new StorageError({ reason: "unavailable", operation: `write ${key}`, cause: "broken" })
        : inner.set(key, value, options)
  })
}

/** A process that watches: built again on the same directory, it is that process started again. */
const watching = (directory: string, wires = new Wires()) =>
  AlertsLive.pipe(
    Layer.provideMerge(Watch.Default),
    Layer.provideMerge(Layer.merge(AlertRules.Default, AlertLog.Default)),
    Layer.provideMerge(Layer.effect(StateStore, Effect.map(StateStore, wires.state))),
    Layer.provideMerge(Layer.effect(TimeSeries, Effect.map(TimeSeries, wires.series))),
    Layer.provide(Layer.merge(stateOf(directory), SqliteTimeSeries.layer(join(directory, "series.db")))),
    Layer.fresh
  )

const fall: NewAlertRule = {
  name: "Losing many",
  condition: { kind: "fall", metric: "followers", days: 3, percent: 10 },
  scope: { kind: "all" },
  webhook: "https://example.com/hook"
}

const addRule = (given: NewAlertRule) => Effect.flatMap(Alerts, (alerts) => alerts.addRule(given))

const pointAt = (id: InfluencerId, time: number, followers: number): DataPoint => ({
  id,
  time,
  observedAt: time,
  followers
})

/** Writes points as the sink does, and tells who watches. */
const collect = (points: ReadonlyArray<DataPoint>) =>
  Effect.gen(function* () {
    yield* (yield* TimeSeries).write(points)
    ;(yield* Watch).changed(points.map(({ id }) => id))
  })

/** Looks at everybody who waits. */
const lookAtAll = Effect.gen(function* () {
  const { round } = yield* Watch
  for (let times = 0; times < 10; times++) yield* round
})

const alertsOf = (influencer?: InfluencerId) =>
  Effect.gen(function* () {
    const filter = { influencer, rule: undefined, cursor: undefined, limit: 100 }
    return (yield* Effect.flatten((yield* Alerts).list(filter))).alerts
  })

/** Followers of one influencer, day by day, up to today; a thousand are lost on the fourth day. */
const falling = (id: InfluencerId, today: number): ReadonlyArray<DataPoint> =>
  [10_007, 10_012, 10_003, 8_011].map((followers, day) =>
    pointAt(id, today + (day - 3) * daySeconds, followers)
  )

describe("a rule that watches for days", () => {
  it.scoped("makes one alert of each crossing, whatever is started again or looked at again", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      // Two falls; the first is over after three days, and then comes a small one that is none.
      const figures = [
        ...Array(5).fill(10_007),
        ...Array(9).fill(8_011),
        ...Array(5).fill(7_603),
        ...Array(6).fill(6_001)
      ]
      yield* TestClock.setTime(newYear * 1_000)
      yield* Effect.provide(addRule(fall), watching(directory))
      for (const [day, followers] of figures.entries()) {
        yield* TestClock.setTime((newYear + day * daySeconds + 7_200) * 1_000)
        yield* Effect.gen(function* () {
          yield* collect([pointAt(account(1), newYear + day * daySeconds, followers)])
          yield* lookAtAll
          yield* collect([pointAt(account(1), newYear + day * daySeconds + 3_600, followers)])
          yield* lookAtAll
        }).pipe(Effect.provide(watching(directory)))
      }
      const alerts = yield* Effect.provide(alertsOf(), watching(directory))
      assert.deepStrictEqual(
        alerts.map(({ time }) => (time - newYear) / daySeconds),
        [19, 5]
      )
      assert.deepStrictEqual(new Set(alerts.map(({ delivery }) => delivery.state)), new Set(["waiting"]))
      assert.strictEqual(new Set(alerts.map(({ id }) => id)).size, 2)
    })
  )

  it.scoped("neither loses an alert nor makes two when the process ends at any write", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((newYear + 3_600) * 1_000)
      for (const place of [/^alerts\/state/, /^alerts\/log/, /^alerts\/alert\//]) {
        // The first write of its kind, and the second: a row of state is written twice for one alert.
        for (const before of [0, 1]) {
          const directory = yield* temporaryDirectory
          const wires = new Wires()
          yield* Effect.provide(addRule(fall), watching(directory))
          let seen = 0
          wires.broken = (key) => place.test(key) && ++seen > before
          yield* Effect.zipRight(collect(falling(account(1), newYear)), lookAtAll).pipe(
            Effect.ignore,
            Effect.provide(watching(directory, wires))
          )
          // The figures have gone on, and it is another day: what was found then is raised all the same.
          yield* TestClock.setTime((newYear + daySeconds + 3_600) * 1_000)
          yield* Effect.gen(function* () {
            yield* collect([pointAt(account(1), newYear + daySeconds, 8_017)])
            yield* lookAtAll
            const alerts = yield* alertsOf(account(1))
            assert.strictEqual(alerts.length, 1, `${place} ${before}`)
          }).pipe(Effect.provide(watching(directory)))
          yield* TestClock.setTime((newYear + 3_600) * 1_000)
        }
      }
    })
  )

  it.scoped("looks only at those whom a rule watches", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((newYear + 3_600) * 1_000)
      const wires = new Wires()
      yield* Effect.gen(function* () {
        yield* addRule({ ...fall, scope: { kind: "influencers", ids: [account(7)] } })
        yield* collect(accounts(20).flatMap((id) => falling(id, newYear)))
        yield* lookAtAll
        assert.deepStrictEqual(new Set(wires.read), new Set([account(7)]))
        assert.deepStrictEqual(
          (yield* alertsOf()).map(({ influencer }) => influencer),
          [account(7)]
        )
      }).pipe(Effect.provide(watching(yield* temporaryDirectory, wires)))
    })
  )

  it.scoped("looks at no more influencers in a second than may be", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((newYear + 3_600) * 1_000)
      const wires = new Wires()
      yield* Effect.gen(function* () {
        yield* addRule(fall)
        yield* collect(accounts(50).flatMap((id) => falling(id, newYear)))
        const { round } = yield* Watch
        // Four of these are a second.
        yield* round
        assert.strictEqual(wires.read.length, 5)
        yield* Effect.repeatN(round, 8)
        assert.strictEqual((yield* alertsOf()).length, 50)
      }).pipe(Effect.provide(watching(yield* temporaryDirectory, wires)))
    }).pipe(Effect.provide(settings({ TRACKER_ALERT_EVALUATIONS: "20" })))
  )

  it.scoped("finds what was there before it, and what nobody had looked at before the process ended", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((newYear + 3_600) * 1_000)
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        yield* (yield* TimeSeries).write(falling(account(1), newYear))
        yield* addRule(fall)
        yield* lookAtAll
        assert.strictEqual((yield* alertsOf()).length, 1)
        yield* (yield* TimeSeries).write(falling(account(2), newYear))
      }).pipe(Effect.provide(watching(directory)))
      yield* Effect.gen(function* () {
        yield* lookAtAll
        assert.strictEqual((yield* alertsOf()).length, 2)
      }).pipe(Effect.provide(watching(directory)))
    })
  )

  it.scoped("says nothing of history", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((newYear + 3_600) * 1_000)
      yield* Effect.gen(function* () {
        yield* addRule(fall)
        yield* collect(falling(account(1), newYear - 10 * daySeconds))
        yield* lookAtAll
        assert.deepStrictEqual(yield* alertsOf(), [])
      }).pipe(Effect.provide(watching(yield* temporaryDirectory)))
    })
  )

  it.scoped("goes on where it was when the store answers again", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((newYear + 3_600) * 1_000)
      const wires = new Wires()
      yield* Effect.gen(function* () {
        yield* addRule(fall)
        yield* collect(accounts(8).flatMap((id) => falling(id, newYear)))
        wires.broken = (key) => key.startsWith("alerts/alert/")
        yield* Effect.flip(lookAtAll)
        wires.broken = () => false
        yield* lookAtAll
        assert.strictEqual((yield* alertsOf()).length, 8)
      }).pipe(Effect.provide(watching(yield* temporaryDirectory, wires)))
    })
  )
})

describe("rules", () => {
  it.scoped("are a hundred at most", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(addRule(fall), 99)
      const refused = yield* Effect.flip(addRule(fall))
      assert.deepInclude(refused, { _tag: "RuleRefused", path: "body" })
      const { removeRule, rules } = yield* Alerts
      const [first] = yield* rules
      assert.isDefined(first)
      if (first !== undefined) assert.isTrue(yield* removeRule(first.id))
      yield* addRule(fall)
    }).pipe(Effect.provide(Layer.unwrapScoped(Effect.map(temporaryDirectory, (path) => watching(path)))))
  )

  it.scoped("are forgotten with what was remembered of them, and their alerts stay", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((newYear + 3_600) * 1_000)
      yield* Effect.gen(function* () {
        const { id } = yield* addRule(fall)
        yield* collect(falling(account(1), newYear))
        yield* lookAtAll
        const { removeRule, rules } = yield* Alerts
        const key = `alerts/state/${account(1)}`
        const state = yield* StateStore
        assert.strictEqual((yield* state.get(key))._tag, "Some")
        assert.isTrue(yield* removeRule(id))
        assert.isFalse(yield* removeRule(id))
        yield* lookAtAll
        assert.strictEqual((yield* state.get(key))._tag, "None")
        assert.deepStrictEqual(yield* rules, [])
        assert.deepInclude((yield* alertsOf())[0], { rule: id, name: "Losing many" })
      }).pipe(Effect.provide(watching(yield* temporaryDirectory)))
    })
  )
})
