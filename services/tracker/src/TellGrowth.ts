import { type ProfilesDiscovered, profilesDiscovered } from "@influscope/domain/Events"
import type { Observation } from "@influscope/domain/Observation"
import { Platform } from "@influscope/domain/Platform"
import { makeProfileId } from "@influscope/domain/ProfileId"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { growthOver } from "@influscope/domain/tracking/Growth"
import { InfluencerId, keyOf, namespaceOf } from "@influscope/domain/tracking/InfluencerId"
import { bucketStart } from "@influscope/domain/tracking/Resolution"
import { Publisher } from "@influscope/pipeline/Publisher"
import { dailySeries } from "@influscope/ports/DailySeries"
import { StateStore } from "@influscope/ports/StateStore"
import { readStored } from "@influscope/ports/StoredJson"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Iterable from "effect/Iterable"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const key = "tracking/growth-told"

/** Up to whom the growth of a day (its start, epoch seconds) has been told, in which attempt of the day. */
const Progress = Schema.Struct({
  day: Schema.Int,
  attempt: Schema.Int,
  after: Schema.NullOr(InfluencerId),
  done: Schema.Boolean
})
type Progress = typeof Progress.Type
const Stored = Schema.parseJson(Progress)

const windowDays = 30
/** More than the window and the half of one before it: so many days tell whether a count is rounded. */
const daysRead = 2 * windowDays

/** Influencers of one message: whatever their handles, it fits the smallest that a broker takes (128 KiB). */
const pageSize = 100
/** Pages in a round. With a round every 5 seconds a million influencers take an hour and a half. */
const pagesPerRound = 10
/** Influencers with given history that are remembered; when there are more, everybody is told of again. */
const mostGiven = 100_000
/** Percentage points by which growth has to differ to be told twice a day. */
const notable = 1

const isPlatform = Schema.is(Platform)

const isNotable = (told: number | null | undefined, growth: number | null): boolean => {
  if (told === undefined || told === null || growth === null) return told !== growth
  return Math.abs(growth - told) >= notable
}

/**
 * Tells the search documents how the followers grew over 30 days: once a day of everybody on a platform who has a series,
 * and soon of those who were given history, again when it changed notably. It is stated as anything else about an account,
 * through `profiles.discovered`: alone, so that no other field is touched.
 */
