import { type FieldName, fieldNames } from "@influscope/domain/Observation"
import type { Profile, Provenance } from "@influscope/domain/Profile"

/** The fields that one statement is the source of. */
type Told = readonly [said: Provenance, names: ReadonlyArray<FieldName>]

/** A profile as it is stored: most of its fields come from one statement, which stands there once. */
export interface StoredDocument extends Omit<Profile, "provenance"> {
  readonly provenance: ReadonlyArray<Told>
}

export const toStored = (profile: Profile): StoredDocument => {
  const told = new Map<Provenance, Array<FieldName>>()
  for (const name of fieldNames) {
    const said = profile.provenance[name]
    if (said === undefined) continue
    const names = told.get(said)
    if (names === undefined) told.set(said, [name])
    else names.push(name)
  }
  return { ...profile, provenance: [...told] }
}

export const fromStored = (document: StoredDocument): Profile => {
  const provenance: { [K in FieldName]?: Provenance } = {}
  for (const [said, names] of document.provenance) for (const name of names) provenance[name] = said
  return { ...document, provenance }
}

/** Text of a profile for the store, about half as long as its JSON. */
export const encodeProfile = (profile: Profile): string => JSON.stringify(toStored(profile))

/** The profile of a text that `encodeProfile` has made: the only writer of the store. */
export const decodeProfile = (text: string): Profile => fromStored(JSON.parse(text))
