import { assert, describe, it } from "@effect/vitest"
import { computeEngagement } from "@influscope/domain/engagement/Formulas"
import type { Observation, ProfileFields } from "@influscope/domain/Observation"
import { AnalyticsUnavailable, EngagementAnalytics } from "@influscope/ports/EngagementAnalytics"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import { IndexProfiles } from "../src/IndexProfiles.ts"
import {
  allProfiles,
  analytics,
  apply,
  content,
  counts,
  freshIndex,
  idOf,
  observe,
  onFreshIndex,
  profileOf,
  stored,
  total
} from "./Embedded.ts"

/** Few accounts, fields, values and moments, so that statements repeat, contradict and overtake each other. */
const collidingFields: FastCheck.Arbitrary<ProfileFields> = FastCheck.record(
  {
    bio: FastCheck.constantFrom("travel", "food"),
    followers: FastCheck.constantFrom(0, 1_000, 20_000),
    avgLikes: FastCheck.constantFrom(10, 20),
    avgComments: FastCheck.constantFrom(0, 5)
  },
  { requiredKeys: [] }
)

const statements = FastCheck.uniqueArray(
  FastCheck.tuple(
    FastCheck.constantFrom("a", "b", "c"),
    collidingFields,
    FastCheck.record({
      source: FastCheck.constantFrom("file", "api"),
      observedAt: FastCheck.nat(2),
      ingestedAt: FastCheck.nat(5),
      ordinal: FastCheck.nat(2)
    })
  ).map(([handle, fields, moment]) => observe(handle, fields, moment)),
  { minLength: 1, maxLength: 12, selector: ({ ingestedAt, ordinal }) => `${ingestedAt}/${ordinal}` }
)

/** Cuts a list into batches of one to four. */
const batched = (all: ReadonlyArray<Observation>, sizes: ReadonlyArray<number>) => {
  const batches: Array<ReadonlyArray<Observation>> = []
  for (let from = 0, place = 0; from < all.length; place++) {
    const size = sizes[place % sizes.length] ?? 1
    batches.push(all.slice(from, from + size))
    from += size
  }
  return batches
}

const sizes = FastCheck.array(FastCheck.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })

