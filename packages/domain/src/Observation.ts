import * as Schema from "effect/Schema"
import { Platform } from "./Platform.ts"
import { ProfileId } from "./ProfileId.ts"

const Count = Schema.Number.pipe(Schema.finite(), Schema.nonNegative())

/**
 * What can be said about an account at one moment; every field is optional because no source knows everything.
 * Counts are accounts or events; averages are per post over the source's own window; rates are percent.
 */
export const fieldSchemas = {
  name: Schema.String,
  bio: Schema.String,
  /** Topics as the source words them, without repeats. */
  categories: Schema.Array(Schema.String),
  /** ISO 3166-1 alpha-2, upper case. */
  country: Schema.String.pipe(Schema.pattern(/^[A-Z]{2}$/)),
  /** ISO 639-1, lower case. */
  language: Schema.String.pipe(Schema.pattern(/^[a-z]{2,3}$/)),
  verified: Schema.Boolean,
  /** The account's page on its platform. */
  url: Schema.String,
  /** Key of the avatar in the object store. */
  avatarKey: Schema.String,
  followers: Count,
  following: Count,
  posts: Count,
  avgLikes: Count,
  avgComments: Count,
  avgShares: Count,
  avgSaves: Count,
  avgViews: Count,
  avgImpressions: Count,
  /** Average concurrent viewers of a live stream (Twitch). */
  avgViewers: Count,
  totalLikes: Count,
  totalViews: Count,
  /** Engagement rate as the source states it, percent; kept beside ours, never mixed with it. */
  reportedEngagementRate: Count,
  /**
   * Change of the followers over 30 days, percent of the first count: worked out from the time series as of the last day in
   * it (`growthOver`). Null: it was known, and is not any more.
   */
  growth30: Schema.NullOr(Schema.Finite),
  /** How often the account publishes (`AuthorRollup`); null: it was known, and is not any more. */
  postsPerWeek: Schema.NullOr(Count),
  /** Median engagement rate of its last 30 posts, percent (`AuthorRollup`); null as above. */
  medianEngagement: Schema.NullOr(Count),
  /** The hashtags it uses most, without `#`, most used first (`AuthorRollup`). */
  topHashtags: Schema.Array(Schema.String)
} as const

export const ProfileFields = Schema.Struct(fieldSchemas).pipe(Schema.partialWith({ exact: true }))
export type ProfileFields = typeof ProfileFields.Type
export type FieldName = keyof ProfileFields

export const fieldNames: ReadonlyArray<FieldName> = [
  "name",
  "bio",
  "categories",
  "country",
  "language",
  "verified",
  "url",
  "avatarKey",
  "followers",
  "following",
  "posts",
  "avgLikes",
  "avgComments",
  "avgShares",
  "avgSaves",
  "avgViews",
  "avgImpressions",
  "avgViewers",
  "totalLikes",
  "totalViews",
  "reportedEngagementRate",
  "growth30",
  "postsPerWeek",
  "medianEngagement",
  "topHashtags"
]

/** Fields that we work out from what is kept elsewhere: time series and posts. */
export type DerivedFieldName = "growth30" | "postsPerWeek" | "medianEngagement" | "topHashtags"
const derived: ReadonlySet<FieldName> = new Set<FieldName>([
  "growth30",
  "postsPerWeek",
  "medianEngagement",
  "topHashtags"
])
export const isDerived = (name: FieldName): name is DerivedFieldName => derived.has(name)

/** Fields that anybody may state: the others are ours. */
export type GivenFieldName = Exclude<FieldName, "avatarKey" | DerivedFieldName>
export const givenFieldNames: ReadonlyArray<GivenFieldName> = fieldNames.filter(
  (name): name is GivenFieldName => name !== "avatarKey" && !isDerived(name)
)

/**
 * One source's statement about one account. `observedAt` (epoch ms) is when it was true, `ingestedAt` (epoch ms) when we
 * were told, `ordinal` its place in what we were told then: together they order all statements about an account.
 */
export const Observation = Schema.Struct({
  id: ProfileId,
  platform: Platform,
  handle: Schema.String,
  source: Schema.String,
  observedAt: Schema.Int,
  ingestedAt: Schema.Int,
  ordinal: Schema.Int,
  fields: ProfileFields
}).annotations({ identifier: "Observation" })
export type Observation = typeof Observation.Type

/** What we have worked out about an account. It is no news of it: whoever has no profile does not get one by it. */
export const isWorkedOut = ({ fields }: Observation): boolean => fields.growth30 !== undefined

/** Clocks differ, and the day begins earlier elsewhere. */
const oneDay = 86_400_000

/** Whether something can have been observed at a time (epoch ms): a figure of the future would stand against every true one until then. */
export const isObservable = (millis: number): boolean => millis <= Date.now() + oneDay
