import { maxBatchItems } from "@influscope/domain/Events"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { StateStore } from "@influscope/ports/StateStore"
import { readStored, readStoredMany } from "@influscope/ports/StoredJson"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Cohort, phaseOf } from "./Cohort.ts"

const countKey = "tracking/cohorts"
const keyOf = (number: number): string => `tracking/cohort/${number}`

const Stored = Schema.parseJson(Cohort)
const StoredCount = Schema.parseJson(Schema.Int)

/** The cohorts that are due at the same moments, by interval and phase. */
type Timetable = ReadonlyMap<number, ReadonlyMap<number, ReadonlyArray<Cohort>>>

/**
 * Who is tracked, as cohorts: one row of the state store each, and all of them in memory. One process changes them; to
 * move an influencer rewrites the row of its cohort, and time moves without writing any.
 */
export class Cohorts extends Effect.Service<Cohorts>()("@influscope/tracker/Cohorts", {
  effect: Effect.gen(function* () {
    const state = yield* StateStore
    const lock = yield* Effect.makeSemaphore(1)
    const cohorts: Array<Cohort> = []
    /** Cohort by influencer. */
    const places = new Map<InfluencerId, number>()
    let timetable: Timetable | undefined

    const load = Effect.gen(function* () {
      const count = Option.getOrElse(yield* readStored(state, countKey, StoredCount), () => 0)
      const keys = Array.from({ length: count }, (_, number) => keyOf(number))
      // One that is missing was announced, and then the process ended: it has no members yet.
      for (const cohort of Arr.getSomes(yield* readStoredMany(state, keys, Stored))) remember(cohort)
    })

    const remember = (cohort: Cohort): void => {
      for (const id of cohorts[cohort.number]?.members ?? []) places.delete(id)
      cohorts[cohort.number] = cohort
      for (const id of cohort.members) places.set(id, cohort.number)
      timetable = undefined
    }

    /** The number is announced first: a row that nobody knows of would stay for ever. */
    const store = (changed: ReadonlyArray<Cohort>) =>
      Effect.gen(function* () {
        const count = Math.max(...changed.map(({ number }) => number)) + 1
        if (count > cohorts.length) yield* state.set(countKey, JSON.stringify(count))
        yield* Effect.forEach(
          changed,
          (cohort) =>
            Effect.zipRight(
              state.set(keyOf(cohort.number), JSON.stringify(cohort)),
              Effect.sync(() => remember(cohort))
            ),
          { concurrency: 8, discard: true }
        )
      })

    /** Cohorts with these as further members: those with room are filled up before new ones are made. */
    const placed = (
      ids: ReadonlyArray<InfluencerId>,
      provider: string,
      interval: number
    ): ReadonlyArray<Cohort> => {
      const changed: Array<Cohort> = []
      let next = 0
      const fill = (cohort: Cohort): void => {
        const some = ids.slice(next, next + maxBatchItems - cohort.members.length)
        if (some.length === 0) return
        changed.push({ ...cohort, members: [...cohort.members, ...some] })
        next += some.length
      }
      for (const cohort of cohorts)
        if (cohort !== undefined && cohort.provider === provider && cohort.interval === interval) fill(cohort)
      for (let number = cohorts.length; next < ids.length; number++)
        fill({ number, provider, interval, phase: phaseOf(number, interval), members: [] })
      return changed
    }

    const without = (ids: ReadonlyArray<InfluencerId>): ReadonlyArray<Cohort> => {
      const leaving = new Set(ids)
      const numbers = new Set(ids.flatMap((id) => places.get(id) ?? []))
      return [...numbers].flatMap((number) => {
        const cohort = cohorts[number]
        return cohort === undefined
          ? []
          : [{ ...cohort, members: cohort.members.filter((id) => !leaving.has(id)) }]
      })
    }

    const arrange = (): Timetable => {
      const table = new Map<number, Map<number, Array<Cohort>>>()
      for (const cohort of cohorts) {
        if (cohort === undefined || cohort.members.length === 0) continue
        const phases = table.get(cohort.interval) ?? new Map<number, Array<Cohort>>()
        table.set(cohort.interval, phases)
        const same = phases.get(cohort.phase) ?? []
        phases.set(cohort.phase, same)
        same.push(cohort)
      }
      return table
    }

    yield* load

    return {
      /** Adds influencers that are in no cohort. */
      add: (ids: ReadonlyArray<InfluencerId>, provider: string, interval: number) =>
        Effect.suspend(() => {
          const changed = placed(
            [...new Set(ids)].filter((id) => !places.has(id)),
            provider,
            interval
          )
          return changed.length === 0 ? Effect.void : store(changed)
        }).pipe(lock.withPermits(1)),
      /** Takes influencers out of their cohorts; answers how many were in one. */
      remove: (ids: ReadonlyArray<InfluencerId>) =>
        Effect.suspend(() => {
          const present = [...new Set(ids)].filter((id) => places.has(id))
          return present.length === 0 ? Effect.succeed(0) : Effect.as(store(without(present)), present.length)
        }).pipe(lock.withPermits(1)),
      of: (id: InfluencerId): Cohort | undefined => {
        const number = places.get(id)
        return number === undefined ? undefined : cohorts[number]
      },
      all: (): ReadonlyArray<Cohort> => cohorts.filter((cohort) => cohort !== undefined),
      size: (): number => places.size,
      /** Those with members that are due at an epoch second. */
      dueAt: (time: number): ReadonlyArray<Cohort> => {
        timetable ??= arrange()
        return [...timetable].flatMap(([interval, phases]) => phases.get(time % interval) ?? [])
      }
    }
  })
}) {}
