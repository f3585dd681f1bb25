import { assert, describe, it } from "@effect/vitest"
import { platforms } from "@influscope/domain/Platform"
import type { Profile } from "@influscope/domain/Profile"
import { ProfileId } from "@influscope/domain/ProfileId"
import {
  type FacetCount,
  type Facets,
  type Highlight,
  noFilters,
  type SearchFilters,
  type SearchHit,
  type SearchQuery
} from "@influscope/domain/Search"
import { Tier } from "@influscope/domain/Tier"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { SearchIndex } from "../SearchIndex.ts"
import { awkwardText, type Restartable } from "./Conformance.ts"
import { profileOf, queryOf } from "./ProfileFixture.ts"

/** Writes profiles over whatever there is, for searches to see. */
const put = Effect.fnUntraced(function* (...profiles: ReadonlyArray<Profile>) {
  const index = yield* SearchIndex
  const known = yield* index.getMany(profiles.map((profile) => profile.id))
  const outcomes = yield* index.bulk(
    profiles.map((profile, at) => ({
      profile,
      revision: Option.getOrUndefined(known[at] ?? Option.none())?.revision
    }))
  )
  assert.isTrue(outcomes.every((outcome) => outcome === "written"))
  yield* index.refresh
})

const search = (query: SearchQuery) => Effect.flatMap(SearchIndex, (index) => index.search(query))

const handlesOf = (hits: ReadonlyArray<SearchHit>): ReadonlyArray<string> => hits.map((hit) => hit.handle)

/** The handles of what a text finds, best first. */
const found = (q: string) => Effect.map(search(queryOf(q)), (result) => handlesOf(result.hits))

const foundSorted = (q: string) => Effect.map(found(q), (handles) => [...handles].sort())

const stateOf = Effect.fnUntraced(function* (id: ProfileId) {
  const index = yield* SearchIndex
  const [state] = yield* index.getMany([id])
  return Option.getOrUndefined(state ?? Option.none())
})

/** All hits of a query, page by page. */
const pages = Effect.fnUntraced(function* (query: SearchQuery) {
  const hits: Array<SearchHit> = []
  let cursor: string | undefined
  for (;;) {
    const page = yield* search({ ...query, cursor })
    hits.push(...page.hits)
    assert.isAtMost(page.hits.length, query.limit)
    if (page.nextCursor === null) return hits
    cursor = page.nextCursor
  }
})

/** Each highlighted stretch as `field:text`. */
const highlighted = (hit: SearchHit | undefined): ReadonlyArray<string> => {
  if (hit === undefined) return []
  const textOf = ({ field, index }: Highlight): string =>
    field === "categories" ? (hit.categories[index ?? -1] ?? "") : (hit[field] ?? "")
  return hit.highlights.map((each) => `${each.field}:${textOf(each).slice(each.start, each.end)}`)
}

const counts = (facet: ReadonlyArray<FacetCount>): { readonly [value: string]: number } =>
  Object.fromEntries(facet.map(({ value, count }) => [value, count]))

// A reference for filters, facets and orders: every profile is looked at, nothing is clever.

const within = (
  value: number | null | undefined,
  min: number | undefined,
  max: number | undefined
): boolean =>
  (min === undefined && max === undefined) ||
  (value !== undefined &&
    value !== null &&
    value >= (min ?? Number.NEGATIVE_INFINITY) &&
    value <= (max ?? Number.POSITIVE_INFINITY))

