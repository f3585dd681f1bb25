import type { FacetCount, Facets } from "@influscope/domain/Search"
import { type Columns, type Vocabulary, verifiedValues } from "./Columns.ts"
import { failed, type SlotList } from "./Filtering.ts"

/** Most values of the category facet in an answer; the other facets have few values and are complete. */
export const maxCategories = 50

const mostFrequentFirst = (a: FacetCount, b: FacetCount): number =>
  b.count - a.count || (a.value < b.value ? -1 : 1)

const named = (values: ReadonlyArray<string>, counts: Uint32Array): ReadonlyArray<FacetCount> =>
  values
    .map((value, number) => ({ value, count: number === 0 ? 0 : (counts[number] ?? 0) }))
    .filter((entry) => entry.count > 0)
    .sort(mostFrequentFirst)

const countValues = (
  column: Uint8Array | Uint16Array | Uint32Array,
  values: number,
  { slots, count }: SlotList
): Uint32Array => {
  const counts = new Uint32Array(values)
  for (let i = 0; i < count; i++) {
    const value = column[slots[i] ?? 0] ?? 0
    counts[value] = (counts[value] ?? 0) + 1
  }
  return counts
}

const categoryCounts = (vocabulary: Vocabulary, sets: Uint32Array): Uint32Array => {
  const counts = new Uint32Array(vocabulary.categories.values.length)
  for (let set = 1; set < sets.length; set++) {
    const documents = sets[set] ?? 0
    if (documents === 0) continue
    for (const category of vocabulary.categoriesOfSet[set] ?? [])
      counts[category] = (counts[category] ?? 0) + documents
  }
  return counts
}

/** The listed documents that fail no filter, or none but the one with the given bit. */
const withoutFilter = (list: SlotList, failures: Uint8Array, bit: number): SlotList => {
  const slots = new Uint32Array(list.count)
  let count = 0
  for (let i = 0; i < list.count; i++) {
    const failure = failures[i] ?? 0
    if (failure === 0 || failure === bit) slots[count++] = list.slots[i] ?? 0
  }
  return { slots, count }
}

const anyOf = (failures: Uint8Array): number => {
  let bits = 0
  for (let i = 0; i < failures.length; i++) bits |= failures[i] ?? 0
  return bits
}

/** For each facet what it counts: documents that pass all filters but the facet's own. */
const listsByFilter = (list: SlotList, failures: Uint8Array | undefined): ((bit: number) => SlotList) => {
  if (failures === undefined) return () => list
  const bits = anyOf(failures)
  const passing = withoutFilter(list, failures, 0)
  return (bit) => ((bits & bit) === 0 ? passing : withoutFilter(list, failures, bit))
}

/** Counts the listed documents per value; `failures` are those of `failuresOf`. */
export const countFacets = (
  columns: Columns,
  vocabulary: Vocabulary,
  list: SlotList,
  failures: Uint8Array | undefined
): Facets => {
  const listFor = listsByFilter(list, failures)
  const counted = (
    bit: number,
    column: Uint8Array | Uint16Array | Uint32Array,
    values: ReadonlyArray<unknown>
  ): Uint32Array => countValues(column, values.length, listFor(bit))
  const { platforms, tiers, countries, languages, categories, categoriesOfSet } = vocabulary
  const sets = counted(failed.category, columns.categories, categoriesOfSet)
  return {
    platform: named(platforms.values, counted(failed.platform, columns.platform, platforms.values)),
    category: named(categories.values, categoryCounts(vocabulary, sets)).slice(0, maxCategories),
    country: named(countries.values, counted(failed.country, columns.country, countries.values)),
    language: named(languages.values, counted(failed.language, columns.language, languages.values)),
    tier: named(tiers.values, counted(failed.tier, columns.tier, tiers.values)),
    verified: named(verifiedValues, counted(failed.verified, columns.verified, verifiedValues))
  }
}
