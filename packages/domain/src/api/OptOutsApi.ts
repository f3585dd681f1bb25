import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { Contact, OptOut } from "../messages/Contact.ts"
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

export const GivenOptOut = Schema.Struct({ contact: Contact }).annotations({ identifier: "GivenOptOut" })

export const OptOutPage = Schema.Struct({
  optOuts: Schema.Array(OptOut),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "OptOutPage" })
export type OptOutPage = typeof OptOutPage.Type

export class OptOutsApi extends HttpApiGroup.make("optOuts")
  .add(
    HttpApiEndpoint.post("addOptOut", "/v1/opt-outs")
      .setPayload(GivenOptOut)
      .addSuccess(OptOut, { status: 201 })
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "campaigns:write")
      .annotate(OpenApi.Summary, "Send nothing to an account or an address any more")
  )
  .add(
    HttpApiEndpoint.get("listOptOuts", "/v1/opt-outs")
      .setUrlParams(
        Schema.Struct({
          limit: Schema.optionalWith(limitParam(500), { default: () => 100 }),
          /** nextCursor of the page before. */
          cursor: optional(Contact)
        }).annotations(allErrors)
      )
      .addSuccess(OptOutPage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "campaigns:read")
      .annotate(OpenApi.Summary, "Who wants to hear nothing, by account and address")
  )
  .add(
    HttpApiEndpoint.del("removeOptOut", "/v1/opt-outs/:contact")
      .setPath(Schema.Struct({ contact: Contact }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "campaigns:write")
      .annotate(OpenApi.Summary, "They want to hear from us again")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Opt-outs") {}
