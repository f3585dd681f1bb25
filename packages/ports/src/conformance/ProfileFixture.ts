import type { ProfileFields } from "@influscope/domain/Observation"
import type { Platform } from "@influscope/domain/Platform"
import type { Profile } from "@influscope/domain/Profile"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { noFilters, type SearchFilters, type SearchQuery } from "@influscope/domain/Search"
import { tierOf } from "@influscope/domain/Tier"

export interface ProfileFixture extends ProfileFields {
  readonly platform?: Platform
  readonly observedAt?: number
  /** Computed engagement rate, percent. */
  readonly rate?: number
}

/** A profile as the indexer would make it: the tier follows from the followers. */
export const profileOf = (handle: string, fixture: ProfileFixture = {}): Profile => {
  const { platform = "instagram", observedAt = 1_000, rate, ...fields } = fixture
  return {
    id: makeProfileId(platform, handle),
    platform,
    handle,
    fields,
    provenance:
      fields.name === undefined
        ? {}
        : { name: { source: "test", observedAt, ingestedAt: 2_000, ordinal: 0 } },
    observedAt,
    ingestedAt: 2_000,
    ordinal: 0,
    firstIngestedAt: 2_000,
    firstOrdinal: 0,
    engagement: {
      rate: rate ?? null,
      formula: "test@1",
      reason: rate === undefined ? "missing-engagements" : null,
      tier: tierOf(fields.followers) ?? null
    }
  }
}

/** A query by relevance for up to 100 hits, with anything changed. */
export const queryOf = (
  q: string,
  changes: Partial<Omit<SearchQuery, "filters" | "q">> & { readonly filters?: Partial<SearchFilters> } = {}
): SearchQuery => ({
  sort: "relevance",
  order: "desc",
  limit: 100,
  cursor: undefined,
  ...changes,
  q,
  filters: { ...noFilters, ...changes.filters }
})
