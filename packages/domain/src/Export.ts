import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import {
  type DerivedFieldName,
  type FieldName,
  fieldNames,
  isDerived,
  isObservable,
  ProfileFields
} from "./Observation.ts"
import { Platform } from "./Platform.ts"
import type { Profile, Provenance } from "./Profile.ts"
import { normalizeHandle } from "./ProfileId.ts"

// An export is JSON Lines: a header, statements, and an end that tells how many there were. A profile is written as the
// statements that its figures come from, each with its source and times, so that reading them gives the same profile. What is
// worked out of time series and posts is not among them: it belongs to those, which stay.

/** How an export begins, byte for byte. */
export const exportHeader = '{"influscope":"export","version":1}'

export const ExportEnd = Schema.Struct({ influscope: Schema.Literal("end"), statements: Schema.Int })

const Avatar = Schema.Struct({ contentType: Schema.NonEmptyString, base64: Schema.String })

const Time = Schema.Int.pipe(
  Schema.filter((millis) => isObservable(millis) || "expected a time that is not in the future")
)

/** One source's statement about an account, as far as figures still come from it. Times are epoch ms. */
export const ExportedStatement = Schema.Struct({
  platform: Platform,
  handle: Schema.String.pipe(
    Schema.filter(
      (handle) =>
        Option.getOrUndefined(normalizeHandle(handle)) === handle || "expected a handle in its normal form"
    )
  ),
  source: Schema.String,
  observedAt: Time,
  ingestedAt: Time,
  ordinal: Schema.Int,
  fields: ProfileFields.pipe(Schema.omit("growth30", "postsPerWeek", "medianEngagement", "topHashtags")),
  avatar: Schema.optionalWith(Avatar, { exact: true })
})
export type ExportedStatement = typeof ExportedStatement.Type

type ExportedName = Exclude<FieldName, DerivedFieldName>
const exportedNames = fieldNames.filter((name): name is ExportedName => !isDerived(name))
type MutableFields = { -readonly [K in ExportedName]?: ProfileFields[K] }

/** The statements a profile is made of, the newest first. */
export const statementsOf = (profile: Profile): ReadonlyArray<ExportedStatement> => {
  const statements = new Map<string, { readonly said: Provenance; readonly fields: MutableFields }>()
  const take = <K extends ExportedName>(name: K): void => {
    const value = profile.fields[name]
    const said = profile.provenance[name]
    if (value === undefined || said === undefined) return
    const key = `${said.observedAt} ${said.ingestedAt} ${said.ordinal} ${said.source}`
    const statement = statements.get(key) ?? { said, fields: {} }
    statement.fields[name] = value
    statements.set(key, statement)
  }
  for (const name of exportedNames) take(name)
  const { handle, platform } = profile
  return [...statements.values()]
    .map(({ fields, said }) => ({ platform, handle, ...said, fields }))
    .toSorted((a, b) => b.observedAt - a.observedAt || b.ingestedAt - a.ingestedAt || b.ordinal - a.ordinal)
}
