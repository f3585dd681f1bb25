import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { ImportJob } from "../Imports.ts"
import { Platform } from "../Platform.ts"
import {
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable
} from "./Problems.ts"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** How to read the file. In a multipart request the same names may be form fields before the file. */
export const ImportParams = Schema.Struct({
  file: optional(
    Schema.String.pipe(Schema.minLength(1), Schema.maxLength(255)).annotations({
      description: "Name of the file; it can tell the platform and the format."
    })
  ),
  platform: optional(Platform),
  source: optional(
    Schema.String.pipe(Schema.minLength(1), Schema.maxLength(100)).annotations({
      description: "Who says so; the file's name when absent."
    })
  ),
  observedAt: optional(
    Schema.Date.pipe(Schema.validDate()).annotations({
      jsonSchema: { type: "string", format: "date-time" },
      description:
        "When the figures were true, unless a row says otherwise. When absent: the first import of these very bytes."
    })
  ),
  map: Schema.optionalWith(
    Schema.Array(Schema.String.pipe(Schema.maxLength(300)))
      .pipe(Schema.maxItems(100))
      .annotations({
        description: "column=field; repeat for more columns; an empty field ignores the column."
      }),
    { default: () => [] }
  ),
  dryRun: Schema.optionalWith(Schema.BooleanFromString.annotations({ jsonSchema: { type: "boolean" } }), {
    default: () => false
  })
})
export type ImportParams = typeof ImportParams.Type

const fileBody = (operation: Record<string, unknown>): Record<string, unknown> => {
  const binary = { schema: { type: "string", format: "binary" } }
  return {
    ...operation,
    requestBody: {
      required: true,
      description: "The file itself: CSV, TSV, JSON or JSON Lines, gzipped or not.",
      content: {
        "application/octet-stream": binary,
        "text/csv": binary,
        "application/x-ndjson": binary,
        "application/gzip": binary,
        "multipart/form-data": {
          schema: { type: "object", properties: { file: binary.schema }, required: ["file"] }
        }
      }
    }
  }
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
      .annotate(OpenApi.Summary, "Import a file")
      .annotate(
        OpenApi.Description,
        "The answer comes when the file is safely stored. It is then read and indexed; follow it by its id."
      )
      .annotate(OpenApi.Transform, fileBody)
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/imports")
      .addSuccess(Schema.Array(ImportJob))
      .addError(Unavailable)
      .annotate(OpenApi.Summary, "The latest imports, newest first")
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/imports/:id")
      .setPath(idPath)
      .addSuccess(ImportJob)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(OpenApi.Summary, "Progress and report of an import")
  )
  .add(
    HttpApiEndpoint.get("events", "/v1/imports/:id/events")
      .setPath(idPath)
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(OpenApi.Summary, "The import as server-sent events, until it is done or has failed")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Imports") {}
