import type { GivenFieldName } from "@influscope/domain/Observation"
import { type Platform, platforms } from "@influscope/domain/Platform"
import { type Concept, columnWords, platformWords, weakPlatformWords } from "./ColumnNames.ts"
import { folded } from "./Text.ts"

/** Figures whose header does not say whether they are averages per post or totals: the values have to decide. */
export type Unscoped = "likes" | "comments" | "shares" | "saves" | "views" | "impressions" | "engagement"

/** What a column can feed, before roles are settled. `person` is a name that may be a handle or a display name. */
export type Target = GivenFieldName | Unscoped | "handle" | "person" | "channelId" | "platform" | "observedAt"

export interface Meaning {
  /** Undefined when the header names nothing we have a field for; `reason` then says why when it is known. */
  readonly target: Target | undefined
  /** 0 to 1. */
  readonly confidence: number
  readonly reason: string
  /** What numbers are multiplied by: a header "followers (millions)". */
  readonly unit: number
}

interface Phrase {
  readonly concept: Concept
  readonly words: number
}

const conceptNames = Object.keys(columnWords).filter((name): name is Concept => name in columnWords)

const phrases = (() => {
  const table = new Map<string, Phrase>()
  for (const concept of conceptNames)
    for (const text of columnWords[concept])
      if (!table.has(text)) table.set(text, { concept, words: text.split(" ").length })
  return table
})()

/** Names of platforms say nothing about what a column holds; words that also are column words do. */
const ignored = new Set(
  Object.values(platformWords)
    .flat()
    .filter((text) => text.split(" ").every((word) => !phrases.has(word)))
)
const longestPhrase = 4

/** Words long enough to be recognised in spite of a slip. */
const correctable = Array.from(phrases.keys()).filter((phrase) => !phrase.includes(" ") && phrase.length >= 6)

/** Edit distance with neighbours swapped counted once; more than `limit` is not told apart. */
const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: Array<number> = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return last[b.length] ?? limit + 1
}

const corrected = (word: string): Phrase | undefined => {
  if (word.length < 6) return undefined
  const limit = word.length >= 9 ? 2 : 1
  const near = correctable.find((known) => known[0] === word[0] && distance(word, known, limit) <= limit)
  return near === undefined ? undefined : phrases.get(near)
}

/** The words of a header; of a dotted path its last three parts. */
export const headerWords = (name: string): ReadonlyArray<string> => {
  const parts = /\s/.test(name) ? name : name.split(".").slice(-3).join(" ")
  const spaced = parts
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .replace(/%/g, " percent ")
  const words = folded(spaced)
  return words === "" ? [] : words.split(" ")
}

interface Reading {
  readonly concepts: ReadonlySet<Concept>
  readonly unknown: number
  readonly slips: number
  readonly phrases: ReadonlyArray<string>
}

const readWords = (words: ReadonlyArray<string>): Reading => {
  const concepts = new Set<Concept>()
  const found: Array<string> = []
  let unknown = 0
  let slips = 0
  let at = 0
  while (at < words.length) {
    let taken = 0
    for (let length = Math.min(longestPhrase, words.length - at); length > 0 && taken === 0; length--) {
      const text = words.slice(at, at + length).join(" ")
      const phrase = phrases.get(text)
      if (phrase !== undefined) {
        concepts.add(phrase.concept)
        if (phrase.concept !== "filler") found.push(text)
        taken = length
      } else if (ignored.has(text)) taken = length
    }
    if (taken === 0) {
      const word = words[at] ?? ""
      const near = /^\d+$/.test(word) ? undefined : corrected(word)
      if (near !== undefined) {
        concepts.add(near.concept)
        found.push(word)
        slips++
      } else if (!/^\d+$/.test(word)) unknown++
      taken = 1
    }
    at += taken
  }
  return { concepts, unknown, slips, phrases: found }
}

const unitOf = (name: string): number => {
  const text = name.toLowerCase()
  if (/\(\s*(?:in\s+)?(?:mm?|mill?ions?|millones)\s*\)|\b(?:in millions|en millones)\b/.test(text)) return 1e6
  if (/\(\s*(?:in\s+)?(?:k|thousands?|miles)\s*\)|\b(?:in thousands|en miles)\b/.test(text)) return 1e3
  return /\(\s*(?:in\s+)?(?:bn?|billions?)\s*\)|\bin billions\b/.test(text) ? 1e9 : 1
}

const events = ["likes", "comments", "shares", "saves", "views", "impressions", "viewers"] as const
const averages = {
  likes: "avgLikes",
  comments: "avgComments",
  shares: "avgShares",
  saves: "avgSaves",
  views: "avgViews",
  impressions: "avgImpressions"
} as const

