import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import { maxPageSize, SearchParams } from "@influscope/domain/api/SearchApi"
import { GivenInfluencer, maxNamedInfluencers } from "@influscope/domain/api/TrackingApi"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { Tracked } from "@influscope/domain/tracking/Tracking"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remarkNextPage } from "../Output.ts"
import { progress } from "../Progress.ts"
import { type Column, table } from "../Table.ts"
import { count, counted, oneLine } from "../Text.ts"
import { importHistory } from "./Import.ts"

const who = plainArg("who").pipe(
  Args.repeated,
  Args.withDescription(
    "platform:handle, a number of mockstagram, a range of numbers as in 1000001..1001000, or a file with one of them a line."
  )
)

const query = Options.text("query").pipe(
  Options.withDescription("Everybody that a search for these words finds, the best first."),
  Options.optional
)

const limit = Options.integer("limit").pipe(
  Options.withDescription("Of --query, at most so many."),
  Options.withDefault(1_000)
)

interface Named {
  readonly ids: ReadonlyArray<InfluencerId>
  readonly ranges: ReadonlyArray<{ readonly from: number; readonly to: number }>
}

const nobody: Named = { ids: [], ranges: [] }

const decodeId = Schema.decodeUnknownEither(GivenInfluencer)
const rangePattern = /^([0-9]{1,10})\.\.([0-9]{1,10})$/

const parse = (word: string): Option.Option<Named> => {
  const [, from, to] = rangePattern.exec(word) ?? []
  if (from !== undefined && to !== undefined)
    return Option.some({ ids: [], ranges: [{ from: Number(from), to: Number(to) }] })
  return Option.map(Either.getRight(decodeId(word)), (id) => ({ ids: [id], ranges: [] }))
}

const both = (a: Named, b: Named): Named => ({
  ids: [...a.ids, ...b.ids],
  ranges: [...a.ranges, ...b.ranges]
})

const notSomebody = (what: string) =>
  new CliError({
    what: `${oneLine(what)} names nobody.`,
    likelyCause: "It is no id, no range of numbers, and no file.",
    todo: "An id looks like youtube:mkbhd, a range like 1000001..1001000."
  })

/** The first word of every line that has one; the rest of a line is for its reader. */
const fromFile = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(path).pipe(Effect.mapError(() => notSomebody(path)))
    const lines = text.split(/\r?\n/).map((line) => line.split(/[\s,;]/)[0] ?? "")
    const words = lines.filter((word) => word !== "" && !word.startsWith("#"))
    const parsed = words.map((word) => [word, parse(word)] as const)
    const strange = parsed.find(([, named]) => Option.isNone(named))
    if (strange !== undefined) return yield* notSomebody(`${path}: ${strange[0]}`)
    return parsed.flatMap(([, named]) => Option.toArray(named)).reduce(both, nobody)
  })

const fromWord = (word: string) =>
  Option.match(parse(word), { onSome: Effect.succeed, onNone: () => fromFile(word) })

const browse = Schema.decodeSync(SearchParams)({ limit: String(maxPageSize) })

const fromQuery = (words: string, most: number) =>
  Effect.gen(function* () {
    const { search } = yield* ApiClient
    const ids = yield* Stream.paginateEffect("", (cursor) =>
      search
        .search({ urlParams: { ...browse, q: words, ...(cursor === "" ? {} : { cursor }) } })
        .pipe(Effect.map((page) => [page.hits, Option.fromNullable(page.nextCursor)] as const))
    ).pipe(Stream.flattenIterables, Stream.take(most), Stream.runCollect)
    const known = [...ids].map((hit) => decodeId(hit.id)).flatMap((id) => Option.toArray(Either.getRight(id)))
    return { ids: known, ranges: [] }
  })

interface Given {
  readonly who: ReadonlyArray<string>
  readonly query: Option.Option<string>
  readonly limit: number
}

const named = (given: Given) =>
  Effect.gen(function* () {
    if (given.who.length === 0 && Option.isNone(given.query)) {
      return yield* new CliError({
        what: "Nobody is named.",
        likelyCause: "Neither ids nor --query were given.",
        todo: "influscope track add 1000001..1000100, for example, or --query with words to search for."
      })
    }
    const words = yield* Effect.forEach(given.who, fromWord)
    const found = Option.isSome(given.query) ? yield* fromQuery(given.query.value, given.limit) : nobody
    return [...words, found].reduce(both, nobody)
  })

