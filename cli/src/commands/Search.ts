import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { platforms } from "@influscope/domain/Platform"
import { type SearchHit, SearchSort, SortOrder } from "@influscope/domain/Search"
import { Tier } from "@influscope/domain/Tier"
import * as Effect from "effect/Effect"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remark, remarkNextPage } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { change, compact, counted, percent } from "../Text.ts"

const words = plainArg("words").pipe(
  Args.repeated,
  Args.withDescription(
    "What to find in name, handle, bio and categories; without words everything is listed."
  )
)

const alternatives = <A>(option: Options.Options<A>, what: string) =>
  option.pipe(Options.withDescription(`Only ${what}; repeat for alternatives.`), Options.repeated)

const bound = (name: string, what: string) =>
  Options.float(name).pipe(Options.withDescription(what), Options.optional)

const options = {
  platform: alternatives(Options.choice("platform", platforms), "this platform"),
  category: alternatives(Options.text("category"), "this category"),
  country: alternatives(Options.text("country"), "this country (ISO 3166, as in DE)"),
  language: alternatives(Options.text("language"), "this language (ISO 639, as in es)"),
  tier: alternatives(Options.choice("tier", Tier.literals), "this size of audience"),
  verified: Options.boolean("verified").pipe(Options.withDescription("Only verified accounts.")),
  unverified: Options.boolean("unverified").pipe(
    Options.withDescription("Only accounts that are not verified.")
  ),
  followersMin: bound("followers-min", "At least so many followers."),
  followersMax: bound("followers-max", "At most so many followers."),
  engagementMin: bound("engagement-min", "An engagement rate of at least so many percent."),
  engagementMax: bound("engagement-max", "An engagement rate of at most so many percent."),
  growthMin: bound("growth-min", "Followers grew by at least so many percent over 30 days."),
  growthMax: bound("growth-max", "Followers grew by at most so many percent over 30 days."),
  sort: Options.choice("sort", SearchSort.literals).pipe(
    Options.withDescription("What comes first."),
    Options.withDefault("relevance" as const)
  ),
  order: Options.choice("order", SortOrder.literals).pipe(
    Options.withDescription("The most first, or the least."),
    Options.withDefault("desc" as const)
  ),
  ...pageOptions("Hits", 100),
  json: jsonOption
}

const columns: ReadonlyArray<Column<SearchHit>> = [
  { title: "id", cell: ({ id }) => id, shrinks: true },
  { title: "name", cell: ({ name }) => name ?? "-", shrinks: true },
  { title: "followers", cell: ({ followers }) => compact(followers), align: "right" },
  { title: "engagement", cell: ({ engagementRate }) => percent(engagementRate), align: "right" },
  { title: "growth", cell: ({ growth30 }) => change(growth30), align: "right" },
  { title: "tier", cell: ({ tier }) => tier ?? "-" },
  { title: "country", cell: ({ country }) => country ?? "-" },
  { title: "categories", cell: ({ categories }) => categories.join(", "), shrinks: true }
]

export const search = Command.make("search", { words, ...options }, (given) =>
  Effect.gen(function* () {
    if (given.verified && given.unverified) {
      return yield* new CliError({
        what: "Nothing is both --verified and --unverified.",
        likelyCause: "Both were given.",
        todo: "Leave one of them out, or both."
      })
    }
    const { search: api } = yield* ApiClient
    const result = yield* api.search({
      urlParams: {
        q: given.words.join(" "),
        platform: given.platform,
        category: given.category,
        country: given.country,
        language: given.language,
        tier: given.tier,
        sort: given.sort,
        order: given.order,
        limit: given.limit,
        ...(given.verified || given.unverified ? { verified: given.verified } : {}),
        ...ifSome(given.followersMin, (followersMin) => ({ followersMin })),
        ...ifSome(given.followersMax, (followersMax) => ({ followersMax })),
        ...ifSome(given.engagementMin, (engagementMin) => ({ engagementMin })),
        ...ifSome(given.engagementMax, (engagementMax) => ({ engagementMax })),
        ...ifSome(given.growthMin, (growth30Min) => ({ growth30Min })),
        ...ifSome(given.growthMax, (growth30Max) => ({ growth30Max })),
        ...ifSome(given.cursor, (cursor) => ({ cursor }))
      }
    })
    if (given.json) return yield* printJson(result)
    if (result.hits.length > 0) yield* print(table(columns, result.hits))
    yield* remark(`${counted(result.total, "profile")} in ${result.tookMs.toFixed(1)} ms`)
    yield* remarkNextPage(result.nextCursor)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Find profiles by words and filters, with typos forgiven."))
