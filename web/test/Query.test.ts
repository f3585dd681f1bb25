import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import {
  activeFilters,
  emptyQuery,
  type PageQuery,
  parseQuery,
  queryParams,
  toggleValue
} from "../src/app/Query.ts"

const values = FastCheck.uniqueArray(FastCheck.string({ minLength: 1, maxLength: 12 }), { maxLength: 4 })
const bound = FastCheck.option(FastCheck.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined }).map(
  (value) => (value === 0 ? 0 : value)
)

const queries: FastCheck.Arbitrary<PageQuery> = FastCheck.record({
  q: FastCheck.string({ unit: "grapheme" }),
  lists: FastCheck.record({
    platform: values,
    category: values,
    country: FastCheck.uniqueArray(FastCheck.constantFrom("FR", "JP", "BR")),
    language: FastCheck.uniqueArray(FastCheck.constantFrom("fr", "ja", "pt")),
    tier: values
  }),
  verified: FastCheck.constantFrom(undefined, true, false),
  followersMin: bound,
  followersMax: bound,
  engagementMin: bound,
  engagementMax: bound,
  growth30Min: FastCheck.constantFrom(undefined, -12.5, 0, 3),
  growth30Max: FastCheck.constantFrom(undefined, -12.5, 0, 3),
  sort: FastCheck.constantFrom(
    "relevance" as const,
    "followers" as const,
    "engagement" as const,
    "recency" as const,
    "growth" as const
  ),
  order: FastCheck.constantFrom("asc" as const, "desc" as const)
})

describe("Query", () => {
  it.prop("reads what it wrote", [queries], ([query]) => {
    assert.deepStrictEqual(parseQuery(`?${queryParams(query)}`), query)
  })

  it.prop("understands any address", [FastCheck.string({ unit: "binary" })], ([text]) => {
    const query = parseQuery(text)
    assert.deepStrictEqual(parseQuery(queryParams(query).toString()), query)
  })

  it.prop("lifts one filter at a time", [queries], ([query]) => {
    const filters = activeFilters(query)
    for (const filter of filters)
      assert.deepStrictEqual(
        activeFilters(filter.without).map(({ key }) => key),
        filters.map(({ key }) => key).filter((key) => key !== filter.key)
      )
  })

  it("leaves defaults out of the address", () => {
    assert.strictEqual(queryParams(emptyQuery).toString(), "")
  })

  it("leaves out what it does not understand", () => {
    assert.deepStrictEqual(
      parseQuery(
        "?followersMin=-1&followersMax=x&engagementMin=&verified=maybe&sort=luck&order=up&page=7&country="
      ),
      emptyQuery
    )
  })

  it("takes a chosen value away again", () => {
    const once = toggleValue(emptyQuery, "platform", "tiktok")
    assert.deepStrictEqual(once.lists.platform, ["tiktok"])
    assert.deepStrictEqual(toggleValue(once, "platform", "tiktok"), emptyQuery)
  })
})
