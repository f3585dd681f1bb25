import { type DataPointsCollected, dataPointsCollected } from "@influscope/domain/Events"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Tracked } from "@influscope/domain/tracking/Tracking"
import { Publisher } from "@influscope/pipeline/Publisher"
import { MetricsProviders, type Provider } from "@influscope/ports/MetricsProvider"
import { PipelineBusy } from "@influscope/ports/Profiles"
import { NoProvider, TooMuchTracking, Tracking } from "@influscope/ports/Tracking"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Cohorts } from "./Cohorts.ts"
import { trackingLimits } from "./Config.ts"
import { Dispatch } from "./Dispatch.ts"
import { Slots } from "./Slots.ts"

interface Group {
  readonly provider: string
  readonly interval: number
  readonly ids: Array<InfluencerId>
}

/** A page goes on with the member at this place of this cohort. */
const cursorPattern = /^([0-9]{1,9})\.([0-9]{1,3})$/

/** Who is tracked, decided here and nowhere else. */
export const TrackLive = Layer.effect(
  Tracking,
  Effect.gen(function* () {
    const cohorts = yield* Cohorts
    const dispatch = yield* Dispatch
    const slots = yield* Slots
    const providers = yield* MetricsProviders
    const publisher = yield* Publisher
    const limits = yield* trackingLimits
    const adding = yield* Effect.makeSemaphore(1)

    const pointsPerSecond = (): number =>
      cohorts.all().reduce((sum, { interval, members }) => sum + members.length / interval, 0)

    /** Fails when it is more than before, and there would be too many influencers or too many points a second. */
    const checkLimits = (influencers: number, more: number) => {
      const points = pointsPerSecond() + more
      const isTooMuch = influencers > limits.mostInfluencers || points > limits.mostPointsPerSecond
      return more > 0 && isTooMuch
        ? new TooMuchTracking({ ...limits, influencers, pointsPerSecond: points })
        : Effect.void
    }

    const providerOf = (id: InfluencerId): Provider | undefined => providers.find(({ knows }) => knows(id))

    const refuse = (strangers: ReadonlyArray<InfluencerId>) =>
      new NoProvider({
        id: strangers[0] ?? "",
        count: strangers.length,
        known: providers.map(({ name }) => name)
      })

    const toTracked = (id: InfluencerId, provider: string, interval: number, phase: number): Tracked => ({
      id,
      provider,
      interval,
      phase,
      unknown: slots.isUnknown(id)
    })

    /** From a place on, cohort by cohort; `next` is where the page after goes on. */
    const page = (first: number, offset: number, limit: number) => {
      const influencers: Array<Tracked> = []
      let skip = offset
      for (const { interval, members, number, phase, provider } of cohorts.all()) {
        if (number < first) continue
        const start = number === first ? skip : 0
        skip = 0
        const some = members.slice(start, start + limit - influencers.length)
        for (const id of some) influencers.push(toTracked(id, provider, interval, phase))
        if (influencers.length === limit)
          return { influencers, nextCursor: `${number}.${start + some.length}` }
      }
      return { influencers, nextCursor: null }
    }

    return Tracking.of({
      add: Effect.fn("Tracking.add")(function* (ids, interval) {
        const strangers = ids.filter((id) => providerOf(id) === undefined)
        if (strangers.length > 0) return yield* refuse(strangers)
        const distinct = [...new Set(ids)]
        const known = distinct.filter((id) => cohorts.of(id) !== undefined)
        const moving =
          interval === undefined ? [] : known.filter((id) => cohorts.of(id)?.interval !== interval)
        const groups = new Map<string, Group>()
        for (const id of [...distinct.filter((id) => cohorts.of(id) === undefined), ...moving]) {
          const provider = providerOf(id)
          if (provider === undefined) continue
          const every = interval ?? provider.defaultIntervalSeconds
          const group = groups.get(provider.name) ?? { provider: provider.name, interval: every, ids: [] }
          groups.set(provider.name, group)
          group.ids.push(id)
        }
        const more = [...groups.values()].reduce((sum, { ids, interval }) => sum + ids.length / interval, 0)
        const less = moving.reduce((sum, id) => sum + 1 / (cohorts.of(id)?.interval ?? 1), 0)
        yield* checkLimits(cohorts.size() + distinct.length - known.length, more - less)
        yield* cohorts.remove(moving)
        yield* Effect.forEach(
          groups.values(),
          (group) => cohorts.add(group.ids, group.provider, group.interval),
          {
            discard: true
          }
        )
        return { added: distinct.length - known.length, already: known.length }
      }, adding.withPermits(1)),
      remove: Effect.fn("Tracking.remove")(function* (ids) {
        return { removed: yield* cohorts.remove(ids) }
      }),
      list: (cursor, limit) =>
        Effect.sync(() => {
          if (cursor === undefined) return Option.some(page(0, 0, limit))
          const [, first, offset] = cursorPattern.exec(cursor) ?? []
          return first === undefined || offset === undefined
            ? Option.none()
            : Option.some(page(Number(first), Number(offset), limit))
        }),
      intervalOf: (id) => Effect.sync(() => Option.fromNullable(cohorts.of(id)?.interval)),
      collect: Effect.fn("Tracking.collect")(function* (points) {
        if (!(yield* publisher.hasRoom(dataPointsCollected.name))) return yield* new PipelineBusy()
        // Sent again because the answer was lost, the points are the batch that they were.
        const batch = `given/${new Bun.CryptoHasher("sha256").update(JSON.stringify(points)).digest("hex").slice(0, 32)}`
        const event: DataPointsCollected = { version: 1, id: batch, origin: "given", points }
        yield* publisher.publish(dataPointsCollected, event, { items: points.length, job: undefined })
        return batch
      }),
      status: Effect.gen(function* () {
        const { slots: handedOut, until } = yield* dispatch.progress
        const all = cohorts.all().filter(({ members }) => members.length > 0)
        return {
          influencers: cohorts.size(),
          cohorts: all.length,
          pointsPerSecond: pointsPerSecond(),
          dispatchedUntil: until,
          slots: handedOut,
          missed: yield* slots.missedSoFar
        }
      })
    })
  })
)
