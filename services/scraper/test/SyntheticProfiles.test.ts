import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { computeEngagement, formulas } from "@influscope/domain/engagement/Formulas"
import { ProfileFields } from "@influscope/domain/Observation"
import { type Platform, platforms } from "@influscope/domain/Platform"
import { normalizeHandle } from "@influscope/domain/ProfileId"
import { tierOf } from "@influscope/domain/Tier"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { benchmarkFor, benchmarks, nanoShare, starterShare } from "../src/synthetic/Benchmarks.ts"
import { vocabularies } from "../src/synthetic/Bios.ts"
import { countries } from "../src/synthetic/Countries.ts"
import { allSpellings, maxIndex, slotCount } from "../src/synthetic/Handles.ts"
import { namePoolNames, poolOf } from "../src/synthetic/Names.ts"
import { nicheNames, nicheOf } from "../src/synthetic/Niches.ts"
import { generateProfile, type SyntheticProfile } from "../src/synthetic/Profiles.ts"

const seed = 42
const many = Array.from({ length: 200_000 }, (_, index) => generateProfile(seed, index))

const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

const share = (holds: (profile: SyntheticProfile) => boolean): number =>
  many.reduce((sum, profile) => sum + (holds(profile) ? 1 : 0), 0) / many.length

describe("a seed's world", () => {
  it("is the same today as when this was written", () => {
    const golden = createHash("sha256")
      .update(JSON.stringify(many.slice(0, 1_000)))
      .digest("hex")
    assert.strictEqual(golden, "f3594b16713939c4db24105206cabc7fb0002d6bc05ec085b5b6337a200ec9cb")
  })

  it("does not depend on what is made before or beside it", () => {
    const index = FastCheck.integer({ min: 0, max: many.length - 1 })
    FastCheck.assert(
      FastCheck.property(index, FastCheck.nat(4_294_967_295), (at, other) => {
        generateProfile(other, at)
        assert.deepStrictEqual(generateProfile(seed, at), many[at])
      }),
      { numRuns: 300 }
    )
  })

  it("is another for another seed", () => {
    const same = many.slice(0, 500).filter((profile, at) => {
      const other = generateProfile(seed + 1, at)
      return other.handle === profile.handle && other.platform === profile.platform
    })
    assert.isBelow(same.length, 3)
  })

  it("has 20 million profiles and says so", () => {
    assert.isAbove(generateProfile(seed, maxIndex - 1).handle.length, 0)
    for (const index of [-1, 0.5, maxIndex, Number.NaN])
      assert.throws(() => generateProfile(seed, index), RangeError)
  })
})

describe("handles", () => {
  const shape: { readonly [P in Platform]: RegExp } = {
    instagram: /^[a-z][a-z0-9._]{2,29}$/,
    tiktok: /^[a-z][a-z0-9._]{1,23}$/,
    youtube: /^[a-z][a-z0-9._-]{2,29}$/,
    x: /^[a-z][a-z0-9_]{3,14}$/,
    twitch: /^[a-z][a-z0-9_]{3,24}$/,
    linkedin: /^[a-z][a-z0-9-]{2,99}$/
  }

  it("are what the platform allows, normalized already", () => {
    const wrong = many.filter(
      ({ handle, platform }) =>
        !shape[platform].test(handle) || Option.getOrUndefined(normalizeHandle(handle)) !== handle
    )
    assert.isEmpty(wrong)
  })

  it("are unique", () => {
    assert.strictEqual(new Set(many.map(({ handle, platform }) => `${platform}:${handle}`)).size, many.length)
  })

  it("are valid and unique at the far end too", () => {
    const ids = new Set<string>()
    for (let index = maxIndex - 20_000; index < maxIndex; index += 1) {
      const { handle, platform } = generateProfile(seed, index)
      assert.match(handle, shape[platform])
      ids.add(`${platform}:${handle}`)
    }
    assert.strictEqual(ids.size, 20_000)
  })

  it.each(platforms)("of %s have distinct spellings that no number can be mistaken for", (platform) => {
    const seen = new Set<string>()
    let count = 0
    for (const spelling of allSpellings(platform)) {
      if (/\d/.test(spelling)) assert.fail(spelling)
      seen.add(spelling)
      count += 1
    }
    assert.strictEqual(seen.size, count)
  })

  it("have room for the number of every index", () => {
    for (const platform of platforms) {
      for (const pool of namePoolNames) assert.isBelow(maxIndex / slotCount(platform, pool), 100_000)
    }
  })

  it("of the first thousands mostly need no number", () => {
    const first = many
      .slice(0, 5_000)
      .filter(({ platform }) => platform === "instagram" || platform === "tiktok")
    assert.isEmpty(first.filter(({ handle }) => /\d/.test(handle)))
  })

  it("come from the name", () => {
    for (const { fields, handle } of many.slice(0, 2_000)) {
      if (fields.language !== "en" || !/^[A-Za-z ]+$/.test(fields.name ?? "")) continue
      for (const part of (fields.name ?? "").toLowerCase().split(" ")) assert.include(handle, part)
    }
  })
})

