import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { maxBatchItems } from "../Events.ts"
import { NoRateReason } from "../engagement/Engagement.ts"
import { fieldNames, fieldSchemas } from "../Observation.ts"
import { Platform, platforms } from "../Platform.ts"
import type { Profile } from "../Profile.ts"
import { maxHandleLength, normalizeHandle, ProfileId } from "../ProfileId.ts"
import { Tier } from "../Tier.ts"
import { dateParam, optional } from "./Params.ts"
import {
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"

const nullable = {
  name: Schema.NullOr(fieldSchemas.name),
  bio: Schema.NullOr(fieldSchemas.bio),
  categories: Schema.NullOr(fieldSchemas.categories),
  country: Schema.NullOr(fieldSchemas.country),
  language: Schema.NullOr(fieldSchemas.language),
  verified: Schema.NullOr(fieldSchemas.verified),
  url: Schema.NullOr(fieldSchemas.url),
  followers: Schema.NullOr(fieldSchemas.followers),
  following: Schema.NullOr(fieldSchemas.following),
  posts: Schema.NullOr(fieldSchemas.posts),
  avgLikes: Schema.NullOr(fieldSchemas.avgLikes),
  avgComments: Schema.NullOr(fieldSchemas.avgComments),
  avgShares: Schema.NullOr(fieldSchemas.avgShares),
  avgSaves: Schema.NullOr(fieldSchemas.avgSaves),
  avgViews: Schema.NullOr(fieldSchemas.avgViews),
  avgImpressions: Schema.NullOr(fieldSchemas.avgImpressions),
  avgViewers: Schema.NullOr(fieldSchemas.avgViewers),
  totalLikes: Schema.NullOr(fieldSchemas.totalLikes),
  totalViews: Schema.NullOr(fieldSchemas.totalViews),
  reportedEngagementRate: Schema.NullOr(fieldSchemas.reportedEngagementRate),
  growth30: fieldSchemas.growth30,
  postsPerWeek: fieldSchemas.postsPerWeek,
  medianEngagement: fieldSchemas.medianEngagement,
  topHashtags: Schema.NullOr(fieldSchemas.topHashtags)
}

/** A profile as the API shows it: unknown figures are null; `provenance` says for each known one who said it and when. */
export const ProfileView = Schema.Struct({
  id: ProfileId,
  platform: Platform,
  handle: Schema.String,
  ...nullable,
  /** Percent, by `engagementFormula`; null with `engagementReason` when it cannot be computed. */
  engagementRate: Schema.NullOr(Schema.Number),
  engagementFormula: Schema.String,
  engagementReason: Schema.NullOr(NoRateReason),
  tier: Schema.NullOr(Tier),
  avatarUrl: Schema.NullOr(Schema.String),
  observedAt: Schema.Date,
  provenance: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({ source: Schema.String, observedAt: Schema.Date })
  })
}).annotations({ identifier: "Profile" })
export type ProfileView = typeof ProfileView.Type

/** Address of a profile's avatar on the API. */
export const avatarUrl = (id: ProfileId): string => `/v1/profiles/${encodeURIComponent(id)}/avatar`

export const toProfileView = (profile: Profile): ProfileView => {
  const { fields, engagement } = profile
  const provenance: Record<string, { source: string; observedAt: Date }> = {}
  for (const name of fieldNames) {
    const said = profile.provenance[name]
    if (said !== undefined) provenance[name] = { source: said.source, observedAt: new Date(said.observedAt) }
  }
  return {
    id: profile.id,
    platform: profile.platform,
    handle: profile.handle,
    name: fields.name ?? null,
    bio: fields.bio ?? null,
    categories: fields.categories ?? null,
    country: fields.country ?? null,
    language: fields.language ?? null,
    verified: fields.verified ?? null,
    url: fields.url ?? null,
    followers: fields.followers ?? null,
    following: fields.following ?? null,
    posts: fields.posts ?? null,
    avgLikes: fields.avgLikes ?? null,
    avgComments: fields.avgComments ?? null,
    avgShares: fields.avgShares ?? null,
    avgSaves: fields.avgSaves ?? null,
    avgViews: fields.avgViews ?? null,
    avgImpressions: fields.avgImpressions ?? null,
    avgViewers: fields.avgViewers ?? null,
    totalLikes: fields.totalLikes ?? null,
    totalViews: fields.totalViews ?? null,
    reportedEngagementRate: fields.reportedEngagementRate ?? null,
    growth30: fields.growth30 ?? null,
    postsPerWeek: fields.postsPerWeek ?? null,
    medianEngagement: fields.medianEngagement ?? null,
    topHashtags: fields.topHashtags ?? null,
    engagementRate: engagement.rate,
    engagementFormula: engagement.formula,
    engagementReason: engagement.reason,
    tier: engagement.tier,
    avatarUrl: fields.avatarKey === undefined ? null : avatarUrl(profile.id),
    observedAt: new Date(profile.observedAt),
    provenance
  }
}

