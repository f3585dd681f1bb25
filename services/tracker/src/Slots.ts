import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { decodeStored } from "@influscope/ports/StoredJson"
import { slotsMissed } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

const key = "tracking/missed"
const counted = slotsMissed.register()
const Stored = Schema.parseJson(Schema.Int)

/** Several processes may count at the same moment. */
const conflicts = Schedule.intersect(Schedule.jittered(Schedule.spaced("20 millis")), Schedule.recurs(50))

/** What became of slots that brought no point: missed ones are counted for good, whom a provider does not know is remembered. */
export class Slots extends Effect.Service<Slots>()("@influscope/tracker/Slots", {
  effect: Effect.gen(function* () {
    const state = yield* StateStore
    const unknown = new Set<InfluencerId>()

    const read = Effect.gen(function* () {
      const entry = Option.getOrUndefined(yield* state.get(key))
      const count = entry === undefined ? 0 : yield* decodeStored(Stored, entry.value, `reading ${key}`)
      return { count, ifMatch: entry?.etag ?? null }
    })

    return {
      /** Counts slots for which there will never be a point. */
      missed: (slots: number): Effect.Effect<void, StorageError> =>
        Effect.flatMap(read, ({ count, ifMatch }) =>
          state.set(key, JSON.stringify(count + slots), { ifMatch })
        ).pipe(
          Effect.retry({ schedule: conflicts, while: (error) => error.reason === "conflict" }),
          Effect.zipRight(Metric.incrementBy(counted, slots))
        ),
      missedSoFar: Effect.map(read, ({ count }) => count),
      /** Of the influencers that were asked for, the provider did not know these. */
      noteUnknown: (asked: ReadonlyArray<InfluencerId>, strangers: ReadonlyArray<InfluencerId>): void => {
        if (unknown.size > 0) for (const id of asked) unknown.delete(id)
        for (const id of strangers) unknown.add(id)
      },
      isUnknown: (id: InfluencerId): boolean => unknown.has(id)
    }
  })
}) {}