/** As requests of bounded size. */
const requestsOf = ({ ids, ranges }: Named) => [
  ...Arr.chunksOf(ids, maxNamedInfluencers)
    .filter((some) => some.length > 0)
    .map((some) => ({ ids: some })),
  ...ranges.map((range) => ({ ids: [], range }))
]

const add = Command.make(
  "add",
  {
    who,
    query,
    limit,
    interval: Options.text("interval").pipe(
      Options.withDescription(
        "Time between two points, as in 60s, 15m or 1d; the provider's own when left out."
      ),
      Options.optional
    ),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { tracking } = yield* ApiClient
      const interval = yield* Effect.transposeMapOption(given.interval, parseInterval)
      const requests = requestsOf(yield* named(given))
      const bar = yield* progress("Adding")
      let [added, already] = [0, 0]
      for (const [place, request] of requests.entries()) {
        yield* bar.update(place / requests.length, counted(added + already, "influencer"))
        const answer = yield* tracking.track({
          payload: { ...request, ...ifSome(interval, (seconds) => ({ interval: seconds })) }
        })
        added += answer.added
        already += answer.already
      }
      if (given.json) return yield* printJson({ added, already })
      yield* print(
        `${counted(added, "influencer")} added${already === 0 ? "" : `, ${count(already)} tracked already`}.`
      )
    }).pipe(Effect.scoped, Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Track influencers: their figures at every interval from now on."))

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const intervalPattern = /^([0-9]{1,7})([smhd])$/

const parseInterval = (text: string): Effect.Effect<number, CliError> => {
  const match = intervalPattern.exec(text)
  const unit = (["s", "m", "h", "d"] as const).find((letter) => letter === match?.[2])
  return match?.[1] === undefined || unit === undefined
    ? Effect.fail(
        new CliError({
          what: `${oneLine(text)} is no interval.`,
          likelyCause: "It is a whole number and a unit: s, m, h or d.",
          todo: "For example --interval 60s, --interval 15m or --interval 1d."
        })
      )
    : Effect.succeed(Number(match[1]) * units[unit])
}

const remove = Command.make("remove", { who, query, limit, json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { tracking } = yield* ApiClient
    const answers = yield* Effect.forEach(requestsOf(yield* named(given)), (request) =>
      tracking.untrack({ payload: request })
    )
    const removed = answers.reduce((sum, answer) => sum + answer.removed, 0)
    if (given.json) return yield* printJson({ removed })
    yield* print(`${counted(removed, "influencer")} tracked no more; what was collected stays.`)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Track influencers no more. What was collected stays."))

const columns: ReadonlyArray<Column<Tracked>> = [
  { title: "id", cell: ({ id }) => id, shrinks: true },
  { title: "provider", cell: ({ provider }) => provider },
  { title: "every", cell: ({ interval }) => Duration.format(Duration.seconds(interval)), align: "right" },
  { title: "", cell: ({ unknown }) => (unknown ? "unknown to the provider" : "") }
]

const list = Command.make(
  "list",
  {
    ...pageOptions("Entries", 1_000),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { tracking } = yield* ApiClient
      const page = yield* tracking.listTracked({
        urlParams: { limit: given.limit, ...ifSome(given.cursor, (cursor) => ({ cursor })) }
      })
      if (given.json) return yield* printJson(page)
      if (page.influencers.length === 0) return yield* print("Nobody is tracked.")
      yield* print(table(columns, page.influencers))
      yield* remarkNextPage(page.nextCursor)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List who is tracked."))

const status = Command.make("status", { json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { tracking } = yield* ApiClient
    const now = yield* tracking.trackingStatus({})
    if (given.json) return yield* printJson(now)
    yield* print(
      `${counted(now.influencers, "influencer")} tracked, ${now.pointsPerSecond.toFixed(now.pointsPerSecond < 10 ? 2 : 0)} points a second.`
    )
    yield* print(
      `Handed out until ${new Date(now.dispatchedUntil * 1_000).toISOString()}: ${counted(now.slots, "slot")}, ${count(now.missed)} missed.`
    )
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show how tracking stands."))

export const track = Command.make("track").pipe(
  Command.withDescription("Follow the figures of influencers over time."),
  Command.withSubcommands([add, remove, list, status, importHistory])
)
