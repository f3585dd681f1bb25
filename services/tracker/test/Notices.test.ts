import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import { Publisher } from "@influscope/pipeline/Publisher"
import { CollectionNotices } from "@influscope/ports/CollectionNotices"
import { slotsMissed } from "@influscope/telemetry/Metrics"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { accounts } from "@influscope/testing/TrackedAccounts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { AlertLog } from "../src/alerts/AlertLog.ts"
import { AlertRules } from "../src/alerts/AlertRules.ts"
import { Watch } from "../src/alerts/Watch.ts"
import { NoticesLive } from "../src/Notices.ts"
import { Slots } from "../src/Slots.ts"
import { TellGrowth } from "../src/TellGrowth.ts"
import { Recorder, stateOf } from "./Recorder.ts"

/** A process that is told: built again on the same directory, it is that process started again. */
const told = (directory: string) =>
  NoticesLive.pipe(
    Layer.provideMerge(Slots.Default),
    Layer.provide(Layer.merge(TellGrowth.Default, Watch.Default)),
    Layer.provide(Layer.merge(AlertRules.Default, AlertLog.Default)),
    Layer.provide(Publisher.Default),
    Layer.provide(new Recorder().layer),
    Layer.provide(Layer.merge(stateOf(directory), SqliteTimeSeries.layer(join(directory, "series.db")))),
    Layer.fresh
  )

describe("what collectors tell", () => {
  it.scoped("counts missed slots for good, whoever missed them", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const counted = Effect.map(Metric.value(slotsMissed), ({ count }) => count)
      const before = yield* counted
      yield* Effect.gen(function* () {
        const { missed } = yield* CollectionNotices
        yield* Effect.all([missed(3), missed(500), missed(20)], { concurrency: 3 })
      }).pipe(Effect.provide(told(directory)))
      assert.strictEqual((yield* counted) - before, 523)
      const missedSoFar = Effect.flatMap(Slots, (slots) => slots.missedSoFar)
      assert.strictEqual(yield* Effect.provide(missedSoFar, told(directory)), 523)
    })
  )

  it.scoped("remembers whom a provider does not know until it does", () =>
    Effect.gen(function* () {
      const { note } = yield* CollectionNotices
      const slots = yield* Slots
      const unknown = () => accounts(3).map((id) => slots.isUnknown(id))
      yield* note({ asked: accounts(3), unknown: accounts(2) })
      assert.deepStrictEqual(unknown(), [true, true, false])
      yield* note({ asked: accounts(1) })
      yield* note({ changed: accounts(3) })
      assert.deepStrictEqual(unknown(), [false, true, false])
    }).pipe((body) =>
      Effect.flatMap(temporaryDirectory, (directory) => Effect.provide(body, told(directory)))
    )
  )
})