/** The field of a figure once it is known to be an average or a total; undefined when there is none. */
export const fieldOfScope = (figure: Unscoped, scope: "average" | "total"): GivenFieldName | undefined => {
  if (figure === "engagement") return undefined
  if (scope === "average") return averages[figure]
  return figure === "likes" ? "totalLikes" : figure === "views" ? "totalViews" : undefined
}

type Named = { readonly target: Target | undefined; readonly reason: string }

const none = (reason: string): Named => ({ target: undefined, reason })
const found = (target: Target): Named => ({ target, reason: "" })

const figureOf = (concepts: ReadonlySet<Concept>): Named | undefined => {
  const has = (concept: Concept): boolean => concepts.has(concept)
  const named = events.filter(has)
  const recent = has("recent") || has("observedAt")
  if (has("rate")) {
    if (has("engagement") || named.length === 0) return found("reportedEngagementRate")
    return none("it is a rate of something else than engagement")
  }
  const [event, second] = named
  if (event !== undefined && second !== undefined) return none("it speaks of two figures at once")
  if (event === "viewers") return found("avgViewers")
  if (event !== undefined) {
    if (has("average")) return found(averages[event])
    if (has("total")) {
      const field = fieldOfScope(event, "total")
      return field === undefined ? none("there is no field for this total") : found(field)
    }
    return recent ? none("it is a figure of a period, neither an average per post nor a total") : found(event)
  }
  if (has("engagement")) return found("engagement")
  for (const figure of ["followers", "following", "posts"] as const)
    if (has(figure)) {
      if (has("average") || recent)
        return none("it is a figure of a period or an average, not the present count")
      return found(figure)
    }
  return undefined
}

const resolve = (reading: Reading): Named => {
  const has = (concept: Concept): boolean => reading.concepts.has(concept)
  if (has("change")) return none("it is a change, not a level")
  if (has("peak")) return none("it is an extreme, not an average")
  if (has("money")) return none("it speaks of money")
  if (has("foreign")) return none("it speaks of something we have no field for")
  for (const concept of ["categories", "country", "language", "verified", "bio"] as const)
    if (has(concept)) return found(concept)
  if (has("rank")) return none("it is a rank or score")
  const enough = !(has("rate") && !has("engagement") && !reading.phrases.some(isEngagementRate))
  const figure = enough ? figureOf(reading.concepts) : undefined
  if (figure !== undefined) return figure
  for (const concept of ["platform", "observedAt", "url", "channelId", "handle", "name", "person"] as const)
    if (has(concept)) return found(concept)
  return none("")
}

const isEngagementRate = (phrase: string): boolean =>
  phrase === "er" || phrase === "engagement rate" || phrase.startsWith("tasa de ")

const meanings = new Map<string, Meaning>()

/** What a header says, from `columnWords` alone; its values still have to agree. */
export const meaningOf = (name: string): Meaning => {
  const known = meanings.get(name)
  if (known !== undefined) return known
  const words = headerWords(name.slice(0, 200))
  const reading = readWords(words)
  // Within a longer name the word says nothing: watch time, time zone.
  const { target, reason } =
    words.length === 1 && words[0] === "time" ? found("observedAt") : resolve(reading)
  const recent = reading.concepts.has("recent") ? 0.85 : 1
  const confidence = 0.85 ** reading.unknown * 0.92 ** reading.slips * recent
  const sure = target !== undefined && confidence >= 0.5
  const meaning: Meaning = {
    target: sure ? target : undefined,
    confidence: sure ? confidence : 0,
    reason: sure || target === undefined ? reason : "the name has too many words that are not known",
    unit: unitOf(name)
  }
  if (meanings.size < 5_000) meanings.set(name, meaning)
  return meaning
}

const platformsIn = (
  text: string,
  words: Readonly<Partial<Record<Platform, ReadonlyArray<string>>>>
): ReadonlyArray<Platform> =>
  platforms.filter((platform) => (words[platform] ?? []).some((word) => ` ${text} `.includes(` ${word} `)))

/** The platforms that words of these headers (or of a file name) name; `weak`: words that merely suggest one. */
export const platformsNamed = (
  names: ReadonlyArray<string>,
  strength: "strong" | "weak"
): ReadonlyArray<Platform> => {
  const text = names.map((name) => headerWords(name).join(" ")).join(" | ")
  return platformsIn(text, strength === "strong" ? platformWords : weakPlatformWords)
}
