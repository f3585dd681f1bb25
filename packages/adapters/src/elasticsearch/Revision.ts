import { documentVersion } from "./Mapping.ts"

/**
 * A version of one document: the index it is in, as `v<document version>-<n>`, with Elasticsearch's sequence number and
 * primary term there. A reindex gives every document a new index, so that an older revision conflicts instead of
 * meaning something else.
 */
export interface Revision {
  readonly generation: string
  readonly sequenceNumber: number
  readonly primaryTerm: number
}

const pattern = /^(v\d{1,9}-\d{1,9})_(\d{1,15})_(\d{1,15})$/

export const formatRevision = ({ generation, primaryTerm, sequenceNumber }: Revision): string =>
  `${generation}_${sequenceNumber}_${primaryTerm}`

export const parseRevision = (text: string): Revision | undefined => {
  const [, generation, sequenceNumber, primaryTerm] = pattern.exec(text) ?? []
  return generation === undefined
    ? undefined
    : { generation, sequenceNumber: Number(sequenceNumber), primaryTerm: Number(primaryTerm) }
}

/** The name of a generation's index. */
export const indexName = (alias: string, generation: string): string => `${alias}-${generation}`

/** A second alias, which the index gives up when it is replaced: writes meant for it then find nothing. */
export const writeAlias = (alias: string, generation: string): string => `${alias}-${generation}-current`

/** New profiles are written through this one: a program of another document version finds nothing under its own. */
export const createAlias = (alias: string, generation: string): string =>
  `${alias}-v${versionOf(generation)}-current`

export const generationName = (number: number): string => `v${documentVersion}-${number}`

const generationPattern = /^v(\d{1,9})-(\d{1,9})$/

/** The generation of an index behind an alias; undefined when it is not one of ours. */
export const generationOf = (alias: string, index: string): string | undefined => {
  const generation = index.startsWith(`${alias}-`) ? index.slice(alias.length + 1) : ""
  return generationPattern.test(generation) ? generation : undefined
}

export const numberOf = (generation: string): number => Number(generationPattern.exec(generation)?.[2] ?? 0)
export const versionOf = (generation: string): number => Number(generationPattern.exec(generation)?.[1] ?? 0)
