import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import { type FieldName, fieldNames, type Observation, ProfileFields } from "../src/Observation.ts"
import { mergeObservation, type ProfileDraft } from "../src/Profile.ts"
import { makeProfileId } from "../src/ProfileId.ts"

const id = makeProfileId("instagram", "natgeo")

const statement = (changes: Partial<Observation> = {}): Observation => ({
  id,
  platform: "instagram",
  handle: "natgeo",
  source: "test",
  observedAt: 100,
  ingestedAt: 1_000,
  ordinal: 0,
  fields: {},
  ...changes
})

/** Few fields, few values and few moments, so that statements repeat, contradict and overtake each other. */
const collidingFields: FastCheck.Arbitrary<ProfileFields> = FastCheck.record(
  {
    name: FastCheck.constantFrom("a", "b"),
    categories: FastCheck.constantFrom(["x"], ["x", "y"], []),
    verified: FastCheck.boolean(),
    followers: FastCheck.nat(2)
  },
  { requiredKeys: [] }
)

/** Statements about one account. No two were ingested at the same moment and place: that is what identifies them. */
const statements: FastCheck.Arbitrary<ReadonlyArray<Observation>> = FastCheck.uniqueArray(
  FastCheck.record({
    source: FastCheck.constantFrom("file", "api"),
    observedAt: FastCheck.nat(2),
    ingestedAt: FastCheck.nat(4),
    ordinal: FastCheck.nat(1),
    fields: collidingFields
  }).map(statement),
  { minLength: 1, maxLength: 7, selector: ({ ingestedAt, ordinal }) => `${ingestedAt}/${ordinal}` }
)

/** The same statements in another order, some of them delivered more than once. */
const deliveries = statements.chain((all) =>
  FastCheck.tuple(
    FastCheck.constant(all),
    FastCheck.tuple(
      FastCheck.shuffledSubarray([...all], { minLength: all.length }),
      FastCheck.array(FastCheck.constantFrom(...all), { maxLength: 5 })
    ).chain(([each, again]) => {
      const delivered = [...each, ...again]
      return FastCheck.shuffledSubarray(delivered, { minLength: delivered.length })
    })
  )
)

const byAge = (a: Observation, b: Observation): number =>
  a.observedAt - b.observedAt || a.ingestedAt - b.ingestedAt || a.ordinal - b.ordinal

const mergeAll = (observations: ReadonlyArray<Observation>): ProfileDraft | undefined =>
  observations.reduce<ProfileDraft | undefined>(
    (known, observation) => mergeObservation(known, observation).profile,
    undefined
  )

/** What the profile says, without the notes on the order in which it was told. */
const content = (profile: ProfileDraft | undefined) => {
  if (profile === undefined) return undefined
  const { firstIngestedAt: _, firstOrdinal: __, restated: ___, ...rest } = profile
  return rest
}

const check = <Ts extends [unknown, ...Array<unknown>]>(property: FastCheck.IPropertyWithHooks<Ts>): void =>
  FastCheck.assert(property, { numRuns: 2_000 })

