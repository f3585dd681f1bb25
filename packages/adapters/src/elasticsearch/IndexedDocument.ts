import type { Profile } from "@influscope/domain/Profile"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { categoryKey, popularityOf } from "../search/Columns.ts"
import { fromStored, type StoredDocument, toStored } from "../search/StoredDocument.ts"
import type { ShownProfile } from "../search/ToHit.ts"
import { visitHandleParts, visitTokens, wholeTerm } from "../search/Tokens.ts"

/** A document of the index: a profile and what is searched of it, or a tombstone. */
export interface IndexedDocument {
  readonly id: ProfileId
  readonly alive: boolean
  readonly deletedAt?: number
  readonly document?: string
  readonly origin?: string
  readonly [field: string]: unknown
}

/** The part of a document that is stored. */
export interface StoredSource {
  readonly id: ProfileId
  readonly deletedAt?: number
  readonly document?: string
  readonly origin?: string
}

/** The stored fields that a whole profile, or a tombstone, is read from. */
export const storedFields: Array<keyof StoredSource> = ["id", "deletedAt", "document", "origin"]
/** Those that a hit is read from. */
export const shownFields: Array<keyof StoredSource> = ["id", "document"]

/** The two texts of a profile: what is shown of it, which is half of it, and where that came from. */
const textsOf = (profile: Profile): Required<Pick<StoredSource, "document" | "origin">> => {
  const { engagement, fields, handle, id, platform, ...origin } = toStored(profile)
  // Programs of version 2 look for provenance here, which is all in one text there.
  const shown: Pick<StoredDocument, "provenance"> & ShownProfile = {
    ...{ id, platform, handle, fields, engagement },
    provenance: []
  }
  return { document: JSON.stringify(shown), origin: JSON.stringify(origin) }
}

/** The profile of a document of this version or one before. Throws where it is none. */
export const storedProfile = ({ document = "", origin = "{}" }: Partial<StoredSource> = {}): Profile =>
  fromStored({ ...JSON.parse(document), ...JSON.parse(origin) })

/** What is shown of a stored profile. Throws where it is none. */
export const shownProfile = ({ document = "" }: Partial<StoredSource> = {}): ShownProfile =>
  JSON.parse(document)

/** Beginnings are at least so long, because shorter words have no typos forgiven, and at most so long. */
const shortestStart = 3
const longestStart = 20

const digit = /\p{N}/u

/**
 * A term as it is indexed and looked for. Typos in numbers are never forgiven: two signs that no term has stand after the
 * first digit, so that no word without digits is within two typos of a term with some.
 */
export const encodeTerm = (term: string): string => term.replace(digit, "$&··")

const addStarts = (starts: Set<string>, term: string): void => {
  const firstDigit = term.search(digit)
  const end = firstDigit === -1 ? term.length : firstDigit
  let length = 0
  for (let at = 0; at < end && length < longestStart; ) {
    // A character beyond the basic plane takes two code units.
    at += (term.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
    length++
    if (length >= shortestStart) starts.add(term.slice(0, at))
  }
}

/** The terms of one place, and their beginnings. */
class Terms {
  private readonly terms = new Set<string>()

  readonly add = (term: string): void => {
    if (term !== "") this.terms.add(term)
  }

  get words(): string {
    return [...this.terms].map(encodeTerm).join(" ")
  }

  get starts(): string {
    const starts = new Set<string>()
    for (const term of this.terms) addStarts(starts, term)
    return [...starts].join(" ")
  }
}

const tokensOf = (text: string): ReadonlyArray<string> => {
  const tokens: Array<string> = []
  visitTokens(text, (term) => tokens.push(term))
  return tokens
}

const inSequence = (tokens: ReadonlyArray<string>): string => tokens.map(encodeTerm).join(" ")

const textOf = ({ fields, handle }: Profile) => {
  const name = tokensOf(fields.name ?? "")
  const bio = tokensOf(fields.bio ?? "")
  const identity = new Terms()
  const leading = new Terms()
  const naming = new Terms()
  const topics = new Terms()
  const wholeTopics = new Terms()
  const ofBio = new Terms()
  for (const whole of [wholeTerm(handle), wholeTerm(fields.name ?? "")]) {
    identity.add(whole)
    leading.add(whole)
  }
  leading.add(name[0] ?? "")
  visitHandleParts(handle, naming.add)
  name.forEach(naming.add)
  for (const category of fields.categories ?? []) {
    tokensOf(category).forEach(topics.add)
    topics.add(wholeTerm(category))
    wholeTopics.add(wholeTerm(category))
  }
  bio.forEach(ofBio.add)
  return {
    leading: leading.words,
    leadingStart: leading.starts,
    naming: naming.words,
    namingStart: naming.starts,
    topics: topics.words,
    topicsStart: topics.starts,
    bio: ofBio.words,
    bioStart: ofBio.starts,
    identity: identity.words,
    identityStart: identity.starts,
    wholeTopics: wholeTopics.words,
    sequence: [inSequence(name), inSequence(bio)]
  }
}

export const documentOf = (profile: Profile): IndexedDocument => {
  const { engagement, fields } = profile
  return {
    id: profile.id,
    alive: true,
    ...textsOf(profile),
    platform: profile.platform,
    category: (fields.categories ?? []).map(categoryKey).filter((key) => key !== ""),
    country: fields.country,
    language: fields.language,
    tier: engagement.tier,
    verified: fields.verified,
    followers: fields.followers,
    engagement: engagement.rate,
    growth: fields.growth30,
    observedAt: profile.observedAt,
    popularity: popularityOf(fields.followers),
    ...textOf(profile)
  }
}

export const tombstoneOf = (id: ProfileId, deletedAt: number): IndexedDocument => ({
  id,
  alive: false,
  deletedAt
})