describe("indexing profiles", () => {
  it.scoped("stores what was stated with what analytics makes of it, where searches find it", () =>
    Effect.gen(function* () {
      const index = yield* SearchIndex
      const fields = { name: "Nat Geo", followers: 1_000, avgLikes: 40, avgComments: 10 }
      assert.deepStrictEqual(yield* apply(observe("natgeo", fields)), counts(1))
      const profile = yield* profileOf("natgeo")
      assert.deepStrictEqual(profile?.fields, fields)
      assert.deepStrictEqual(profile?.engagement, computeEngagement("instagram", fields))
      assert.strictEqual(profile?.engagement.rate, 5)
      assert.strictEqual(yield* index.count, 1)
    }).pipe(Effect.provide(onFreshIndex))
  )

  it.scoped("computes the engagement from all that is known, not from the last statement", () =>
    Effect.gen(function* () {
      yield* apply(observe("a", { followers: 1_000 }))
      yield* apply(observe("a", { avgLikes: 30, avgComments: 0 }, { ingestedAt: 2_000 }))
      yield* apply(observe("a", { followers: 2_000 }, { observedAt: 50, ingestedAt: 3_000 }))
      assert.strictEqual((yield* profileOf("a"))?.engagement.rate, 3)
    }).pipe(Effect.provide(onFreshIndex))
  )

  it.scoped("answers a batch that is delivered again as the first time, and writes nothing", () =>
    Effect.gen(function* () {
      yield* apply(observe("known", { followers: 1 }), observe("same", { followers: 7 }, { ordinal: 1 }))
      const batch = [
        observe("new", { followers: 1 }, { ingestedAt: 2_000, ordinal: 0 }),
        observe("known", { followers: 2 }, { ingestedAt: 2_000, ordinal: 1 }),
        observe("same", { followers: 7 }, { ingestedAt: 2_000, ordinal: 2 })
      ]
      assert.deepStrictEqual(yield* apply(...batch), counts(1, 1, 1))
      const handles = ["new", "known", "same"]
      const before = yield* Effect.forEach(handles, stored)
      for (let delivery = 0; delivery < 3; delivery++)
        assert.deepStrictEqual(yield* apply(...batch), counts(1, 1, 1))
      assert.deepStrictEqual(yield* Effect.forEach(handles, stored), before)
    }).pipe(Effect.provide(onFreshIndex))
  )

  it.scoped("takes statements about one account in one batch for what they are", () =>
    Effect.gen(function* () {
      const newer = observe("a", { followers: 2 }, { observedAt: 200, ordinal: 1 })
      const older = observe("a", { followers: 1, bio: "old" }, { observedAt: 100, ordinal: 2 })
      const twice = observe("b", { followers: 3 }, { ordinal: 3 })
      assert.deepStrictEqual(yield* apply(newer, older, twice, twice), counts(3, 1, 0))
      assert.deepStrictEqual((yield* profileOf("a"))?.fields, { followers: 2, bio: "old" })
      assert.strictEqual((yield* allProfiles).length, 2)
    }).pipe(Effect.provide(onFreshIndex))
  )

  it.scoped("takes growth as it stands now beside all else, and makes no profile of it", () =>
    Effect.gen(function* () {
      const grown = (handle: string, growth30: number | null, observedAt: number) =>
        observe(handle, { growth30 }, { source: "tracking", observedAt, ingestedAt: observedAt })
      assert.deepStrictEqual(yield* apply(grown("a", 3, 5_000)), counts(0, 0, 1))
      assert.strictEqual((yield* allProfiles).length, 0)
      yield* apply(observe("a", { followers: 10, bio: "old" }, { observedAt: 6_000, ingestedAt: 6_000 }))
      assert.deepStrictEqual(yield* apply(grown("a", 3, 7_000)), counts(0, 1))
      assert.deepStrictEqual((yield* profileOf("a"))?.fields, { followers: 10, bio: "old", growth30: 3 })
      yield* apply(grown("a", null, 8_000), grown("a", 5, 7_500))
      const known = yield* profileOf("a")
      assert.deepStrictEqual(known?.fields, { followers: 10, bio: "old", growth30: null })
      assert.strictEqual(known?.provenance.followers?.source, "test")
      yield* Effect.flatMap(SearchIndex, (index) => index.delete(idOf("a"), 9_000))
      assert.deepStrictEqual(yield* apply(grown("a", 4, 10_000)), counts(0, 0, 1))
      assert.isUndefined(yield* profileOf("a"))
    }).pipe(Effect.provide(onFreshIndex))
  )

  it.scoped("takes the largest batch there is", () =>
    Effect.gen(function* () {
      const batch = Array.from({ length: 500 }, (_, ordinal) =>
        observe(`account${ordinal}`, { followers: ordinal, bio: "é".repeat(500) }, { ordinal })
      )
      assert.deepStrictEqual(yield* apply(...batch), counts(500))
      assert.deepStrictEqual(yield* apply(...batch), counts(500))
      assert.strictEqual((yield* allProfiles).length, 500)
    }).pipe(Effect.provide(onFreshIndex))
  )

  const order = statements.chain((all) =>
    FastCheck.tuple(
      FastCheck.constant(all),
      FastCheck.array(FastCheck.constantFrom(...all), { maxLength: 5 }).chain((again) =>
        FastCheck.shuffledSubarray([...all, ...again], { minLength: all.length + again.length })
      )
    )
  )

  it.scoped.prop(
    "comes to the same profiles in whatever order, batches and repeats the statements come",
    [order, sizes, sizes],
    ([[all, delivered], someSizes, otherSizes]) => {
      const profilesAfter = (batches: ReadonlyArray<ReadonlyArray<Observation>>) =>
        Effect.forEach(batches, (batch) => apply(...batch), { discard: true }).pipe(
          Effect.zipRight(allProfiles),
          Effect.map((profiles) => profiles.map(content)),
          Effect.provide(onFreshIndex)
        )
      return Effect.gen(function* () {
        const expected = yield* profilesAfter(batched(all, someSizes))
        assert.deepStrictEqual(yield* profilesAfter(batched(delivered, otherSizes)), expected)
      })
    },
    { fastCheck: { numRuns: 40, interruptAfterTimeLimit: 40_000 } }
  )

  it.scoped.prop(
    "counts every statement once, and every account as created once",
    [statements, sizes],
    ([all, someSizes]) =>
      Effect.gen(function* () {
        let created = 0
        for (const batch of batched(all, someSizes)) {
          const applied = yield* apply(...batch)
          assert.strictEqual(total(applied), batch.length)
          created += applied.created
        }
        assert.strictEqual(created, new Set(all.map(({ id }) => id)).size)
      }).pipe(Effect.provide(onFreshIndex)),
    { fastCheck: { numRuns: 40, interruptAfterTimeLimit: 40_000 } }
  )
})

