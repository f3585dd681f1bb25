import type { Platform } from "@influscope/domain/Platform"
import { type NamePoolName, namePoolNames, poolOf } from "./Names.ts"
import { type Niche, nicheNames, nicheOf } from "./Niches.ts"
import { mix32 } from "./Random.ts"

/** How a platform's handles look: `g` given name, `f` family name, `w` word of the niche; other characters stand as they are. */
interface HandleRules {
  /** Longest handle the platform allows. */
  readonly maxLength: number
  readonly forms: ReadonlyArray<string>
  /** Between the name and a number. */
  readonly beforeNumber: string
}

/** Published limits: Instagram, YouTube 30; TikTok 24; X 15; Twitch 25; LinkedIn 100 (shorter here, as people do). */
export const handleRules: { readonly [P in Platform]: HandleRules } = {
  instagram: {
    maxLength: 30,
    forms: ["gf", "g.f", "g_f", "f.g", "its.g.f", "g.f.w", "g_f_w", "w.gf"],
    beforeNumber: ""
  },
  tiktok: { maxLength: 24, forms: ["gf", "g.f", "g_f", "f_g", "its_g_f", "gf.w", "g_f_w"], beforeNumber: "" },
  youtube: {
    maxLength: 30,
    forms: ["gf", "g.f", "g-f", "g_f", "gf-w", "w-g-f", "hey-g-f"],
    beforeNumber: ""
  },
  x: { maxLength: 15, forms: ["gf", "g_f", "f_g"], beforeNumber: "" },
  twitch: { maxLength: 25, forms: ["gf", "g_f", "gf_tv", "gf_w", "w_g_f", "f_g"], beforeNumber: "" },
  linkedin: { maxLength: 40, forms: ["g-f", "f-g", "g-f-w", "gf"], beforeNumber: "-" }
}

/** Indexes of profiles go from 0 to below this. */
export const maxIndex = 20_000_000

/** Digits kept free behind every name. */
const numberRoom = 5

const longestWord = Math.max(...nicheNames.map((niche) => nicheOf(niche).word.length))

/** The places of one platform and name pool: each is a given name, a family name and a form, and fits with its number. */
interface Slots {
  readonly count: number
  readonly forms: ReadonlyArray<ReadonlyArray<string>>
  readonly slots: Uint32Array
}

const slotsOf = (platform: Platform, poolName: NamePoolName): Slots => {
  const { beforeNumber, forms, maxLength } = handleRules[platform]
  const { family, given } = poolOf(poolName)
  const room = maxLength - numberRoom - beforeNumber.length
  const fitting: Array<number> = []
  for (const [formAt, form] of forms.entries()) {
    const fixed = form.replace(/[gfw]/g, "").length + (form.includes("w") ? longestWord : 0)
    for (const [givenAt, { roman: first }] of given.entries()) {
      for (const [familyAt, { roman: second }] of family.entries()) {
        if (fixed + first.length + second.length > room) continue
        fitting.push((formAt * given.length + givenAt) * family.length + familyAt)
      }
    }
  }
  return { count: fitting.length, forms: forms.map(tokensOf), slots: Uint32Array.from(fitting) }
}

const known = new Map<string, Slots>()

/** Worked out once for each platform and pool, when first needed. */
const slotsFor = (platform: Platform, pool: NamePoolName): Slots => {
  const key = `${platform}/${pool}`
  const found = known.get(key) ?? slotsOf(platform, pool)
  known.set(key, found)
  return found
}

const coprime = (a: number, b: number): boolean => {
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return x === 1
}

/** A step through `count` places that visits each once: chosen by the seed, near the golden section for even spread. */
const strideOf = (seed: number, count: number): number => {
  let stride = Math.max(1, Math.floor(count * 0.618) + (mix32(seed) % 97)) % count || 1
  while (!coprime(stride, count)) stride = (stride + 1) % count || 1
  return stride
}

const strides = new Map<number, Map<number, number>>()

const strideFor = (seed: number, count: number): number => {
  let ofSeed = strides.get(seed)
  if (ofSeed === undefined) {
    // One run uses one seed; what earlier ones left is not needed.
    strides.clear()
    ofSeed = new Map()
    strides.set(seed, ofSeed)
  }
  const stride = ofSeed.get(count) ?? strideOf(seed, count)
  ofSeed.set(count, stride)
  return stride
}

export interface PlacedHandle {
  readonly handle: string
  /** Positions in the name pool. */
  readonly given: number
  readonly family: number
}

/** A form taken apart: its letters and what stands between them. */
const tokensOf = (form: string): ReadonlyArray<string> => form.match(/its|hey|tv|./g) ?? []

/** Spells a form. The spellings of all forms, pools and niches are distinct on a platform, and none ends in a digit. */
const spell = (tokens: ReadonlyArray<string>, given: string, family: string, word: string): string => {
  let text = ""
  for (const token of tokens)
    text += token === "g" ? given : token === "f" ? family : token === "w" ? word : token
  return text
}

/** All spellings a platform can give, without numbers: for checking that they are distinct. */
export function* allSpellings(platform: Platform): Generator<string> {
  for (const pool of namePoolNames) {
    const { family, given } = poolOf(pool)
    const { forms, slots } = slotsFor(platform, pool)
    for (const slot of slots) {
      const form = forms[Math.floor(slot / (given.length * family.length))] ?? []
      const first = given[Math.floor(slot / family.length) % given.length]?.roman ?? ""
      const second = family[slot % family.length]?.roman ?? ""
      const words = form.includes("w") ? nicheNames.map((niche) => nicheOf(niche).word) : [""]
      for (const word of words) yield spell(form, first, second, word)
    }
  }
}

/** How many profiles of a platform and pool go without a number, in a run of indexes. */
export const slotCount = (platform: Platform, pool: NamePoolName): number => slotsFor(platform, pool).count

/**
 * The handle of profile `index`, and the name it is made of. Unique without remembering any: two indexes of a platform and
 * pool share a slot only in different rounds through the slots, and the round is the number at the end; no number in the
 * first round. Spellings of different pools are distinct.
 */
export const handleAt = (
  seed: number,
  index: number,
  platform: Platform,
  pool: NamePoolName,
  niche: Niche
): PlacedHandle => {
  const { count, forms, slots } = slotsFor(platform, pool)
  const round = Math.floor(index / count)
  const slot = slots[((index % count) * strideFor(seed, count) + (mix32(seed) % count)) % count] ?? 0
  const { family, given } = poolOf(pool)
  const familyAt = slot % family.length
  const givenAt = Math.floor(slot / family.length) % given.length
  const stem = spell(
    forms[Math.floor(slot / (given.length * family.length))] ?? [],
    given[givenAt]?.roman ?? "",
    family[familyAt]?.roman ?? "",
    nicheOf(niche).word
  )
  return {
    handle: round === 0 ? stem : `${stem}${handleRules[platform].beforeNumber}${round}`,
    given: givenAt,
    family: familyAt
  }
}
