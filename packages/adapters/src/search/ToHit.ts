import { avatarUrl } from "@influscope/domain/api/ProfilesApi"
import type { Profile } from "@influscope/domain/Profile"
import type { SearchHit } from "@influscope/domain/Search"

/** The part of a profile that searches show. */
export type ShownProfile = Pick<Profile, "id" | "platform" | "handle" | "fields" | "engagement">

/** A profile as searches answer it. */
export const toHit = (
  profile: ShownProfile,
  score: number,
  highlights: SearchHit["highlights"]
): SearchHit => {
  const { fields, engagement } = profile
  return {
    id: profile.id,
    platform: profile.platform,
    handle: profile.handle,
    name: fields.name ?? null,
    bio: fields.bio ?? null,
    categories: fields.categories ?? [],
    country: fields.country ?? null,
    language: fields.language ?? null,
    verified: fields.verified ?? null,
    followers: fields.followers ?? null,
    engagementRate: engagement.rate,
    growth30: fields.growth30 ?? null,
    tier: engagement.tier,
    avatarUrl: fields.avatarKey === undefined ? null : avatarUrl(profile.id),
    score,
    highlights
  }
}