describe("what a profile says", () => {
  it("can be said in an observation", () => {
    const is = Schema.is(ProfileFields)
    for (const { fields } of many.slice(0, 20_000)) {
      assert.isTrue(is(fields))
      assert.notInclude(fields.bio, "{")
      assert.isAbove(fields.name?.length ?? 0, 0)
    }
  })

  it("agrees: the language is one of the country's, the name of its pool, the category of the niche", () => {
    const byCode = new Map(countries.map((country) => [country.code, country]))
    const odd = many.filter(({ fields, niche }) => {
      const spoken = byCode.get(fields.country ?? "")?.languages.some(({ code }) => code === fields.language)
      return spoken !== true || fields.categories?.[0] !== nicheOf(niche).label
    })
    assert.isEmpty(odd)
    const shownNames = new Map(
      countries.map(({ code, names }) => {
        const { family, given } = poolOf(names)
        const shown = new Set<string>()
        for (const first of given) {
          for (const last of family) {
            shown.add(`${first.latin} ${last.latin}`)
            shown.add(`${first.native} ${last.native}`)
            shown.add(`${last.native} ${first.native}`)
            shown.add(`${last.native}${first.native}`)
          }
        }
        return [code, shown] as const
      })
    )
    const stranger = many.filter(
      ({ fields }) => !shownNames.get(fields.country ?? "")?.has(fields.name ?? "")
    )
    assert.isEmpty(stranger)
  })

  const script: ReadonlyArray<readonly [string, RegExp]> = [
    ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u],
    ["ko", /\p{Script=Hangul}/u],
    ["hi", /\p{Script=Devanagari}/u],
    ["ar", /\p{Script=Arabic}/u]
  ]

  it("has its bio in its language: about a topic of its niche, in the language's script", () => {
    const scripts = new Map(script)
    const foreign = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Devanagari}\p{Script=Arabic}]/u
    const byLanguage = new Map(Object.entries(vocabularies))
    const odd = many.slice(0, 50_000).filter(({ fields: { bio = "", language = "" }, niche }) => {
      const lower = (text: string): string => text.toLocaleLowerCase(language)
      const topics = byLanguage.get(language)?.topics[niche] ?? []
      const own = scripts.get(language)
      const rightScript = own === undefined ? !foreign.test(bio) : own.test(bio)
      return !rightScript || topics.filter((topic) => lower(bio).includes(lower(topic))).length < 2
    })
    assert.isEmpty(odd)
  })

  it("uses emoji sparingly, and none on LinkedIn", () => {
    const withEmoji = ({ fields }: SyntheticProfile): boolean =>
      /\p{Extended_Pictographic}/u.test(fields.bio ?? "")
    assert.isBelow(share(withEmoji), 0.25)
    assert.isAbove(share(withEmoji), 0.1)
    assert.isUndefined(many.find((profile) => profile.platform === "linkedin" && withEmoji(profile)))
  })

  it("covers every niche, language, country and platform", () => {
    assert.isAtLeast(nicheNames.length, 20)
    assert.strictEqual(new Set(many.map(({ niche }) => niche)).size, nicheNames.length)
    assert.strictEqual(new Set(many.map(({ fields }) => fields.language)).size, 12)
    assert.strictEqual(new Set(many.map(({ fields }) => fields.country)).size, countries.length)
    assert.strictEqual(new Set(many.map(({ platform }) => platform)).size, platforms.length)
  })

  it("fits the platform: games on Twitch, business on LinkedIn", () => {
    const most = (platform: Platform): string => {
      const counts = new Map<string, number>()
      for (const profile of many) {
        if (profile.platform === platform) counts.set(profile.niche, (counts.get(profile.niche) ?? 0) + 1)
      }
      return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ""
    }
    assert.strictEqual(most("twitch"), "gaming")
    assert.strictEqual(most("linkedin"), "business")
  })

  it("is nobody: names of well-known people cannot come out", () => {
    const known = [
      "Sergio Pérez",
      "Paolo Rossi",
      "Luke Shaw",
      "Dev Patel",
      "Diego Costa",
      "Mira Nair",
      "मीरा नायर",
      "김유나",
      "한소희",
      "Emre Can",
      "Kabir Das",
      "Thomas Müller",
      "Felipe Melo",
      "Thiago Silva"
    ]
    const names = new Set(many.map(({ fields }) => fields.name))
    for (const name of known) assert.isFalse(names.has(name), name)
  })
})

