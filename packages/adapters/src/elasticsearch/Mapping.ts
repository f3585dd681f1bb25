import type { estypes } from "@elastic/elasticsearch"

/**
 * Version of the documents and of the mapping. It grows with every change of `mappings`, of the tokeniser, or of what is
 * put into a field: `influscope reindex` then makes the new index from the old one's profiles.
 */
export const documentVersion = 3

/** Folded words, separated by blanks: the core distribution has no other analysers that would do, and needs none. */
const words = {
  type: "text",
  analyzer: "whitespace",
  norms: false,
  index_options: "docs"
} as const

/** Whole values, for filters and counts. Profiles' own limits are lower; longer values are kept but not counted. */
const value = { type: "keyword", ignore_above: 1_000 } as const
const figure = { type: "double" } as const

/** Made from the profile and only searched: kept out of the stored source. */
const derived = {
  /** Whole handle, whole name, first word of the name. */
  leading: words,
  /** Parts of the handle, words of the name. */
  naming: words,
  /** Words of categories, and whole categories. */
  topics: words,
  bio: words,
  /** Beginnings of the above that may be typed with a typo. */
  leadingStart: words,
  namingStart: words,
  topicsStart: words,
  bioStart: words,
  /** Whole handle and whole name. */
  identity: words,
  identityStart: words,
  wholeTopics: words,
  /** The words of the name and of the bio in order. */
  sequence: { type: "text", analyzer: "whitespace", norms: false, index_options: "positions" }
} as const

export const mappings = {
  dynamic: "strict",
  _source: { excludes: Object.keys(derived) },
  properties: {
    // Ids are at most 410 bytes long: Elasticsearch takes 512.
    id: { type: "keyword" },
    /** False: a tombstone. */
    alive: { type: "boolean" },
    deletedAt: { type: "long" },
    /** What searches show of the profile: text, so that no parser on the way changes it. */
    document: { type: "text", index: false },
    /** The rest of it: who said what and when. */
    origin: { type: "text", index: false },
    platform: value,
    category: value,
    country: value,
    language: value,
    tier: value,
    verified: { type: "boolean" },
    followers: figure,
    engagement: figure,
    growth: figure,
    observedAt: { type: "long" },
    popularity: { type: "long" },
    ...derived
  }
} satisfies estypes.MappingTypeMapping

/**
 * One shard holds many millions of profiles, and exact counts; replicas come with further nodes. The interval is for
 * imports, whose last profiles are made visible when they end: segments of one second would be merged again and again.
 */
export const indexSettings = {
  number_of_shards: 1,
  auto_expand_replicas: "0-1",
  refresh_interval: "5s"
} satisfies estypes.IndicesIndexSettings