describe("merging statements about an account", () => {
  it("takes every field from the newest statement that mentions it, in whatever order and however often they come", () =>
    check(
      FastCheck.property(deliveries, ([all, delivered]) => {
        const merged = mergeAll(delivered)
        const sorted = [...all].sort(byAge)
        for (const name of fieldNames) {
          const says = sorted.findLast(({ fields }) => fields[name] !== undefined)
          assert.deepStrictEqual(merged?.fields[name], says?.fields[name])
          assert.strictEqual(merged?.provenance[name]?.source, says?.source)
          assert.strictEqual(merged?.provenance[name]?.observedAt, says?.observedAt)
        }
        const newest = sorted.at(-1)
        assert.deepStrictEqual(
          [merged?.observedAt, merged?.ingestedAt, merged?.ordinal],
          [newest?.observedAt, newest?.ingestedAt, newest?.ordinal]
        )
      })
    ))

  it("comes to the same profile in any order", () =>
    check(
      FastCheck.property(deliveries, ([all, delivered]) => {
        assert.deepStrictEqual(content(mergeAll(delivered)), content(mergeAll(all)))
      })
    ))

  it("answers a redelivery as the first time, and has nothing to write for it", () =>
    check(
      FastCheck.property(deliveries, ([, delivered]) => {
        let known: ProfileDraft | undefined
        for (const observation of delivered) {
          const first = mergeObservation(known, observation)
          const again = mergeObservation(first.profile, observation)
          assert.strictEqual(again.outcome, first.outcome)
          assert.isFalse(again.write)
          assert.deepStrictEqual(again.profile, first.profile)
          known = first.profile
        }
      })
    ))

  it("asks for a write exactly when the profile differs", () =>
    check(
      FastCheck.property(deliveries, ([, delivered]) => {
        let known: ProfileDraft | undefined
        for (const observation of delivered) {
          const before = JSON.stringify(known)
          const merged = mergeObservation(known, observation)
          assert.strictEqual(JSON.stringify(known), before, "what was known is left as it was")
          assert.strictEqual(merged.write, JSON.stringify(merged.profile) !== before)
          known = merged.profile
        }
      })
    ))

  it("counts an account as created by one statement only", () =>
    check(
      FastCheck.property(deliveries, ([, delivered]) => {
        let known: ProfileDraft | undefined
        const creators = new Set<Observation>()
        for (const observation of delivered) {
          const merged = mergeObservation(known, observation)
          if (merged.outcome === "created") creators.add(observation)
          known = merged.profile
        }
        assert.deepStrictEqual([...creators], delivered.slice(0, 1))
      })
    ))

  it("calls a statement an update exactly when a value changed", () =>
    check(
      FastCheck.property(statements, (all) => {
        let known: ProfileDraft | undefined
        for (const observation of all) {
          const merged = mergeObservation(known, observation)
          const same = JSON.stringify(merged.profile.fields) === JSON.stringify(known?.fields)
          if (known !== undefined) assert.strictEqual(merged.outcome, same ? "unchanged" : "updated")
          known = merged.profile
        }
      })
    ))

  it("keeps any fields as they were stated", () =>
    check(
      FastCheck.property(Arbitrary.make(ProfileFields), (fields) => {
        const { outcome, profile, write } = mergeObservation(undefined, statement({ fields }))
        assert.strictEqual(outcome, "created")
        assert.isTrue(write)
        assert.deepStrictEqual(profile.fields, fields)
        const mentioned = fieldNames.filter((name: FieldName) => fields[name] !== undefined)
        assert.sameMembers(Object.keys(profile.provenance), [...mentioned])
      })
    ))

  it("lets a late file fill in what the newer ones left open", () => {
    const newer = statement({ observedAt: 200, source: "api", fields: { followers: 10 } })
    const late = statement({
      observedAt: 50,
      ingestedAt: 2_000,
      fields: { followers: 5, bio: "Wild places" }
    })
    const merged = mergeObservation(mergeAll([newer]), late)
    assert.strictEqual(merged.outcome, "updated")
    assert.deepStrictEqual(merged.profile.fields, { followers: 10, bio: "Wild places" })
    assert.strictEqual(merged.profile.provenance.followers?.source, "api")
    assert.strictEqual(merged.profile.provenance.bio?.observedAt, 50)
    assert.strictEqual(merged.profile.observedAt, 200)
  })

  it("lets the later told of two contradicting statements about the same moment win", () => {
    const wrong = statement({ fields: { followers: 1 } })
    const corrected = statement({ ingestedAt: 2_000, fields: { followers: 2 } })
    for (const order of [
      [wrong, corrected],
      [corrected, wrong]
    ])
      assert.strictEqual(mergeAll(order)?.fields.followers, 2)
  })

  it("notes that the same figures were seen again later", () => {
    const again = statement({ observedAt: 300, ingestedAt: 2_000, source: "api", fields: { followers: 1 } })
    const merged = mergeObservation(mergeAll([statement({ fields: { followers: 1 } })]), again)
    assert.strictEqual(merged.outcome, "unchanged")
    assert.isTrue(merged.write)
    assert.strictEqual(merged.profile.provenance.followers?.source, "api")
    assert.strictEqual(merged.profile.observedAt, 300)
  })

  it("tells lists apart by their content and order", () => {
    const known = mergeAll([statement({ fields: { categories: ["a", "b"] } })])
    const outcomeOf = (...categories: ReadonlyArray<string>) =>
      mergeObservation(known, statement({ observedAt: 200, fields: { categories } })).outcome
    assert.strictEqual(outcomeOf("a", "b"), "unchanged")
    assert.strictEqual(outcomeOf("b", "a"), "updated")
    assert.strictEqual(outcomeOf("a"), "updated")
    assert.strictEqual(outcomeOf(), "updated")
  })

  it("leaves forgotten what was told before a deletion, when the profile has come back", () => {
    const back = {
      ...mergeObservation(undefined, statement({ fields: { name: "new" } })).profile,
      deletedAt: 900
    }
    const told = (ingestedAt: number) =>
      mergeObservation(back, statement({ observedAt: 500, ingestedAt, fields: { bio: "told" } }))
    for (const ingestedAt of [0, 899, 900]) {
      assert.deepStrictEqual(told(ingestedAt), { outcome: "unchanged", write: false, profile: back })
    }
    assert.strictEqual(told(901).outcome, "updated")
    assert.strictEqual(told(901).profile.deletedAt, 900)
  })
})
