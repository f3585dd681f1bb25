import { create } from "@bufbuild/protobuf"
import type { Engagement, NoRateReason } from "@influscope/domain/engagement/Engagement"
import type { Platform } from "@influscope/domain/Platform"
import type { Tier } from "@influscope/domain/Tier"
import type { EngagementInput } from "@influscope/ports/EngagementAnalytics"
import * as Proto from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import * as Either from "effect/Either"
import { InvalidRequest } from "./InvalidRequest.ts"

/** Most profiles of one ComputeBatch. */
export const maxBatch = 500

const platformNumbers: { readonly [P in Platform]: Proto.Platform } = {
  instagram: Proto.Platform.INSTAGRAM,
  tiktok: Proto.Platform.TIKTOK,
  youtube: Proto.Platform.YOUTUBE,
  x: Proto.Platform.X,
  twitch: Proto.Platform.TWITCH,
  linkedin: Proto.Platform.LINKEDIN
}

const tierNumbers: { readonly [T in Tier]: Proto.Tier } = {
  starter: Proto.Tier.STARTER,
  nano: Proto.Tier.NANO,
  micro: Proto.Tier.MICRO,
  mid: Proto.Tier.MID,
  macro: Proto.Tier.MACRO,
  mega: Proto.Tier.MEGA
}

const reasonNumbers: { readonly [R in NoRateReason]: Proto.NoRateReason } = {
  "missing-followers": Proto.NoRateReason.MISSING_FOLLOWERS,
  "missing-views": Proto.NoRateReason.MISSING_VIEWS,
  "missing-impressions": Proto.NoRateReason.MISSING_IMPRESSIONS,
  "missing-likes": Proto.NoRateReason.MISSING_LIKES,
  "missing-engagements": Proto.NoRateReason.MISSING_ENGAGEMENTS,
  "missing-viewers": Proto.NoRateReason.MISSING_VIEWERS,
  "zero-denominator": Proto.NoRateReason.ZERO_DENOMINATOR,
  implausible: Proto.NoRateReason.IMPLAUSIBLE
}

/** A table read from right to left. */
const inverse = <Name extends string>(
  numbers: { readonly [N in Name]: number },
  names: ReadonlyArray<Name>
): ReadonlyMap<number, Name> => new Map(names.map((name) => [numbers[name], name]))

const keysOf = <Name extends string>(record: { readonly [N in Name]: number }): ReadonlyArray<Name> =>
  // The tables above are literals: their keys are the names and nothing else.
  Object.keys(record) as Array<Name>

const platformOf = inverse(platformNumbers, keysOf(platformNumbers))
const tierOf = inverse(tierNumbers, keysOf(tierNumbers))
const reasonOf = inverse(reasonNumbers, keysOf(reasonNumbers))

/** The figures that travel: those a formula uses or may come to use. */
const figureNames = [
  "followers",
  "avgLikes",
  "avgComments",
  "avgShares",
  "avgSaves",
  "avgViews",
  "avgImpressions",
  "avgViewers"
] as const

type Figures = { -readonly [F in (typeof figureNames)[number]]?: number }

/** Copies the figures that are known; an absent one stays absent. */
const knownFigures = (from: { readonly [F in keyof Figures]?: number | undefined }): Figures => {
  const known: Figures = {}
  for (const name of figureNames) {
    const value = from[name]
    if (value !== undefined) known[name] = value
  }
  return known
}

export const toProfile = ({ fields, platform }: EngagementInput): Proto.Profile =>
  create(Proto.ProfileSchema, { platform: platformNumbers[platform], figures: knownFigures(fields) })

const refuse = (detail: string): Either.Either<never, InvalidRequest> =>
  Either.left(new InvalidRequest({ detail }))

/** Checks what came over the wire. `place` names the profile in the request, for example `profiles[3]`. */
export const fromProfile = (
  profile: Proto.Profile | undefined,
  place: string
): Either.Either<EngagementInput, InvalidRequest> => {
  if (profile === undefined) return refuse(`${place} is not set.`)
  const platform = platformOf.get(profile.platform)
  if (platform === undefined) {
    const allowed = [...platformOf.values()].join(", ")
    return refuse(`${place}.platform is ${profile.platform}, which is none of: ${allowed}.`)
  }
  const fields = knownFigures(profile.figures ?? {})
  for (const name of figureNames) {
    const value = fields[name] ?? 0
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      return refuse(`${place}.figures.${name} is ${value}: a figure is a finite number, 0 or more.`)
    }
  }
  return Either.right({ platform, fields })
}

/** Checks a whole batch; the first profile that will not do refuses it. */
export const fromBatch = (
  profiles: ReadonlyArray<Proto.Profile>
): Either.Either<ReadonlyArray<EngagementInput>, InvalidRequest> =>
  profiles.length > maxBatch
    ? refuse(
        `The batch has ${profiles.length} profiles and may have ${maxBatch}: send several, or use ComputeStream.`
      )
    : Either.all(profiles.map((profile, index) => fromProfile(profile, `profiles[${index}]`)))

export const toEngagement = ({ formula, rate, reason, tier }: Engagement): Proto.Engagement => {
  const message = create(Proto.EngagementSchema, { formula })
  if (rate !== null) message.rate = rate
  if (reason !== null) message.reason = reasonNumbers[reason]
  if (tier !== null) message.tier = tierNumbers[tier]
  return message
}

/** An answer of the service. A reason or tier this program does not know yet reads as none. */
export const fromEngagement = ({ formula, rate, reason, tier }: Proto.Engagement): Engagement => ({
  rate: rate ?? null,
  formula,
  reason: reasonOf.get(reason) ?? null,
  tier: tierOf.get(tier) ?? null
})
