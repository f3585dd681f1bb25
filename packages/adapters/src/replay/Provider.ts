import * as FileSystem from "@effect/platform/FileSystem"
import { Platform } from "@influscope/domain/Platform"
import { type DataPoint, metricNames } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Figures, Provider } from "@influscope/ports/MetricsProvider"
import { readHistory } from "@influscope/tabular/HistoryFile"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

export interface Settings {
  readonly file: string
  /** Of all rows; found out from the file when there is none. */
  readonly platform: Option.Option<Platform>
  /** Seconds of the file that pass in a second. */
  readonly speed: number
}

/**
 * INFLUSCOPE_REPLAY_FILE (none: there is no such provider), INFLUSCOPE_REPLAY_PLATFORM (found out from the file),
 * INFLUSCOPE_REPLAY_SPEED (1, up to 1000000).
 */
export const settings: Config.Config<Option.Option<Settings>> = Config.all({
  file: Config.option(Config.nonEmptyString("FILE")),
  platform: Config.option(Schema.Config("PLATFORM", Platform)),
  speed: Config.number("SPEED").pipe(
    Config.validate({
      message: "expected more than 0, up to 1000000",
      validation: (speed) => speed > 0 && speed <= 1e6
    }),
    Config.withDefault(1)
  )
}).pipe(
  Config.nested("REPLAY"),
  Config.nested("INFLUSCOPE"),
  Config.map(({ file, ...rest }) => Option.map(file, (path) => ({ file: path, ...rest })))
)

/** The file cannot be replayed; the message says why and what to do. */
export class ReplayImpossible extends Data.TaggedError("ReplayImpossible")<{
  readonly file: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.file} cannot be replayed. ${this.detail}`
  }
}

/** The history is held in memory: about 200 bytes a point. */
const maxPoints = 5_000_000

type Series = ReadonlyMap<InfluencerId, ReadonlyArray<DataPoint>>

/** Series in the order of time, from all points of the file. */
const load = ({ file, platform }: Settings): Effect.Effect<Series, ReplayImpossible, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const series = new Map<InfluencerId, Array<DataPoint>>()
    const impossible = (detail: string) => new ReplayImpossible({ file, detail })
    const add = (point: DataPoint): void => {
      const points = series.get(point.id)
      if (points === undefined) series.set(point.id, [point])
      else points.push(point)
    }
    yield* readHistory(files.stream(file), {
      fileName: file,
      platform: Option.getOrUndefined(platform),
      map: [],
      maxUnpackedBytes: undefined,
      account: undefined
    }).pipe(
      Stream.runForEach(({ points, report }) => {
        if (report.points > maxPoints) return impossible(`It has more than ${maxPoints} points; split it.`)
        for (const point of points) add(point)
        return Effect.void
      }),
      Effect.catchTags({
        FileUnreadable: ({ hint, message }) => impossible(`${message} ${hint}`),
        BadArgument: ({ message }) => impossible(message),
        SystemError: ({ message }) => impossible(message)
      })
    )
    if (series.size === 0) return yield* impossible("None of its rows has a time and figures.")
    for (const points of series.values()) points.sort((a, b) => a.time - b.time)
    return series
  })

/** The last point at or before a time; undefined when there is none. */
const pointAt = (points: ReadonlyArray<DataPoint>, time: number): DataPoint | undefined => {
  let from = 0
  let until = points.length
  while (from < until) {
    const middle = (from + until) >>> 1
    if ((points[middle]?.time ?? time) <= time) from = middle + 1
    else until = middle
  }
  return points[from - 1]
}

const figuresOf = (point: DataPoint, observedAt: number): Figures => {
  const values: { -readonly [M in keyof Figures["values"]]: Figures["values"][M] } = {}
  for (const metric of metricNames) {
    const figure = point[metric]
    if (figure !== undefined) values[metric] = figure
  }
  return { id: point.id, observedAt, values }
}

/** Seconds between the two points of a series that are closest to each other; a day when no series has two. */
const smallestStep = (series: Series): number => {
  let smallest = Number.POSITIVE_INFINITY
  for (const points of series.values())
    for (const [before, after] of Arr.zip(points, points.slice(1)))
      if (after.time > before.time) smallest = Math.min(smallest, after.time - before.time)
  return Number.isFinite(smallest) ? smallest : 86_400
}

/**
 * Tells what a history file says as if it were now: its first time is when this provider was made, and its time passes at
 * `speed`. An influencer's figures are those of the last row so far: nobody is known before the own first row, and after
 * the last one nothing changes any more.
 */
export const make = (replayed: Settings): Effect.Effect<Provider, ReplayImpossible, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const series = yield* load(replayed)
    let first = Number.POSITIVE_INFINITY
    for (const [point] of series.values()) if (point !== undefined) first = Math.min(first, point.time)
    const started = yield* Clock.currentTimeMillis
    return {
      name: "replay",
      defaultIntervalSeconds: Math.max(1, Math.round(smallestStep(series) / replayed.speed)),
      knows: (id) => series.has(id),
      fetch: (ids) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const time = first + ((now - started) / 1_000) * replayed.speed
          const [unknown, figures] = Arr.partitionMap(ids, (id) => {
            const point = pointAt(series.get(id) ?? [], time)
            return point === undefined
              ? Either.left(id)
              : Either.right(figuresOf(point, Math.floor(now / 1_000)))
          })
          return { figures, unknown }
        })
    }
  })