const lower = (values: ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  (values ?? []).map((value) => value.toLowerCase())

const oneOf = (value: string | null | undefined, wanted: ReadonlyArray<string>): boolean =>
  wanted.length === 0 || (value !== undefined && value !== null && wanted.includes(value))

const passes = ({ platform, fields, engagement }: Profile, filters: SearchFilters): boolean =>
  oneOf(platform, filters.platform) &&
  (filters.category.length === 0 ||
    lower(fields.categories).some((category) => lower(filters.category).includes(category))) &&
  oneOf(fields.country, filters.country) &&
  oneOf(fields.language, filters.language) &&
  oneOf(engagement.tier, filters.tier) &&
  (filters.verified === undefined || fields.verified === filters.verified) &&
  within(fields.followers, filters.followersMin, filters.followersMax) &&
  within(engagement.rate, filters.engagementMin, filters.engagementMax) &&
  within(fields.growth30, filters.growth30Min, filters.growth30Max)

const tally = (values: ReadonlyArray<string | null | undefined>): ReadonlyArray<FacetCount> => {
  const byValue = new Map<string, number>()
  for (const value of values)
    if (value !== undefined && value !== null) byValue.set(value, (byValue.get(value) ?? 0) + 1)
  return [...byValue]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}

const facetsOf = (profiles: ReadonlyArray<Profile>, filters: SearchFilters): Facets => {
  const passing = (ignored: Partial<SearchFilters>) =>
    profiles.filter((profile) => passes(profile, { ...filters, ...ignored }))
  return {
    platform: tally(passing({ platform: [] }).map((profile) => profile.platform)),
    category: tally(
      passing({ category: [] }).flatMap(({ fields }) => [...new Set(lower(fields.categories))])
    ),
    country: tally(passing({ country: [] }).map(({ fields }) => fields.country)),
    language: tally(passing({ language: [] }).map(({ fields }) => fields.language)),
    tier: tally(passing({ tier: [] }).map(({ engagement }) => engagement.tier)),
    verified: tally(passing({ verified: undefined }).map(({ fields }) => fields.verified?.toString()))
  }
}

const sortKey = (profile: Profile, sort: SearchQuery["sort"]): number | null | undefined => {
  switch (sort) {
    case "engagement":
      return profile.engagement.rate
    case "recency":
      return profile.observedAt
    case "growth":
      return profile.fields.growth30
    case "relevance":
    case "followers":
      return profile.fields.followers
  }
}

const inOrder = (profiles: ReadonlyArray<Profile>, { sort, order }: SearchQuery): ReadonlyArray<Profile> => {
  const direction = order === "asc" ? 1 : -1
  return [...profiles].sort((a, b) => {
    const left = sortKey(a, sort) ?? undefined
    const right = sortKey(b, sort) ?? undefined
    const byId = a.id < b.id ? -1 : 1
    if (left === right) return byId
    if (left === undefined) return 1
    if (right === undefined) return -1
    return direction * (left - right)
  })
}

const anyCategories = ["Beauty", "Home Decor", "tech", "Música"]
const anyCountries = ["BR", "US", "DE"]
const anyLanguages = ["pt", "en"]
const optional = <A>(values: ReadonlyArray<A>): FastCheck.Arbitrary<A | undefined> =>
  FastCheck.option(FastCheck.constantFrom(...values), { nil: undefined })
const anyFollowers = [0, 999, 1_000, 50_000, 50_001, 2_000_000]
const anyRates = [0, 0.5, 1.25, 9]
const anyGrowth = [-100, -2.5, 0, 0.1, 340]

const anyFixture = FastCheck.record(
  {
    platform: FastCheck.constantFrom(...platforms),
    name: FastCheck.constantFrom("Emma Stone", "Emma Rossi", "João Silva", "Kim"),
    categories: FastCheck.uniqueArray(FastCheck.constantFrom(...anyCategories), { maxLength: 3 }),
    country: FastCheck.constantFrom(...anyCountries),
    language: FastCheck.constantFrom(...anyLanguages),
    verified: FastCheck.boolean(),
    followers: FastCheck.constantFrom(...anyFollowers),
    rate: FastCheck.constantFrom(...anyRates),
    growth30: FastCheck.constantFrom(...anyGrowth, null),
    observedAt: FastCheck.integer({ min: 1_000, max: 1_003 })
  },
  { requiredKeys: [] }
)

const anyFilters: FastCheck.Arbitrary<Partial<SearchFilters>> = FastCheck.record(
  {
    platform: FastCheck.subarray([...platforms]),
    category: FastCheck.subarray(["beauty", "HOME DECOR", "Tech", "música", "nothing"]),
    country: FastCheck.subarray([...anyCountries, "JP"]),
    language: FastCheck.subarray([...anyLanguages, "ja"]),
    tier: FastCheck.subarray([...Tier.literals]),
    verified: FastCheck.boolean(),
    followersMin: optional(anyFollowers),
    followersMax: optional(anyFollowers),
    engagementMin: optional(anyRates),
    engagementMax: optional(anyRates),
    growth30Min: optional(anyGrowth),
    growth30Max: optional(anyGrowth)
  },
  { requiredKeys: [] }
)

const anyOrder = FastCheck.record({
  sort: FastCheck.constantFrom(
    "relevance" as const,
    "followers" as const,
    "engagement" as const,
    "recency" as const,
    "growth" as const
  ),
  order: FastCheck.constantFrom("asc" as const, "desc" as const)
})

const anyCorpus = FastCheck.array(anyFixture, { maxLength: 40 }).map((fixtures) =>
  fixtures.map((fixture, at) => profileOf(`user${(at * 7) % 41}_${at}`, fixture))
)

type Step =
  | { readonly _tag: "Put"; readonly account: number; readonly followers: number; readonly name: string }
  | { readonly _tag: "Delete"; readonly account: number }

const modelNames = ["Emma Stone", "Luca Rossi", "Emma Rossi"]
const anySteps: FastCheck.Arbitrary<ReadonlyArray<Step>> = FastCheck.array(
  FastCheck.oneof(
    FastCheck.record({
      _tag: FastCheck.constant("Put" as const),
      account: FastCheck.nat(6),
      followers: FastCheck.nat(5),
      name: FastCheck.constantFrom(...modelNames)
    }),
    FastCheck.record({ _tag: FastCheck.constant("Delete" as const), account: FastCheck.nat(6) })
  ),
  { minLength: 5, maxLength: 40 }
)

/** What every SearchIndex must do. Each test has a store of its own from `fresh`. */
export const searchIndexConformance = <E>(name: string, fresh: Restartable<SearchIndex, E>): void => {
  const test = (title: string, body: () => Effect.Effect<void, unknown, SearchIndex | Scope.Scope>): void => {
    it.scopedLive(title, () => Effect.flatMap(fresh, (layer) => Effect.provide(body(), layer)))
  }

  /** Texts that each must find exactly these of some profiles, in any order. */
  const finds = (
    title: string,
    profiles: ReadonlyArray<Profile>,
    expected: ReadonlyArray<readonly [q: string, handles: ReadonlyArray<string>]>
  ): void =>
    test(title, () =>
      Effect.gen(function* () {
        yield* put(...profiles)
        for (const [q, handles] of expected)
          assert.deepStrictEqual(yield* foundSorted(q), [...handles].sort(), `q=${JSON.stringify(q)}`)
      })
    )

  describe(`SearchIndex: ${name}`, () => {
    describe("keeps profiles", () => {
      test("as they were given, in the order asked for", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          const full = profileOf("full", { name: awkwardText, bio: "", categories: ["A", "b"], rate: 1.5 })
          const bare = profileOf("bare", { platform: "x" })
          yield* put(full, bare)
          const states = yield* index.getMany([bare.id, ProfileId.make("x:nobody"), full.id])
          assert.deepStrictEqual(
            states.map((state) => Option.getOrUndefined(state)?._tag),
            ["Present", undefined, "Present"]
          )
          const kept = states.flatMap((state) =>
            Option.isSome(state) && state.value._tag === "Present" ? [state.value.profile] : []
          )
          assert.deepStrictEqual(kept, [bare, full])
        }))

      test("and writes only over the version that was read", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          const first = profileOf("someone", { name: "First" })
          const second = profileOf("someone", { name: "Second" })
          const other = profileOf("other")
          const write = (profile: Profile, revision: string | undefined) =>
            index.bulk([{ profile, revision }])
          assert.deepStrictEqual(yield* write(first, undefined), ["written"])
          assert.deepStrictEqual(yield* write(second, undefined), ["conflict"])
          const before = (yield* stateOf(first.id))?.revision
          assert.deepStrictEqual(yield* write(second, before), ["written"])
          const both = [
            { profile: first, revision: before },
            { profile: other, revision: undefined }
          ]
          assert.deepStrictEqual(yield* index.bulk(both), ["conflict", "written"])
          yield* index.refresh
          assert.deepStrictEqual(yield* found("first"), [])
          assert.deepStrictEqual(yield* found("second"), ["someone"])
          assert.deepStrictEqual(yield* write(other, "no revision of ours"), ["conflict"])
          assert.strictEqual(yield* index.count, 2)
        }))

      test("deletes them, and leaves a tombstone that must be read to write again", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          const profile = profileOf("mortal", { name: "Mortal", followers: 5 })
          assert.isFalse(yield* index.delete(profile.id, 5_000))
          assert.isUndefined(yield* stateOf(profile.id))
          yield* put(profile, profileOf("other"))
          const alive = (yield* stateOf(profile.id))?.revision
          assert.isTrue(yield* index.delete(profile.id, 5_000))
          assert.isFalse(yield* index.delete(profile.id, 6_000))
          const deleted = yield* stateOf(profile.id)
          assert.strictEqual(deleted?._tag === "Deleted" ? deleted.deletedAt : 0, 5_000)
          assert.deepStrictEqual(yield* found("mortal"), [])
          assert.strictEqual(yield* index.count, 1)
          const again = (revision: string | undefined) => index.bulk([{ profile, revision }])
          assert.deepStrictEqual(yield* again(undefined), ["conflict"])
          assert.deepStrictEqual(yield* again(alive), ["conflict"])
          assert.deepStrictEqual(yield* again(deleted?.revision), ["written"])
          yield* index.refresh
          assert.deepStrictEqual(yield* found("mortal"), ["mortal"])
          assert.strictEqual(yield* index.count, 2)
        }))

      test("and streams all of them by id", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          const profiles = Array.from({ length: 1_203 }, (_, at) => profileOf(`p${(at * 577) % 1_203}`))
          yield* put(...profiles)
          yield* index.delete(ProfileId.make("instagram:p7"), 1)
          const all = yield* Stream.runCollect(index.all)
          const ids = Chunk.toReadonlyArray(all).map(({ profile }) => profile.id)
          const expected = profiles.map((profile) => profile.id).filter((id) => id !== "instagram:p7")
          assert.deepStrictEqual(ids, expected.sort())
        }))

      test("the empty batch and the empty index are no special cases", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          assert.deepStrictEqual(yield* index.bulk([]), [])
          assert.deepStrictEqual(yield* index.getMany([]), [])
          for (const q of ["", "anything"]) {
            const result = yield* search(queryOf(q))
            assert.strictEqual(result.total, 0)
            assert.deepStrictEqual(result.facets, facetsOf([], noFilters))
            assert.isNull(result.nextCursor)
          }
        }))

      it.scopedLive("over restarts", () =>
        Effect.gen(function* () {
          const layer = yield* fresh
          const kept = profileOf("kept", { name: "Kept", followers: 10 })
          const gone = profileOf("gone", { name: "Gone" })
          const run = <A, E2>(body: Effect.Effect<A, E2, SearchIndex>) => Effect.provide(body, layer)
          const revision = yield* run(
            Effect.gen(function* () {
              const index = yield* SearchIndex
              yield* put(kept, gone)
              yield* index.delete(gone.id, 7_000)
              return (yield* stateOf(kept.id))?.revision
            })
          )
          yield* run(
            Effect.gen(function* () {
              assert.deepStrictEqual(yield* found("kept"), ["kept"])
              assert.deepStrictEqual(yield* found("gone"), [])
              assert.strictEqual((yield* stateOf(kept.id))?.revision, revision)
              const deleted = yield* stateOf(gone.id)
              assert.strictEqual(deleted?._tag === "Deleted" ? deleted.deletedAt : 0, 7_000)
              yield* put(profileOf("late", { name: "Kept too" }))
              assert.deepStrictEqual(yield* foundSorted("kept"), ["kept", "late"])
            })
          )
          yield* run(
            Effect.map(foundSorted("kept"), (handles) => assert.deepStrictEqual(handles, ["kept", "late"]))
          )
        })
      )
    })

    describe("finds", () => {
      finds(
        "words in any field, whatever the case, accents or alphabet variant",
        [
          profileOf("lele.pons", { name: "LELÊ Pons" }),
          profileOf("decomposed", { name: "Zoe\u0308 Mu\u0308ller" }),
          profileOf("fancy", { name: "𝓙𝓾𝓵𝓲𝓪 Ｗｉｄｅ" }),
          profileOf("polish", { bio: "mieszkam w Łodzi, piszę o Straße" }),
          profileOf("topic", { categories: ["Home Décor", "Travel"] })
        ],
        [
          ["lele", ["lele.pons"]],
          ["LÉLÈ pons", ["lele.pons"]],
          ["zoë muller", ["decomposed"]],
          ["JULIA wide", ["fancy"]],
          ["lodzi strasse", ["polish"]],
          ["decor", ["topic"]],
          ["home decor travel", ["topic"]]
        ]
      )

      finds(
        "words of scripts with and without blanks",
        [
          profileOf("tokyo", { name: "東京グルメ", bio: "美味しい料理を紹介" }),
          profileOf("bangkok", { bio: "ท่องเที่ยวไทยกับเรา" }),
          profileOf("riyadh", { name: "مُحَمَّد الأحمد" }),
          profileOf("kyiv", { name: "Олена Коваленко" }),
          profileOf("seoul", { name: "김민지 뷰티" }),
          profileOf("delhi", { bio: "हिन्दी कविता" })
        ],
        [
          ["東京", ["tokyo"]],
          ["料理", ["tokyo"]],
          ["グルメ", ["tokyo"]],
          ["ท่องเที่ยว", ["bangkok"]],
          ["محمد", ["riyadh"]],
          ["الاحمد", ["riyadh"]],
          ["коваленко", ["kyiv"]],
          ["ОЛЕНА", ["kyiv"]],
          ["뷰티", ["seoul"]],
          ["कविता", ["delhi"]]
        ]
      )

      finds(
        "handles whole, in part and by their beginning",
        [
          profileOf("khaby.lame"),
          profileOf("jypestraykids"),
          profileOf("the_rock-official"),
          profileOf("gamer99pro"),
          profileOf("unrelated")
        ],
        [
          ["khaby", ["khaby.lame"]],
          ["lame", ["khaby.lame"]],
          ["khaby.lame", ["khaby.lame"]],
          ["@khaby.lame", ["khaby.lame"]],
          ["khabylame", ["khaby.lame"]],
          ["khaby lame", ["khaby.lame"]],
          ["khaby.la", ["khaby.lame"]],
          ["KhabyLa", ["khaby.lame"]],
          ["jypestray", ["jypestraykids"]],
          ["jype stray kids", ["jypestraykids"]],
          ["rock", ["the_rock-official"]],
          ["therockoff", ["the_rock-official"]],
          ["gamer", ["gamer99pro"]],
          ["99", ["gamer99pro"]],
          ["gamer99", ["gamer99pro"]],
          ["gamer 99 pro", ["gamer99pro"]]
        ]
      )

      finds(
        "the last word by its beginning, the others whole",
        [
          profileOf("a1", { name: "Charlotte Photography" }),
          profileOf("b2", { name: "Charlie Photograph" }),
          profileOf("c3", { name: "Phototropic Charlotte" })
        ],
        [
          ["charl", ["a1", "b2", "c3"]],
          ["charlotte ph", ["a1", "c3"]],
          ["photograp", ["a1", "b2"]]
        ]
      )

      finds(
        "one typo from four characters, two from eight, none in numbers or short words",
        [
          profileOf("k1", { name: "Khaby" }),
          profileOf("f2", { name: "Photography" }),
          profileOf("n3", { name: "Area 51234" }),
          profileOf("m5", { name: "Mario" }),
          profileOf("m6", { bio: "maria" }),
          profileOf("s4", { name: "Zoe" })
        ],
        [
          ["kahby", ["k1"]],
          ["khabi", ["k1"]],
          ["khby", ["k1"]],
          ["khhaby", ["k1"]],
          ["xhaby", ["k1"]],
          ["haby", ["k1"]],
          ["kahbi", []],
          ["pohtograpyh", ["f2"]],
          ["fotography", ["f2"]],
          ["fotografy", []],
          ["photogrphy", ["f2"]],
          ["51235", []],
          // Nothing is forgiven where something matches to the letter.
          ["maria", ["m6"]],
          ["mario", ["m5"]],
          ["maria mario", ["m5", "m6"]],
          ["marii", ["m5", "m6"]],
          ["zoi", []]
        ]
      )

      finds(
        "a beginning with a typo in it",
        [profileOf("k1", { name: "Valentina Rossi" }), profileOf("k2", { name: "Victor" })],
        [
          ["valem", ["k1"]],
          ["valetni", ["k1"]],
          ["alenti", ["k1"]]
        ]
      )

      finds(
        "only what has all words, and what has most of them when nothing has all",
        [
          profileOf("a1", { name: "Emma Stone", bio: "actor in paris" }),
          profileOf("b2", { name: "Emma Rossi", bio: "chef in rome" }),
          profileOf("c3", { name: "Luca Rossi", bio: "chef in paris" })
        ],
        [
          ["emma paris", ["a1"]],
          ["chef rossi", ["b2", "c3"]],
          ["emma chef paris", ["a1", "b2", "c3"]],
          ["emma qqqqqqqq", ["a1", "b2"]],
          ["qqqqqqqq wwwwwwww", []],
          ["qqqqqqqq", []]
        ]
      )

      finds(
        "everything without a word to look for",
        [profileOf("a1", { followers: 1 }), profileOf("b2")],
        [
          ["", ["a1", "b2"]],
          ["   ", ["a1", "b2"]],
          ["@", ["a1", "b2"]]
        ]
      )

      test("no trace of a former text", () =>
        Effect.gen(function* () {
          yield* put(profileOf("changing", { name: "Before", bio: "oldword", categories: ["Oldtopic"] }))
          yield* put(profileOf("changing", { name: "After", bio: "newword", categories: ["Newtopic"] }))
          for (const q of ["before", "oldword", "oldtopic"]) assert.deepStrictEqual(yield* found(q), [], q)
          for (const q of ["after", "newword", "newtopic"])
            assert.deepStrictEqual(yield* found(q), ["changing"], q)
          const result = yield* search(queryOf(""))
          assert.deepStrictEqual(counts(result.facets.category), { newtopic: 1 })
        }))

      test("within bounds, whatever is asked", () =>
        Effect.gen(function* () {
          yield* put(
            ...Array.from({ length: 200 }, (_, at) =>
              profileOf(`user${at}`, { name: `Name ${at}`, bio: awkwardText })
            )
          )
          const texts = [
            "x".repeat(10_000),
            Array.from({ length: 1_000 }, (_, at) => `word${at}`).join(" "),
            "name ".repeat(500),
            "👩‍👩‍👧‍👦🔥🇩🇪",
            awkwardText,
            "\ud800 lone \udc00",
            "\u0000\u0001\u0002",
            "ا".repeat(600),
            "東".repeat(600),
            ".*+?^$ {}()|[]\\\"'`;--"
          ]
          for (const q of texts) {
            const result = yield* search(queryOf(q))
            assert.isAtMost(result.hits.length, 100)
          }
        }))
    })

    describe("ranks", () => {
      const ranks = (
        title: string,
        profiles: ReadonlyArray<Profile>,
        q: string,
        expected: ReadonlyArray<string>
      ): void =>
        test(title, () =>
          Effect.gen(function* () {
            yield* put(...profiles)
            assert.deepStrictEqual((yield* found(q)).slice(0, expected.length), expected)
          })
        )

      ranks(
        "the exact handle first",
        [
          profileOf("natgeo.travel", { name: "Natgeo Travel", followers: 50_000_000 }),
          profileOf("natgeo", { followers: 1_000 }),
          profileOf("fan", { bio: "natgeo natgeo natgeo", followers: 90_000_000 })
        ],
        "natgeo",
        ["natgeo", "natgeo.travel", "fan"]
      )
      ranks(
        "the exact name first",
        [
          profileOf("a1", { name: "Emma Stone Fans", followers: 9_000_000 }),
          profileOf("b2", { name: "Emma Stone", followers: 100 }),
          profileOf("c3", { name: "Stone Emma", followers: 8_000_000 })
        ],
        "emma stone",
        ["b2"]
      )
      ranks(
        "names and handles before categories before bios",
        [
          profileOf("a1", { bio: "all about fitness", followers: 3_000_000 }),
          profileOf("b2", { categories: ["Fitness"], followers: 2_000_000 }),
          profileOf("c3", { name: "Anna Fitness", followers: 1_000 })
        ],
        "fitness",
        ["c3", "b2", "a1"]
      )
      ranks(
        "fewer typos before more",
        [
          profileOf("a1", { name: "Photographya", followers: 9_000_000 }),
          profileOf("b2", { bio: "photograbhy", followers: 1 })
        ],
        "photograhby",
        ["b2"]
      )
      ranks(
        "the more popular of equals first, unknown last, then by id",
        [
          profileOf("a1", { name: "Emma Jones" }),
          profileOf("b2", { name: "Emma Jones", followers: 10 }),
          profileOf("c3", { name: "Emma Jones", followers: 2_000 }),
          profileOf("a0", { name: "Emma Jones" })
        ],
        "emma jones",
        ["c3", "b2", "a0", "a1"]
      )
      ranks(
        "by followers when browsing",
        [profileOf("a1"), profileOf("b2", { followers: 0 }), profileOf("c3", { followers: 7 })],
        "",
        ["c3", "b2", "a1"]
      )
    })

    describe("filters, counts and sorts", () => {
      test("as a reference that looks at every profile", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          const check = Effect.fnUntraced(function* (profiles: ReadonlyArray<Profile>, query: SearchQuery) {
            const result = yield* search(query)
            const passing = profiles.filter((profile) => passes(profile, query.filters))
            const label = JSON.stringify(query)
            assert.strictEqual(result.total, passing.length, label)
            assert.deepStrictEqual(
              result.hits.map((hit) => hit.id),
              inOrder(passing, query).map((profile) => profile.id),
              label
            )
            assert.deepStrictEqual(result.facets, facetsOf(profiles, query.filters), label)
          })
          const samples = FastCheck.sample(
            FastCheck.tuple(
              anyCorpus,
              FastCheck.array(FastCheck.tuple(anyFilters, anyOrder), { minLength: 5 })
            ),
            20
          )
          let present: ReadonlyArray<Profile> = []
          for (const [corpus, queries] of samples) {
            yield* Effect.forEach(present, (profile) => index.delete(profile.id, 1), { discard: true })
            yield* put(...corpus)
            present = corpus
            for (const [filters, order] of queries) yield* check(corpus, queryOf("", { ...order, filters }))
          }
        }))

      test("facets promise what filtering keeps, also of a text with typos", () =>
        Effect.gen(function* () {
          const [corpus] = FastCheck.sample(
            FastCheck.array(anyFixture, { minLength: 60, maxLength: 60 }).map((fixtures) =>
              fixtures.map((fixture, at) => profileOf(`user_${at}`, fixture))
            ),
            1
          )
          yield* put(...(corpus ?? []))
          for (const q of ["emma", "emmma", "silwa", "emma rossi"]) {
            const result = yield* search(queryOf(q, { filters: { language: ["pt", "en"] } }))
            for (const { value, count } of result.facets.country) {
              const narrowed = yield* search(
                queryOf(q, { filters: { language: ["pt", "en"], country: [value] } })
              )
              assert.strictEqual(narrowed.total, count, `${q} in ${value}`)
            }
          }
        }))

      test("countries and categories in any case, and ranges with their ends", () =>
        Effect.gen(function* () {
          yield* put(
            profileOf("a1", {
              country: "BR",
              categories: ["Home Decor"],
              followers: 100,
              rate: 2,
              growth30: -0.5
            }),
            profileOf("b2", { country: "US", categories: ["DIY"], followers: 101, rate: 2.01, growth30: 12 }),
            profileOf("c3", { verified: false, growth30: null })
          )
          const filtered = (filters: Partial<SearchFilters>) =>
            Effect.map(search(queryOf("", { filters })), (result) => [...handlesOf(result.hits)].sort())
          assert.deepStrictEqual(yield* filtered({ country: ["br"] }), ["a1"])
          assert.deepStrictEqual(yield* filtered({ category: ["home DECOR"] }), ["a1"])
          assert.deepStrictEqual(yield* filtered({ category: ["home"] }), [])
          assert.deepStrictEqual(yield* filtered({ followersMin: 100, followersMax: 100 }), ["a1"])
          assert.deepStrictEqual(yield* filtered({ followersMin: 0 }), ["a1", "b2"])
          assert.deepStrictEqual(yield* filtered({ engagementMax: 2 }), ["a1"])
          assert.deepStrictEqual(yield* filtered({ engagementMin: 2.01 }), ["b2"])
          assert.deepStrictEqual(yield* filtered({ growth30Max: -0.5 }), ["a1"])
          assert.deepStrictEqual(yield* filtered({ growth30Min: -0.5, growth30Max: 12 }), ["a1", "b2"])
          assert.deepStrictEqual(yield* filtered({ growth30Min: -100 }), ["a1", "b2"])
          assert.deepStrictEqual(yield* filtered({ verified: false }), ["c3"])
          assert.deepStrictEqual(yield* filtered({ followersMin: 5, followersMax: 4 }), [])
        }))

      test("a new figure at its new place", () =>
        Effect.gen(function* () {
          const followersOf = (handle: string, followers: number) =>
            profileOf(handle, { name: "Emma", country: "BR", followers })
          yield* put(followersOf("a1", 10), followersOf("b2", 20))
          assert.deepStrictEqual(yield* found("emma"), ["b2", "a1"])
          yield* put(followersOf("a1", 1_500))
          assert.deepStrictEqual(yield* found("emma"), ["a1", "b2"])
          const { facets, hits } = yield* search(queryOf(""))
          assert.deepStrictEqual(counts(facets.tier), { nano: 1, starter: 1 })
          assert.strictEqual(hits[0]?.followers, 1_500)
        }))

      test("any sequence of writes like a map", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          const model = new Map<number, Profile>()
          const apply = Effect.fnUntraced(function* (step: Step) {
            const handle = `account_${step.account}`
            if (step._tag === "Delete") {
              const there = model.delete(step.account)
              assert.strictEqual(yield* index.delete(profileOf(handle).id, 1), there)
              return
            }
            const profile = profileOf(handle, { name: step.name, followers: step.followers })
            model.set(step.account, profile)
            yield* put(profile)
          })
          const check = Effect.fnUntraced(function* () {
            const profiles = [...model.values()]
            const browse = queryOf("")
            assert.deepStrictEqual(
              (yield* search(browse)).hits.map((hit) => hit.id),
              inOrder(profiles, browse).map((profile) => profile.id)
            )
            for (const word of ["emma", "rossi", "stone", "luca"]) {
              const having = profiles.filter((profile) => profile.fields.name?.toLowerCase().includes(word))
              // A word nobody has may find others by forgiving typos.
              if (having.length > 0)
                assert.deepStrictEqual(yield* foundSorted(word), having.map((p) => p.handle).sort(), word)
            }
            assert.strictEqual(yield* index.count, model.size)
          })
          for (const steps of FastCheck.sample(anySteps, 8)) {
            for (const step of steps) yield* apply(step)
            yield* check()
          }
        }))
    })

    describe("pages", () => {
      test("are the whole list in pieces, in every order", () =>
        Effect.gen(function* () {
          const [fixtures] = FastCheck.sample(
            FastCheck.array(anyFixture, { minLength: 57, maxLength: 57 }),
            1
          )
          yield* put(...(fixtures ?? []).map((fixture, at) => profileOf(`emma_${at}`, fixture)))
          for (const [q, { sort, order }] of FastCheck.sample(
            FastCheck.tuple(FastCheck.constantFrom("", "emma", "emmma"), anyOrder),
            12
          )) {
            const query = queryOf(q, { sort, order })
            const whole = yield* search(query)
            assert.strictEqual(whole.total, 57)
            assert.isNull(whole.nextCursor)
            const pieces = yield* pages({ ...query, limit: 10 })
            assert.deepStrictEqual(pieces, whole.hits, JSON.stringify(query))
          }
        }))

      test("continue with another page size, and end without a cursor", () =>
        Effect.gen(function* () {
          yield* put(...["a", "b", "c", "d"].map((handle) => profileOf(handle)))
          const first = yield* search(queryOf("", { limit: 1 }))
          const rest = yield* search(queryOf("", { limit: 3, cursor: first.nextCursor ?? undefined }))
          assert.deepStrictEqual(handlesOf([...first.hits, ...rest.hits]), ["a", "b", "c", "d"])
          assert.isNull(rest.nextCursor)
          assert.strictEqual(rest.total, 4)
        }))

      test("refuse cursors that are not of this query", () =>
        Effect.gen(function* () {
          yield* put(...["emma_a", "emma_b", "emma_c"].map((handle) => profileOf(handle, { country: "BR" })))
          const query = queryOf("emma", { limit: 1 })
          const cursor = (yield* search(query)).nextCursor ?? "none"
          assert.match(cursor, /^[A-Za-z0-9_-]+$/)
          const refused: ReadonlyArray<SearchQuery> = [
            { ...query, q: "emmas", cursor },
            { ...query, sort: "followers", cursor },
            { ...query, order: "asc", cursor },
            { ...query, filters: { ...noFilters, country: ["BR"] }, cursor },
            { ...query, cursor: "" },
            { ...query, cursor: "not a cursor" },
            { ...query, cursor: "e30" },
            { ...query, cursor: `${cursor.slice(0, -4)}AAAA` },
            { ...query, cursor: cursor.slice(0, -6) },
            { ...query, cursor: "A".repeat(100_000) }
          ]
          for (const wrong of refused) {
            const error = yield* Effect.flip(search(wrong))
            assert.strictEqual(error._tag, "InvalidCursor", JSON.stringify(wrong).slice(0, 200))
          }
        }))

      test("show everything that is there throughout exactly once, whatever is written meanwhile", () =>
        Effect.gen(function* () {
          const index = yield* SearchIndex
          const lasting = Array.from({ length: 30 }, (_, at) =>
            profileOf(`lasting_${at}`, {
              name: "Emma Jones",
              growth30: at % 5 === 0 ? null : at - 15,
              followers: at % 7 === 0 ? (at + 1) * 11 : at * 10
            })
          )
          const passing = Array.from({ length: 10 }, (_, at) =>
            profileOf(`passing_${at}`, { name: "Emma Jones", followers: at * 33 })
          )
          yield* put(...lasting, ...passing)
          const orders: ReadonlyArray<SearchQuery["sort"]> = [
            "relevance",
            "followers",
            "engagement",
            "recency",
            "growth"
          ]
          // "emmqa" finds by a typo; the exact matches written between its pages must not change how it is read.
          for (const [sort, typo] of orders.map((each, at) => [each, "qwxyz".charAt(at)] as const))
            for (const q of ["", "emma", `emm${typo}a`]) {
              const seen: Array<string> = []
              let cursor: string | undefined
              let turn = 0
              do {
                const page: { hits: ReadonlyArray<SearchHit>; nextCursor: string | null } = yield* search(
                  queryOf(q, { sort, limit: 4, cursor })
                )
                seen.push(...handlesOf(page.hits))
                cursor = page.nextCursor ?? undefined
                const doomed = passing[turn % passing.length]
                if (doomed !== undefined) yield* index.delete(doomed.id, 1)
                if (turn < 6)
                  yield* put(
                    ...Array.from({ length: 6 }, (_, at) =>
                      profileOf(`new_${q}_${sort}_${turn}_${at}`, {
                        name: `${q} Jones`,
                        followers: turn * 17
                      })
                    )
                  )
                turn++
              } while (cursor !== undefined && turn < 200)
              const ofLasting = seen.filter((handle) => handle.startsWith("lasting_"))
              assert.strictEqual(new Set(seen).size, seen.length, `${q} ${sort}: something twice`)
              assert.strictEqual(ofLasting.length, lasting.length, `${q} ${sort}: something missing`)
            }
        }))
    })

    describe("answers", () => {
      test("the flat fields of a hit, null where unknown", () =>
        Effect.gen(function* () {
          const full = profileOf("full.one", {
            platform: "tiktok",
            name: "Full One",
            bio: "Bio",
            categories: ["A"],
            country: "BR",
            language: "pt",
            verified: true,
            followers: 1_234,
            avatarKey: "avatars/x",
            growth30: -0.25,
            rate: 3.5
          })
          yield* put(full, profileOf("bare"))
          const { hits, tookMs } = yield* search(queryOf("", { sort: "followers" }))
          assert.isAtLeast(tookMs, 0)
          const [first, second] = hits.map(({ score, ...rest }) => {
            assert.isTrue(Number.isFinite(score))
            return rest
          })
          assert.deepStrictEqual(first, {
            id: full.id,
            platform: "tiktok",
            handle: "full.one",
            name: "Full One",
            bio: "Bio",
            categories: ["A"],
            country: "BR",
            language: "pt",
            verified: true,
            followers: 1_234,
            engagementRate: 3.5,
            growth30: -0.25,
            tier: "nano",
            avatarUrl: "/v1/profiles/tiktok%3Afull.one/avatar",
            highlights: []
          })
          assert.deepInclude(second, {
            name: null,
            bio: null,
            categories: [],
            country: null,
            language: null,
            verified: null,
            followers: null,
            engagementRate: null,
            growth30: null,
            tier: null,
            avatarUrl: null
          })
        }))

      const highlights = (
        title: string,
        profile: Profile,
        q: string,
        expected: ReadonlyArray<string>
      ): void =>
        test(`highlights ${title}`, () =>
          Effect.gen(function* () {
            yield* put(profile)
            const { hits } = yield* search(queryOf(q))
            assert.deepStrictEqual([...highlighted(hits[0])].sort(), [...expected].sort())
            for (const each of hits[0]?.highlights ?? []) assert.isBelow(each.start, each.end)
          }))

      highlights(
        "whole words in every field",
        profileOf("emma_x", { name: "Emma", bio: "I am Emma, emma!", categories: ["Other", "Emma Fans"] }),
        "emma",
        ["name:Emma", "handle:emma", "bio:Emma", "bio:emma", "categories:Emma"]
      )
      highlights("the beginning that was typed", profileOf("z", { name: "Charlotte Brown" }), "charl", [
        "name:Charl"
      ])
      highlights(
        "decomposed letters and what stands after emoji",
        profileOf("z", { name: "👩‍👩‍👧 Zoe\u0308 Müller", bio: "🔥🔥 zoë" }),
        "zoe muller",
        ["name:Zoe\u0308", "name:Müller", "bio:zoë"]
      )
      highlights(
        "the beginning of an accented word",
        profileOf("z", { name: "E\u0301le\u0301onore" }),
        "eleo",
        ["name:E\u0301le\u0301o"]
      )
      highlights("words with typos", profileOf("z", { name: "The Photographer" }), "fotographer", [
        "name:Photographer"
      ])
      highlights("handles over their signs", profileOf("khaby.lame"), "khabyla", ["handle:khaby.la"])
      highlights("neighbouring scripts", profileOf("z", { name: "東京グルメ" }), "東京", ["name:東京"])
      highlights("mathematical letters", profileOf("z", { name: "𝓙𝓾𝓵𝓲𝓪 X" }), "jul", ["name:𝓙𝓾𝓵"])
    })
  })
}
