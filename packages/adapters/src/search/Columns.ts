import { platforms } from "@influscope/domain/Platform"
import type { Profile } from "@influscope/domain/Profile"
import { Tier } from "@influscope/domain/Tier"

const initialCapacity = 1_024

/** Follower counts above this are ranked alike. */
const popularityCeilingLog2 = 40

/** Popularity takes this many bits of a score. */
export const popularityBits = 28

/** A count of followers on a logarithmic scale, 0 when unknown, below 2^28: whoever has more is never below. */
export const popularityOf = (followers: number | undefined): number => {
  if (followers === undefined) return 0
  const scaled = Math.log2(1 + Math.max(followers, 0)) / popularityCeilingLog2
  return 1 + Math.floor(Math.min(scaled, 1) * (2 ** popularityBits - 2))
}

/** Small numbers for repeated values; 0 stands for "unknown". */
export class Interner {
  private readonly numbers = new Map<string, number>()
  readonly values: Array<string> = [""]

  constructor(values: Iterable<string> = []) {
    for (const value of values) this.numberOf(value)
  }

  numberOf(value: string | undefined): number {
    if (value === undefined || value === "") return 0
    const known = this.numbers.get(value)
    if (known !== undefined) return known
    this.numbers.set(value, this.values.length)
    return this.values.push(value) - 1
  }

  /** 0 when the value has never been seen. */
  find(value: string): number {
    return this.numbers.get(value) ?? 0
  }
}

/** The form in which categories are compared and counted. */
export const categoryKey = (category: string): string => category.trim().normalize("NFC").toLowerCase()

/** One number per column, for a document. Unknown numbers are NaN, unknown values 0. */
export interface Columns {
  /** Row in the store, by slot; 0: the slot is free. */
  readonly rows: Uint32Array<ArrayBuffer>
  readonly alive: Uint8Array<ArrayBuffer>
  readonly followers: Float64Array<ArrayBuffer>
  readonly popularity: Uint32Array<ArrayBuffer>
  /** Percent. */
  readonly engagement: Float64Array<ArrayBuffer>
  /** Of the followers over 30 days, percent. */
  readonly growth: Float64Array<ArrayBuffer>
  /** Epoch ms. */
  readonly observedAt: Float64Array<ArrayBuffer>
  readonly platform: Uint8Array<ArrayBuffer>
  readonly tier: Uint8Array<ArrayBuffer>
  /** 1 false, 2 true. */
  readonly verified: Uint8Array<ArrayBuffer>
  readonly country: Uint16Array<ArrayBuffer>
  readonly language: Uint16Array<ArrayBuffer>
  /** Number of the document's set of categories. */
  readonly categories: Uint32Array<ArrayBuffer>
  /** Hash of the searchable text, to see that only figures have changed. */
  readonly textHash: BigUint64Array<ArrayBuffer>
}

export const makeColumns = (capacity = initialCapacity): Columns => ({
  rows: new Uint32Array(capacity),
  alive: new Uint8Array(capacity),
  followers: new Float64Array(capacity),
  popularity: new Uint32Array(capacity),
  engagement: new Float64Array(capacity),
  growth: new Float64Array(capacity),
  observedAt: new Float64Array(capacity),
  platform: new Uint8Array(capacity),
  tier: new Uint8Array(capacity),
  verified: new Uint8Array(capacity),
  country: new Uint16Array(capacity),
  language: new Uint16Array(capacity),
  categories: new Uint32Array(capacity),
  textHash: new BigUint64Array(capacity)
})

/** Copies the first `count` slots into columns of another capacity. */
export const resizedColumns = (from: Columns, count: number, capacity: number): Columns => {
  const to = makeColumns(capacity)
  to.rows.set(from.rows.subarray(0, count))
  to.alive.set(from.alive.subarray(0, count))
  to.followers.set(from.followers.subarray(0, count))
  to.popularity.set(from.popularity.subarray(0, count))
  to.engagement.set(from.engagement.subarray(0, count))
  to.growth.set(from.growth.subarray(0, count))
  to.observedAt.set(from.observedAt.subarray(0, count))
  to.platform.set(from.platform.subarray(0, count))
  to.tier.set(from.tier.subarray(0, count))
  to.verified.set(from.verified.subarray(0, count))
  to.country.set(from.country.subarray(0, count))
  to.language.set(from.language.subarray(0, count))
  to.categories.set(from.categories.subarray(0, count))
  to.textHash.set(from.textHash.subarray(0, count))
  return to
}