describe("sizes", () => {
  it("follow the published mix: a heavy tail with its share below 10,000", () => {
    const nano = share(({ fields }) => tierOf(fields.followers) === "nano")
    const starter = share(({ fields }) => tierOf(fields.followers) === "starter")
    assert.closeTo(starter, starterShare, 0.003)
    assert.closeTo(nano / (1 - starter), nanoShare, 0.005)
    const of = (tier: string): number => share(({ fields }) => tierOf(fields.followers) === tier)
    assert.isAbove(of("micro"), of("mid"))
    assert.isAbove(of("mid"), of("macro"))
    assert.closeTo(of("mega"), 0.0135, 0.002)
    assert.isAbove(Math.max(...many.map(({ fields }) => fields.followers ?? 0)), 20_000_000)
  })

  it("agree with verification, posts and accounts followed", () => {
    const inTier = (tier: string) => many.filter(({ fields }) => tierOf(fields.followers) === tier)
    const verified = ["nano", "micro", "mid", "macro", "mega"].map((tier) => {
      const all = inTier(tier)
      return all.filter(({ fields }) => fields.verified).length / all.length
    })
    assert.deepStrictEqual(
      [...verified].sort((a, b) => a - b),
      verified
    )
    const posts = (tier: string) => median(inTier(tier).map(({ fields }) => fields.posts ?? 0))
    assert.isAbove(posts("mega"), posts("nano"))
  })

  it("of YouTube have the three digits YouTube shows", () => {
    const exact = many.filter(
      ({ fields, platform }) => platform === "youtube" && !/^\d{1,3}0*$/.test(String(fields.followers))
    )
    assert.isEmpty(exact)
  })
})

describe("engagement", () => {
  const computed = many.map(({ fields, platform }) => computeEngagement(platform, fields))
  const rows = platforms.flatMap((platform) =>
    benchmarks[platform].map((row) => [platform, row.low, row] as const)
  )
  const usual = new Map(
    platforms.map((platform) => [platform, formulas.find((one) => one.platform === platform)?.id])
  )
  usual.set("linkedin", "linkedin/by-followers@1")

  it.each(rows)("on %s from %s followers has its median within the published band", (platform, _, row) => {
    const rates = computed.flatMap(({ formula, rate }, at) => {
      const profile = many[at]
      if (profile?.platform !== platform || formula !== usual.get(platform)) return []
      if (benchmarkFor(platform, profile.fields.followers ?? 0) !== row) return []
      return rate === null ? [] : [rate]
    })
    assert.isAbove(rates.length, 60)
    const middle = median(rates)
    assert.isTrue(
      middle >= row.from && middle <= row.to,
      `${middle} of ${rates.length}, not ${row.from} to ${row.to}`
    )
  })

  it("spreads as real ones do: a tenth of the small Instagram accounts is above the published bound", () => {
    const rates = many.flatMap(({ fields, platform }) => {
      const followers = fields.followers ?? 0
      const { rate } = computeEngagement(platform, fields)
      return platform === "instagram" && followers >= 1_000 && followers < 5_000 && rate !== null
        ? [rate]
        : []
    })
    assert.closeTo(rates.filter((rate) => rate > 7.97).length / rates.length, 0.1, 0.02)
  })

  it("is computed for nearly all; the rest hide their likes", () => {
    const without = computed.filter(({ rate }) => rate === null)
    assert.isBelow(without.length / many.length, 0.01)
    assert.isAbove(without.length, 0)
    assert.deepStrictEqual([...new Set(without.map(({ reason }) => reason))], ["missing-likes"])
  })

  it("stays possible: never more reactions than views", () => {
    const impossible = many.filter(({ fields: { avgLikes = 0, avgViews = 0 }, platform }) =>
      platform === "tiktok" || platform === "youtube" ? avgLikes > avgViews : false
    )
    assert.isEmpty(impossible)
  })
})
