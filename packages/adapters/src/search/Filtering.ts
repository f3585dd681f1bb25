import type { SearchFilters } from "@influscope/domain/Search"
import { type Columns, categoryKey, type Interner, type Vocabulary } from "./Columns.ts"

/** One bit per filter, for the filters a document fails. */
export const failed = {
  platform: 1,
  category: 2,
  country: 4,
  language: 8,
  tier: 16,
  verified: 32,
  range: 64
} as const

/** The first `count` of `slots`: documents to be filtered, counted or ranked. */
export interface SlotList {
  readonly slots: Uint32Array
  readonly count: number
}

/** Sets a bit of `failed` for each listed document that does not pass. */
type FilterTest = (list: SlotList, failures: Uint8Array) => void

/** A list that is not empty allows its values only: a byte per number, undefined when everything is allowed. */
const allowedValues = (
  interner: Interner,
  values: ReadonlyArray<string>,
  key: (value: string) => string
): Uint8Array | undefined => {
  if (values.length === 0) return undefined
  const allowed = new Uint8Array(interner.values.length)
  for (const value of values) {
    const number = interner.find(key(value))
    if (number !== 0) allowed[number] = 1
  }
  return allowed
}

const allowedSets = (vocabulary: Vocabulary, values: ReadonlyArray<string>): Uint8Array | undefined => {
  const allowed = allowedValues(vocabulary.categories, values, categoryKey)
  return allowed === undefined
    ? undefined
    : Uint8Array.from(vocabulary.categoriesOfSet, (set) => (set.some((c) => allowed[c] === 1) ? 1 : 0))
}

type NumberColumn = Uint8Array | Uint16Array | Uint32Array

const listTest =
  (bit: number, allowed: Uint8Array, column: NumberColumn): FilterTest =>
  ({ slots, count }, failures) => {
    for (let i = 0; i < count; i++)
      if (allowed[column[slots[i] ?? 0] ?? 0] !== 1) failures[i] = (failures[i] ?? 0) | bit
  }

const rangeTest = (column: Float64Array, min: number | undefined, max: number | undefined): FilterTest => {
  const low = min ?? Number.NEGATIVE_INFINITY
  const high = max ?? Number.POSITIVE_INFINITY
  return ({ slots, count }, failures) => {
    for (let i = 0; i < count; i++) {
      const value = column[slots[i] ?? 0] ?? Number.NaN
      // Unknown is NaN, which no comparison accepts.
      if (!(value >= low && value <= high)) failures[i] = (failures[i] ?? 0) | failed.range
    }
  }
}

const sameCase = (value: string): string => value

const testsOf = (
  columns: Columns,
  vocabulary: Vocabulary,
  filters: SearchFilters
): ReadonlyArray<FilterTest> => {
  const tests: Array<FilterTest> = []
  const addList = (bit: number, allowed: Uint8Array | undefined, column: NumberColumn): void => {
    if (allowed !== undefined) tests.push(listTest(bit, allowed, column))
  }
  const addRange = (column: Float64Array, min: number | undefined, max: number | undefined): void => {
    if (min !== undefined || max !== undefined) tests.push(rangeTest(column, min, max))
  }
  const { platforms, countries, languages, tiers } = vocabulary
  addList(failed.platform, allowedValues(platforms, filters.platform, sameCase), columns.platform)
  addList(failed.category, allowedSets(vocabulary, filters.category), columns.categories)
  addList(
    failed.country,
    allowedValues(countries, filters.country, (c) => c.toUpperCase()),
    columns.country
  )
  addList(
    failed.language,
    allowedValues(languages, filters.language, (l) => l.toLowerCase()),
    columns.language
  )
  addList(failed.tier, allowedValues(tiers, filters.tier, sameCase), columns.tier)
  if (filters.verified !== undefined)
    addList(
      failed.verified,
      filters.verified ? Uint8Array.of(0, 0, 1) : Uint8Array.of(0, 1, 0),
      columns.verified
    )
  addRange(columns.followers, filters.followersMin, filters.followersMax)
  addRange(columns.engagement, filters.engagementMin, filters.engagementMax)
  addRange(columns.growth, filters.growth30Min, filters.growth30Max)
  return tests
}

/**
 * Which filters each listed document fails, as bits of `failed`; undefined when the filters let everything pass. Each
 * filter runs over all documents in turn: simple loops over one column are what the engine compiles best.
 */
export const failuresOf = (
  columns: Columns,
  vocabulary: Vocabulary,
  filters: SearchFilters,
  list: SlotList
): Uint8Array | undefined => {
  const tests = testsOf(columns, vocabulary, filters)
  if (tests.length === 0) return undefined
  const failures = new Uint8Array(list.count)
  for (const test of tests) test(list, failures)
  return failures
}