describe("indexing deleted profiles", () => {
  const remove = (handle: string, deletedAt: number) =>
    Effect.flatMap(SearchIndex, (index) => index.delete(idOf(handle), deletedAt))

  it.scoped("does not bring them back by what was told before", () =>
    Effect.gen(function* () {
      const index = yield* SearchIndex
      const first = observe("a", { followers: 1 }, { ingestedAt: 1_000 })
      yield* apply(first)
      yield* remove("a", 2_000)
      const late = observe("a", { followers: 2 }, { observedAt: 9_000, ingestedAt: 2_000, ordinal: 1 })
      assert.deepStrictEqual(yield* apply(first, late), counts(0, 0, 2))
      assert.isUndefined(yield* profileOf("a"))
      assert.strictEqual(yield* index.count, 0)
    }).pipe(Effect.provide(onFreshIndex))
  )

  it.scoped("brings them back by what was told later, with nothing of what was forgotten", () =>
    Effect.gen(function* () {
      const forgotten = observe(
        "a",
        { followers: 1, bio: "forget me" },
        { observedAt: 9_000, ingestedAt: 1_000 }
      )
      const later = observe("a", { followers: 5 }, { observedAt: 50, ingestedAt: 2_001 })
      yield* apply(forgotten)
      yield* remove("a", 2_000)
      assert.deepStrictEqual(yield* apply(later, forgotten), counts(1, 0, 1))
      assert.deepStrictEqual((yield* profileOf("a"))?.fields, { followers: 5 })
      // Its redelivery may come at any time after that.
      const before = yield* stored("a")
      assert.deepStrictEqual(yield* apply(forgotten), counts(0, 0, 1))
      assert.deepStrictEqual(yield* apply(later), counts(1))
      assert.deepStrictEqual(yield* stored("a"), before)
      yield* apply(observe("a", { name: "A" }, { ingestedAt: 3_000 }))
      yield* apply(forgotten)
      assert.deepStrictEqual((yield* profileOf("a"))?.fields, { followers: 5, name: "A" })
    }).pipe(Effect.provide(onFreshIndex))
  )

  it.scoped("forgets again what is deleted again", () =>
    Effect.gen(function* () {
      yield* apply(observe("a", { followers: 1 }, { ingestedAt: 1_000 }))
      yield* remove("a", 2_000)
      const between = observe("a", { followers: 2 }, { ingestedAt: 3_000 })
      yield* apply(between)
      yield* remove("a", 4_000)
      assert.deepStrictEqual(yield* apply(between), counts(0, 0, 1))
      assert.isUndefined(yield* profileOf("a"))
      assert.deepStrictEqual(yield* apply(observe("a", { followers: 3 }, { ingestedAt: 5_000 })), counts(1))
      yield* apply(between)
      assert.deepStrictEqual((yield* profileOf("a"))?.fields, { followers: 3 })
    }).pipe(Effect.provide(onFreshIndex))
  )
})

describe("indexing while something does not answer", () => {
  const batch = [observe("a", { followers: 1 }), observe("b", { followers: 2 }, { ordinal: 1 })]

  const withAnalytics = (computeBatch: EngagementAnalytics["Type"]["computeBatch"]) =>
    IndexProfiles.Default.pipe(
      Layer.provideMerge(Layer.merge(freshIndex, Layer.succeed(EngagementAnalytics, { computeBatch })))
    )

  const refused = (reason: string, outage: boolean) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(apply(...batch))
      assert.deepInclude(error, { _tag: "Retry", outage })
      assert.include(error.reason, reason)
      assert.deepStrictEqual(yield* allProfiles, [])
    })

  it.scoped("asks for another delivery and writes nothing when analytics fails", () =>
    refused("connection refused", true).pipe(
      Effect.provide(withAnalytics(() => new AnalyticsUnavailable({ cause: "connection refused" })))
    )
  )

  it.scoped(
    "asks for another delivery and writes nothing when analytics does not answer for every profile",
    () =>
      refused("1 answers to 2 profiles", false).pipe(
        Effect.provide(
          withAnalytics((inputs) =>
            Effect.succeed(inputs.slice(1).map(({ fields, platform }) => computeEngagement(platform, fields)))
          )
        )
      )
  )

  it.scoped("does not need analytics for a batch that changes nothing", () => {
    let available = true
    return Effect.gen(function* () {
      yield* apply(...batch)
      available = false
      assert.deepStrictEqual(yield* apply(...batch), counts(2))
    }).pipe(
      Effect.provide(
        withAnalytics((inputs) =>
          available
            ? Effect.succeed(inputs.map(({ fields, platform }) => computeEngagement(platform, fields)))
            : new AnalyticsUnavailable({ cause: "connection refused" })
        )
      )
    )
  })

  for (const operation of ["getMany", "bulk"] as const)
    it.scoped(`asks for another delivery when the index cannot ${operation}`, () => {
      const full = new StorageError({ reason: "full", operation, cause: "declared full" })
      const broken = Layer.effect(
        SearchIndex,
        Effect.map(SearchIndex, (inner) => ({ ...inner, [operation]: () => full }))
      ).pipe(Layer.provide(freshIndex))
      return refused(`${operation} failed (full)`, true).pipe(
        Effect.provide(IndexProfiles.Default.pipe(Layer.provideMerge(Layer.merge(broken, analytics))))
      )
    })
})
