import type { Niche } from "./Niches.ts"

/**
 * How bios are worded in one language. In a pattern `{a}` and `{b}` are two topics of the niche, each a noun phrase that
 * stands in any of the patterns as it is, and `{city}` a place in the creator's country.
 */
export interface BioVocabulary {
  readonly patterns: ReadonlyArray<string>
  /** Second sentences; for everybody. */
  readonly closings: ReadonlyArray<string>
  /** Second sentence of those who stream. */
  readonly live: ReadonlyArray<string>
  readonly topics: { readonly [N in Niche]: readonly [string, string, string] }
}
