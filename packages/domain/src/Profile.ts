import type { Engagement } from "./engagement/Engagement.ts"
import { type FieldName, fieldNames, type Observation, type ProfileFields } from "./Observation.ts"
import type { Platform } from "./Platform.ts"
import type { ProfileId } from "./ProfileId.ts"

/** The order of all statements about an account: see Observation. */
export interface Stamp {
  readonly observedAt: number
  readonly ingestedAt: number
  readonly ordinal: number
}

/** Who said a field's value, and when: the newest statement that mentions the field. */
export interface Provenance extends Stamp {
  readonly source: string
}

/** An account as we know it: the newest value of every field, who said it and when, and what we computed from it. */
export interface Profile {
  readonly id: ProfileId
  readonly platform: Platform
  readonly handle: string
  readonly fields: ProfileFields
  readonly provenance: { readonly [K in FieldName]?: Provenance }
  /** The order of the newest statement applied. */
  readonly observedAt: number
  readonly ingestedAt: number
  readonly ordinal: number
  /** The statement that made this profile, so that its redelivery is still known as the creation. */
  readonly firstIngestedAt: number
  readonly firstOrdinal: number
  /** The last statement that only repeated known values, so that its redelivery is not taken for an update. */
  readonly restated?: { readonly ingestedAt: number; readonly ordinal: number }
  /** Epoch ms of the deletion the profile has come back from: what was ingested until then stays forgotten. */
  readonly deletedAt?: number
  readonly engagement: Engagement
}

/** A profile before analytics has looked at it. */
export type ProfileDraft = Omit<Profile, "engagement">

export type MergeOutcome = "created" | "updated" | "unchanged"

export interface Merged {
  readonly outcome: MergeOutcome
  /** False when the stored document need not change at all. */
  readonly write: boolean
  readonly profile: ProfileDraft
}

type MutableFields = { -readonly [K in FieldName]?: ProfileFields[K] }

const precedes = (a: Stamp, b: Stamp): boolean =>
  a.observedAt !== b.observedAt
    ? a.observedAt < b.observedAt
    : a.ingestedAt !== b.ingestedAt
      ? a.ingestedAt < b.ingestedAt
      : a.ordinal < b.ordinal

/** No two statements are ingested at the same moment and place. */
const isSame = (
  a: { readonly ingestedAt: number; readonly ordinal: number },
  b: { readonly ingestedAt: number; readonly ordinal: number }
): boolean => a.ingestedAt === b.ingestedAt && a.ordinal === b.ordinal

const sameValue = (a: unknown, b: unknown): boolean =>
  a === b ||
  (Array.isArray(a) &&
    Array.isArray(b) &&
    a.length === b.length &&
    a.every((value, index) => value === b[index]))

const create = (observation: Observation): ProfileDraft => {
  const { fields, handle, id, ingestedAt, observedAt, ordinal, platform, source } = observation
  const said: Provenance = { source, observedAt, ingestedAt, ordinal }
  const provenance: { [K in FieldName]?: Provenance } = {}
  for (const name of fieldNames) if (fields[name] !== undefined) provenance[name] = said
  return {
    id,
    platform,
    handle,
    fields,
    provenance,
    observedAt,
    ingestedAt,
    ordinal,
    firstIngestedAt: ingestedAt,
    firstOrdinal: ordinal
  }
}

/** What a statement that moves nothing was when it was applied, or "unchanged" when it came too late for everything. */
const outcomeOfRepeat = (known: ProfileDraft, observation: Observation): MergeOutcome => {
  if (isSame(observation, { ingestedAt: known.firstIngestedAt, ordinal: known.firstOrdinal }))
    return "created"
  if (known.restated !== undefined && isSame(observation, known.restated)) return "unchanged"
  const isSource = Object.values(known.provenance).some((said) => isSame(observation, said))
  return isSource ? "updated" : "unchanged"
}

/**
 * Lays an observation over what is known: every field has the value of the newest statement that mentions it, so replays
 * and late arrivals never regress a profile, and statements come to the same profile in whatever order they arrive. A
 * statement delivered again is answered as it was the first time, as long as a field still comes from it.
 * An outcome of "unchanged" with `write` true means that the same figures were seen again later.
 */
export const mergeObservation = (known: ProfileDraft | undefined, observation: Observation): Merged => {
  if (known === undefined) return { outcome: "created", write: true, profile: create(observation) }
  if (known.deletedAt !== undefined && observation.ingestedAt <= known.deletedAt)
    return { outcome: "unchanged", write: false, profile: known }
  const { handle, ingestedAt, observedAt, ordinal, source } = observation
  const stamp: Stamp = { observedAt, ingestedAt, ordinal }
  const said: Provenance = { source, ...stamp }
  const fields: MutableFields = { ...known.fields }
  const provenance: { [K in FieldName]?: Provenance } = { ...known.provenance }
  const isNewest = precedes(known, observation)
  let moved = isNewest
  let changed = false
  const lay = <K extends FieldName>(name: K, value: ProfileFields[K]): void => {
    if (value === undefined) return
    const before = provenance[name]
    if (before !== undefined && !precedes(before, observation)) return
    provenance[name] = said
    moved = true
    if (sameValue(fields[name], value)) return
    fields[name] = value
    changed = true
  }
  for (const name of fieldNames) lay(name, observation.fields[name])
  if (!moved) return { outcome: outcomeOfRepeat(known, observation), write: false, profile: known }
  const profile: ProfileDraft = {
    ...known,
    ...(isNewest ? { handle, ...stamp } : {}),
    fields,
    provenance,
    ...(changed ? {} : { restated: { ingestedAt, ordinal } })
  }
  return { outcome: changed ? "updated" : "unchanged", write: true, profile }
}
