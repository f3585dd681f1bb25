import type { Engagement } from "./engagement/Engagement.ts"
import { type FieldName, fieldNames, type Observation, type ProfileFields } from "./Observation.ts"
import type { Platform } from "./Platform.ts"
import type { ProfileId } from "./ProfileId.ts"

/** Where a field's value comes from: `observedAt` is epoch ms. */
export interface Provenance {
  readonly source: string
  readonly observedAt: number
}

/** An account as we know it: the newest value of every field, who said it and when, and what we computed from it. */
export interface Profile {
  readonly id: ProfileId
  readonly platform: Platform
  readonly handle: string
  readonly fields: ProfileFields
  readonly provenance: { readonly [K in FieldName]?: Provenance }
  /** The order of the newest statement applied: see Observation. */
  readonly observedAt: number
  readonly ingestedAt: number
  readonly ordinal: number
  /** The statement that made this profile, so that its redelivery is still known as the creation. */
  readonly firstIngestedAt: number
  readonly firstOrdinal: number
  readonly engagement: Engagement
}

/** A profile before analytics has looked at it. */
export type ProfileDraft = Omit<Profile, "engagement">

export type MergeOutcome = "created" | "updated" | "unchanged"

type MutableFields = { -readonly [K in FieldName]?: ProfileFields[K] }

interface Stamp {
  readonly observedAt: number
  readonly ingestedAt: number
  readonly ordinal: number
}

const sameStamp = (a: Stamp, b: Stamp): boolean =>
  a.observedAt === b.observedAt && a.ingestedAt === b.ingestedAt && a.ordinal === b.ordinal

const precedes = (a: Stamp, b: Stamp): boolean =>
  a.observedAt !== b.observedAt
    ? a.observedAt < b.observedAt
    : a.ingestedAt !== b.ingestedAt
      ? a.ingestedAt < b.ingestedAt
      : a.ordinal < b.ordinal

const sameValue = (a: unknown, b: unknown): boolean =>
  a === b ||
  (Array.isArray(a) &&
    Array.isArray(b) &&
    a.length === b.length &&
    a.every((value, index) => value === b[index]))

/**
 * Lays an observation over what is known. A statement older than the newest applied one changes nothing, so replays and
 * late arrivals never regress a profile; the very statement that was applied last, delivered again, is answered as it was
 * then. Fields the statement does not mention keep their value and provenance.
 * `write` is false when the stored document need not change at all; an outcome of "unchanged" with `write` true means
 * that the same figures were seen again later.
 */
export const mergeObservation = (
  known: ProfileDraft | undefined,
  observation: Observation
): { readonly outcome: MergeOutcome; readonly write: boolean; readonly profile: ProfileDraft } => {
  if (known !== undefined && precedes(observation, known))
    return { outcome: "unchanged", write: false, profile: known }
  const said: Provenance = { source: observation.source, observedAt: observation.observedAt }
  const fields: MutableFields = { ...known?.fields }
  const provenance: { [K in FieldName]?: Provenance } = { ...known?.provenance }
  let changed = false
  const lay = <K extends FieldName>(name: K, value: ProfileFields[K]): void => {
    if (value === undefined) return
    provenance[name] = said
    if (sameValue(fields[name], value)) return
    fields[name] = value
    changed = true
  }
  for (const name of fieldNames) lay(name, observation.fields[name])
  const profile: ProfileDraft = {
    id: observation.id,
    platform: observation.platform,
    handle: observation.handle,
    fields,
    provenance,
    observedAt: observation.observedAt,
    ingestedAt: observation.ingestedAt,
    ordinal: observation.ordinal,
    firstIngestedAt: known?.firstIngestedAt ?? observation.ingestedAt,
    firstOrdinal: known?.firstOrdinal ?? observation.ordinal
  }
  if (known === undefined) return { outcome: "created", write: true, profile }
  if (changed) return { outcome: "updated", write: true, profile }
  if (sameStamp(observation, known)) {
    const created = known.firstIngestedAt === known.ingestedAt && known.firstOrdinal === known.ordinal
    return { outcome: created ? "created" : "updated", write: false, profile: known }
  }
  // The same bytes told twice (equal observation time): nothing moves, not even the provenance.
  const write = observation.observedAt !== known.observedAt
  return { outcome: "unchanged", write, profile: write ? profile : known }
}