const {
  avatarKey: _avatarKey,
  growth30: _growth30,
  medianEngagement: _medianEngagement,
  postsPerWeek: _postsPerWeek,
  topHashtags: _topHashtags,
  ...givenFields
} = fieldSchemas

/** Longest text a caller may give, in UTF-16 code units: what the importer keeps of a cell. */
const givenText = Schema.String.pipe(Schema.maxLength(5_000))

/** What can become a handle: blanks around it and `@` before it are taken off, and its case does not matter. */
const givenHandle = Schema.String.pipe(
  Schema.filter((raw) => Option.isSome(normalizeHandle(raw)), {
    message: () => "expected a handle: 1 to 100 characters, no blanks among them and none of : / \\ ? #",
    jsonSchema: {
      pattern: `^\\s*@*[^\\s\\p{C}:/\\\\?#@][^\\s\\p{C}:/\\\\?#]{0,${maxHandleLength - 1}}\\s*$`
    }
  })
)

/** One statement about one account, as a caller sends it. */
export const GivenProfile = Schema.Struct({
  platform: Platform,
  handle: givenHandle,
  observedAt: optional(dateParam("When the figures were true."))
})
  .pipe(
    Schema.extend(
      Schema.Struct({
        ...givenFields,
        name: givenText,
        bio: givenText,
        url: givenText,
        /** As long as the search can filter by. */
        categories: Schema.Array(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(100))).pipe(
          Schema.maxItems(100)
        )
      }).pipe(Schema.partialWith({ exact: true }))
    )
  )
  .annotations({ identifier: "GivenProfile" })
export type GivenProfile = typeof GivenProfile.Type

export const GivenProfiles = Schema.Struct({
  source: Schema.optionalWith(Schema.NonEmptyString.pipe(Schema.maxLength(100)), { default: () => "api" }),
  observedAt: optional(
    dateParam("For the profiles that do not say it themselves; the time of the request when absent.")
  ),
  profiles: Schema.NonEmptyArray(GivenProfile).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "GivenProfiles" })

/** The batch is durable; `batch` finds it in the audit and the dead letters until it is in the index. */
export const BatchAccepted = Schema.Struct({
  batch: Schema.String,
  accepted: Schema.Int,
  ids: Schema.Array(ProfileId)
}).annotations({ identifier: "BatchAccepted" })

/** Finds what `normalizeHandle` made of a handle by the handle as it was given. */
const normalizeId = (raw: string): string => {
  const at = raw.indexOf(":")
  const handle = normalizeHandle(raw.slice(at + 1))
  return Option.isSome(handle) ? `${raw.slice(0, at).toLowerCase()}:${handle.value}` : raw
}

/** Any case will do, so the pattern is wider than that of an id as we write it. */
const idInPath = {
  type: "string",
  pattern: `^(?:${platforms.join("|")}):[^\\s\\p{C}:/\\\\?#]{1,${maxHandleLength}}$`,
  description: "platform:handle, for example instagram:natgeo"
}

/** A profile's id as people write it. */
export const GivenProfileId = Schema.transform(
  Schema.String.annotations({ jsonSchema: idInPath }),
  ProfileId,
  { strict: true, decode: normalizeId, encode: (id) => id }
)

const idPath = Schema.Struct({ id: GivenProfileId })

export class ProfilesApi extends HttpApiGroup.make("profiles")
  .add(
    HttpApiEndpoint.post("create", "/v1/profiles")
      .setPayload(GivenProfiles)
      .addSuccess(BatchAccepted, { status: 202 })
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "profiles:write")
      .annotate(OpenApi.Summary, "State what is known about up to 500 accounts")
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/profiles/:id")
      .setPath(idPath)
      .addSuccess(ProfileView)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "profiles:read")
      .annotate(OpenApi.Summary, "One profile with the provenance of every figure")
  )
  .add(
    HttpApiEndpoint.get("avatar", "/v1/profiles/:id/avatar")
      .setPath(idPath)
      .addSuccess(HttpApiSchema.Uint8Array({ contentType: "image/png" }))
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "profiles:read")
      .annotate(OpenApi.Summary, "The avatar of a profile")
  )
  .add(
    HttpApiEndpoint.del("remove", "/v1/profiles/:id")
      .setPath(idPath)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "profiles:write")
      .annotate(OpenApi.Summary, "Forget a profile")
  )
  .add(
    HttpApiEndpoint.get("export", "/v1/export")
      .addSuccess(HttpApiSchema.Text({ contentType: "application/x-ndjson" }))
      .addError(Unavailable)
      .annotate(RequiredScope, "profiles:read")
      .annotate(OpenApi.Summary, "Everything, to be imported elsewhere")
      .annotate(
        OpenApi.Description,
        "JSON Lines: every figure with its source and times, and the avatars. The last line says that it is whole."
      )
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Profiles") {}
