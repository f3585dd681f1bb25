import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import type { ProfileView } from "@influscope/domain/api/ProfilesApi"
import { ProfileId } from "@influscope/domain/ProfileId"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { jsonOption, plainArg } from "../CommonOptions.ts"
import { print, printJson } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { change, count, percent } from "../Text.ts"

const id = plainArg("id").pipe(
  Args.mapEffect((text) =>
    Effect.mapError(Schema.decodeUnknown(ProfileId)(text.toLowerCase()), () =>
      HelpDoc.p(`${text} is not an id: expected platform:handle, as in instagram:nasa.`)
    )
  ),
  Args.withDescription("platform:handle, as in instagram:nasa")
)

interface Row {
  readonly field: string
  readonly value: string
  readonly source: string
  readonly observedAt: string
}

const columns: ReadonlyArray<Column<Row>> = [
  { title: "field", cell: ({ field }) => field },
  { title: "value", cell: ({ value }) => value, shrinks: true },
  { title: "source", cell: ({ source }) => source, shrinks: true },
  { title: "observed", cell: ({ observedAt }) => observedAt }
]

const text = (name: string, value: unknown): string => {
  if (typeof value === "number") {
    if (name === "growth30") return change(value)
    return /rate$|^medianEngagement$/i.test(name) ? percent(value) : count(value)
  }
  if (Array.isArray(value)) return value.join(", ")
  return value instanceof Date ? value.toISOString() : String(value)
}

const rowsOf = (profile: ProfileView): ReadonlyArray<Row> =>
  Object.entries(profile)
    .filter(([name, value]) => name !== "provenance" && value !== null)
    .map(([name, value]) => {
      const said = profile.provenance[name === "avatarUrl" ? "avatarKey" : name]
      return {
        field: name,
        value: text(name, value),
        source: said?.source ?? "",
        observedAt: said?.observedAt.toISOString() ?? ""
      }
    })

export const show = Command.make("show", { id, json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { profiles } = yield* ApiClient
    const profile = yield* profiles.get({ path: { id: given.id } })
    if (given.json) return yield* printJson(profile)
    yield* print(table(columns, rowsOf(profile)))
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show a profile, with the source and the time of every figure."))
