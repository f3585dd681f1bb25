import { dataPointsCollected, type InfluencersDue, influencersDue } from "@influscope/domain/Events"
import { maxLateness } from "@influscope/domain/tracking/Settings"
import { Publisher } from "@influscope/pipeline/Publisher"
import { StateStore } from "@influscope/ports/StateStore"
import { readStored } from "@influscope/ports/StoredJson"
import { dispatchBehind, slotsDue } from "@influscope/telemetry/Metrics"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import type { Cohort } from "./Cohort.ts"
import { Cohorts } from "./Cohorts.ts"
import { dispatchConfig } from "./Config.ts"
import { Slots } from "./Slots.ts"

const key = "tracking/dispatched"

/** How far the hands of the clock have been followed; slots count influencers. */
const Progress = Schema.Struct({
  /** Epoch seconds up to which every slot has been handed out or given up. */
  until: Schema.Int,
  slots: Schema.Int
})
export type Progress = typeof Progress.Type
const Stored = Schema.parseJson(Progress)

/**
 * Hands out what is due, second by second: one message per cohort and nominal time, with an id made of both, so that
 * two dispatchers, or one that died before it noted how far it was, hand out every slot once. Time is followed without
 * gaps: after a standstill it goes on where it was, up to the greatest lateness.
 */
export class Dispatch extends Effect.Service<Dispatch>()("@influscope/tracker/Dispatch", {
  effect: Effect.gen(function* () {
    const { maxQueued, maxUnwritten } = yield* dispatchConfig
    const latest = yield* maxLateness
    const cohorts = yield* Cohorts
    const publisher = yield* Publisher
    const state = yield* StateStore
    const slotsAccount = yield* Slots
    const now = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1_000))
    const started = yield* now
    const write = (progress: Progress) => state.set(key, JSON.stringify(progress))

    /** Whoever comes next goes on from here, even if nothing was due until then. */
    const begin = Effect.suspend(() => {
      const progress: Progress = { until: started, slots: 0 }
      return Effect.as(write(progress), progress)
    })
    const progress = yield* readStored(state, key, Stored).pipe(
      Effect.flatMap(Option.match({ onNone: () => begin, onSome: Effect.succeed })),
      Effect.flatMap(Ref.make)
    )

    const publish = (cohort: Cohort, time: number) =>
      Effect.gen(function* () {
        if (!Arr.isNonEmptyReadonlyArray(cohort.members)) return
        const event: InfluencersDue = {
          version: 1,
          id: `due/${cohort.number}/${time}`,
          provider: cohort.provider,
          time,
          interval: cohort.interval,
          influencers: cohort.members
        }
        // How far this is gets written after it, and synced.
        yield* publisher.publish(influencersDue, event, {
          items: cohort.members.length,
          job: undefined,
          repeats: true
        })
      })

    /** Slots of the seconds after `from` up to `to`. */
    const slotsBetween = (from: number, to: number): number =>
      cohorts.all().reduce((sum, { interval, members, phase }) => {
        const passed = (time: number) => Math.floor((time - phase) / interval)
        return sum + (passed(to) - passed(from)) * members.length
      }, 0)

    /** What nobody has handed out in time nobody will fetch any more. */
    const skipTo = (before: Progress, until: number) =>
      Effect.gen(function* () {
        const skipped = slotsBetween(before.until, until)
        if (skipped > 0) {
          yield* Effect.logWarning(
            `Nobody tracked for ${until - before.until} s: ${skipped} slots are missed`
          )
          yield* slotsAccount.missed(skipped)
        }
        return { ...before, until }
      })

    const second = (before: Progress) =>
      Effect.gen(function* () {
        const time = before.until + 1
        const due = cohorts.dueAt(time)
        yield* Effect.forEach(due, (cohort) => publish(cohort, time), { concurrency: 4, discard: true })
        const slots = due.reduce((sum, { members }) => sum + members.length, 0)
        yield* Metric.incrementBy(slotsDue, slots)
        return { ...before, until: time, slots: before.slots + slots }
      })

    const workersKeepUp = publisher.hasRoom(influencersDue.name, maxQueued)
    const storeKeepsUp = publisher.hasRoom(dataPointsCollected.name, maxUnwritten)

    /** Hands out everything that has become due by now; stops early while too much waits. */
    const round = Effect.gen(function* () {
      const end = yield* now
      const before = yield* Ref.get(progress)
      const oldest = end - Math.floor(Duration.toSeconds(latest))
      let current = before.until < oldest ? yield* skipTo(before, oldest) : before
      // Once a round is enough: between a slot and its points lies the queue of the workers.
      if (yield* storeKeepsUp)
        while (current.until < end && (yield* workersKeepUp)) {
          current = yield* second(current)
          yield* Ref.set(progress, current)
        }
      yield* Metric.set(dispatchBehind, end - current.until)
      if (current !== before) {
        yield* Ref.set(progress, current)
        yield* write(current)
      }
    })

    return { round, progress: Ref.get(progress) }
  })
}) {}