/** The values behind the numbers of the columns. */
export interface Vocabulary {
  readonly platforms: Interner
  readonly tiers: Interner
  readonly countries: Interner
  readonly languages: Interner
  readonly categories: Interner
  /** Each distinct combination of categories, as their numbers joined by blanks. */
  readonly categorySets: Interner
  /** The numbers in each combination, by its number. */
  readonly categoriesOfSet: Array<ReadonlyArray<number>>
  /** The combination for categories as they were written, for those seen lately. */
  readonly setOfWords: Map<string, number>
}

const maxRememberedSets = 10_000

const numbersIn = (set: string): ReadonlyArray<number> => (set === "" ? [] : set.split(" ").map(Number))

export interface VocabularyValues {
  readonly countries: ReadonlyArray<string>
  readonly languages: ReadonlyArray<string>
  readonly categories: ReadonlyArray<string>
  readonly categorySets: ReadonlyArray<string>
}

export const makeVocabulary = (values?: VocabularyValues): Vocabulary => {
  const categorySets = new Interner(values?.categorySets)
  return {
    platforms: new Interner(platforms),
    tiers: new Interner(Tier.literals),
    countries: new Interner(values?.countries),
    languages: new Interner(values?.languages),
    categories: new Interner(values?.categories),
    categorySets,
    categoriesOfSet: categorySets.values.map(numbersIn),
    setOfWords: new Map()
  }
}

const setOf = (vocabulary: Vocabulary, categories: ReadonlyArray<string>): number => {
  const numbers = new Set(categories.map((category) => vocabulary.categories.numberOf(categoryKey(category))))
  numbers.delete(0)
  const set = vocabulary.categorySets.numberOf([...numbers].sort((a, b) => a - b).join(" "))
  if (set === vocabulary.categoriesOfSet.length) vocabulary.categoriesOfSet.push([...numbers])
  return set
}

const categorySetOf = (vocabulary: Vocabulary, categories: ReadonlyArray<string> | undefined): number => {
  if (categories === undefined || categories.length === 0) return 0
  const { setOfWords } = vocabulary
  const words = categories.join("\n")
  const known = setOfWords.get(words)
  if (known !== undefined) return known
  if (setOfWords.size >= maxRememberedSets) setOfWords.clear()
  const set = setOf(vocabulary, categories)
  setOfWords.set(words, set)
  return set
}

const verifiedNumber = (verified: boolean | undefined): number =>
  verified === undefined ? 0 : verified ? 2 : 1

/** Writes the figures of a profile into its slot; the text's own columns are the caller's. */
export const writeColumns = (
  columns: Columns,
  vocabulary: Vocabulary,
  slot: number,
  profile: Profile
): void => {
  const { fields, engagement } = profile
  columns.followers[slot] = fields.followers ?? Number.NaN
  columns.popularity[slot] = popularityOf(fields.followers)
  columns.engagement[slot] = engagement.rate ?? Number.NaN
  columns.growth[slot] = fields.growth30 ?? Number.NaN
  columns.observedAt[slot] = profile.observedAt
  columns.platform[slot] = vocabulary.platforms.numberOf(profile.platform)
  columns.tier[slot] = vocabulary.tiers.numberOf(engagement.tier ?? undefined)
  columns.verified[slot] = verifiedNumber(fields.verified)
  columns.country[slot] = vocabulary.countries.numberOf(fields.country)
  columns.language[slot] = vocabulary.languages.numberOf(fields.language)
  columns.categories[slot] = categorySetOf(vocabulary, fields.categories)
}

export const verifiedValues: ReadonlyArray<string> = ["", "false", "true"]
