import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import {
  Template,
  TemplateDefaults,
  TemplateHtml,
  TemplateId,
  TemplateName,
  TemplateSubject,
  TemplateText
} from "../messages/Template.ts"
import { allErrors, limitParam, optional } from "./Params.ts"
import {
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"

export const NewTemplate = Schema.Struct({
  name: TemplateName,
  subject: TemplateSubject,
  text: TemplateText,
  html: optional(TemplateHtml),
  defaults: Schema.optionalWith(TemplateDefaults, { default: () => ({}) })
}).annotations({ identifier: "NewTemplate" })
export type NewTemplate = typeof NewTemplate.Type

export const TemplatePage = Schema.Struct({
  templates: Schema.Array(Template),
  nextCursor: Schema.NullOr(TemplateId)
}).annotations({ identifier: "TemplatePage" })
export type TemplatePage = typeof TemplatePage.Type

const templatePath = Schema.Struct({ id: TemplateId })

export class TemplatesApi extends HttpApiGroup.make("templates")
  .add(
    HttpApiEndpoint.post("addTemplate", "/v1/templates")
      .setPayload(NewTemplate)
      .addSuccess(Template, { status: 201 })
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "campaigns:write")
      .annotate(OpenApi.Summary, "Keep a template; its fields look like {{displayName}}")
  )
  .add(
    HttpApiEndpoint.get("listTemplates", "/v1/templates")
      .setUrlParams(
        Schema.Struct({
          limit: Schema.optionalWith(limitParam(100), { default: () => 20 }),
          /** nextCursor of the page before. */
          cursor: optional(TemplateId)
        }).annotations(allErrors)
      )
      .addSuccess(TemplatePage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "campaigns:read")
      .annotate(OpenApi.Summary, "The templates, by id")
  )
  .add(
    HttpApiEndpoint.get("getTemplate", "/v1/templates/:id")
      .setPath(templatePath)
      .addSuccess(Template)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "campaigns:read")
      .annotate(OpenApi.Summary, "One of them")
  )
  .add(
    HttpApiEndpoint.del("removeTemplate", "/v1/templates/:id")
      .setPath(templatePath)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "campaigns:write")
      .annotate(OpenApi.Summary, "Remove a template; campaigns keep what they send")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Templates") {}
