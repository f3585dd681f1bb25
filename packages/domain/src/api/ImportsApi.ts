import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { ImportJob, ImportKind } from "../Imports.ts"
import { Platform } from "../Platform.ts"
import { documentLocation, isJson, type Json } from "./Documentation.ts"
import { allErrors, booleanParam, dateParam, listParam, nameParam, optional } from "./Params.ts"
import {
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable
} from "./Problems.ts"
import { GivenProfileId } from "./ProfilesApi.ts"

/** How to read the file. In a multipart request the same names may be form fields before the file. */
export const ImportParams = Schema.Struct({
  file: optional(nameParam(255, "Name of the file; it can tell the platform and the format.")),
  platform: optional(Platform),
  source: optional(nameParam(100, "Who says so; the file's name when absent.")),
  observedAt: optional(
    dateParam(
      "When the figures were true, unless a row says otherwise. When absent: the first import of these very bytes."
    )
  ),
  map: listParam(
    Schema.String.pipe(
      Schema.maxLength(300),
      Schema.pattern(/=/, { message: () => "expected column=field" })
    ),
    "column=field; repeat for more columns; an empty field ignores the column."
  ),
  dryRun: Schema.optionalWith(booleanParam, { default: () => false }),
  kind: Schema.optionalWith(ImportKind, { default: () => "profiles" as const }),
  /** Of a history or of posts: whom all of the file is about, where it does not say it itself. */
  of: optional(GivenProfileId)
}).annotations(allErrors)
export type ImportParams = typeof ImportParams.Type

const file = { type: "string", format: "binary", minLength: 1 }

/** Fields of a form as the parameters of the address describe them, and then the file. */
const formFields = (parameters: unknown): Json => {
  const known = Array.isArray(parameters) ? parameters.filter(isJson) : []
  const fields = known.filter(({ name }) => name !== "file").map(({ name, schema }) => [String(name), schema])
  return { ...Object.fromEntries(fields), file }
}

const fileBody = (operation: Json): Json => ({
  ...operation,
  requestBody: {
    required: true,
    description:
      "The file itself: CSV, TSV, JSON or JSON Lines, gzipped or not. In a form the other fields stand before the file.",
    content: {
      "application/octet-stream": { schema: file },
      "text/csv": { schema: file },
      "application/x-ndjson": { schema: file },
      "application/gzip": { schema: file },
      "multipart/form-data": {
        schema: {
          type: "object",
          properties: formFields(operation["parameters"]),
          required: ["file"]
        }
      }
    }
  }
})

/** What is described is one event of the stream. */
const documentEvents = (operation: Json): Json => {
  const answer = isJson(operation["responses"]) ? operation["responses"]["200"] : undefined
  if (!isJson(answer)) return operation
  const job = { $ref: "#/components/schemas/ImportJob" }
  const data = { type: "string", contentMediaType: "application/json", contentSchema: job }
  const event = {
    type: "object",
    required: ["event", "data"],
    properties: { event: { const: "import" }, data }
  }
  answer["content"] = { "text/event-stream": { schema: event } }
  return operation
}

const idPath = Schema.Struct({ id: Schema.NonEmptyString.pipe(Schema.maxLength(100)) })

export class ImportsApi extends HttpApiGroup.make("imports")
  .add(
    HttpApiEndpoint.post("create", "/v1/imports")
      .setUrlParams(ImportParams)
      .addSuccess(ImportJob, { status: 202 })
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "profiles:write")
      .annotate(OpenApi.Summary, "Import a file")
      .annotate(
        OpenApi.Description,
        "The answer comes when the file is safely stored. It is then read and indexed; follow it by its id."
      )
      .annotate(OpenApi.Transform, (operation) => fileBody(documentLocation(operation)))
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/imports")
      .addSuccess(Schema.Array(ImportJob))
      .addError(Unavailable)
      .annotate(RequiredScope, "profiles:read")
      .annotate(OpenApi.Summary, "The latest imports, newest first, with ten of their rejections each")
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/imports/:id")
      .setPath(idPath)
      .addSuccess(ImportJob)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "profiles:read")
      .annotate(OpenApi.Summary, "Progress and report of an import")
  )
  .add(
    HttpApiEndpoint.get("events", "/v1/imports/:id/events")
      .setPath(idPath)
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "profiles:read")
      .annotate(OpenApi.Summary, "The import as server-sent events, until it is done or has failed")
      .annotate(OpenApi.Transform, documentEvents)
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Imports") {}