export class TellGrowth extends Effect.Service<TellGrowth>()("@influscope/tracker/TellGrowth", {
  scoped: Effect.gen(function* () {
    const series = yield* TimeSeries
    const publisher = yield* Publisher
    const state = yield* StateStore
    const hasRoom = publisher.hasRoom(profilesDiscovered.name)
    const waiting = new Set<InfluencerId>()
    let tooMany = false
    let toldToday = { day: 0, growth: new Map<string, number | null>() }

    const stateGrowth = (id: InfluencerId, platform: Platform, latest: DataPoint, now: number) =>
      Effect.gen(function* () {
        const { followers = [] } = yield* dailySeries(series, id, latest.time, daysRead)
        const { end, percent } = growthOver(followers, windowDays)
        if (end === null) return []
        const handle = keyOf(id)
        const observation: Observation = {
          id: makeProfileId(platform, handle),
          platform,
          handle,
          source: "tracking",
          observedAt: end.time * 1_000,
          ingestedAt: now,
          ordinal: 0,
          fields: { growth30: percent }
        }
        return [observation]
      })

    const statementsOn = (ids: ReadonlyArray<InfluencerId>) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const onPlatforms = ids.flatMap((id) => {
          const platform = namespaceOf(id)
          return isPlatform(platform) ? [{ id, platform }] : []
        })
        const latest = yield* series.last(
          onPlatforms.map(({ id }) => id),
          Math.floor(now / 1_000)
        )
        const statements = yield* Effect.forEach(
          onPlatforms,
          ({ id, platform }, place) =>
            Option.match(latest[place] ?? Option.none(), {
              onNone: () => Effect.succeed([]),
              onSome: (point) => stateGrowth(id, platform, point, now)
            }),
          { concurrency: 4 }
        )
        return statements.flat()
      })

    const publish = (id: string, observations: ReadonlyArray<Observation>) => {
      if (!Arr.isNonEmptyReadonlyArray(observations)) return Effect.void
      const event: ProfilesDiscovered = { version: 1, id, job: null, observations }
      return publisher.publish(profilesDiscovered, event, { items: observations.length, job: undefined })
    }

    const tellGivenPage = Effect.gen(function* () {
      const { growth } = toldToday
      const ids = [...Iterable.take(waiting, pageSize)]
      // From here on further history counts as new.
      for (const id of ids) waiting.delete(id)
      yield* Effect.gen(function* () {
        const changed = (yield* statementsOn(ids)).filter(({ fields, id }) =>
          isNotable(growth.get(id), fields.growth30 ?? null)
        )
        yield* publish(`growth/given/${crypto.randomUUID()}`, changed)
        for (const { fields, id } of changed) growth.set(id, fields.growth30 ?? null)
      }).pipe(
        Effect.onError(() =>
          Effect.sync(() => {
            for (const id of ids) waiting.add(id)
          })
        )
      )
    })

    const tellGiven = (day: number) =>
      Effect.gen(function* () {
        if (toldToday.day !== day || toldToday.growth.size > mostGiven) toldToday = { day, growth: new Map() }
        for (let page = 0; page < pagesPerRound && waiting.size > 0 && (yield* hasRoom); page++)
          yield* tellGivenPage
      })

    const readProgress = Effect.map(
      readStored(state, key, Stored),
      Option.getOrElse((): Progress => ({ day: 0, attempt: 0, after: null, done: true }))
    )

    const writeProgress = (progress: Progress) => state.set(key, JSON.stringify(progress))

    const tellPage = ({ after, attempt, day }: Progress) =>
      Effect.gen(function* () {
        const ids = yield* series.ids(after ?? undefined, pageSize)
        // The same id when it is done once more, here or in another process.
        yield* publish(`growth/${day}/${attempt}/${after ?? ""}`, yield* statementsOn(ids))
        return { day, attempt, after: ids.at(-1) ?? after, done: ids.length < pageSize }
      })

    const again = ({ attempt, day }: Progress): Progress => ({
      day,
      attempt: attempt + 1,
      after: null,
      done: false
    })

    const tellEverybody = (day: number) =>
      Effect.gen(function* () {
        const before = yield* readProgress
        let progress: Progress = before
        if (before.day < day) progress = { day, attempt: 0, after: null, done: false }
        else if (tooMany) progress = again(before)
        tooMany = false
        for (let page = 0; page < pagesPerRound && !progress.done && (yield* hasRoom); page++)
          progress = yield* tellPage(progress)
        if (progress !== before) yield* writeProgress(progress)
      })

    // Whom this process does not get to tell of, the next one does with everybody else. A process that is killed leaves
    // them for the next day.
    yield* Effect.addFinalizer(() =>
      waiting.size === 0 && !tooMany
        ? Effect.void
        : Effect.flatMap(readProgress, (progress) => writeProgress(again(progress))).pipe(
            Effect.catchAll((error) => Effect.logWarning("Growth is told the next day", error.message))
          )
    )

    return {
      /** Somebody gave us history of these: soon their growth is another. */
      noteGiven: (ids: ReadonlyArray<InfluencerId>): void => {
        for (const id of ids)
          if (waiting.size < mostGiven) waiting.add(id)
          else tooMany = true
      },
      /** And of others, who are not named. */
      noteMoreGiven: (): void => {
        tooMany = true
      },
      /** Tells a part of what there is to tell. */
      round: Effect.gen(function* () {
        const day = bucketStart("day", Math.floor((yield* Clock.currentTimeMillis) / 1_000))
        yield* tellGiven(day)
        yield* tellEverybody(day)
      }).pipe(Effect.withSpan("TellGrowth.round"))
    }
  })
}) {}
